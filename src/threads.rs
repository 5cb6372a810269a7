//! Stacks that are large enough for users' functions, whatever thread asks.
//!
//! A guest may use half a MiB of stack. The runtime bounds that, but it can't know how little a foreign thread has: on a small one a guest that
//! calls itself would end the process. So a thread is looked at: if it has room for a guest and the search around it, the work stays there; if
//! not (threads of other languages, of pools with small stacks), it is handed to a thread whose stack we chose, and its caller waits. That
//! costs some tens of microseconds, which is why it isn't done always.
//!
//! There are some threads that wait for such work. When all of them are busy, the work gets a thread that is made for it: a function that spins
//! keeps nobody waiting.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use rayon_core::{ThreadPool, ThreadPoolBuilder};

/// The stack of a thread, in bytes: what a guest may have, the compiler, and the search around them, several times over. Memory is taken
/// only for what is used.
const STACK_BYTES: usize = 8 << 20;
/// The stack that must be left on a thread for work to stay there, in bytes: a guest's, and 1 MiB for the host below and above it.
const ENOUGH_BYTES: usize = (512 << 10) + (1 << 20);
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

/// Runs `work` where there is enough stack: here, or on a thread of ours, and then waits for it. A panic in it goes on in the caller.
///
/// # Errors
/// The system has no more threads.
pub(crate) fn run<T: Send>(work: impl FnOnce() -> T + Send) -> std::io::Result<T> {
    if stacker::remaining_stack().is_some_and(|left| left >= ENOUGH_BYTES) {
        return Ok(work());
    }
    let threads = threads()?;
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
            .spawn_scoped(scope, work)?;
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

    /// Runs on a thread with a stack of so many bytes.
    fn with_stack<T: Send + 'static>(bytes: usize, work: impl FnOnce() -> T + Send + 'static) -> T {
        let thread = std::thread::Builder::new()
            .stack_size(bytes)
            .name("foreign".to_string());
        let thread = thread.spawn(work).expect("a thread");
        thread.join().expect("no panic")
    }

    #[test]
    fn work_stays_where_there_is_room() {
        let large = with_stack(4 << 20, || run(name).expect("no thread is needed"));
        assert_eq!(large, "foreign");
        let (outer, inner) = with_stack(256 << 10, || {
            run(|| (name(), run(name).expect("no thread is needed"))).expect("a thread")
        });
        assert!(outer.starts_with("diagon-udf-"), "{outer}");
        assert_eq!(outer, inner, "and then stays there");
    }

    /// More work than there are threads that wait, all of it at the same time: nothing waits for anything else.
    #[test]
    fn all_work_runs_at_once() {
        let count = 2 * MOST_WAITING + 1;
        let barrier = Barrier::new(count);
        std::thread::scope(|scope| {
            for _ in 0..count {
                let small = std::thread::Builder::new().stack_size(256 << 10);
                let thread = small.spawn_scoped(scope, || {
                    let nested = run(|| {
                        barrier.wait();
                        run(name).expect("no thread is needed")
                    });
                    assert!(nested.expect("a thread").starts_with("diagon-udf-"));
                });
                thread.expect("a thread");
            }
        });
    }

    #[cfg(feature = "udf")]
    #[test]
    fn what_is_apart_is_in_no_pool() {
        let inside = with_stack(256 << 10, || {
            run(|| apart(|| (name(), rayon_core::current_thread_index())))
        });
        let (name, place) = inside.expect("a thread").expect("a thread");
        assert_eq!((name.as_str(), place), ("diagon-compiler", None));
    }

    #[test]
    fn a_panic_goes_on_in_the_caller() {
        with_stack(256 << 10, || {
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
        });
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
        assert_eq!(
            with_stack(64 << 10, || run(|| deep(250)).expect("a thread")),
            0
        );
    }
}
