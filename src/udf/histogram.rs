//! A histogram of times that is always on: buckets of atomics, no lock, a bounded relative error.
//!
//! Each power of two is cut into [`STEPS`] buckets, so that a bucket is at most 1/32 as wide as the times in it are long. A quantile is
//! told as the longest time of its bucket: never less than it is, and at most 1/32 (3.2 %) more. Times below 32 ns are exact,
//! those above two minutes are counted in the last bucket.

use std::sync::atomic::{AtomicU64, Ordering};

/// Two to this power buckets for each power of two.
const STEP_BITS: u32 = 5;
const STEPS: u64 = 1 << STEP_BITS;
/// Times below two to this power, in nanoseconds, have buckets of their own: 137 s.
const VALUE_BITS: u32 = 37;
const BUCKETS: usize = ((VALUE_BITS - STEP_BITS + 1) * (1 << STEP_BITS)) as usize;

/// Times in nanoseconds.
pub(crate) struct Histogram {
    buckets: Box<[AtomicU64]>,
    longest: AtomicU64,
    total: AtomicU64,
}

/// What a histogram says at one moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Quantiles {
    pub(crate) count: u64,
    pub(crate) total: u64,
    pub(crate) p50: u64,
    pub(crate) p95: u64,
    pub(crate) p99: u64,
    pub(crate) longest: u64,
}

impl Histogram {
    pub(crate) fn new() -> Self {
        Self {
            buckets: (0..BUCKETS).map(|_| AtomicU64::new(0)).collect(),
            longest: AtomicU64::new(0),
            total: AtomicU64::new(0),
        }
    }

    /// Counts a time.
    pub(crate) fn record(&self, nanoseconds: u64) {
        self.buckets[bucket(nanoseconds)].fetch_add(1, Ordering::Relaxed);
        self.total.fetch_add(nanoseconds, Ordering::Relaxed);
        // Seldom a new record, so that the line is mostly read.
        if nanoseconds > self.longest.load(Ordering::Relaxed) {
            self.longest.fetch_max(nanoseconds, Ordering::Relaxed);
        }
    }

    /// Reads it. What is recorded meanwhile may be counted or not.
    pub(crate) fn read(&self) -> Quantiles {
        let load = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let counts: Vec<u64> = self.buckets.iter().map(load).collect();
        let (count, longest) = (counts.iter().sum(), load(&self.longest));
        let quantile = |percent: u64| quantile(&counts, count, percent).min(longest);
        Quantiles {
            count,
            total: load(&self.total),
            p50: quantile(50),
            p95: quantile(95),
            p99: quantile(99),
            longest,
        }
    }
}

/// The longest time of the bucket that has the quantile: the smallest time that `percent` of all are not longer than.
fn quantile(counts: &[u64], count: u64, percent: u64) -> u64 {
    // Rounded up; in 128 bits, so that no count is too large.
    let rank = (u128::from(count) * u128::from(percent))
        .div_ceil(100)
        .max(1);
    let mut seen = 0_u128;
    for (index, n) in counts.iter().enumerate() {
        seen += u128::from(*n);
        if seen >= rank {
            return longest_of(index);
        }
    }
    0
}

/// The bucket of a time.
fn bucket(nanoseconds: u64) -> usize {
    if nanoseconds < STEPS {
        return usize::try_from(nanoseconds).unwrap_or(0);
    }
    let shift = u64::from(nanoseconds.ilog2() - STEP_BITS);
    let index = (shift + 1) * STEPS + ((nanoseconds >> shift) - STEPS);
    usize::try_from(index).unwrap_or(BUCKETS).min(BUCKETS - 1)
}

/// The longest time that a bucket counts.
fn longest_of(index: usize) -> u64 {
    let index = index as u64;
    if index < STEPS {
        return index;
    }
    let shift = index / STEPS - 1;
    ((STEPS + index % STEPS + 1) << shift) - 1
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn buckets_follow_one_another() {
        let mut next = 0;
        for index in 0..BUCKETS {
            assert_eq!(bucket(next), index, "the shortest time");
            assert_eq!(bucket(longest_of(index)), index, "the longest time");
            next = longest_of(index) + 1;
        }
        assert_eq!(next, 1 << VALUE_BITS);
        assert_eq!(bucket(u64::MAX), BUCKETS - 1);
    }

    #[test]
    fn an_empty_one_says_nothing() {
        assert_eq!(Histogram::new().read(), Quantiles::default());
    }

    proptest! {
        /// Against a sorted list of all times.
        #[test]
        fn quantiles_are_at_most_a_32nd_too_long(
            times in prop::collection::vec((0_u32..37, any::<u64>()).prop_map(|(bits, x)| x % (2 << bits) % (1 << 37)), 1..300)
        ) {
            let histogram = Histogram::new();
            for time in &times {
                histogram.record(*time);
            }
            let mut sorted = times.clone();
            sorted.sort_unstable();
            let read = histogram.read();
            prop_assert_eq!(read.count, times.len() as u64);
            prop_assert_eq!(read.total, times.iter().sum::<u64>());
            prop_assert_eq!(read.longest, sorted[sorted.len() - 1]);
            for (percent, told) in [(50, read.p50), (95, read.p95), (99, read.p99)] {
                let exact = sorted[(times.len() * percent).div_ceil(100) - 1];
                prop_assert!(told >= exact && told - exact <= exact / 32, "p{}: {} for {}", percent, told, exact);
            }
        }
    }

    #[test]
    fn threads_lose_nothing() {
        let histogram = Histogram::new();
        std::thread::scope(|scope| {
            for thread in 0..4_u64 {
                let histogram = &histogram;
                scope.spawn(move || (0..10_000).for_each(|i| histogram.record(i * 4 + thread)));
            }
        });
        let read = histogram.read();
        assert_eq!((read.count, read.longest), (40_000, 39_999));
        assert_eq!(read.total, 39_999 * 40_000 / 2);
    }
}
