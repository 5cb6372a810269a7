//! Stopping searches from another thread.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use cxx::SharedPtr;

use crate::bridge;

/// Stops searches from another thread. Cheap to clone; every clone stops the same searches.
#[derive(Clone)]
pub struct CancelToken {
    flag: Arc<AtomicBool>,
    native: SharedPtr<bridge::Cancel>,
}

impl std::fmt::Debug for CancelToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CancelToken")
            .field("cancelled", &self.is_cancelled())
            .finish()
    }
}

impl CancelToken {
    /// A token that isn't cancelled.
    ///
    /// # Errors
    /// `Native` with `OutOfMemory`.
    pub fn new() -> crate::Result<Self> {
        Ok(Self {
            flag: Arc::default(),
            native: bridge::cancel_new()?,
        })
    }

    /// The token of searches that nobody can stop: one for all, as making one costs a short search much of its time.
    pub(super) fn never() -> crate::Result<&'static Self> {
        static NEVER: OnceLock<CancelToken> = OnceLock::new();
        match NEVER.get() {
            Some(token) => Ok(token),
            None => {
                let token = Self::new()?;
                Ok(NEVER.get_or_init(|| token))
            }
        }
    }

    /// Stops the searches that have this token, whether they are in the engine or in a function, and those that will get it.
    /// They fail with [`Error::Cancelled`](crate::Error::Cancelled).
    pub fn cancel(&self) {
        self.flag.store(true, Ordering::Relaxed);
        bridge::cancel_set(&self.native);
    }

    /// Whether [`CancelToken::cancel`] was called.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.flag.load(Ordering::Relaxed)
    }

    pub(super) fn flag(&self) -> &Arc<AtomicBool> {
        &self.flag
    }

    pub(super) fn native(&self) -> &bridge::Cancel {
        &self.native
    }
}
