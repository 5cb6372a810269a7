//! The declarations themselves. The C++ side is `cpp/diagon/bridge/bridge.h`.
//!
//! Functions that return a `Result` may throw on the C++ side; all others are `noexcept` there. Every slice is borrowed for
//! the call. A query tree is consumed by [`ffi::prepare`]; every other handle keeps alive what it reads from, so handles may be
//! dropped in any order.

#[cxx::bridge(namespace = "diagon::bridge")]
pub(crate) mod ffi {
    /// What [`stream_next`] did.
    #[derive(Clone, Copy, Debug)]
    struct Filled {
        /// Candidates in the batch.
        count: u32,
        /// 0 more, 1 exhausted, 2 interrupted.
        state: u8,
    }

    /// Room that the values of some documents take.
    #[derive(Clone, Copy, Debug)]
    struct Extent {
        /// Items over all documents, of a list.
        items: u64,
        /// Bytes of all strings.
        bytes: u64,
    }

    /// What [`search_top`] found beside the hits.
    #[derive(Clone, Copy, Debug)]
    struct TopSummary {
        /// Documents that match; exact up to the `count_up_to` that was asked for, if not stopped.
        count: u64,
        /// Windows of 4,096 documents that were looked at.
        windows: u64,
        /// Hits written.
        hits: u32,
        /// 0 ran to the end, 1 cancelled, 2 the deadline passed.
        stop: u8,
    }

    /// `WriterMergeOptions` of the engine.
    #[derive(Clone, Copy, Debug)]
    struct MergeSettings {
        background: bool,
        segments_per_tier: u32,
        floor_segment_bytes: u64,
        max_merged_bytes: u64,
        max_deleted_percent: u32,
        reorder_min_docs: u32,
        threads: u32,
        max_pending: u32,
        max_stall_ms: u32,
        retry_ms: u32,
    }

    /// `MergeStats` of the engine, but for the error's text.
    #[derive(Clone, Copy, Debug)]
    struct MergeCounts {
        running: u64,
        queued: u64,
        merges: u64,
        documents: u64,
        bytes: u64,
        failures: u64,
        stalls: u64,
        stalled_ms: u64,
        has_error: bool,
    }

    /// What [`check_index`] found about a segment.
    #[derive(Clone, Debug)]
    struct SegmentCheck {
        /// Its number.
        number: u64,
        /// Documents, deleted ones included.
        max_doc: u32,
        /// Documents that are not deleted.
        live_docs: u32,
        /// Of the files' payloads.
        bytes: u64,
        /// Different terms of all fields.
        terms: u64,
        /// Pairs of a term and a document.
        postings: u64,
        /// Values of columns.
        values: u64,
        /// Live documents whose `_id` a later one has, too.
        duplicates: u64,
        /// What is wrong, with the file; empty if nothing is.
        damage: String,
    }

    /// What [`check_index`] and [`repair_index`] found and did.
    #[derive(Clone, Debug)]
    struct IndexCheck {
        /// Of the commit that was read.
        generation: u64,
        /// Its segments.
        segments: Vec<SegmentCheck>,
        /// Live documents that a repair has dropped.
        lost_docs: u64,
        /// The folder in which a repair has kept what it dropped; empty if it dropped nothing.
        aside: String,
    }

    /// A function of a function score; the numbers of modes are those of the enums in
    /// `cpp/diagon/search/function_score.h`, where the ranges stand too.
    #[derive(Clone, Copy, Debug)]
    struct ScoringFunction {
        /// 0 weight, 1 field value, 2 random, 3 decay, 4 a user's function.
        kind: u8,
        /// Of a field value.
        modifier: u8,
        /// Of a decay: 0 gauss, 1 exp, 2 linear.
        shape: u8,
        /// Of several distances: 0 min, 1 max, 2 sum, 3 avg, 4 median.
        mode: u8,
        /// Whether a field value has `missing`.
        has_missing: bool,
        /// Whether a decay is over points: `field` are the latitudes, lengths are metres.
        is_geo: bool,
        /// `u32::MAX` for none.
        field: u32,
        /// Of points.
        lon_field: u32,
        /// A factor of the value.
        weight: f64,
        /// A factor of the field's value.
        factor: f64,
        /// What documents without a value get in its place.
        missing: f64,
        /// Where a decay is 1.
        origin: f64,
        /// The longitude of `origin`.
        origin_lon: f64,
        /// The distance, beyond `offset`, at which a decay is `decay`.
        scale: f64,
        /// The distance up to which a decay is 1.
        offset: f64,
        /// See `scale`.
        decay: f64,
        /// Of a random function.
        seed: u64,
        /// Of a user's function: its leaf.
        leaf: u32,
        /// Of a user's function: its values are at most this; infinite if that isn't known.
        bound: f64,
        /// Whether a user's function is given the query's score.
        wants_score: bool,
        /// Whether a user's function may count as if it did not apply, where it fails.
        may_fail_open: bool,
    }

    /// A key that hits are sorted by.
    #[derive(Clone, Copy, Debug)]
    struct SortKey {
        /// 0 score, 1 document, 2 integers, 3 doubles, 4 strings, 5 distance; given by the caller: 6 integers, 7 doubles, 8 strings.
        kind: u8,
        /// Of several values: 0 min, 1 max, 2 sum, 3 avg, 4 median.
        mode: u8,
        /// Whether larger values come first.
        descending: bool,
        /// Whether documents without a value come first.
        missing_first: bool,
        /// Whether they count as `missing_i64`, `missing_f64` or the text instead.
        has_missing: bool,
        /// `u32::MAX` for none; of points, the latitudes.
        field: u32,
        /// Of points.
        lon_field: u32,
        /// See `has_missing`.
        missing_i64: i64,
        /// See `has_missing`.
        missing_f64: f64,
        /// Where distances are measured from, in degrees.
        lat: f64,
        /// As `lat`.
        lon: f64,
        /// What distances are counted in, in metres; above 0.
        unit: f64,
    }

    extern "Rust" {
        /// Appends bytes to a vector: one call a document, where cxx itself would need one a byte. Fails if memory runs out.
        fn extend_bytes(out: &mut Vec<u8>, bytes: &[u8]) -> Result<()>;
        /// For tests: a callback that panics.
        fn panic_for_test() -> Result<()>;
    }

    unsafe extern "C++" {
        include!("diagon/bridge/bridge.h");

        #[namespace = "diagon::index"]
        type Token = crate::schema::Token;
        #[namespace = "diagon::index"]
        type FieldLength = crate::schema::FieldLength;
        #[namespace = "diagon::index"]
        type NumericValue = crate::schema::NumericValue;
        #[namespace = "diagon::index"]
        type StringValue = crate::schema::StringValue;
        #[namespace = "diagon::index"]
        type DocSpan = crate::schema::DocSpan;

        // --- writer: any number of threads ---
        /// Adds documents to a folder that it has locked.
        type IndexWriter;
        /// Opens or creates an index and locks it.
        fn writer_open(
            folder: &str,
            ram_buffer_bytes: u64,
            buffers: u32,
            merges: &MergeSettings,
        ) -> Result<UniquePtr<IndexWriter>>;
        /// Makes a field known; see `PostingsKind` and `ColumnKind` in the schema room for the numbers.
        fn writer_define_field(
            writer: &IndexWriter,
            id: u32,
            name: &str,
            postings: u8,
            norms: bool,
            column: u8,
        ) -> Result<()>;
        /// Adds documents to what is in RAM: all or, with an error, none (or the writer is of no use any more).
        fn writer_add(
            writer: &IndexWriter,
            bytes: &[u8],
            tokens: &[Token],
            lengths: &[FieldLength],
            numerics: &[NumericValue],
            strings: &[StringValue],
            docs: &[DocSpan],
        ) -> Result<()>;
        /// Writes a segment if the RAM buffer is full. With an error all stays in RAM.
        fn writer_flush_if_full(writer: &IndexWriter) -> Result<()>;
        /// Deletes the document of that `_id`, if there is one.
        fn writer_delete(writer: &IndexWriter, id: &[u8]) -> Result<()>;
        /// Makes changes visible, not durable.
        fn writer_refresh(writer: &IndexWriter) -> Result<SharedPtr<Snapshot>>;
        /// Makes changes durable.
        fn writer_commit(writer: &IndexWriter, user_data: &[u8]) -> Result<SharedPtr<Snapshot>>;
        /// What the last commit carried. Not while another thread commits.
        fn writer_user_data(writer: &IndexWriter) -> &[u8];
        /// Documents that are not in a segment yet.
        fn writer_buffered_docs(writer: &IndexWriter) -> u64;
        /// Begins merges that are asked for; `expunge_percent`: negative, or in place of the others.
        fn writer_begin_forced_merge(
            writer: &IndexWriter,
            max_segments: u32,
            reorder: bool,
            expunge_percent: i32,
        ) -> Result<()>;
        /// Goes on with them; true once all is done.
        fn writer_advance_forced_merge(writer: &IndexWriter) -> Result<bool>;
        /// Goes on with merges in the background; true if there is none to wait for.
        fn writer_advance_merges(writer: &IndexWriter) -> Result<bool>;
        /// Removes files that only snapshots needed which are gone.
        fn writer_collect_files(writer: &IndexWriter);

        // --- merges: any number of threads ---
        /// What a writer's merges are doing.
        type MergeMonitor;
        /// The writer's.
        fn writer_merge_monitor(writer: &IndexWriter) -> Result<SharedPtr<MergeMonitor>>;
        /// Counts since the writer was opened; with the latest failure as an exception's text, "code:message".
        fn merge_counts(monitor: &MergeMonitor, error: &mut Vec<u8>) -> Result<MergeCounts>;
        /// Waits until something has changed since `seen`, at most that long; returns the next `seen`.
        fn merge_wait(monitor: &MergeMonitor, seen: u64, most_ms: u32) -> Result<u64>;

        // --- snapshot: immutable, any number of threads ---
        /// The documents of one moment, and the files they are in.
        type Snapshot;
        /// Opens the latest commit.
        fn snapshot_open(folder: &str) -> Result<SharedPtr<Snapshot>>;
        /// How many segments it has.
        fn snapshot_segments(snapshot: &Snapshot) -> u32;
        /// Documents of a segment, deleted ones included.
        fn snapshot_max_doc(snapshot: &Snapshot, segment: u32) -> Result<u32>;
        /// A segment's random number, of 16 bytes.
        fn snapshot_segment_id(snapshot: &Snapshot, segment: u32, id: &mut [u8]) -> Result<()>;
        /// Documents that are not deleted.
        fn snapshot_live_docs(snapshot: &Snapshot) -> u64;
        /// One more with each commit.
        fn snapshot_generation(snapshot: &Snapshot) -> u64;
        /// What the commit carried: the mapping.
        fn snapshot_user_data(snapshot: &Snapshot) -> &[u8];
        /// Reads every byte and compares checksums.
        fn snapshot_verify(snapshot: &Snapshot) -> Result<()>;
        /// Finds the live document of an `_id`.
        fn snapshot_find_id(
            snapshot: &Snapshot,
            id: &[u8],
            segment: &mut u32,
            doc: &mut u32,
        ) -> Result<bool>;
        /// Appends a document's `_source`.
        fn snapshot_source(
            snapshot: &Snapshot,
            segment: u32,
            doc: u32,
            out: &mut Vec<u8>,
        ) -> Result<()>;
        /// The file that a segment's `_source`s are in, for messages.
        fn snapshot_stored_file(snapshot: &Snapshot, segment: u32) -> Result<String>;
        /// Appends the `_id`s of documents, one behind the other, and where each ends in `out`.
        fn snapshot_doc_ids(
            snapshot: &Snapshot,
            segments: &[u32],
            docs: &[u32],
            out: &mut Vec<u8>,
            ends: &mut Vec<u32>,
        ) -> Result<()>;

        // --- check ---
        /// Reads all of the latest commit and compares its structures.
        fn check_index(folder: &str) -> Result<IndexCheck>;
        /// The same, and drops what is damaged by a new commit.
        fn repair_index(folder: &str) -> Result<IndexCheck>;

        // --- patterns over terms ---
        /// An automaton over the bytes of terms; immutable, any number of threads.
        type Automaton;
        /// `classes`: of each of the 256 bytes; `transitions[state * class_count + class]`; `accepts`: by state, 0 or a number.
        /// State 0 must be dead.
        fn automaton_new(
            classes: &[u8],
            class_count: u32,
            transitions: &[u32],
            accepts: &[u8],
            start: u32,
        ) -> Result<SharedPtr<Automaton>>;
        /// Terms that an automaton accepts, over all segments, `most` at most: the first ones if `word_chars` is 0, else those
        /// that are most similar to a word of so many characters (then it accepts with 1 more than the edits). Appends the terms
        /// one behind the other, where each ends, documents with it, and similarities (1 without `word_chars`). Stops with
        /// an error. `timeout_ns`: as in [`search_top`].
        fn expand_terms(
            snapshot: &Snapshot,
            field: u32,
            automaton: &Automaton,
            most: u32,
            word_chars: u32,
            cancel: &Cancel,
            timeout_ns: u64,
            terms: &mut Vec<u8>,
            ends: &mut Vec<u32>,
            doc_freqs: &mut Vec<u64>,
            similarities: &mut Vec<f32>,
        ) -> Result<()>;

        // --- query: built bottom-up by one thread ---
        /// A part of a query; pushed into another one or given to [`prepare`], it is consumed. `boost`: finite, not negative.
        type QueryNode;
        /// All documents; constant score.
        fn query_match_all(boost: f32) -> Result<UniquePtr<QueryNode>>;
        /// None.
        fn query_match_none() -> Result<UniquePtr<QueryNode>>;
        /// The documents of a term, scored by BM25 where the field has frequencies.
        fn query_term(field: u32, term: &[u8], boost: f32) -> Result<UniquePtr<QueryNode>>;
        /// Any of the terms that are pushed; constant score.
        fn query_term_set(field: u32, boost: f32) -> Result<UniquePtr<QueryNode>>;
        /// The terms that are pushed, two or more, at their positions.
        fn query_phrase(field: u32, boost: f32) -> Result<UniquePtr<QueryNode>>;
        /// Adds a term to a set or phrase; `position` counts in phrases only.
        fn query_push_term(query: Pin<&mut QueryNode>, term: &[u8], position: u32) -> Result<()>;
        /// Has a term scored as if it were in so many documents; 0: in as many as it is.
        fn query_set_doc_freq(query: Pin<&mut QueryNode>, doc_freq: u64);
        /// The terms that are pushed, two or more, within `slop` of their positions; with 0 at them.
        fn query_sloppy_phrase(field: u32, slop: u32, boost: f32) -> Result<UniquePtr<QueryNode>>;
        /// Adds another term for the position of the one that was last pushed into such a phrase.
        fn query_push_alternative(query: Pin<&mut QueryNode>, term: &[u8]) -> Result<()>;
        /// Any of the terms that the automaton accepts; constant score.
        fn query_multi_term(
            field: u32,
            automaton: &Automaton,
            boost: f32,
        ) -> Result<UniquePtr<QueryNode>>;
        /// A value in `[lo, hi]`.
        fn query_range_i64(
            field: u32,
            lo: i64,
            hi: i64,
            boost: f32,
        ) -> Result<UniquePtr<QueryNode>>;
        /// A value in `[lo, hi]`.
        fn query_range_f64(
            field: u32,
            lo: f64,
            hi: f64,
            boost: f32,
        ) -> Result<UniquePtr<QueryNode>>;
        /// A further range of such a query: a value in any of them will do.
        fn query_push_range_i64(query: Pin<&mut QueryNode>, lo: i64, hi: i64) -> Result<()>;
        /// As `query_push_range_i64`.
        fn query_push_range_f64(query: Pin<&mut QueryNode>, lo: f64, hi: f64) -> Result<()>;
        /// A string between the bounds that are set.
        fn query_range_str(field: u32, boost: f32) -> Result<UniquePtr<QueryNode>>;
        /// The lower bound of [`query_range_str`].
        fn query_set_lower(query: Pin<&mut QueryNode>, bound: &[u8], include: bool) -> Result<()>;
        /// The upper bound of [`query_range_str`].
        fn query_set_upper(query: Pin<&mut QueryNode>, bound: &[u8], include: bool) -> Result<()>;
        /// Documents with any value of the field; constant score.
        fn query_exists(field: u32, boost: f32) -> Result<UniquePtr<QueryNode>>;
        /// The documents of `inner`, each with score `boost`.
        fn query_constant(inner: UniquePtr<QueryNode>, boost: f32) -> Result<UniquePtr<QueryNode>>;
        /// A user's function; each leaf has a number of its own, from 0.
        fn query_udf(leaf: u32, boost: f32) -> Result<UniquePtr<QueryNode>>;
        /// Clauses that are pushed; at least so many of those that should match must.
        fn query_bool(minimum_should_match: u32, boost: f32) -> Result<UniquePtr<QueryNode>>;
        /// `occur`: 0 must, 1 filter, 2 should, 3 must_not.
        fn query_push_clause(
            query: Pin<&mut QueryNode>,
            occur: u8,
            clause: UniquePtr<QueryNode>,
        ) -> Result<()>;

        /// Any of the clauses that are pushed (2, should); the best one's score, and `tie_breaker` times the others'.
        fn query_dis_max(tie_breaker: f32, boost: f32) -> Result<UniquePtr<QueryNode>>;
        /// The documents of `positive`; those of `negative` have `negative_boost` times their score.
        fn query_boosting(
            positive: UniquePtr<QueryNode>,
            negative: UniquePtr<QueryNode>,
            negative_boost: f32,
            boost: f32,
        ) -> Result<UniquePtr<QueryNode>>;
        /// The documents of `inner`, scored by functions that are pushed. Modes: 0 multiply; of scores 1 sum, 2 avg, 3 first,
        /// 4 max, 5 min; of boosts 1 replace, 2 sum, 3 avg, 4 max, 5 min.
        fn query_function_score(
            inner: UniquePtr<QueryNode>,
            score_mode: u8,
            boost_mode: u8,
            max_boost: f64,
            boost: f32,
        ) -> Result<UniquePtr<QueryNode>>;
        /// Documents with a lower score don't match.
        fn query_set_min_score(query: Pin<&mut QueryNode>, min_score: f32) -> Result<()>;
        /// The boost becomes a factor of the functions' values, in place of the query's score. With `keeps_score`: where the only
        /// function does not apply, the score is the query's times the boost.
        fn query_boost_functions(query: Pin<&mut QueryNode>, keeps_score: bool) -> Result<()>;
        /// Adds a function, for the documents of `filter`; null: for all.
        fn query_push_function(
            query: Pin<&mut QueryNode>,
            function: &ScoringFunction,
            field_name: &str,
            filter: UniquePtr<QueryNode>,
        ) -> Result<()>;

        // --- search ---
        /// A flag that stops searches; may be set by any thread.
        type Cancel;
        /// A flag that isn't set.
        fn cancel_new() -> Result<SharedPtr<Cancel>>;
        /// Sets it, for good.
        fn cancel_set(cancel: &Cancel);
        /// A query with the statistics of one snapshot; immutable, any number of threads.
        type Prepared;
        /// Looks the terms up and computes their weights. `with_scores`: without, all scores are 0.
        fn prepare(
            snapshot: &Snapshot,
            query: UniquePtr<QueryNode>,
            with_scores: bool,
        ) -> Result<SharedPtr<Prepared>>;
        /// The best hits of a query without UDF leaves, best first, as many as the three slices (of one length) have room for.
        /// `timeout_ns`: from now; `u64::MAX` for none.
        fn search_top(
            prepared: &Prepared,
            count_up_to: u64,
            has_min_score: bool,
            min_score: f32,
            cancel: &Cancel,
            timeout_ns: u64,
            segments: &mut [u32],
            docs: &mut [u32],
            scores: &mut [f32],
        ) -> Result<TopSummary>;
        /// Candidates of one segment, in batches; used by one thread at a time.
        type HitStream;
        /// Begins with a segment's first documents. `leaf_count`: of the whole query. `timeout_ns`: as in [`search_top`].
        fn stream_open(
            prepared: &Prepared,
            segment: u32,
            leaf_count: u32,
            cancel: &Cancel,
            timeout_ns: u64,
        ) -> Result<UniquePtr<HitStream>>;
        /// Collects the next batch of at most `capacity` (and 1,024) candidates, looking at `budget` windows at most.
        fn stream_next(stream: Pin<&mut HitStream>, budget: u32, capacity: u32) -> Result<Filled>;
        /// Fills in the candidates that a leaf can still change; with `scores` (as long, or empty) also their scores without
        /// this leaf. The slices must have room for the batch.
        fn stream_needed(
            stream: Pin<&mut HitStream>,
            leaf: u32,
            docs: &mut [u32],
            scores: &mut [f32],
        ) -> Result<u32>;
        /// Answers the latest [`stream_needed`]: 0 or 1 for each of its documents.
        fn stream_resolve(stream: Pin<&mut HitStream>, leaf: u32, values: &[u8]) -> Result<()>;
        /// The same for a function of a function score: a value for each document, and 0 if it failed and the document doesn't
        /// match, 1 if the value counts, 2 if it failed and the document matches without it.
        fn stream_resolve_scores(
            stream: Pin<&mut HitStream>,
            leaf: u32,
            values: &[f64],
            states: &[u8],
        ) -> Result<()>;
        /// Fills in the batch's documents that match, with their scores. All leaves must be resolved.
        fn stream_accepted(
            stream: Pin<&mut HitStream>,
            docs: &mut [u32],
            scores: &mut [f32],
        ) -> Result<u32>;
        /// Documents whose score can't be above `bar` may be left out from now on.
        fn stream_set_bar(stream: Pin<&mut HitStream>, bar: f32);
        /// Candidates handed out so far.
        fn stream_candidates(stream: &HitStream) -> u64;
        /// Windows of 4,096 documents looked at so far.
        fn stream_windows(stream: &HitStream) -> u64;

        // --- functions as filters ---
        /// The best hits of native clauses with functions as filters beside them; used by one thread at a time.
        type FilteredSearch;
        /// How many functions a query of that shape has; 0 of others.
        fn filtered_functions(prepared: &Prepared) -> u32;
        /// Keeps the `k` best; hits are counted exactly up to `count_up_to`. `timeout_ns`: as in [`search_top`].
        fn filtered_open(
            prepared: &Prepared,
            k: u32,
            count_up_to: u64,
            cancel: &Cancel,
            timeout_ns: u64,
        ) -> Result<UniquePtr<FilteredSearch>>;
        /// Goes on with a segment.
        fn filtered_enter(search: Pin<&mut FilteredSearch>, segment: u32) -> Result<()>;
        /// Takes one byte for each document of the latest batch, 0 if a function dropped it, and collects the next batch: `wanted`
        /// candidates or somewhat more into `docs`, which has room for 1,024.
        fn filtered_next(
            search: Pin<&mut FilteredSearch>,
            passed: &[u8],
            wanted: u32,
            docs: &mut [u32],
        ) -> Result<Filled>;
        /// Fills in the hits, best first, as many as the three slices (of one length) have room for. Nothing may follow.
        fn filtered_finish(
            search: Pin<&mut FilteredSearch>,
            segments: &mut [u32],
            docs: &mut [u32],
            scores: &mut [f32],
        ) -> Result<TopSummary>;
        /// Candidates handed out so far.
        fn filtered_candidates(search: &FilteredSearch) -> u64;

        // --- sorting ---
        /// The best hits in an order of keys; used by one thread at a time.
        type Sorter;
        /// Keeps the `k` best, above 0; `track_scores`: the highest score is wanted; `with_scores`: hits keep theirs.
        fn sorter_new(
            k: u32,
            count_up_to: u64,
            has_min_score: bool,
            min_score: f32,
            track_scores: bool,
            with_scores: bool,
        ) -> Result<UniquePtr<Sorter>>;
        /// Adds a key, the first one first.
        fn sorter_push_key(
            sorter: Pin<&mut Sorter>,
            key: &SortKey,
            missing_text: &[u8],
        ) -> Result<()>;
        /// Adds the next key's value of the hit to begin after: an integer, another number or a string, as the key's kind is; not
        /// `present`: one that is missing.
        fn sorter_push_after(
            sorter: Pin<&mut Sorter>,
            present: bool,
            integer: i64,
            number: f64,
            text: &[u8],
        ) -> Result<()>;
        /// Begins, after all keys were added.
        fn sorter_open(sorter: Pin<&mut Sorter>, snapshot: &Snapshot) -> Result<()>;
        /// Goes on with another segment, in their order.
        fn sorter_enter(sorter: Pin<&mut Sorter>, segment: u32) -> Result<()>;
        /// The values of a key whose values the caller gives, for the documents that are collected next: the bits of numbers, or
        /// where each document's string ends in `text`. `present`: 0 for none.
        fn sorter_give(
            sorter: Pin<&mut Sorter>,
            key: u32,
            docs: &[u32],
            present: &[u8],
            bits: &[u64],
            text: &str,
            ends: &[usize],
        ) -> Result<()>;
        /// Takes documents of the segment that match, ascending, with their scores.
        fn sorter_collect(sorter: Pin<&mut Sorter>, docs: &[u32], scores: &[f32]) -> Result<()>;
        /// As [`search_top`], into a sorter that was opened.
        fn search_sorted(
            prepared: &Prepared,
            sorter: Pin<&mut Sorter>,
            cancel: &Cancel,
            timeout_ns: u64,
        ) -> Result<TopSummary>;
        /// As [`stream_next`], without what can't be among the best any more. The sorter has entered the segment.
        fn stream_next_sorted(
            stream: Pin<&mut HitStream>,
            sorter: Pin<&mut Sorter>,
            budget: u32,
            capacity: u32,
        ) -> Result<Filled>;
        /// Sorts the hits; nothing can be collected any more. Returns how many there are.
        fn sorter_finish(sorter: Pin<&mut Sorter>) -> Result<u32>;
        /// Hits that were collected, also those that weren't kept.
        fn sorter_count(sorter: &Sorter) -> u64;
        /// Of all of them, the highest score.
        fn sorter_max_score(sorter: &Sorter) -> f32;
        /// Fills in the hits, as many as [`sorter_finish`] said.
        fn sorter_hits(
            sorter: &Sorter,
            segments: &mut [u32],
            docs: &mut [u32],
            scores: &mut [f32],
        ) -> Result<()>;
        /// Fills in the hits' values of a key; appends those that are strings, and where each ends in `text`.
        fn sorter_values(
            sorter: &Sorter,
            key: u32,
            present: &mut [u8],
            integers: &mut [i64],
            doubles: &mut [f64],
            text: &mut Vec<u8>,
            ends: &mut Vec<u32>,
        ) -> Result<()>;

        // --- columns ---
        /// One column of one segment, as one function reads it; used by one thread at a time.
        type Gatherer;
        /// `value_type`: the number of a `ValueType`. `fallback`: the value of documents that have none (8 bytes, 1 byte, or a
        /// string's), if there is to be one.
        fn gatherer_open(
            snapshot: &Snapshot,
            segment: u32,
            field: u32,
            value_type: u8,
            list: bool,
            has_fallback: bool,
            fallback: &[u8],
        ) -> Result<UniquePtr<Gatherer>>;
        /// Looks documents up and says how much room their values take.
        fn gatherer_measure(gatherer: Pin<&mut Gatherer>, docs: &[u32]) -> Result<Extent>;
        /// Writes the documents of the latest [`gatherer_measure`]; returns how many have no value.
        fn gatherer_write(
            gatherer: Pin<&mut Gatherer>,
            docs: &[u32],
            offsets: &mut [u8],
            child_offsets: &mut [u8],
            values: &mut [u8],
            validity: &mut [u8],
        ) -> Result<u32>;
        /// Distinct strings of the documents; 0 if there is no dictionary of them, or a large one.
        fn gatherer_dictionary_size(gatherer: &Gatherer) -> u32;
        /// Fills in where each document's string is in the dictionary: its size for a document without one.
        fn gatherer_ordinals(
            gatherer: Pin<&mut Gatherer>,
            docs: &[u32],
            out: &mut [u32],
        ) -> Result<()>;
        /// From now on "documents" are places in the dictionary. Only if that has a size.
        fn gatherer_read_dictionary(gatherer: Pin<&mut Gatherer>);

        // --- for tests ---
        /// Throws an error of each kind.
        fn throw_for_test(which: u32) -> Result<()>;
    }
}

fn extend_bytes(out: &mut Vec<u8>, bytes: &[u8]) -> Result<(), CallbackError> {
    guard(|| {
        out.try_reserve(bytes.len())
            .map_err(|_| CallbackError::OutOfMemory(bytes.len()))?;
        out.extend_from_slice(bytes);
        Ok(())
    })
}

#[expect(clippy::panic, reason = "to be caught")]
fn panic_for_test() -> Result<(), CallbackError> {
    guard(|| panic!("for a test"))
}

/// What a callback tells the engine, in the form that the engine's exceptions have on their way here: "code:message".
#[derive(Debug, thiserror::Error)]
enum CallbackError {
    #[error("7:no memory for {0} more bytes")]
    OutOfMemory(usize),
    #[error("40:{0}")]
    Panicked(String),
}

/// Keeps panics out of the engine: an unwinding that got there would end the process.
fn guard(callback: impl FnOnce() -> Result<(), CallbackError>) -> Result<(), CallbackError> {
    // What a callback changes is the caller's, who gets the error and doesn't look at it.
    let caught = std::panic::catch_unwind(std::panic::AssertUnwindSafe(callback));
    caught.unwrap_or_else(|payload| {
        let text = payload
            .downcast_ref::<&str>()
            .map(|text| (*text).to_string())
            .or_else(|| payload.downcast_ref::<String>().cloned());
        let text = text.unwrap_or_else(|| "of an unknown kind".to_string());
        Err(CallbackError::Panicked(text))
    })
}
