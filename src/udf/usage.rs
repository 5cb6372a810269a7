//! Who uses one version of a function now: queries are let in or refused here, watched while they run, and judged when they end.
//!
//! Letting in and judging take a lock, once a query. What is done for a batch takes none.

use std::hash::{BuildHasher, Hash, Hasher, RandomState};
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::breaker::{Breaker, Change, Ending, Pass};
use super::guest::Fault;
use super::limits::UdfLimits;
use super::manifest::Manifest;
use super::outcome::{Answers, UdfCounters};
use super::params::Params;
use super::rate::Rate;
use super::stats::{BreakerStats, Statistics, UdfStats, count};
use super::values::ParamValue;

/// Where the time of limits comes from.
pub(crate) type Clock = Arc<dyn Fn() -> Instant + Send + Sync>;

/// A batch that takes less is never why a query is out of time.
const BLAMED_BATCH: Duration = Duration::from_millis(100);
/// Failures in a query about fewer documents say nothing about the function: its caller can have chosen just these.
const FEWEST_JUDGED: u64 = 10;

/// The use of one version.
pub(crate) struct Usage {
    manifest: Arc<Manifest>,
    /// The host's and the manifest's together.
    limits: UdfLimits,
    clock: Clock,
    statistics: Statistics,
    instances: AtomicU32,
    gate: Mutex<Gate>,
    keys: RandomState,
}

struct Gate {
    breaker: Breaker,
    rate: Rate,
    running: u32,
    /// Queries that the caller gave nothing to decide; each is different from all others.
    plain: u64,
}

impl Usage {
    pub(crate) fn new(manifest: Arc<Manifest>, limits: UdfLimits, clock: Clock) -> Arc<Self> {
        let gate = Gate {
            breaker: Breaker::new(limits.breaker.clone()),
            rate: Rate::new(limits.queries_per_second),
            running: 0,
            plain: 0,
        };
        Arc::new(Self {
            manifest,
            limits,
            clock,
            statistics: Statistics::new(),
            instances: AtomicU32::new(0),
            gate: Mutex::new(gate),
            keys: RandomState::new(),
        })
    }

    fn gate(&self) -> MutexGuard<'_, Gate> {
        self.gate.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn busy(&self, message: String) -> crate::Error {
        crate::Error::UdfBusy {
            name: self.manifest.label(),
            message,
        }
    }

    /// Lets a query in.
    ///
    /// # Errors
    /// `UdfUnavailable` while the circuit breaker is open; `UdfBusy` if too many queries are running, or came in the last second.
    pub(crate) fn enter(self: &Arc<Self>, params: &Params) -> crate::Result<Visit> {
        let chosen = self.key(params);
        let now = (self.clock)();
        let mut gate = self.gate();
        if let Some(wait) = gate.breaker.refused_for(now) {
            count(&self.statistics.refused_by_breaker);
            return Err(crate::Error::UdfUnavailable {
                name: self.manifest.label(),
                message: gate.breaker.why().to_string(),
                retry_ms: milliseconds(wait),
            });
        }
        let most = self.limits.concurrent_queries;
        if gate.running >= most {
            count(&self.statistics.refused_as_concurrent);
            let message =
                format!("{most} queries are using it now, its limit (concurrent_queries)");
            return Err(self.busy(message));
        }
        if !gate.rate.take(now) {
            count(&self.statistics.refused_by_rate);
            let most = self.limits.queries_per_second.unwrap_or(u32::MAX);
            let message = format!("its limit is {most} queries a second (queries_per_second)");
            return Err(self.busy(message));
        }
        gate.running += 1;
        let pass = gate.breaker.pass();
        let key = chosen.unwrap_or_else(|| {
            gate.plain += 1;
            self.keys.hash_one(("plain", gate.plain))
        });
        drop(gate);
        count(&self.statistics.queries);
        Ok(Visit {
            usage: Arc::clone(self),
            pass,
            key,
            counters: Arc::default(),
            ending: AtomicU8::new(NOTHING),
            told: AtomicBool::new(false),
            excused: false,
        })
    }

    /// What the caller of a query decided, as a number; `None` if that is nothing: all parameters are their defaults. Then what goes wrong can't be
    /// laid to one caller.
    fn key(&self, params: &Params) -> Option<u64> {
        let mut specs = self.manifest.params.iter().zip(params);
        if specs.all(|(spec, value)| spec.default == *value) {
            return None;
        }
        let mut hasher = self.keys.build_hasher();
        for value in params {
            hash(value.as_ref(), &mut hasher);
        }
        Some(hasher.finish())
    }

    /// Room for an instance, until it is dropped.
    ///
    /// # Errors
    /// `UdfBusy` if there are as many as may be.
    pub(crate) fn instance(self: &Arc<Self>) -> crate::Result<InstancePermit> {
        let most = self.limits.instances;
        let one_more = |live: u32| (live < most).then(|| live + 1);
        let taken = self
            .instances
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, one_more);
        if taken.is_err() {
            count(&self.statistics.refused_instances);
            return Err(self.busy(format!(
                "there are {most} instances of it now, its limit (instances)"
            )));
        }
        Ok(InstancePermit(Arc::clone(self)))
    }

    pub(crate) fn stats(&self) -> UdfStats {
        let now = (self.clock)();
        let gate = self.gate();
        let (breaker, running) = (&gate.breaker, gate.running);
        let breaker = BreakerStats {
            state: breaker.state(now),
            opened: breaker.opened(),
            reason: breaker.why().to_string(),
            retry_ms: breaker.refused_for(now).map(milliseconds),
        };
        drop(gate);
        let (name, version) = (&self.manifest.name, self.manifest.version.to_string());
        UdfStats {
            running_queries: running,
            live_instances: self.instances.load(Ordering::Relaxed),
            ..self.statistics.read(name, version, breaker)
        }
    }

    /// A query has ended.
    fn leave(&self, pass: Pass, key: u64, ending: Ending) {
        match ending {
            Ending::TimedOut => count(&self.statistics.timeouts),
            Ending::NotStarted => count(&self.statistics.start_failures),
            Ending::Fine | Ending::Failed | Ending::Unknown => {}
        }
        let now = (self.clock)();
        let mut gate = self.gate();
        gate.running -= 1;
        let change = gate.breaker.record(pass, key, ending, now);
        let why = gate.breaker.why().to_string();
        drop(gate);
        let Manifest { name, version, .. } = &*self.manifest;
        match change {
            Change::None => {}
            Change::Opened => {
                tracing::warn!(%name, %version, %why, "the circuit breaker of a function opened");
            }
            Change::Closed => {
                tracing::info!(%name, %version, "the circuit breaker of a function closed");
            }
        }
    }
}

fn milliseconds(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

fn hash(value: Option<&ParamValue>, hasher: &mut impl Hasher) {
    value.map(std::mem::discriminant).hash(hasher);
    match value {
        None => {}
        Some(ParamValue::Bool(v)) => v.hash(hasher),
        Some(ParamValue::I64(v)) => v.hash(hasher),
        Some(ParamValue::F64(v)) => v.to_bits().hash(hasher),
        Some(ParamValue::Str(v)) => v.hash(hasher),
        Some(ParamValue::BoolList(v)) => v.hash(hasher),
        Some(ParamValue::I64List(v)) => v.hash(hasher),
        Some(ParamValue::F64List(v)) => v.iter().for_each(|v| v.to_bits().hash(hasher)),
        Some(ParamValue::StrList(v)) => v.hash(hasher),
    }
}

/// An instance lives as long as this.
pub(crate) struct InstancePermit(Arc<Usage>);

impl Drop for InstancePermit {
    fn drop(&mut self) {
        self.0.instances.fetch_sub(1, Ordering::Relaxed);
    }
}

/// One query's use of a function, until it is dropped. Shared by the threads of the query.
pub(crate) struct Visit {
    usage: Arc<Usage>,
    pass: Pass,
    key: u64,
    counters: Arc<UdfCounters>,
    /// One of the following.
    ending: AtomicU8,
    /// A failure has been told.
    told: AtomicBool,
    /// The query has limits of its own: that it passes one of them is nothing against the function.
    excused: bool,
}

const NOTHING: u8 = 0;
const TIMED_OUT: u8 = 1;
const NOT_STARTED: u8 = 2;
/// The query ended for a reason that isn't the function's.
const OTHER: u8 = 3;

impl Visit {
    pub(crate) fn counters(&self) -> &Arc<UdfCounters> {
        &self.counters
    }

    /// Says that the query has limits of its own, so that others can't lose the function by limits that nothing can keep to.
    pub(crate) fn excuse(&mut self) {
        self.excused = true;
    }

    pub(crate) fn usage(&self) -> &Arc<Usage> {
        &self.usage
    }

    /// Takes note of a batch. `allowed` is the time that the whole query has, if it has a deadline, `memory` what the instance has in bytes.
    pub(crate) fn batch(
        &self,
        answers: &Answers<'_>,
        time: Duration,
        memory: usize,
        fault: Option<&Fault>,
        allowed: Option<Duration>,
    ) {
        self.usage.statistics.batch(time, memory);
        if let Some(failure) = answers.outcome.failures.first() {
            self.tell(failure.kind.name(), &failure.message);
        }
        if let Some(fault) = fault {
            self.end(fault, time, allowed);
        }
    }

    #[cold]
    fn end(&self, fault: &Fault, time: Duration, allowed: Option<Duration>) {
        let ending = match fault {
            Fault::BatchLimit => TIMED_OUT,
            // The query may have been short of time anyway; one long batch is the function's doing.
            Fault::Deadline
                if time >= BLAMED_BATCH && allowed.is_some_and(|all| time * 2 >= all) =>
            {
                TIMED_OUT
            }
            Fault::Host(error @ crate::Error::UdfFailed { .. }) => {
                self.tell("start", &error.to_string());
                NOT_STARTED
            }
            Fault::Documents(..) | Fault::Deadline | Fault::Cancelled | Fault::Host(_) => OTHER,
        };
        // The first thread to end says why.
        let _ = self
            .ending
            .compare_exchange(NOTHING, ending, Ordering::Relaxed, Ordering::Relaxed);
    }

    /// Tells the first failure of a query.
    fn tell(&self, kind: &str, message: &str) {
        if !self.told.swap(true, Ordering::Relaxed) {
            let Manifest { name, version, .. } = &*self.usage.manifest;
            tracing::warn!(%name, %version, %kind, error = %message, "a function failed");
        }
    }
}

impl Drop for Visit {
    fn drop(&mut self) {
        let counts = self.counters.read();
        let statistics = &self.usage.statistics;
        statistics.query(&counts, self.counters.cache_hits());
        // What it answered before, it answered well.
        let documents = counts.documents + self.counters.cache_hits();
        let failures =
            counts.guest_failures + counts.traps + counts.protocol_failures + counts.limit_failures;
        let ending = match self.ending.load(Ordering::Relaxed) {
            TIMED_OUT => Ending::TimedOut,
            NOT_STARTED => Ending::NotStarted,
            NOTHING if failures * 2 > documents && documents < FEWEST_JUDGED => Ending::Unknown,
            NOTHING if failures * 2 > documents => Ending::Failed,
            NOTHING if documents > 0 => Ending::Fine,
            _ => Ending::Unknown,
        };
        let ending = match ending {
            Ending::Fine => ending,
            _ if self.excused => Ending::Unknown,
            _ => ending,
        };
        self.usage.leave(self.pass, self.key, ending);
    }
}
