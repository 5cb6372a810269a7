//! One writer at a time for a registry's folder, over processes, and what writers that were killed have left.

use std::fs::{self, File, TryLockError};
use std::path::Path;
use std::time::{Duration, Instant};

use super::folder::{Folder, entries, file_name};

/// How long a change waits for another process's change.
pub(crate) const LOCK_WAIT: Duration = Duration::from_secs(10);
/// How often it looks.
const LOOK: Duration = Duration::from_millis(5);

/// The folder is this process's to change, until it is dropped. The system gives it back when the process ends, however that is.
#[derive(Debug)]
pub(crate) struct FolderLock {
    _file: File,
}

impl Folder {
    /// Waits until no other process changes the folder.
    ///
    /// # Errors
    /// `Native` with `Locked` if that takes longer than `wait`; `Io`.
    pub(crate) fn lock(&self, wait: Duration) -> crate::Result<FolderLock> {
        Self::make(self.root())?;
        let path = self.root().join("lock");
        let file = File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&path);
        let file = file.map_err(|e| crate::Error::io(&path, e))?;
        let started = Instant::now();
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(FolderLock { _file: file }),
                Err(TryLockError::Error(e)) => return Err(crate::Error::io(&path, e)),
                Err(TryLockError::WouldBlock) if started.elapsed() < wait => {
                    std::thread::sleep(LOOK);
                }
                Err(TryLockError::WouldBlock) => {
                    return Err(crate::Error::Native {
                        code: crate::ErrorCode::Locked,
                        message: format!(
                            "{}: another process is changing these functions",
                            path.display()
                        ),
                    });
                }
            }
        }
    }

    /// Removes what writers that were killed have left: files that were not finished, and what `needed` says is no module of a function.
    /// Only with the lock. What can't be removed stays; it does no harm.
    pub(crate) fn sweep(&self, needed: impl Fn(&str) -> bool) {
        let mut folders = vec![self.modules(), self.compiled_folder()];
        for above in [self.functions(), self.aliases_folder()] {
            folders.extend(entries(&above).unwrap_or_default());
        }
        for folder in folders.iter().filter(|folder| folder.is_dir()) {
            for path in entries(folder).unwrap_or_default() {
                let name = file_name(&path);
                if name.starts_with('.') && name.ends_with(".new") {
                    remove(&path);
                }
            }
            // Of a function that was being added or removed; one that isn't empty stays.
            if folder.parent().is_some_and(|above| above != self.root()) {
                drop(fs::remove_dir(folder));
            }
        }
        let of_modules = [self.modules(), self.compiled_folder()];
        for path in of_modules
            .iter()
            .flat_map(|folder| entries(folder).unwrap_or_default())
        {
            let name = file_name(&path);
            // `<hash>.wasm`, and what belongs to it.
            let hash = name.split(['.', '-']).next().unwrap_or_default();
            if hash.len() == 64 && !needed(hash) {
                remove(&path);
            }
        }
    }
}

fn remove(path: &Path) {
    match fs::remove_file(path) {
        Ok(()) => tracing::debug!(path = %path.display(), "a file that a writer left was removed"),
        Err(error) => {
            tracing::debug!(path = %path.display(), %error, "a file that a writer left stays");
        }
    }
}
