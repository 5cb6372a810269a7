//! The best hits, and how many there are.

use std::cmp::Ordering;
use std::collections::BinaryHeap;

use crate::index::DocAddress;
use crate::query::TrackTotalHits;

/// A hit before it is fetched.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Scored {
    pub(super) score: f32,
    pub(super) at: DocAddress,
}

impl Eq for Scored {}

impl Ord for Scored {
    /// Better hits are less: higher scores, then earlier segments and documents. So the worst is on top of a max-heap.
    fn cmp(&self, other: &Self) -> Ordering {
        other
            .score
            .total_cmp(&self.score)
            .then(self.at.cmp(&other.at))
    }
}

impl PartialOrd for Scored {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// How far hits are counted exactly: the number after which skipping by score may begin.
pub(super) fn count_up_to(track: TrackTotalHits) -> u64 {
    match track {
        TrackTotalHits::All => u64::MAX,
        TrackTotalHits::No => 0,
        TrackTotalHits::UpTo(n) => u64::from(n),
    }
}

/// Collects what was accepted, batch by batch, in ascending (segment, document) order.
pub(super) struct Collector {
    k: usize,
    count_up_to: u64,
    min_score: Option<f32>,
    heap: BinaryHeap<Scored>,
    count: u64,
}

impl Collector {
    /// Keeps the `k` best.
    pub(super) fn new(k: usize, track: TrackTotalHits, min_score: Option<f32>) -> Self {
        let heap = BinaryHeap::with_capacity(k + 1);
        Self {
            k,
            count_up_to: count_up_to(track),
            min_score,
            heap,
            count: 0,
        }
    }

    /// Takes the accepted documents of a batch.
    pub(super) fn add(&mut self, segment: u32, docs: &[u32], scores: &[f32]) {
        if self.k == 0 && self.min_score.is_none() {
            self.count += docs.len() as u64;
            return;
        }
        for (&doc, &score) in docs.iter().zip(scores) {
            if self.min_score.is_some_and(|min| score < min) {
                continue;
            }
            self.count += 1;
            let hit = Scored {
                score,
                at: DocAddress { segment, doc },
            };
            if self.heap.len() < self.k {
                self.heap.push(hit);
            } else if let Some(mut worst) = self.heap.peek_mut()
                && hit < *worst
            {
                *worst = hit;
            }
        }
    }

    /// The score that a hit must be above to matter, once enough hits were counted and there are `k`.
    pub(super) fn bar(&self) -> Option<f32> {
        let counted = self.count > self.count_up_to && self.heap.len() == self.k;
        self.heap
            .peek()
            .filter(|_| counted)
            .map(|worst| worst.score)
    }

    /// Whether nothing more can change the result.
    pub(super) fn is_done(&self) -> bool {
        self.k == 0 && self.count > self.count_up_to
    }

    /// The hits, best first, and the count.
    pub(super) fn finish(self) -> (Vec<Scored>, u64) {
        (self.heap.into_sorted_vec(), self.count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// Keeping the k best one by one is sorting all and cutting.
        #[test]
        fn keeps_the_best(scores in prop::collection::vec(0u8..8, 0..80), k in 0usize..12) {
            let mut collector = Collector::new(k, TrackTotalHits::All, None);
            let scores: Vec<f32> = scores.into_iter().map(f32::from).collect();
            for (i, chunk) in scores.chunks(7).enumerate() {
                let segment = u32::try_from(i / 3).unwrap();
                let first = u32::try_from(i * 7).unwrap();
                let docs: Vec<u32> = (first..).take(chunk.len()).collect();
                collector.add(segment, &docs, chunk);
            }
            let mut all: Vec<(f32, u32)> = scores.iter().copied().zip(0..).collect();
            all.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
            all.truncate(k);
            let (hits, count) = collector.finish();
            let got: Vec<(f32, u32)> = hits.iter().map(|hit| (hit.score, hit.at.doc)).collect();
            prop_assert_eq!(got, all);
            prop_assert_eq!(count, scores.len() as u64);
        }
    }
}
