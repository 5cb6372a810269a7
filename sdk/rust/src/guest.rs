//! What a module needs beside its functions: memory for batches, messages to the host, panics that tell.

/// How much a line of the log matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(i32)]
pub enum Level {
    /// For the author.
    Debug = 0,
    /// For whoever is interested.
    Info = 1,
    /// Something is odd.
    Warning = 2,
    /// Something is wrong.
    Error = 3,
}

#[cfg(target_arch = "wasm32")]
mod host {
    #[link(wasm_import_module = "diagon")]
    extern "C" {
        pub(super) fn log(level: i32, text: *const u8, len: usize);
        pub(super) fn fail(text: *const u8, len: usize);
    }
}

/// The level of a line that says why a document is in error.
const REASON: i32 = 4;

/// Writes a line to the log that the host keeps, as far as it has room.
pub fn log(level: Level, text: &str) {
    write(level as i32, text);
}

/// Says why a document is in error.
pub(crate) fn log_reason(text: &str) {
    write(REASON, text);
}

fn write(level: i32, text: &str) {
    #[cfg(target_arch = "wasm32")]
    // SAFETY: the host reads the text and keeps nothing of it.
    unsafe {
        host::log(level, text.as_ptr(), text.len());
    }
    #[cfg(not(target_arch = "wasm32"))]
    let _ = (level, text);
}

/// Ends the call with a message: these documents can't be answered. It does not come back; natively it panics.
pub fn fail(text: &str) -> ! {
    #[cfg(target_arch = "wasm32")]
    {
        // SAFETY: the host reads the text and ends the call.
        unsafe { host::fail(text.as_ptr(), text.len()) };
        core::arch::wasm32::unreachable()
    }
    #[cfg(not(target_arch = "wasm32"))]
    panic!("{text}")
}

/// Makes panics tell the host their text and place.
#[cfg(target_arch = "wasm32")]
pub(crate) fn install_panic_hook() {
    static HOOK: std::sync::Once = std::sync::Once::new();
    HOOK.call_once(|| {
        std::panic::set_hook(Box::new(|panic| {
            let payload = panic.payload();
            let text = payload.downcast_ref::<&str>().copied();
            let text = text.or_else(|| payload.downcast_ref::<String>().map(String::as_str));
            let mut message = String::from(text.unwrap_or("panic"));
            if let Some(place) = panic.location() {
                message.push_str(" (");
                message.push_str(place.file());
                message.push(':');
                message.push_str(&place.line().to_string());
                message.push(')');
            }
            fail(&message)
        }));
    });
}

/// Says which ABI the module was built for. Nobody calls it.
#[cfg(target_arch = "wasm32")]
#[no_mangle]
extern "C" fn diagon_abi_v1() {}

/// Room for a batch that needs little: to have it costs nothing, to grow the memory costs microseconds.
#[cfg(target_arch = "wasm32")]
#[repr(align(64))]
struct Little(core::cell::UnsafeCell<[u8; LITTLE]>);

#[cfg(target_arch = "wasm32")]
const LITTLE: usize = 65_536;

// SAFETY: a module has one thread, and nothing in it but the address of a batch leads there.
#[cfg(target_arch = "wasm32")]
unsafe impl Sync for Little {}

/// Makes room for a batch. The host calls it before the first batch and whenever it needs more, never while a function runs.
#[cfg(target_arch = "wasm32")]
#[no_mangle]
extern "C" fn diagon_reserve(bytes: u32) -> u32 {
    use std::cell::RefCell;
    static LITTLE_ROOM: Little = Little(core::cell::UnsafeCell::new([0; LITTLE]));
    thread_local! {
        static ROOM: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
    }
    // The loop takes blocks of columns, and of the last one the room behind it, too.
    const BEHIND: usize = 8 * crate::run::BLOCK;
    let Some(bytes) = (bytes as usize).checked_add(BEHIND) else {
        return 0;
    };
    if bytes <= LITTLE {
        return LITTLE_ROOM.0.get() as usize as u32;
    }
    ROOM.with(|room| {
        let mut room = room.borrow_mut();
        if room.capacity() < bytes {
            // Given back first, so that the old room and the new one are never both there.
            *room = Vec::new();
            let ample = bytes.saturating_add(bytes / 4);
            if room.try_reserve_exact(ample).is_err() && room.try_reserve_exact(bytes).is_err() {
                return 0;
            }
        }
        room.as_mut_ptr() as usize as u32
    })
}
