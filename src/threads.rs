//! Threads of our own, on which users' functions run: their stacks are large enough, whatever thread asks.
//!
//! A guest may use half a MiB of stack, and the compiler more. The runtime bounds a guest's stack, but it can't know how little a
//! foreign thread has; on a small one a guest that calls itself would end the process. So the work is handed to a thread whose stack
//! we chose, and its caller waits. Work that runs there already stays where it is.
//!
//! There are some threads that wait for work, which costs some microseconds. When all of them are busy, the work gets a thread that is made
//! for it: a function that spins keeps nobody waiting.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use rayon_core::{ThreadPool, ThreadPoolBuilder};

/// The stack of a thread, in bytes: what a guest may have, the compiler, and the search around them, several times over. Memory is taken
/// only for what is used.
const STACK_BYTES: usize = 8 << 20;
/// Threads that wait, at most.
const MOST_WAITING: usize = 64;

struct Threads {
    pool: ThreadPool,
    size: usize,
    busy: AtomicUsize,
}

fn threads() -> std::io::Result<&'static Threads> {
    static THREADS: OnceLock<Threads> = OnceLock::new();
    if let Some(threads) = THREADS.get() {
        return Ok(threads);
    }
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let size = (2 * cores).min(MOST_WAITING);
    let pool = ThreadPoolBuilder::new()
        .num_threads(size)
        .stack_size(STACK_BYTES)
        .thread_name(|n| format!("diagon-udf-{n}"))
        .build()
        .map_err(std::io::Error::other)?;
    let busy = AtomicUsize::new(0);
    Ok(THREADS.get_or_init(|| Threads { pool, size, busy }))
}

/// Runs `work` on a thread of ours, and waits for it. A panic in it goes on in the caller.
///
/// # Errors
/// The system has no more threads.
pub(crate) fn run<T: Send>(work: impl FnOnce() -> T + Send) -> std::io::Result<T> {
    let threads = threads()?;
    if threads.pool.current_thread_index().is_some() || is_extra() {
        return Ok(work());
    }
    let before = threads.busy.fetch_add(1, Ordering::Relaxed);
    let done = Leave(&threads.busy);
    if before < threads.size {
        let result = threads.pool.install(work);
        drop(done);
        return Ok(result);
    }
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new()
            .name("diagon-udf-extra".to_string())
            .stack_size(STACK_BYTES)
            .spawn_scoped(scope, || {
                EXTRA.set(true);
                work()
            })?;
        match thread.join() {
            Ok(result) => Ok(result),
            Err(panic) => std::panic::resume_unwind(panic),
        }
    })
}

/// Runs `work` on a thread that is made for it and is none of those that wait for searches, and waits for it.
///
/// The compiler shares its work among threads of a pool, and whoever waits for its parts in that pool helps with whatever is to be done there. A thread of
/// ours that waited so could begin another search in the middle of one, and stand before a lock that it holds itself.
///
/// # Errors
/// The system has no more threads.
#[cfg(feature = "udf")]
pub(crate) fn apart<T: Send>(work: impl FnOnce() -> T + Send) -> std::io::Result<T> {
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new()
            .name("diagon-compiler".to_string())
            .stack_size(STACK_BYTES)
            .spawn_scoped(scope, work)?;
        match thread.join() {
            Ok(result) => Ok(result),
            Err(panic) => std::panic::resume_unwind(panic),
        }
    })
}

thread_local! {
    /// Whether this thread was made for work that found all others busy.
    static EXTRA: std::cell::Cell<bool> = const { std::cell::Cell::new(false) };
}

fn is_extra() -> bool {
    EXTRA.get()
}

/// Counts down, also when the work panics.
struct Leave<'a>(&'a AtomicUsize);

impl Drop for Leave<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Barrier;

    use super::*;

    fn name() -> String {
        std::thread::current()
            .name()
            .unwrap_or_default()
            .to_string()
    }

    #[test]
    fn work_runs_on_threads_of_ours_and_stays_there() {
        let here = name();
        let (outer, inner) = run(|| (name(), run(name).expect("a thread"))).expect("a thread");
        assert!(outer.starts_with("diagon-udf-"), "{outer}");
        assert_eq!(outer, inner);
        assert_ne!(outer, here);
    }

    /// More work than there are threads that wait, all of it at the same time: nothing waits for anything else.
    #[test]
    fn all_work_runs_at_once() {
        let count = 2 * MOST_WAITING + 1;
        let barrier = Barrier::new(count);
        std::thread::scope(|scope| {
            for _ in 0..count {
                scope.spawn(|| {
                    let nested = run(|| {
                        barrier.wait();
                        run(name).expect("no thread is needed")
                    });
                    assert!(nested.expect("a thread").starts_with("diagon-udf-"));
                });
            }
        });
    }

    #[cfg(feature = "udf")]
    #[test]
    fn what_is_apart_is_in_no_pool() {
        let inside = run(|| apart(|| (name(), rayon_core::current_thread_index())));
        let (name, place) = inside.expect("a thread").expect("a thread");
        assert_eq!((name.as_str(), place), ("diagon-compiler", None));
    }

    #[test]
    fn a_panic_goes_on_in_the_caller() {
        for _ in 0..3 {
            let caught = std::panic::catch_unwind(|| run(|| panic!("of the work")));
            let message = caught.expect_err("a panic");
            assert_eq!(message.downcast_ref::<&str>(), Some(&"of the work"));
        }
        assert_eq!(
            run(|| 7).expect("a thread"),
            7,
            "threads are there afterwards"
        );
    }

    /// However small the stack of the thread that asks is.
    #[test]
    fn stacks_are_large() {
        fn deep(n: u32) -> u32 {
            let room = std::hint::black_box([n; 1024]);
            if n == 0 {
                room[0]
            } else {
                deep(n - 1) + room[512] - room[512]
            }
        }
        let small = std::thread::Builder::new().stack_size(64 << 10);
        let thread = small.spawn(|| run(|| deep(1_000)).expect("a thread"));
        assert_eq!(thread.expect("a thread").join().expect("no overflow"), 0);
    }
}
