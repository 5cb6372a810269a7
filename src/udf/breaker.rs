//! The circuit breaker of one version: a function that goes wrong again and again is left alone for a while.
//!
//! It looks at *different* queries: what one caller asks for in vain, as often as it likes, counts once, so that it can't take the
//! function away from all others. After a cool-down a query is let through as a trial; how that ends decides, unless it is one that went
//! wrong before.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use super::limits::LONG_TIME;

/// Different queries that are remembered: the latest ones.
const REMEMBERED: usize = 256;
/// Uses that may decide at the same time: as many as a query has of one function, or near to it.
const MOST_TRIALS: u32 = 8;

/// When a circuit breaker opens, and for how long.
#[derive(Clone, Debug)]
pub struct BreakerOptions {
    /// Different queries that must have gone wrong for it to open. 5; with 0 it never opens.
    pub failures: u32,
    /// And how many of all different queries that must be, in per cent. 50.
    pub failure_percent: u32,
    /// Queries that ended longer ago do not count. 60 s.
    pub window: Duration,
    /// How long queries are refused before one is let through as a trial. 30 s.
    pub cool_down: Duration,
}

impl Default for BreakerOptions {
    fn default() -> Self {
        Self {
            failures: 5,
            failure_percent: 50,
            window: Duration::from_secs(60),
            cool_down: Duration::from_secs(30),
        }
    }
}

/// How a query ended, as far as the function goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    /// It answered.
    Fine,
    /// It exceeded a time limit.
    TimedOut,
    /// No instance could be started.
    NotStarted,
    /// It failed on most documents.
    Failed,
    /// It was not asked, or the query ended for another reason.
    Unknown,
}

impl Ending {
    fn is_bad(self) -> bool {
        matches!(self, Self::TimedOut | Self::NotStarted | Self::Failed)
    }
}

#[derive(Clone, Debug)]
enum State {
    Closed,
    Open {
        until: Instant,
    },
    /// The cool-down is over. `trials`: uses that decide are running, as a query may use the function more than once.
    HalfOpen {
        trials: u32,
    },
}

/// What a query is let through as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pass {
    Ordinary,
    /// Its end decides about all others.
    Trial,
}

/// A change that is worth telling.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Change {
    None,
    Opened,
    Closed,
}

pub(crate) struct Breaker {
    options: BreakerOptions,
    state: State,
    why: String,
    opened: u64,
    /// The latest different queries, in a ring, and where each key is in it.
    recent: Vec<Entry>,
    oldest: usize,
    places: HashMap<u64, usize>,
}

struct Entry {
    key: u64,
    ended: Instant,
    ending: Ending,
}

impl Breaker {
    pub(crate) fn new(options: BreakerOptions) -> Self {
        Self {
            options,
            state: State::Closed,
            why: String::new(),
            opened: 0,
            recent: Vec::new(),
            oldest: 0,
            places: HashMap::new(),
        }
    }

    /// `closed`, `open` or `half_open`.
    pub(crate) fn state(&self, now: Instant) -> &'static str {
        match self.state {
            State::Closed => "closed",
            State::Open { until } if now < until => "open",
            State::Open { .. } | State::HalfOpen { .. } => "half_open",
        }
    }

    /// How often it opened.
    pub(crate) fn opened(&self) -> u64 {
        self.opened
    }

    /// Why it opened last; empty if it is closed.
    pub(crate) fn why(&self) -> &str {
        &self.why
    }

    /// How long queries are refused for sure; `None` if they aren't.
    pub(crate) fn refused_for(&self, now: Instant) -> Option<Duration> {
        match self.state {
            State::Open { until } if now < until => Some(until - now),
            // The trial may end at any moment.
            State::HalfOpen { trials } if trials >= MOST_TRIALS => Some(Duration::ZERO),
            State::Open { .. } | State::HalfOpen { .. } | State::Closed => None,
        }
    }

    /// Lets a query through that [`Breaker::refused_for`] doesn't refuse.
    pub(crate) fn pass(&mut self) -> Pass {
        if matches!(self.state, State::Closed) {
            return Pass::Ordinary;
        }
        let trials = match self.state {
            State::HalfOpen { trials } => trials,
            _ => 0,
        };
        self.state = State::HalfOpen { trials: trials + 1 };
        Pass::Trial
    }

    /// Takes note of how a query ended. Queries of one key count once, as the latest of them ended.
    pub(crate) fn record(&mut self, pass: Pass, key: u64, ending: Ending, now: Instant) -> Change {
        if pass == Pass::Trial {
            // A query that went wrong before says nothing new by going wrong again: another one is to decide.
            let known = self
                .places
                .get(&key)
                .map(|place| self.recent[*place].ending);
            let ending = match known {
                Some(known) if known.is_bad() && ending.is_bad() => Ending::Unknown,
                _ => ending,
            };
            return self.decide(ending, now);
        }
        if ending == Ending::Unknown {
            return Change::None;
        }
        self.remember(Entry {
            key,
            ended: now,
            ending,
        });
        if !ending.is_bad() || !matches!(self.state, State::Closed) {
            return Change::None;
        }
        let Some(why) = self.reason(now) else {
            return Change::None;
        };
        self.open(why, now);
        Change::Opened
    }

    /// The trial has ended.
    fn decide(&mut self, ending: Ending, now: Instant) -> Change {
        match ending {
            Ending::Unknown => {
                if let State::HalfOpen { trials } = &mut self.state {
                    *trials = trials.saturating_sub(1);
                }
                Change::None
            }
            // Another trial has decided already.
            _ if !matches!(self.state, State::HalfOpen { .. }) => Change::None,
            Ending::Fine => {
                self.state = State::Closed;
                self.why.clear();
                self.recent.clear();
                self.places.clear();
                self.oldest = 0;
                Change::Closed
            }
            Ending::TimedOut | Ending::NotStarted | Ending::Failed => {
                let how = match ending {
                    Ending::TimedOut => "timed out",
                    Ending::NotStarted => "could not start the function",
                    _ => "failed on most documents",
                };
                self.open(
                    format!("the query that was let through as a trial {how}"),
                    now,
                );
                Change::Opened
            }
        }
    }

    fn open(&mut self, why: String, now: Instant) {
        // A cool-down without an end is a very long one.
        let until = now
            .checked_add(self.options.cool_down)
            .unwrap_or(now + LONG_TIME);
        self.state = State::Open { until };
        self.why = why;
        self.opened += 1;
    }

    fn remember(&mut self, entry: Entry) {
        if let Some(place) = self.places.get(&entry.key) {
            self.recent[*place] = entry;
        } else if self.recent.len() < REMEMBERED {
            self.places.insert(entry.key, self.recent.len());
            self.recent.push(entry);
        } else {
            self.places.remove(&self.recent[self.oldest].key);
            self.places.insert(entry.key, self.oldest);
            self.recent[self.oldest] = entry;
            self.oldest = (self.oldest + 1) % REMEMBERED;
        }
    }

    /// Why it has to open, if it has.
    fn reason(&self, now: Instant) -> Option<String> {
        let counts = |ending: Ending| {
            let within = self.recent.iter().filter(|e| {
                now.saturating_duration_since(e.ended) <= self.options.window && e.ending == ending
            });
            within.count() as u64
        };
        let (timed_out, not_started) = (counts(Ending::TimedOut), counts(Ending::NotStarted));
        let failed = counts(Ending::Failed);
        let bad = timed_out + not_started + failed;
        let all = bad + counts(Ending::Fine);
        let (least, percent) = (
            u64::from(self.options.failures),
            u64::from(self.options.failure_percent),
        );
        if least == 0 || bad < least || bad * 100 < all * percent {
            return None;
        }
        let parts = [
            (timed_out, "timed out"),
            (not_started, "could not start the function"),
            (failed, "failed on most documents"),
        ];
        let parts: Vec<String> = parts
            .into_iter()
            .filter(|(n, _)| *n > 0)
            .map(|(n, how)| format!("{n} {how}"))
            .collect();
        Some(format!(
            "of the last {all} different queries within {} s, {}",
            self.options.window.as_secs(),
            parts.join(" and ")
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Bench {
        breaker: Breaker,
        now: Instant,
    }

    impl Bench {
        fn new() -> Self {
            Self {
                breaker: Breaker::new(BreakerOptions::default()),
                now: Instant::now(),
            }
        }

        /// Runs a query; `None` if it is refused.
        fn query(&mut self, key: u64, ending: Ending) -> Option<Change> {
            if self.breaker.refused_for(self.now).is_some() {
                return None;
            }
            let pass = self.breaker.pass();
            Some(self.breaker.record(pass, key, ending, self.now))
        }

        fn wait(&mut self, seconds: u64) {
            self.now += Duration::from_secs(seconds);
        }
    }

    #[test]
    fn one_caller_cannot_close_a_function_for_all() {
        let mut bench = Bench::new();
        for _ in 0..10_000 {
            assert_eq!(bench.query(7, Ending::TimedOut), Some(Change::None));
        }
        for key in 0..3 {
            assert_eq!(bench.query(key, Ending::Failed), Some(Change::None));
        }
        assert_eq!(bench.breaker.state(bench.now), "closed");
        assert_eq!(
            bench.query(4, Ending::Failed),
            Some(Change::Opened),
            "the fifth different one"
        );
        assert_eq!(
            bench.breaker.why(),
            "of the last 5 different queries within 60 s, 1 timed out and 4 failed on most documents"
        );
    }

    #[test]
    fn a_minority_is_borne() {
        let mut bench = Bench::new();
        for key in 0..2_000 {
            let ending = if key % 3 == 0 {
                Ending::Failed
            } else {
                Ending::Fine
            };
            assert_eq!(bench.query(key, ending), Some(Change::None), "query {key}");
        }
        // The latest 256 count.
        let opened =
            (2_000..2_256).position(|key| bench.query(key, Ending::Failed) == Some(Change::Opened));
        assert!(opened.is_some_and(|n| (40..100).contains(&n)), "{opened:?}");
    }

    #[test]
    fn what_is_long_ago_is_forgotten() {
        let mut bench = Bench::new();
        for key in 0..40 {
            assert_eq!(
                bench.query(key, Ending::TimedOut),
                Some(Change::None),
                "query {key}"
            );
            bench.wait(16); // four within any window of 60 s
        }
    }

    #[test]
    fn a_trial_decides() {
        let mut bench = Bench::new();
        for key in 0..5 {
            bench.query(key, Ending::NotStarted);
        }
        assert_eq!(bench.breaker.state(bench.now), "open");
        bench.wait(29);
        assert_eq!(
            bench.breaker.refused_for(bench.now),
            Some(Duration::from_secs(1))
        );
        assert_eq!(bench.query(9, Ending::Fine), None);
        bench.wait(1);
        assert_eq!(bench.breaker.state(bench.now), "half_open");
        assert_eq!(bench.breaker.refused_for(bench.now), None);
        for _ in 0..MOST_TRIALS {
            assert_eq!(bench.breaker.pass(), Pass::Trial);
        }
        assert_eq!(bench.query(9, Ending::Fine), None, "few trials at a time");
        assert_eq!(
            bench
                .breaker
                .record(Pass::Trial, 9, Ending::Unknown, bench.now),
            Change::None
        );
        assert_eq!(
            bench.query(3, Ending::TimedOut),
            Some(Change::None),
            "one that went wrong before does not decide"
        );
        assert_eq!(
            bench.query(9, Ending::TimedOut),
            Some(Change::Opened),
            "the next one does"
        );
        assert_eq!(
            bench
                .breaker
                .record(Pass::Trial, 10, Ending::Fine, bench.now),
            Change::None,
            "another trial has decided"
        );
        assert_eq!(bench.breaker.opened(), 2);
        assert_eq!(
            bench.breaker.why(),
            "the query that was let through as a trial timed out"
        );
        // Queries that began before it opened change nothing.
        assert_eq!(
            bench
                .breaker
                .record(Pass::Ordinary, 50, Ending::Fine, bench.now),
            Change::None
        );
        bench.wait(30);
        assert_eq!(bench.query(9, Ending::Fine), Some(Change::Closed));
        assert_eq!(
            (bench.breaker.state(bench.now), bench.breaker.why()),
            ("closed", "")
        );
        for key in 0..4 {
            assert_eq!(
                bench.query(key, Ending::Failed),
                Some(Change::None),
                "it begins anew"
            );
        }
    }

    #[test]
    fn can_be_switched_off() {
        let options = BreakerOptions {
            failures: 0,
            ..BreakerOptions::default()
        };
        let mut bench = Bench {
            breaker: Breaker::new(options),
            now: Instant::now(),
        };
        for key in 0..1_000 {
            assert_eq!(bench.query(key, Ending::Failed), Some(Change::None));
        }
    }
}
