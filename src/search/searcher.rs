//! Runs a request over a snapshot.

use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::value::RawValue;

use crate::Error;
use crate::batch::{FunctionSource, Interrupt};
use crate::bridge;
use crate::index::{DocAddress, Snapshot};
use crate::query::{SearchRequest, SourceFilter, TrackTotalHits};
use crate::threads;

use super::batch_loop::{BatchLoop, LoopCounts, nanoseconds_left};
use super::cancel::CancelToken;
use super::collector::{Collector, Scored, count_up_to};
use super::functions::Function;
use super::lower::{Lowered, lower};
use super::response::{Hit, Profile, Relation, SearchResponse, TopDocs, TotalHits};
use super::script_fields::ScriptFields;
use super::sort::{SortValue, Sorted, is_sorted};

/// What a caller decides about a search beside the request.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct SearchOptions {
    /// Stops it from another thread.
    pub cancel: Option<CancelToken>,
    /// A limit on top of the request's own `timeout`; the shorter one counts.
    pub timeout: Option<Duration>,
}

/// When a search has to stop.
struct Limits<'a> {
    cancel: &'a CancelToken,
    deadline: Option<Instant>,
}

impl<'a> Limits<'a> {
    /// `started`: now, if it is not known.
    fn new(
        options: &'a SearchOptions,
        request: &SearchRequest,
        started: Option<Instant>,
    ) -> crate::Result<Self> {
        let requested = request.timeout_ms.map(Duration::from_millis);
        let limit = [requested, options.timeout].into_iter().flatten().min();
        let deadline =
            limit.and_then(|limit| started.unwrap_or_else(Instant::now).checked_add(limit));
        let cancel = match &options.cancel {
            Some(cancel) => cancel,
            None => CancelToken::never()?,
        };
        Ok(Self { cancel, deadline })
    }

    fn interrupt(&self) -> Interrupt {
        Interrupt {
            cancel: Some(Arc::clone(self.cancel.flag())),
            deadline: self.deadline,
        }
    }
}

/// Searches one snapshot. `Send + Sync`; any number of threads may search at once.
#[derive(Clone)]
pub struct Searcher {
    snapshot: Snapshot,
    functions: Option<Arc<dyn FunctionSource>>,
    index: String,
    general_only: bool,
}

impl std::fmt::Debug for Searcher {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Searcher")
            .field("index", &self.index)
            .field("snapshot", &self.snapshot)
            .finish_non_exhaustive()
    }
}

impl Searcher {
    /// A searcher over a snapshot, with the functions that queries may name (a `UdfRegistry`). `index` is the name that hits
    /// carry.
    #[must_use]
    pub fn new(
        snapshot: Snapshot,
        functions: Option<Arc<dyn FunctionSource>>,
        index: &str,
    ) -> Self {
        Self {
            snapshot,
            functions,
            index: index.to_string(),
            general_only: false,
        }
    }

    /// Runs each search with functions by the general loop, also where a simpler one would do: for tests that compare them.
    #[doc(hidden)]
    #[must_use]
    pub fn with_general_loop_only(mut self) -> Self {
        self.general_only = true;
        self
    }

    /// The snapshot.
    #[must_use]
    pub fn snapshot(&self) -> &Snapshot {
        &self.snapshot
    }

    /// Runs a request.
    ///
    /// When its time limit passes, it returns what it has found until then, with `timed_out`.
    ///
    /// # Errors
    /// `Query` for what doesn't fit the mapping, `Clause` for a function that there isn't or its parameters, `UdfFailed` (a function failed and its clause says
    /// `fail`, or exceeded its own time limit), `Cancelled`, `Native` with `Corrupt`.
    pub fn search(
        &self,
        request: &SearchRequest,
        options: &SearchOptions,
    ) -> crate::Result<SearchResponse> {
        self.where_there_is_room(request, || self.search_here(request, options))
    }

    /// Functions run where there is enough stack for them.
    fn where_there_is_room<T: Send>(
        &self,
        request: &SearchRequest,
        work: impl FnOnce() -> crate::Result<T> + Send,
    ) -> crate::Result<T> {
        if self.functions.is_none() || !request.names_functions() {
            return work();
        }
        threads::run(work).map_err(Error::no_thread)?
    }

    fn search_here(
        &self,
        request: &SearchRequest,
        options: &SearchOptions,
    ) -> crate::Result<SearchResponse> {
        let started = Instant::now();
        // What is computed of the hits is found before they are, so that a function that isn't there costs no search.
        let source = self.functions.as_deref();
        let mut fields = ScriptFields::prepare(request, source, &self.snapshot)?;
        let limits = Limits::new(options, request, Some(started))?;
        let mut found = self.run(request, &limits, fields.wants_scores())?;
        let searched = Instant::now();

        let mut hits = self.fetch(request, &found)?;
        let mut computed = vec![Vec::new(); hits.len()];
        let interrupt = limits.interrupt();
        let done = fields.compute(&self.snapshot, &found.hits, &interrupt, &mut computed)?;
        for (hit, fields) in hits.iter_mut().zip(computed) {
            hit.fields = fields;
        }
        found.functions.extend(fields.into_functions());
        let nanos =
            |from: Instant, to: Instant| u64::try_from((to - from).as_nanos()).unwrap_or(u64::MAX);
        let ended = Instant::now();
        Ok(SearchResponse {
            took_ms: nanos(started, ended) / 1_000_000,
            timed_out: found.counts.timed_out || !done,
            total: found.total(request),
            max_score: found.max_score,
            hits,
            index: self.index.clone(),
            profile: Profile {
                total_nanos: nanos(started, ended),
                search_nanos: nanos(started, searched),
                fetch_nanos: nanos(searched, ended),
                candidates: found.counts.candidates,
                windows: found.counts.windows,
                functions: found.functions.into_iter().map(Function::report).collect(),
            },
            show_profile: request.profile,
        })
    }

    /// Runs a request and reads nothing of the documents that it finds, not even their `_id`s: for hosts that fetch from
    /// elsewhere, or later, by [`Snapshot::ids`] and [`Snapshot::source`].
    ///
    /// # Errors
    /// As [`Searcher::search`].
    pub fn top_docs(
        &self,
        request: &SearchRequest,
        options: &SearchOptions,
    ) -> crate::Result<TopDocs> {
        self.where_there_is_room(request, || self.top_docs_here(request, options))
    }

    fn top_docs_here(
        &self,
        request: &SearchRequest,
        options: &SearchOptions,
    ) -> crate::Result<TopDocs> {
        let limits = Limits::new(options, request, None)?;
        let found = self.run(request, &limits, false)?;
        let score = |hit: &Scored| found.has_scores.then_some(hit.score);
        Ok(TopDocs {
            hits: found.hits.iter().map(|hit| (hit.at, score(hit))).collect(),
            total: found.total(request),
            timed_out: found.counts.timed_out,
        })
    }

    /// `wants_scores`: whether hits need scores that neither the request nor the functions in it ask for.
    fn run(
        &self,
        request: &SearchRequest,
        limits: &Limits<'_>,
        wants_scores: bool,
    ) -> crate::Result<Found> {
        let (source, cancel, deadline) =
            (self.functions.as_deref(), limits.cancel, limits.deadline);
        let lowered = lower(request, &self.snapshot, source, cancel, deadline)?;
        let out_of_time = lowered.out_of_time;
        let mut found = self.find(request, lowered, limits, wants_scores)?;
        found.counts.timed_out |= out_of_time;
        Ok(found)
    }

    fn find(
        &self,
        request: &SearchRequest,
        lowered: Lowered,
        limits: &Limits<'_>,
        wants_scores: bool,
    ) -> crate::Result<Found> {
        let mut functions = lowered.functions;
        // No page is wanted: nothing but the count.
        let k = if request.size == 0 {
            0
        } else {
            request.from + request.size
        };
        // Keys are checked also where no hits are wanted.
        let sorted = if is_sorted(request) {
            let source = self.functions.as_deref();
            Some(Sorted::new(
                request,
                &self.snapshot,
                source,
                k.max(1),
                wants_scores,
            )?)
            .filter(|_| k > 0)
        } else {
            None
        };
        let with_scores = sorted
            .as_ref()
            .map_or(k > 0, |s| s.has_scores() || s.wants_scores())
            || (wants_scores && k > 0)
            || request.min_score.is_some()
            || functions.iter().any(Function::filters_by_score);
        let prepared = bridge::prepare(self.snapshot.native(), lowered.root, with_scores)?;
        let batches = BatchLoop {
            snapshot: &self.snapshot,
            prepared,
            cancel: limits.cancel,
            deadline: limits.deadline,
        };
        let mut found = match sorted {
            Some(sorted) => Self::find_sorted(sorted, &mut functions, &batches)?,
            None if functions.is_empty() => self.find_native(request, &batches, k)?,
            None if request.min_score.is_none()
                && !self.general_only
                && batches.is_filtered(&functions) =>
            {
                let count_up_to = count_up_to(request.track_total_hits);
                let (hits, count, counts) = batches.run_filtered(&mut functions, k, count_up_to)?;
                Found::by_score(hits, count, counts)
            }
            None => {
                let mut collector = Collector::new(k, request.track_total_hits, request.min_score);
                let counts = batches.run(&mut functions, &mut collector)?;
                let (hits, count) = collector.finish();
                Found::by_score(hits, count, counts)
            }
        };
        found.functions.splice(0..0, functions);
        found.hits.drain(..request.from.min(found.hits.len()));
        found.sort.drain(..request.from.min(found.sort.len()));
        Ok(found)
    }

    fn find_sorted(
        mut sorted: Sorted,
        functions: &mut [Function],
        batches: &BatchLoop<'_>,
    ) -> crate::Result<Found> {
        let counts = if functions.is_empty() && !sorted.has_functions() {
            let summary = bridge::search_sorted(
                &batches.prepared,
                sorted.native(),
                batches.cancel.native(),
                nanoseconds_left(batches.deadline),
            )?;
            counts_of(summary)?
        } else {
            batches.run(functions, &mut sorted)?
        };
        let has_scores = sorted.has_scores();
        let found = sorted.finish()?;
        Ok(Found {
            hits: found.hits,
            has_scores,
            sort: found.values,
            max_score: found.max_score,
            count: found.count,
            counts,
            functions: found.functions,
        })
    }

    /// The engine finds the best hits by itself.
    fn find_native(
        &self,
        request: &SearchRequest,
        batches: &BatchLoop<'_>,
        k: usize,
    ) -> crate::Result<Found> {
        let k = k.min(usize::try_from(self.snapshot.live_docs()).unwrap_or(usize::MAX));
        let (mut segments, mut docs, mut scores) = (vec![0; k], vec![0; k], vec![0.0; k]);
        // Whether there are more than none is known when there is one.
        let count_up_to = match request.track_total_hits {
            TrackTotalHits::UpTo(0) => 1,
            track => count_up_to(track),
        };
        let summary = bridge::search_top(
            &batches.prepared,
            count_up_to,
            request.min_score.is_some(),
            request.min_score.unwrap_or(0.0),
            batches.cancel.native(),
            nanoseconds_left(batches.deadline),
            &mut segments,
            &mut docs,
            &mut scores,
        )?;
        let counts = counts_of(summary)?;
        let hits = (0..summary.hits as usize).map(|i| Scored {
            score: scores[i],
            at: DocAddress {
                segment: segments[i],
                doc: docs[i],
            },
        });
        Ok(Found::by_score(hits.collect(), summary.count, counts))
    }

    /// Reads the page's documents.
    fn fetch(&self, request: &SearchRequest, found: &Found) -> crate::Result<Vec<Hit>> {
        let addresses: Vec<DocAddress> = found.hits.iter().map(|hit| hit.at).collect();
        let ids = self.snapshot.ids(&addresses)?;
        let mut source = Vec::new();
        let hits = found.hits.iter().zip(ids).enumerate();
        hits.map(|(at, (hit, id))| {
            let mut kept = None;
            if request.source != SourceFilter::None {
                source.clear();
                self.snapshot.source(hit.at, &mut source)?;
                let mut json = Vec::new();
                // Documents are JSON when they are added: what isn't has been changed since, with its checksum.
                let damaged = |what: &str| self.snapshot.damaged_source(hit.at, what);
                let filtered = request.source.apply(&source, &mut json);
                if filtered.map_err(|error| damaged(&error.to_string()))? {
                    kept = Some(raw_json(json).map_err(damaged)?);
                }
            }
            Ok(Hit {
                id,
                score: found.has_scores.then_some(hit.score),
                sort: found.sort.get(at).cloned(),
                source: kept,
                fields: Vec::new(),
            })
        })
        .collect()
    }
}

struct Found {
    hits: Vec<Scored>,
    /// Whether scores were computed.
    has_scores: bool,
    /// Of each hit, if they were sorted by keys.
    sort: Vec<Vec<SortValue>>,
    /// Of the best hit, whichever page it is on.
    max_score: Option<f32>,
    count: u64,
    counts: LoopCounts,
    /// Those that were asked: of the query, then of the sort.
    functions: Vec<Function>,
}

impl Found {
    fn total(&self, request: &SearchRequest) -> Option<TotalHits> {
        total(request.track_total_hits, self.count, self.counts.timed_out)
    }

    fn by_score(hits: Vec<Scored>, count: u64, counts: LoopCounts) -> Self {
        Self {
            max_score: hits.first().map(|hit| hit.score),
            hits,
            has_scores: true,
            sort: Vec::new(),
            count,
            counts,
            functions: Vec::new(),
        }
    }
}

fn counts_of(summary: bridge::TopSummary) -> crate::Result<LoopCounts> {
    if summary.stop == 1 {
        return Err(Error::Cancelled);
    }
    Ok(LoopCounts {
        candidates: 0,
        windows: summary.windows,
        timed_out: summary.stop != 0,
    })
}

/// The total as it is reported: at most the number up to which hits are counted, and truthful about whether it is exact.
fn total(track: TrackTotalHits, count: u64, timed_out: bool) -> Option<TotalHits> {
    if track == TrackTotalHits::No {
        return None;
    }
    let limit = count_up_to(track);
    let exact = count <= limit && !timed_out;
    let relation = if exact { Relation::Eq } else { Relation::Gte };
    Some(TotalHits {
        value: count.min(limit),
        relation,
    })
}

/// Or what the bytes are instead.
fn raw_json(json: Vec<u8>) -> Result<Box<RawValue>, &'static str> {
    let text = String::from_utf8(json).map_err(|_| "not UTF-8")?;
    RawValue::from_string(text).map_err(|_| "not JSON")
}
