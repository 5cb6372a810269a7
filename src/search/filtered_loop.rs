//! The loop of a search in which functions are filters beside native clauses, which is the usual case: candidates from the
//! engine, answers back, and the engine keeps the best hits itself. The general loop (`batch_loop`) gives the same.

use std::sync::Arc;

use crate::batch::{BATCH_CAPACITY, Interrupt};
use crate::bridge;
use crate::index::DocAddress;
use crate::{Error, ErrorCode};

use super::batch_loop::{BatchLoop, LoopCounts, nanoseconds_left};
use super::collector::Scored;
use super::functions::{At, Function, Role};

/// Documents in a search's first batch. Each next one may have twice as many: the first hits tell soon which scores matter.
const FIRST_BATCH: u32 = 128;

/// The buffers of a search, made once and used for every batch.
struct Buffers {
    docs: Vec<u32>,
    /// Whether each document of the batch is still in.
    passed: Vec<u8>,
    /// For functions behind the first: where the documents that are still in stand in the batch, and which they are.
    places: Vec<usize>,
    left: Vec<u32>,
}

/// The best hits, best first; their number; what was done.
pub(super) type FilteredHits = (Vec<Scored>, u64, LoopCounts);

impl BatchLoop<'_> {
    /// Whether [`BatchLoop::run_filtered`] can run the query with these functions.
    pub(super) fn is_filtered(&self, functions: &[Function]) -> bool {
        let plain = |f: &Function| matches!(f.role, Role::Filter { .. }) && !f.wants_score();
        // Each of the functions must be one of its clauses: one that stands nowhere decides nothing.
        bridge::filtered_functions(&self.prepared) as usize == functions.len()
            && functions.iter().all(plain)
    }

    /// Runs over all segments and finds the `k` best hits. `count_up_to`: hits are counted exactly up to there.
    pub(super) fn run_filtered(
        &self,
        functions: &mut [Function],
        k: usize,
        count_up_to: u64,
    ) -> crate::Result<FilteredHits> {
        let k = k.min(usize::try_from(self.snapshot.live_docs()).unwrap_or(usize::MAX));
        let mut search = bridge::filtered_open(
            &self.prepared,
            u32::try_from(k).unwrap_or(u32::MAX),
            count_up_to,
            self.cancel.native(),
            nanoseconds_left(self.deadline),
        )?;
        let mut buffers = Buffers {
            docs: vec![0; BATCH_CAPACITY],
            passed: Vec::with_capacity(BATCH_CAPACITY),
            places: Vec::new(),
            left: Vec::new(),
        };
        let interrupt = Interrupt {
            cancel: Some(Arc::clone(self.cancel.flag())),
            deadline: self.deadline,
        };
        let mut counts = LoopCounts::default();
        for segment in 0..self.snapshot.segments() {
            let done =
                self.filter_segment(segment, &mut search, functions, &mut buffers, &interrupt);
            match done {
                Ok(()) => {}
                // What was found until then is returned.
                Err(error) if error.code() == ErrorCode::Timeout => {
                    counts.timed_out = true;
                    break;
                }
                Err(error) => return Err(error),
            }
        }
        counts.candidates = bridge::filtered_candidates(&search);
        let (mut segments, mut docs, mut scores) = (vec![0; k], vec![0; k], vec![0.0; k]);
        let summary =
            bridge::filtered_finish(search.pin_mut(), &mut segments, &mut docs, &mut scores)?;
        counts.windows = summary.windows;
        let hits = (0..summary.hits as usize).map(|i| Scored {
            score: scores[i],
            at: DocAddress {
                segment: segments[i],
                doc: docs[i],
            },
        });
        Ok((hits.collect(), summary.count, counts))
    }

    fn filter_segment(
        &self,
        segment: u32,
        search: &mut cxx::UniquePtr<bridge::FilteredSearch>,
        functions: &mut [Function],
        buffers: &mut Buffers,
        interrupt: &Interrupt,
    ) -> crate::Result<()> {
        bridge::filtered_enter(search.pin_mut(), segment)?;
        let at = At {
            snapshot: self.snapshot,
            segment,
            interrupt,
        };
        for function in functions.iter_mut() {
            function.enter_segment(at)?;
        }
        buffers.passed.clear();
        let mut wanted = FIRST_BATCH;
        loop {
            let filled = bridge::filtered_next(
                search.pin_mut(),
                &buffers.passed,
                wanted,
                &mut buffers.docs,
            )?;
            let exhausted = match filled.state {
                0 => false,
                1 => true,
                _ if self.cancel.is_cancelled() => return Err(Error::Cancelled),
                _ => return Err(Error::Timeout(0)),
            };
            let count = filled.count as usize;
            if count == 0 && exhausted {
                return Ok(());
            }
            wanted = wanted.saturating_mul(2);
            buffers.passed.clear();
            if count == 0 {
                continue;
            }
            ask_all(at, functions, buffers, count)?;
        }
    }
}

/// Asks the functions, one after the other, each about the documents that those before it let pass.
fn ask_all(
    at: At<'_>,
    functions: &mut [Function],
    buffers: &mut Buffers,
    count: usize,
) -> crate::Result<()> {
    let Buffers {
        docs,
        passed,
        places,
        left,
    } = buffers;
    let [first, others @ ..] = functions else {
        return Ok(());
    };
    let wanted = u8::from(!first.is_negated());
    first.ask(at, &docs[..count], &[])?;
    passed.extend(
        first
            .states()
            .iter()
            .map(|state| u8::from(*state == wanted)),
    );
    places.clear();
    if !others.is_empty() {
        places.extend(0..count);
    }
    for function in others {
        places.retain(|place| passed[*place] == 1);
        if places.is_empty() {
            break;
        }
        left.clear();
        left.extend(places.iter().map(|place| docs[*place]));
        let wanted = u8::from(!function.is_negated());
        function.ask(at, left, &[])?;
        for (place, state) in places.iter().zip(function.states()) {
            passed[*place] = u8::from(*state == wanted);
        }
    }
    Ok(())
}
