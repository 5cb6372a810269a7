//! Queries per second, by a bucket of tokens: a second's worth may come at once, and no more than the rate in the long run.

use std::time::Instant;

pub(crate) struct Rate {
    per_second: Option<f64>,
    tokens: f64,
    filled: Option<Instant>,
}

impl Rate {
    /// `None`: as many as come.
    pub(crate) fn new(per_second: Option<u32>) -> Self {
        let per_second = per_second.map(f64::from);
        Self {
            per_second,
            tokens: per_second.unwrap_or(0.0),
            filled: None,
        }
    }

    /// Takes a token, if there is one.
    pub(crate) fn take(&mut self, now: Instant) -> bool {
        let Some(per_second) = self.per_second else {
            return true;
        };
        let passed = self.filled.map_or(0.0, |filled| {
            now.saturating_duration_since(filled).as_secs_f64()
        });
        self.filled = Some(now);
        self.tokens = (self.tokens + passed * per_second).min(per_second);
        if self.tokens < 1.0 {
            return false;
        }
        self.tokens -= 1.0;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::time::Duration;

    #[test]
    fn none_is_no_limit() {
        let (mut rate, now) = (Rate::new(None), Instant::now());
        assert!((0..10_000).all(|_| rate.take(now)));
    }

    proptest! {
        /// Whatever comes when: never more than a second's worth and the rate, and never refused below the rate.
        #[test]
        fn keeps_the_rate(per_second in 1_u32..50, gaps in prop::collection::vec(0_u64..400, 1..300)) {
            let start = Instant::now();
            let mut rate = Rate::new(Some(per_second));
            let mut taken: Vec<u64> = Vec::new();
            let (mut now, mut quiet_since) = (0, 0);
            for gap in gaps {
                now += gap;
                // So long after the latest query there is a token for sure.
                let must = (now - quiet_since) * u64::from(per_second) > 1_000;
                let took = rate.take(start + Duration::from_millis(now));
                prop_assert!(took || !must, "refused after {} ms", now - quiet_since);
                quiet_since = now;
                if took {
                    taken.push(now);
                    for (first, from) in taken.iter().enumerate() {
                        let most = f64::from(per_second) * (1.0 + (now - from) as f64 / 1_000.0);
                        prop_assert!((taken.len() - first) as f64 <= most + 1e-6);
                    }
                }
            }
        }
    }
}
