//! The clock that interrupts guests: one thread that raises the engine's epoch each millisecond while guests run.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

/// Time between two ticks.
const TICK: Duration = Duration::from_millis(1);
/// Ticks without a guest after which the thread goes to sleep.
const IDLE_TICKS: u32 = 100;

/// Owns the thread; dropping it ends the thread.
#[derive(Debug)]
pub(crate) struct Ticker {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug, Default)]
struct Shared {
    /// Guests running now.
    running: AtomicUsize,
    asleep: AtomicBool,
    stop: AtomicBool,
    lock: Mutex<()>,
    wake: Condvar,
}

/// A guest runs while this lives.
pub(crate) struct Running<'t>(&'t Shared);

impl Ticker {
    /// Starts the thread, which calls `tick` each millisecond while a guest runs.
    ///
    /// # Errors
    /// `Internal` if the system refuses a thread.
    pub(crate) fn start(tick: impl Fn() + Send + 'static) -> crate::Result<Self> {
        let shared = Arc::new(Shared::default());
        let theirs = Arc::clone(&shared);
        let thread = std::thread::Builder::new()
            .name("diagon-udf-clock".to_string())
            .spawn(move || theirs.run(tick))
            .map_err(|e| crate::Error::Internal(format!("no thread for the guests' clock: {e}")))?;
        Ok(Self {
            shared,
            thread: Some(thread),
        })
    }

    /// Says that a guest runs from now on, and wakes the thread if it sleeps.
    pub(crate) fn enter(&self) -> Running<'_> {
        // Both sides write their own flag first and then read the other's, so one of them sees the other.
        self.shared.running.fetch_add(1, Ordering::SeqCst);
        if self.shared.asleep.load(Ordering::SeqCst) {
            self.shared.notify();
        }
        Running(&self.shared)
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.0.running.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Drop for Ticker {
    fn drop(&mut self) {
        self.shared.stop.store(true, Ordering::SeqCst);
        self.shared.notify();
        if let Some(thread) = self.thread.take() {
            // A tick at most; an error would be a panic of the thread, which is of no interest any more.
            drop(thread.join());
        }
    }
}

impl Shared {
    fn notify(&self) {
        let _guard = self.lock.lock().unwrap_or_else(PoisonError::into_inner);
        self.wake.notify_all();
    }

    fn run(&self, tick: impl Fn()) {
        let mut idle = 0;
        while !self.stop.load(Ordering::SeqCst) {
            std::thread::sleep(TICK);
            tick();
            idle = if self.running.load(Ordering::SeqCst) == 0 {
                idle + 1
            } else {
                0
            };
            if idle >= IDLE_TICKS {
                self.sleep();
                idle = 0;
            }
        }
    }

    fn sleep(&self) {
        let mut guard = self.lock.lock().unwrap_or_else(PoisonError::into_inner);
        self.asleep.store(true, Ordering::SeqCst);
        while self.running.load(Ordering::SeqCst) == 0 && !self.stop.load(Ordering::SeqCst) {
            guard = self
                .wake
                .wait(guard)
                .unwrap_or_else(PoisonError::into_inner);
        }
        self.asleep.store(false, Ordering::SeqCst);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Instant;

    fn wait_for(what: impl Fn() -> bool) {
        let start = Instant::now();
        while !what() {
            assert!(
                start.elapsed() < Duration::from_secs(10),
                "it never happened"
            );
            std::thread::sleep(TICK);
        }
    }

    #[test]
    fn sleeps_when_nobody_runs_and_wakes_up() {
        let ticks = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&ticks);
        let ticker = Ticker::start(move || {
            count.fetch_add(1, Ordering::SeqCst);
        })
        .unwrap();
        wait_for(|| ticker.shared.asleep.load(Ordering::SeqCst));
        let before = ticks.load(Ordering::SeqCst);
        let running = ticker.enter();
        wait_for(|| ticks.load(Ordering::SeqCst) > before + 5);
        drop(running);
        wait_for(|| ticker.shared.asleep.load(Ordering::SeqCst));
        drop(ticker);
        assert_eq!(Arc::strong_count(&ticks), 1, "the thread is gone");
    }
}
