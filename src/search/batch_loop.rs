//! The loop that a search with functions runs: candidates from the engine, answers from the functions, hits to the collector.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Instant;

use cxx::SharedPtr;

use crate::batch::{BATCH_CAPACITY, Interrupt};
use crate::bridge;
use crate::index::Snapshot;
use crate::{Error, ErrorCode};

use super::cancel::CancelToken;
use super::collector::Collector;
use super::functions::{At, Function, Role};
use super::sort::Sorted;

/// Windows of 4,096 documents that the engine looks at before it must come back.
const WINDOW_BUDGET: u32 = 256;

/// What the loop has done.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct LoopCounts {
    pub(super) candidates: u64,
    pub(super) windows: u64,
    pub(super) timed_out: bool,
}

/// The buffers of a search, made once and used for every batch.
struct Buffers {
    docs: Vec<u32>,
    scores: Vec<f32>,
}

/// Who takes the hits of a search, batch by batch, in ascending (segment, document) order.
pub(super) trait Hits {
    /// Called before the first batch of each segment.
    fn enter(&mut self, at: At<'_>) -> crate::Result<()>;
    /// Lets the engine collect the next batch, without what can't matter any more.
    fn next(
        &mut self,
        stream: Pin<&mut bridge::HitStream>,
        budget: u32,
        capacity: u32,
    ) -> crate::Result<bridge::Filled>;
    /// Takes the accepted documents of a batch.
    fn add(&mut self, at: At<'_>, docs: &[u32], scores: &[f32]) -> crate::Result<()>;
    /// Whether nothing more can change the result.
    fn is_done(&self) -> bool;
}

impl Hits for Collector {
    fn enter(&mut self, _: At<'_>) -> crate::Result<()> {
        Ok(())
    }

    fn next(
        &mut self,
        mut stream: Pin<&mut bridge::HitStream>,
        budget: u32,
        capacity: u32,
    ) -> crate::Result<bridge::Filled> {
        if let Some(bar) = self.bar() {
            bridge::stream_set_bar(stream.as_mut(), bar);
        }
        Ok(bridge::stream_next(stream, budget, capacity)?)
    }

    fn add(&mut self, at: At<'_>, docs: &[u32], scores: &[f32]) -> crate::Result<()> {
        self.add(at.segment, docs, scores);
        Ok(())
    }

    fn is_done(&self) -> bool {
        self.is_done()
    }
}

impl Hits for Sorted {
    fn enter(&mut self, at: At<'_>) -> crate::Result<()> {
        self.enter(at)
    }

    fn next(
        &mut self,
        stream: Pin<&mut bridge::HitStream>,
        budget: u32,
        capacity: u32,
    ) -> crate::Result<bridge::Filled> {
        let filled = bridge::stream_next_sorted(stream, self.native(), budget, capacity)?;
        Ok(filled)
    }

    fn add(&mut self, at: At<'_>, docs: &[u32], scores: &[f32]) -> crate::Result<()> {
        self.add(at, docs, scores)
    }

    fn is_done(&self) -> bool {
        false
    }
}

/// Everything that stays the same from batch to batch.
pub(super) struct BatchLoop<'a> {
    pub(super) snapshot: &'a Snapshot,
    pub(super) prepared: SharedPtr<bridge::Prepared>,
    pub(super) cancel: &'a CancelToken,
    pub(super) deadline: Option<Instant>,
}

impl BatchLoop<'_> {
    /// Runs over all segments.
    pub(super) fn run(
        &self,
        functions: &mut [Function],
        collector: &mut impl Hits,
    ) -> crate::Result<LoopCounts> {
        let mut counts = LoopCounts::default();
        let mut buffers = Buffers {
            docs: vec![0; BATCH_CAPACITY],
            scores: vec![0.0; BATCH_CAPACITY],
        };
        for segment in 0..self.snapshot.segments() {
            let done = self.segment(segment, functions, collector, &mut buffers, &mut counts);
            match done {
                Ok(()) => {}
                // What was found until then is returned.
                Err(error) if error.code() == ErrorCode::Timeout => {
                    counts.timed_out = true;
                }
                Err(error) => return Err(error),
            }
            if counts.timed_out || collector.is_done() {
                break;
            }
        }
        Ok(counts)
    }

    fn segment(
        &self,
        segment: u32,
        functions: &mut [Function],
        collector: &mut impl Hits,
        buffers: &mut Buffers,
        counts: &mut LoopCounts,
    ) -> crate::Result<()> {
        let leaves = u32::try_from(functions.len()).unwrap_or(u32::MAX);
        let mut stream = bridge::stream_open(
            &self.prepared,
            segment,
            leaves,
            self.cancel.native(),
            nanoseconds_left(self.deadline),
        )?;
        let interrupt = Interrupt {
            cancel: Some(Arc::clone(self.cancel.flag())),
            deadline: self.deadline,
        };
        let at = At {
            snapshot: self.snapshot,
            segment,
            interrupt: &interrupt,
        };
        collector.enter(at)?;
        for function in functions.iter_mut() {
            function.enter_segment(at)?;
        }
        // Filters before scores, which are then computed for fewer documents; last the one that wants the score of all the rest.
        // Among scores those come first that others are given.
        let mut order: Vec<usize> = (0..functions.len()).collect();
        order.sort_by_key(|&i| match functions[i].role {
            Role::Filter { .. } if functions[i].wants_score() => 2,
            Role::Filter { .. } => 0,
            _ => 1,
        });
        let capacity = u32::try_from(BATCH_CAPACITY).unwrap_or(u32::MAX);
        let mut last = false;
        while !last && !collector.is_done() {
            let filled = collector.next(stream.pin_mut(), WINDOW_BUDGET, capacity)?;
            match filled.state {
                0 => {}
                1 => last = true,
                _ if self.cancel.is_cancelled() => return Err(Error::Cancelled),
                _ => {
                    counts.timed_out = true;
                    break;
                }
            }
            if filled.count == 0 {
                continue;
            }
            for &leaf in &order {
                ask(stream.pin_mut(), at, leaf, &mut functions[leaf], buffers)?;
            }
            let accepted =
                bridge::stream_accepted(stream.pin_mut(), &mut buffers.docs, &mut buffers.scores)?
                    as usize;
            collector.add(at, &buffers.docs[..accepted], &buffers.scores[..accepted])?;
        }
        counts.candidates += bridge::stream_candidates(&stream);
        counts.windows += bridge::stream_windows(&stream);
        Ok(())
    }
}

/// Asks one function about the documents of the batch that it can still change.
fn ask(
    mut stream: Pin<&mut bridge::HitStream>,
    at: At<'_>,
    leaf: usize,
    function: &mut Function,
    buffers: &mut Buffers,
) -> crate::Result<()> {
    let number = u32::try_from(leaf).unwrap_or(u32::MAX);
    let scores = if function.wants_score() {
        &mut buffers.scores[..]
    } else {
        &mut []
    };
    let needed = bridge::stream_needed(stream.as_mut(), number, &mut buffers.docs, scores)?;
    if needed == 0 {
        return Ok(());
    }
    let needed = needed as usize;
    function.ask(at, &buffers.docs[..needed], &buffers.scores[..needed])?;
    match function.role {
        Role::Score { .. } => {
            bridge::stream_resolve_scores(stream, number, function.scores(), function.states())?;
        }
        _ => bridge::stream_resolve(stream, number, function.states())?,
    }
    Ok(())
}

/// What is left until a deadline, as the engine takes it.
pub(super) fn nanoseconds_left(deadline: Option<Instant>) -> u64 {
    deadline.map_or(u64::MAX, |deadline| {
        let left = deadline.saturating_duration_since(Instant::now());
        u64::try_from(left.as_nanos()).unwrap_or(u64::MAX)
    })
}
