//! What the host keeps beside one instance of a guest: its limits, its clock and log, and what it reads from.

use std::fmt;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use wasmtime::{Memory, ResourceLimiter, StoreContextMut, UpdateDeadline};

use super::limits::{MAX_MESSAGE_BYTES, MAX_TABLE_ENTRIES, UdfLimits};
use super::row_fields::RowFields;
use crate::batch::{Columns, Interrupt};

/// The data of a store.
pub(crate) struct HostState {
    pub(crate) watch: Watch,
    pub(crate) limiter: Limiter,
    pub(crate) world: World,
    pub(crate) row: RowFields,
    pub(crate) columns: Option<Box<dyn Columns>>,
    /// The guest's memory, once there is one.
    pub(crate) memory: Option<Memory>,
    /// An error of the host's own that made a host function stop the guest.
    pub(crate) error: Option<crate::Error>,
}

impl HostState {
    pub(crate) fn new(limits: &UdfLimits, row: RowFields) -> Self {
        Self {
            watch: Watch::new(),
            limiter: Limiter {
                memory_bytes: limits.memory_bytes,
                refused: false,
                peak_bytes: 0,
            },
            world: World::new(limits.log_bytes),
            row,
            columns: None,
            memory: None,
            error: None,
        }
    }

    /// Makes it ready for another instance: what the guest itself could see begins anew.
    pub(crate) fn for_fresh_instance(&mut self) {
        self.memory = None;
        self.limiter.refused = false;
        self.world.restart();
    }
}

/// Why the host stopped a guest.
#[derive(Debug)]
pub(crate) enum Stop {
    /// The query's deadline passed.
    Deadline,
    /// The function's own limit for a batch passed.
    BatchLimit,
    /// The query was cancelled.
    Cancelled,
    /// The guest called `fail`, `abort` or `proc_exit`.
    Fail(String),
    /// The guest asked for more than it may have.
    Limit(String),
    /// The guest gave a host function something impossible.
    Protocol(String),
    /// The host itself failed, see [`HostState::error`].
    Host,
}

impl fmt::Display for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Deadline => f.write_str("the query's deadline passed"),
            Self::BatchLimit => f.write_str("the time limit of a batch passed"),
            Self::Cancelled => f.write_str("the query was cancelled"),
            Self::Fail(message) | Self::Limit(message) | Self::Protocol(message) => {
                f.write_str(message)
            }
            Self::Host => f.write_str("a host function failed"),
        }
    }
}

impl std::error::Error for Stop {}

/// When the guest has to stop. Looked at once a tick, from inside guest code.
pub(crate) struct Watch {
    pub(crate) interrupt: Interrupt,
    /// When the time for the current batch is over.
    pub(crate) batch_end: Instant,
}

impl Watch {
    fn new() -> Self {
        Self {
            interrupt: Interrupt::default(),
            batch_end: Instant::now(),
        }
    }

    /// # Errors
    /// The reason to stop, if there is one.
    pub(crate) fn check(&self) -> Result<(), Stop> {
        if self
            .interrupt
            .cancel
            .as_ref()
            .is_some_and(|flag| flag.load(Ordering::Relaxed))
        {
            return Err(Stop::Cancelled);
        }
        let now = Instant::now();
        if self
            .interrupt
            .deadline
            .is_some_and(|deadline| now >= deadline)
        {
            return Err(Stop::Deadline);
        }
        if now >= self.batch_end {
            Err(Stop::BatchLimit)
        } else {
            Ok(())
        }
    }

    /// Does not count time that the host took for itself.
    pub(crate) fn pause(&mut self, host_time: Duration) {
        self.batch_end += host_time;
    }
}

/// What the engine calls at each tick inside guest code.
pub(crate) fn on_tick(store: StoreContextMut<'_, HostState>) -> wasmtime::Result<UpdateDeadline> {
    store.data().watch.check()?;
    Ok(UpdateDeadline::Continue(1))
}

/// Bounds the memory and the tables of an instance.
pub(crate) struct Limiter {
    pub(crate) memory_bytes: usize,
    /// The guest asked for more than it may have: a trap that follows is put down to that.
    pub(crate) refused: bool,
    /// The most memory that an instance of the binding had.
    pub(crate) peak_bytes: usize,
}

impl ResourceLimiter for Limiter {
    fn memory_growing(
        &mut self,
        _current: usize,
        desired: usize,
        maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        let fine = desired <= self.memory_bytes && maximum.is_none_or(|m| desired <= m);
        if fine {
            self.peak_bytes = self.peak_bytes.max(desired);
        }
        self.refused |= !fine;
        Ok(fine)
    }

    fn table_growing(
        &mut self,
        _current: usize,
        desired: usize,
        maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        let fine = desired <= MAX_TABLE_ENTRIES && maximum.is_none_or(|m| desired <= m);
        self.refused |= !fine;
        Ok(fine)
    }
}

/// The world as a guest sees it: a clock and random numbers that are the same each time, a log, and no files.
pub(crate) struct World {
    /// The guest's log, one entry a line.
    pub(crate) log: Vec<LogLine>,
    log_bytes: usize,
    log_room: usize,
    /// Something of it was dropped.
    log_cut: bool,
    /// Lines that were begun on file descriptors 1 and 2.
    begun: [Vec<u8>; 2],
    /// The end of what went to file descriptor 2, told when the guest exits.
    pub(crate) stderr: Vec<u8>,
    now: Moment,
    /// Where each instance begins.
    beginning: Moment,
}

/// A line that a guest logged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogLine {
    /// 0 debug, 1 info, 2 warning, 3 error, 4 the reason why a document is in error.
    pub level: i32,
    /// The text.
    pub text: String,
}

/// The level of a log line that says why a document is in error.
const REASON: i32 = 4;

const SEED: u64 = 0x9e37_79b9_7f4a_7c15;

/// Where the virtual clock and the random numbers are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Moment {
    pub(crate) clock_ns: u64,
    pub(crate) random: u64,
}

impl Default for Moment {
    fn default() -> Self {
        Self {
            clock_ns: 0,
            random: SEED,
        }
    }
}
const STDERR_BYTES: usize = 1_024;

impl World {
    fn new(log_bytes: usize) -> Self {
        Self {
            log: Vec::new(),
            log_bytes,
            log_room: log_bytes,
            log_cut: false,
            begun: [Vec::new(), Vec::new()],
            stderr: Vec::new(),
            now: Moment::default(),
            beginning: Moment::default(),
        }
    }

    /// Instances begin at `moment` from now on.
    pub(crate) fn begin_at(&mut self, moment: Moment) {
        self.beginning = moment;
    }

    /// Where the guest has come to.
    pub(crate) fn moment(&self) -> Moment {
        self.now
    }

    fn restart(&mut self) {
        self.end_lines();
        self.stderr.clear();
        self.now = self.beginning;
    }

    /// Takes the log, and makes room for as much again.
    pub(crate) fn take_log(&mut self) -> Vec<LogLine> {
        self.end_lines();
        self.log_room = self.log_bytes;
        self.log_cut = false;
        std::mem::take(&mut self.log)
    }

    /// Why documents are in error, of `errors` in one call that began when the log had `from` lines: the guest's reasons, if it wrote one
    /// for each of them, or as many as there was room for.
    pub(crate) fn reasons(&self, from: usize, errors: usize) -> impl Iterator<Item = &str> {
        let lines = self.log.get(from..).unwrap_or_default();
        let reasons = || lines.iter().filter(|line| line.level == REASON);
        let told = reasons().count();
        let each = told == errors || (told < errors && self.log_cut);
        let reasons = reasons().take(if each { told } else { 0 });
        reasons.map(|line| line.text.as_str())
    }

    /// Takes in what goes to file descriptor 1 or 2: a line of the log for each line.
    pub(crate) fn write_text(&mut self, fd: u32, bytes: &[u8]) {
        let stream = usize::from(fd == 2);
        if fd == 2 {
            self.write_stderr(bytes);
        }
        for part in bytes.split_inclusive(|byte| *byte == b'\n') {
            let (line, ended) = match part.split_last() {
                Some((b'\n', line)) => (line, true),
                _ => (part, false),
            };
            let begun = &mut self.begun[stream];
            let room = MAX_MESSAGE_BYTES.saturating_sub(begun.len());
            begun.extend_from_slice(&line[..line.len().min(room)]);
            if ended {
                self.end_line(stream);
            }
        }
    }

    fn end_line(&mut self, stream: usize) {
        let line = std::mem::take(&mut self.begun[stream]);
        self.write_log(if stream == 1 { 3 } else { 1 }, &line);
    }

    fn end_lines(&mut self) {
        self.end_line(0);
        self.end_line(1);
    }

    /// Keeps a line as far as there is room.
    pub(crate) fn write_log(&mut self, level: i32, bytes: &[u8]) {
        let kept = bytes.len().min(self.log_room).min(MAX_MESSAGE_BYTES);
        self.log_cut |= kept < bytes.len();
        if kept > 0 {
            // A line costs more than its text, so that empty-looking ones run out, too.
            self.log_room = self.log_room.saturating_sub(kept + 16);
            let text = String::from_utf8_lossy(&bytes[..kept])
                .trim_end()
                .to_string();
            self.log.push(LogLine { level, text });
        }
    }

    /// Keeps the end of what goes to file descriptor 2.
    fn write_stderr(&mut self, bytes: &[u8]) {
        let tail = &bytes[bytes.len().saturating_sub(STDERR_BYTES)..];
        let excess = (self.stderr.len() + tail.len()).saturating_sub(STDERR_BYTES);
        self.stderr.drain(..excess.min(self.stderr.len()));
        self.stderr.extend_from_slice(tail);
    }

    /// The virtual time in nanoseconds. It moves on by a microsecond each time, so that waiting loops end.
    pub(crate) fn now_ns(&mut self) -> u64 {
        self.now.clock_ns = self.now.clock_ns.saturating_add(1_000);
        self.now.clock_ns
    }

    pub(crate) fn advance_ns(&mut self, ns: u64) {
        self.now.clock_ns = self.now.clock_ns.saturating_add(ns);
    }

    /// The next of a fixed sequence of random numbers (xorshift64).
    pub(crate) fn next_random(&mut self) -> u64 {
        self.now.random ^= self.now.random << 13;
        self.now.random ^= self.now.random >> 7;
        self.now.random ^= self.now.random << 17;
        self.now.random
    }
}
