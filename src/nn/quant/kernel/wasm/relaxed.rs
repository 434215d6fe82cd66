//! With relaxed SIMD, in two variants. The fused multiply-add is a single instruction on ARM and on x86 with VNNI;
//! elsewhere browsers compile it to five, of which two rebuild a constant each time, and the unfused variant of three is a
//! third faster. A page cannot detect its processor, so both variants are timed during the first products (autotuning).

use std::arch::wasm32::{
    i16x8_relaxed_dot_i8x16_i7x16, i16x8_splat, i32x4_add, i32x4_dot_i16x8,
    i32x4_relaxed_dot_i8x16_i7x16_add, i32x4_splat, v128, v128_load, v128_load32_splat,
};
use std::cell::RefCell;
use std::sync::atomic::{AtomicBool, Ordering};

use web_time::{Duration, Instant};

use super::super::{COLUMNS, GROUP};
use super::PARTS;

/// Number of products after which a variant is measured: more than browsers run before their optimizing compiler.
const TRIAL_PRODUCTS: usize = 1_500_000_000;

static USES_UNFUSED: AtomicBool = AtomicBool::new(false);

thread_local! {
    static TRIALS: RefCell<[Trial; 2]> = const { RefCell::new([Trial { products: 0, time: Duration::ZERO }; 2]) };
}

/// The measurements of a variant so far.
#[derive(Clone, Copy)]
struct Trial {
    products: usize,
    time: Duration,
}

/// Runs `work`, which computes `products` products, with the faster variant, alternating between both until that is known.
pub fn autotuned(products: usize, work: impl FnOnce()) {
    let trials = TRIALS.with_borrow(|trials| *trials);
    if trials.iter().all(|trial| trial.products >= TRIAL_PRODUCTS) {
        return work();
    }
    let variant = usize::from(trials[1].products < trials[0].products);
    USES_UNFUSED.store(variant == 1, Ordering::Relaxed);
    let start = Instant::now();
    work();
    TRIALS.with_borrow_mut(|trials| {
        trials[variant].products += products;
        trials[variant].time += start.elapsed();
        if trials.iter().all(|trial| trial.products >= TRIAL_PRODUCTS) {
            let seconds = |trial: Trial| trial.time.as_secs_f64() / trial.products as f64;
            USES_UNFUSED.store(seconds(trials[1]) < seconds(trials[0]), Ordering::Relaxed);
        }
    });
}

pub fn sums<const R: usize>(rows: [&[u8]; R], groups: &[[i8; GROUP * COLUMNS]]) -> [[v128; PARTS]; R] {
    if USES_UNFUSED.load(Ordering::Relaxed) { unfused(rows, groups) } else { fused(rows, groups) }
}

#[target_feature(enable = "relaxed-simd")]
fn fused<const R: usize>(rows: [&[u8]; R], groups: &[[i8; GROUP * COLUMNS]]) -> [[v128; PARTS]; R] {
    each(rows, groups, |weights, codes, sum| i32x4_relaxed_dot_i8x16_i7x16_add(weights, codes, sum))
}

#[target_feature(enable = "relaxed-simd")]
fn unfused<const R: usize>(rows: [&[u8]; R], groups: &[[i8; GROUP * COLUMNS]]) -> [[v128; PARTS]; R] {
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
            // SAFETY: the 16 bytes of each part are within the group.
            std::array::from_fn(|part| unsafe { v128_load(group.as_ptr().add(16 * part).cast()) });
        for (row, sums) in rows.iter().zip(&mut sums) {
            // SAFETY: each row has as many groups of four bytes as the panel.
            let codes = unsafe { v128_load32_splat(row.as_ptr().add(index * GROUP).cast()) };
            for (weights, sum) in weights.iter().zip(sums) {
                *sum = add(*weights, codes, *sum);
            }
        }
    }
    sums
}
