//! Host functions for every guest: `diagon.log` and `diagon.fail`, and what language runtimes can't start without,
//! answered so that nothing gets in or out.

use wasmtime::{Caller, Linker};

use super::host::{HostState, Stop};
use super::limits::{MAX_MESSAGE_BYTES, clip};

const WASI: &str = "wasi_snapshot_preview1";
const SUCCESS: i32 = 0;
const EBADF: i32 = 8;
const EFAULT: i32 = 21;
const EINVAL: i32 = 28;

/// What `random_get` fills without looking at the time, in bytes.
const RANDOM_PIECE: usize = 64 << 10;
/// What `poll_oneoff` looks at in one call.
const MAX_SUBSCRIPTIONS: u32 = 1_024;

type Guest<'a> = Caller<'a, HostState>;

/// The guest's memory and the host's state. A call from the start function comes before the memory is known.
pub(crate) fn parts<'a>(
    caller: &'a mut Guest<'_>,
) -> Result<(&'a mut [u8], &'a mut HostState), Stop> {
    let memory = match caller.data().memory {
        Some(memory) => memory,
        None => caller
            .get_export("memory")
            .and_then(wasmtime::Extern::into_memory)
            .ok_or_else(|| Stop::Protocol("there is no memory".to_string()))?,
    };
    Ok(memory.data_and_store_mut(caller))
}

/// `len` bytes at `at`, if they lie inside the memory.
pub(crate) fn slice(memory: &[u8], at: u32, len: u32) -> Option<&[u8]> {
    memory.get(at as usize..)?.get(..len as usize)
}

/// As [`slice()`], to write to.
pub(crate) fn slice_mut(memory: &mut [u8], at: u32, len: u32) -> Option<&mut [u8]> {
    memory.get_mut(at as usize..)?.get_mut(..len as usize)
}

fn load_u32(memory: &[u8], at: u32) -> Option<u32> {
    Some(u32::from_le_bytes(slice(memory, at, 4)?.try_into().ok()?))
}

fn load_u64(memory: &[u8], at: u32) -> Option<u64> {
    Some(u64::from_le_bytes(slice(memory, at, 8)?.try_into().ok()?))
}

fn store(memory: &mut [u8], at: u32, bytes: &[u8]) -> Option<()> {
    let len = u32::try_from(bytes.len()).ok()?;
    slice_mut(memory, at, len)?.copy_from_slice(bytes);
    Some(())
}

/// Text that a guest points at, for a message.
fn text(memory: &[u8], at: u32, len: u32) -> Result<String, Stop> {
    let len = len.min(u32::try_from(MAX_MESSAGE_BYTES).unwrap_or(u32::MAX));
    let bytes = slice(memory, at, len)
        .ok_or_else(|| Stop::Protocol(format!("a message at {at:#x} lies outside the memory")))?;
    Ok(clip(String::from_utf8_lossy(bytes).into_owned()))
}

/// Appends a line to the guest's log.
pub(crate) fn log(mut caller: Guest<'_>, level: i32, at: u32, len: u32) -> wasmtime::Result<()> {
    let (memory, state) = parts(&mut caller)?;
    let len = len.min(u32::try_from(MAX_MESSAGE_BYTES).unwrap_or(u32::MAX));
    let line = slice(memory, at, len)
        .ok_or_else(|| Stop::Protocol(format!("a log line at {at:#x} lies outside the memory")))?;
    state.world.write_log(level, line);
    Ok(())
}

/// Defines all of them.
///
/// # Errors
/// A name twice, which would be a fault of ours.
pub(crate) fn define(linker: &mut Linker<HostState>) -> wasmtime::Result<()> {
    linker.func_wrap("diagon", "log", log)?;
    linker.func_wrap(
        "diagon",
        "fail",
        |mut caller: Guest<'_>, at: u32, len: u32| {
            let (memory, _) = parts(&mut caller)?;
            let message = text(memory, at, len)?;
            Err::<(), _>(wasmtime::Error::new(Stop::Fail(message)))
        },
    )?;
    define_assemblyscript(linker)?;
    define_wasi(linker)?;
    define_wasi_files(linker)
}

fn define_assemblyscript(linker: &mut Linker<HostState>) -> wasmtime::Result<()> {
    linker.func_wrap(
        "env",
        "abort",
        |mut caller: Guest<'_>, message: u32, file: u32, line: u32, column: u32| {
            let (memory, _) = parts(&mut caller)?;
            let (message, file) = (utf16(memory, message), utf16(memory, file));
            let message = clip(format!("{message} ({file}:{line}:{column})"));
            Err::<(), _>(wasmtime::Error::new(Stop::Fail(message)))
        },
    )?;
    linker.func_wrap("env", "seed", |mut caller: Guest<'_>| -> f64 {
        f64::from(u32::try_from(caller.data_mut().world.next_random() >> 33).unwrap_or(1))
    })?;
    linker.func_wrap(
        "env",
        "trace",
        |mut caller: Guest<'_>, message: u32, n: u32, a: f64, b: f64, c: f64, d: f64, e: f64| {
            let (memory, state) = parts(&mut caller)?;
            let mut line = utf16(memory, message);
            for value in [a, b, c, d, e].iter().take(n as usize) {
                line.push_str(&format!(" {value}"));
            }
            state.world.write_log(0, line.as_bytes());
            wasmtime::Result::Ok(())
        },
    )?;
    Ok(())
}

/// A string of AssemblyScript: UTF-16, its length in bytes in the four bytes before it.
fn utf16(memory: &[u8], at: u32) -> String {
    let len = at
        .checked_sub(4)
        .and_then(|before| load_u32(memory, before))
        .unwrap_or(0);
    let len = len.min(u32::try_from(MAX_MESSAGE_BYTES).unwrap_or(u32::MAX)) & !1;
    let units = slice(memory, at, len).unwrap_or_default().chunks_exact(2);
    let units = units.map(|pair| u16::from_le_bytes([pair[0], pair[1]]));
    char::decode_utf16(units)
        .map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER))
        .collect()
}

fn define_wasi(linker: &mut Linker<HostState>) -> wasmtime::Result<()> {
    for name in ["args_get", "environ_get"] {
        linker.func_wrap(WASI, name, |_: u32, _: u32| SUCCESS)?;
    }
    for name in ["args_sizes_get", "environ_sizes_get"] {
        linker.func_wrap(
            WASI,
            name,
            |mut caller: Guest<'_>, count: u32, size: u32| {
                let (memory, _) = parts(&mut caller)?;
                let written =
                    store(memory, count, &[0; 4]).and_then(|()| store(memory, size, &[0; 4]));
                wasmtime::Result::Ok(written.map_or(EFAULT, |()| SUCCESS))
            },
        )?;
    }
    linker.func_wrap(
        WASI,
        "clock_time_get",
        |mut caller: Guest<'_>, _clock: u32, _precision: u64, at: u32| {
            let (memory, state) = parts(&mut caller)?;
            let now = state.world.now_ns().to_le_bytes();
            wasmtime::Result::Ok(store(memory, at, &now).map_or(EFAULT, |()| SUCCESS))
        },
    )?;
    linker.func_wrap(WASI, "sched_yield", || SUCCESS)?;
    linker.func_wrap(
        WASI,
        "random_get",
        |mut caller: Guest<'_>, at: u32, len: u32| {
            let (memory, state) = parts(&mut caller)?;
            let Some(buffer) = slice_mut(memory, at, len) else {
                return wasmtime::Result::Ok(EFAULT);
            };
            for piece in buffer.chunks_mut(RANDOM_PIECE) {
                // The guest's clock does not reach in here, and 16 MiB take a while.
                state.watch.check()?;
                for chunk in piece.chunks_mut(8) {
                    chunk.copy_from_slice(&state.world.next_random().to_le_bytes()[..chunk.len()]);
                }
            }
            Ok(SUCCESS)
        },
    )?;
    linker.func_wrap(
        WASI,
        "poll_oneoff",
        |mut caller: Guest<'_>, subscriptions: u32, events: u32, count: u32, written: u32| {
            let (memory, state) = parts(&mut caller)?;
            if count == 0 || count > MAX_SUBSCRIPTIONS {
                return wasmtime::Result::Ok(EINVAL);
            }
            let polled = poll(memory, subscriptions, events, count, state.world.now_ns());
            let Some(wait) = polled else {
                return Ok(EFAULT);
            };
            state.world.advance_ns(wait);
            Ok(store(memory, written, &count.to_le_bytes()).map_or(EFAULT, |()| SUCCESS))
        },
    )?;
    linker.func_wrap(WASI, "proc_exit", |caller: Guest<'_>, code: i32| {
        let stderr = String::from_utf8_lossy(&caller.data().world.stderr)
            .trim()
            .to_string();
        let colon = if stderr.is_empty() { "" } else { ": " };
        let message = clip(format!("exit with code {code}{colon}{stderr}"));
        Err::<(), _>(wasmtime::Error::new(Stop::Fail(message)))
    })?;
    Ok(())
}

/// Writes one event for each subscription, and returns the shortest time that a clock was to wait for.
fn poll(
    memory: &mut [u8],
    subscriptions: u32,
    events: u32,
    count: u32,
    now_ns: u64,
) -> Option<u64> {
    let mut shortest: Option<u64> = None;
    slice(memory, subscriptions, count.checked_mul(48)?)?;
    slice(memory, events, count.checked_mul(32)?)?;
    for i in 0..count {
        let from = subscriptions + i * 48;
        let mut event = [0; 32];
        event[..8].copy_from_slice(slice(memory, from, 8)?);
        let tag = *slice(memory, from + 8, 1)?.first()?;
        event[10] = tag;
        if tag == 0 {
            let timeout = load_u64(memory, from + 24)?;
            let absolute = slice(memory, from + 40, 1)?.first()? & 1 == 1;
            let wait = if absolute {
                timeout.saturating_sub(now_ns)
            } else {
                timeout
            };
            shortest = Some(shortest.map_or(wait, |s| s.min(wait)));
        } else {
            event[8] = u8::try_from(EBADF).unwrap_or_default();
        }
        store(memory, events + i * 32, &event)?;
    }
    Some(shortest.unwrap_or(0))
}

/// Files: what goes to 1 and 2 is logged, everything else has no such file descriptor.
fn define_wasi_files(linker: &mut Linker<HostState>) -> wasmtime::Result<()> {
    linker.func_wrap(
        WASI,
        "fd_write",
        |mut caller: Guest<'_>, fd: u32, parts_at: u32, count: u32, written: u32| {
            if fd != 1 && fd != 2 {
                return wasmtime::Result::Ok(EBADF);
            }
            let (memory, state) = parts(&mut caller)?;
            let Some(total) = gather(memory, state, fd, parts_at, count) else {
                return Ok(EFAULT);
            };
            Ok(store(memory, written, &total.to_le_bytes()).map_or(EFAULT, |()| SUCCESS))
        },
    )?;
    linker.func_wrap(WASI, "fd_advise", |_: u32, _: u64, _: u64, _: u32| EBADF)?;
    linker.func_wrap(WASI, "fd_allocate", |_: u32, _: u64, _: u64| EBADF)?;
    linker.func_wrap(WASI, "fd_fdstat_set_rights", |_: u32, _: u64, _: u64| EBADF)?;
    linker.func_wrap(WASI, "fd_filestat_set_size", |_: u32, _: u64| EBADF)?;
    linker.func_wrap(
        WASI,
        "fd_filestat_set_times",
        |_: u32, _: u64, _: u64, _: u32| EBADF,
    )?;
    linker.func_wrap(WASI, "fd_prestat_dir_name", |_: u32, _: u32, _: u32| EBADF)?;
    linker.func_wrap(WASI, "fd_read", |_: u32, _: u32, _: u32, _: u32| EBADF)?;
    linker.func_wrap(WASI, "fd_seek", |_: u32, _: u64, _: u32, _: u32| EBADF)?;
    for name in ["fd_close", "fd_datasync", "fd_sync"] {
        linker.func_wrap(WASI, name, |_: u32| EBADF)?;
    }
    for name in [
        "fd_fdstat_get",
        "fd_fdstat_set_flags",
        "fd_filestat_get",
        "fd_prestat_get",
        "fd_renumber",
        "fd_tell",
    ] {
        linker.func_wrap(WASI, name, |_: u32, _: u32| EBADF)?;
    }
    for name in ["fd_pread", "fd_pwrite", "fd_readdir"] {
        linker.func_wrap(WASI, name, |_: u32, _: u32, _: u32, _: u64, _: u32| EBADF)?;
    }
    Ok(())
}

/// Takes in the parts of a write and returns how many bytes they have. Stops at 1,024 parts, as a short write.
fn gather(memory: &[u8], state: &mut HostState, fd: u32, at: u32, count: u32) -> Option<u32> {
    let mut total = 0_u32;
    slice(memory, at, count.checked_mul(8)?)?;
    for i in 0..count.min(1_024) {
        let (from, len) = (
            load_u32(memory, at + i * 8)?,
            load_u32(memory, at + i * 8 + 4)?,
        );
        let bytes = slice(memory, from, len)?;
        total = total.saturating_add(len);
        state.world.write_text(fd, bytes);
    }
    Some(total)
}
