//! With relaxed SIMD, in two forms. One instruction that multiplies and adds is a single one on ARM and on x86 with VNNI;
//! elsewhere browsers make five of it, of which two rebuild a constant each time, and the same in three steps is a third
//! quicker. A page cannot ask which processor it runs on, so the first products are timed.

use std::arch::wasm32::{
    i16x8_relaxed_dot_i8x16_i7x16, i16x8_splat, i32x4_add, i32x4_dot_i16x8,
    i32x4_relaxed_dot_i8x16_i7x16_add, i32x4_splat, v128, v128_load, v128_load32_splat,
};
use std::cell::RefCell;
use std::sync::atomic::{AtomicBool, Ordering};

use web_time::{Duration, Instant};

use super::super::{COLUMNS, GROUP};
use super::PARTS;

/// Products after which a form has shown its speed: more than browsers run before they compile in earnest.
const ENOUGH: usize = 1_500_000_000;

static IN_STEPS: AtomicBool = AtomicBool::new(false);

thread_local! {
    static TRIALS: RefCell<[Trial; 2]> = const { RefCell::new([Trial { products: 0, time: Duration::ZERO }; 2]) };
}

/// What a form has done so far.
#[derive(Clone, Copy)]
struct Trial {
    products: usize,
    time: Duration,
}

/// Runs work of so many products, by turns in either form until it is known which is quicker here.
pub fn choosing(products: usize, work: impl FnOnce()) {
    let trials = TRIALS.with_borrow(|trials| *trials);
    if trials.iter().all(|trial| trial.products >= ENOUGH) {
        return work();
    }
    let form = usize::from(trials[1].products < trials[0].products);
    IN_STEPS.store(form == 1, Ordering::Relaxed);
    let start = Instant::now();
    work();
    TRIALS.with_borrow_mut(|trials| {
        trials[form].products += products;
        trials[form].time += start.elapsed();
        if trials.iter().all(|trial| trial.products >= ENOUGH) {
            let pace = |trial: Trial| trial.time.as_secs_f64() / trial.products as f64;
            IN_STEPS.store(pace(trials[1]) < pace(trials[0]), Ordering::Relaxed);
        }
    });
}

pub fn sums<const R: usize>(rows: [&[u8]; R], groups: &[[i8; GROUP * COLUMNS]]) -> [[v128; PARTS]; R] {
    if IN_STEPS.load(Ordering::Relaxed) { in_steps(rows, groups) } else { at_once(rows, groups) }
}

#[target_feature(enable = "relaxed-simd")]
fn at_once<const R: usize>(rows: [&[u8]; R], groups: &[[i8; GROUP * COLUMNS]]) -> [[v128; PARTS]; R] {
    each(rows, groups, |weights, codes, sum| i32x4_relaxed_dot_i8x16_i7x16_add(weights, codes, sum))
}

#[target_feature(enable = "relaxed-simd")]
fn in_steps<const R: usize>(rows: [&[u8]; R], groups: &[[i8; GROUP * COLUMNS]]) -> [[v128; PARTS]; R] {
    let ones = i16x8_splat(std::hint::black_box(1));
    each(rows, groups, |weights, codes, sum| {
        i32x4_add(sum, i32x4_dot_i16x8(i16x8_relaxed_dot_i8x16_i7x16(weights, codes), ones))
    })
}

#[inline(always)]
fn each<const R: usize>(
    rows: [&[u8]; R],
    groups: &[[i8; GROUP * COLUMNS]],
    add: impl Fn(v128, v128, v128) -> v128,
) -> [[v128; PARTS]; R] {
    let mut sums = [[i32x4_splat(0); PARTS]; R];
    for (index, group) in groups.iter().enumerate() {
        let weights: [v128; PARTS] =
            // SAFETY: 16 bytes from each place are within the group.
            std::array::from_fn(|part| unsafe { v128_load(group.as_ptr().add(16 * part).cast()) });
        for (row, sums) in rows.iter().zip(&mut sums) {
            // SAFETY: the caller gave as many groups of four as there are here.
            let codes = unsafe { v128_load32_splat(row.as_ptr().add(index * GROUP).cast()) };
            for (weights, sum) in weights.iter().zip(sums) {
                *sum = add(*weights, codes, *sum);
            }
        }
    }
    sums
}
