//! The same work on many things, on all cores.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

/// Threads that can run side by side.
pub fn cores() -> usize {
    thread::available_parallelism().map_or(1, usize::from)
}

/// What `work` makes of each item, in the order of the items. Each of `states` works on a thread of its own, and takes
/// the next item when it is done with one.
pub fn map<T: Sync, S: Send, R: Send>(
    items: &[T],
    states: impl IntoIterator<Item = S>,
    work: impl Fn(&mut S, &T) -> R + Sync,
) -> Vec<R> {
    let next = AtomicUsize::new(0);
    let found = Mutex::new(Vec::with_capacity(items.len()));
    thread::scope(|scope| {
        for mut state in states {
            let (next, found, work) = (&next, &found, &work);
            scope.spawn(move || {
                loop {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    let Some(item) = items.get(index) else { break };
                    let result = work(&mut state, item);
                    found.lock().expect("no thread panics with the lock").push((index, result));
                }
            });
        }
    });
    let mut found = found.into_inner().expect("no thread panics with the lock");
    found.sort_by_key(|(index, _)| *index);
    found.into_iter().map(|(_, result)| result).collect()
}

#[cfg(test)]
mod tests {
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
}
