//! The same work on many things, on all cores.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread;

/// Threads that can run side by side.
pub fn cores() -> usize {
    thread::available_parallelism().map_or(1, usize::from)
}

/// Items that may be drawn before the result of the first of them is taken, for each thread: so many that threads
/// hardly wait for an item that takes long.
const AHEAD: usize = 4;

/// What `work` makes of each item, in the order of the items. Each of `states` works on a thread of its own, and takes
/// the next item when it is done with one.
///
/// # Panics
/// If there are items and no states, or where `work` does.
pub fn map<T: Sync, S: Send, R: Send>(
    items: &[T],
    states: impl IntoIterator<Item = S>,
    work: impl Fn(&mut S, &T) -> R + Sync,
) -> Vec<R> {
    let mut results = Vec::with_capacity(items.len());
    let work = |state: &mut S, item: &T| work(state, item);
    let Ok(()) = ordered(items, states, usize::MAX, work, |result| {
        results.push(result);
        Ok::<_, Infallible>(())
    });
    results
}

/// Passes what `work` makes of each item to `take`, on the calling thread and in the order of the items. Unlike
/// [`map`], it holds a few items for each thread, however many there are: threads wait while the first of these takes
/// long.
///
/// # Errors
/// The first error of `take`; items that are not begun by then are left.
///
/// # Panics
/// As [`map`].
pub fn stream<T: Send, S: Send, R: Send, E>(
    items: impl IntoIterator<Item = T>,
    states: impl IntoIterator<Item = S>,
    work: impl Fn(&mut S, T) -> R + Sync,
    take: impl FnMut(R) -> Result<(), E>,
) -> Result<(), E> {
    let states: Vec<S> = states.into_iter().collect();
    let ahead = AHEAD * states.len();
    ordered(items, states, ahead, work, take)
}

fn ordered<T: Send, S: Send, R: Send, E>(
    items: impl IntoIterator<Item = T>,
    states: impl IntoIterator<Item = S>,
    ahead: usize,
    work: impl Fn(&mut S, T) -> R + Sync,
    mut take: impl FnMut(R) -> Result<(), E>,
) -> Result<(), E> {
    let (queue, jobs) = mpsc::channel::<(T, Sender<R>)>();
    let jobs = Mutex::new(jobs);
    let is_stopped = AtomicBool::new(false);
    thread::scope(|scope| {
        // Dropped before the scope waits for its threads, which ends them.
        let queue = queue;
        let mut threads = 0;
        for mut state in states {
            threads += 1;
            let (jobs, is_stopped, work) = (&jobs, &is_stopped, &work);
            scope.spawn(move || {
                loop {
                    let job = jobs.lock().expect("no thread panics with the lock").recv();
                    let Ok((item, result)) = job else { break };
                    if is_stopped.load(Ordering::Relaxed) {
                        break;
                    }
                    // Nobody waits for it after an error.
                    let _ = result.send(work(&mut state, item));
                }
            });
        }
        let mut waiting: VecDeque<Receiver<R>> = VecDeque::new();
        let mut take_first = |waiting: &mut VecDeque<Receiver<R>>| {
            let Some(first) = waiting.pop_front() else { return Ok(()) };
            let result = first.recv().expect("the thread that works on it does not panic");
            take(result).inspect_err(|_| is_stopped.store(true, Ordering::Relaxed))
        };
        for item in items {
            assert!(threads > 0, "somebody must do the work");
            if waiting.len() >= ahead {
                take_first(&mut waiting)?;
            }
            let (result, first) = mpsc::channel();
            queue.send((item, result)).expect("the receiver outlives the threads");
            waiting.push_back(first);
        }
        while !waiting.is_empty() {
            take_first(&mut waiting)?;
        }
        Ok(())
    })
}

#[cfg(test)]
mod tests {
    use std::panic::catch_unwind;
    use std::sync::atomic::AtomicUsize;
    use std::time::Duration;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn every_item_is_worked_on_once_and_results_keep_the_order() {
        let items: Vec<usize> = (0..1000).collect();
        let states = [Mutex::new(0), Mutex::new(0), Mutex::new(0)];
        let results = map(&items, &states, |state, item| {
            *state.lock().expect("not poisoned") += 1;
            item * 2
        });
        assert_eq!(results, items.iter().map(|item| item * 2).collect::<Vec<_>>());
        let worked: usize = states.into_iter().map(|state| state.into_inner().expect("not poisoned")).sum();
        assert_eq!(worked, 1000);
    }

    proptest! {
        #[test]
        fn a_stream_keeps_the_order_and_draws_few_items_ahead(
            waits_us in proptest::collection::vec(0..300_u64, 0..60),
            threads in 1..5_usize,
            stop_at in proptest::option::of(0..60_usize),
        ) {
            let (drawn, mut taken) = (AtomicUsize::new(0), Vec::new());
            let items = waits_us.iter().enumerate().inspect(|_| {
                drawn.fetch_add(1, Ordering::Relaxed);
            });
            let work = |(): &mut (), (index, wait_us): (usize, &u64)| {
                thread::sleep(Duration::from_micros(*wait_us));
                index
            };
            let result = stream(items, vec![(); threads], work, |index| {
                assert!(drawn.load(Ordering::Relaxed) <= taken.len() + AHEAD * threads + 1);
                taken.push(index);
                if Some(index) == stop_at { Err(index) } else { Ok(()) }
            });
            let stops = stop_at.filter(|&index| index < waits_us.len());
            prop_assert_eq!(result.err(), stops);
            let count = stops.map_or(waits_us.len(), |index| index + 1);
            prop_assert_eq!(taken, (0..count).collect::<Vec<_>>());
        }
    }

    #[test]
    fn a_panic_ends_the_stream() {
        let result = catch_unwind(|| {
            stream(0..100, [(), ()], |(), item| assert_ne!(item, 7), |()| Ok::<_, Infallible>(()))
        });
        assert!(result.is_err());
    }
}
