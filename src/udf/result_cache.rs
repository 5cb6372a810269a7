//! What pure filters have answered, kept as bits: for each function with its parameters, and each segment, which documents are known,
//! and which of them match.
//!
//! Nothing of it can be stale. A segment never changes, and its id is never used again; deleted documents are not asked about. A version
//! of a function never changes, either, and the key has the hash of its module. What a filter says depends on nothing else, or its
//! manifest lies.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use sha2::{Digest, Sha256};

use super::params::Params;
use super::values::ParamValue;
use crate::batch::SegmentIdentity;

/// Filters whose latest uses are remembered. Only a filter that comes again is worth the room.
const REMEMBERED: usize = 256;
/// What an entry takes beside its bits, in bytes.
const OVERHEAD: usize = 256;

/// A function, its version, its module and its parameters, as one hash.
pub(crate) type FilterKey = [u8; 32];

/// The answers of one filter about one segment. Shared by all searches.
#[derive(Debug)]
pub(crate) struct SegmentAnswers {
    known: Box<[AtomicU64]>,
    yes: Box<[AtomicU64]>,
}

/// What the result cache of a registry holds and did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ResultCacheStats {
    /// Its size at most, in bytes; 0: it is off.
    pub limit_bytes: usize,
    /// Bytes that it takes.
    pub bytes: usize,
    /// Pairs of a filter and a segment.
    pub entries: usize,
    /// How often a search found an entry.
    pub hits: u64,
    /// How often a search found none.
    pub misses: u64,
    /// Entries that made room for others.
    pub evictions: u64,
}

/// Keeps answers of filters, up to a number of bytes; those that were not used for longest go first.
#[derive(Debug)]
pub(crate) struct ResultCache {
    limit_bytes: usize,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    entries: HashMap<Key, Entry>,
    /// The same by their latest use, oldest first.
    by_use: BTreeMap<u64, Key>,
    /// The latest filters, and how many of the latest uses were of each.
    latest: VecDeque<FilterKey>,
    uses: HashMap<FilterKey, u32>,
    clock: u64,
    stats: ResultCacheStats,
}

type Key = (FilterKey, SegmentIdentity);

#[derive(Debug)]
struct Entry {
    answers: Arc<SegmentAnswers>,
    bytes: usize,
    used: u64,
}

impl SegmentAnswers {
    fn new(docs: u32) -> Self {
        let words = || (0..docs.div_ceil(64)).map(|_| AtomicU64::new(0)).collect();
        Self {
            known: words(),
            yes: words(),
        }
    }

    /// Says of each document what is known: calls `known(i, answer)` or `unknown(i)` for the i-th.
    pub(crate) fn each(
        &self,
        docs: &[u32],
        mut known: impl FnMut(usize, bool),
        mut unknown: impl FnMut(usize),
    ) {
        // Documents come in ascending order, many of them from one word.
        let (mut at, mut known_bits, mut yes_bits) = (usize::MAX, 0, 0);
        for (i, &doc) in docs.iter().enumerate() {
            let (word, bit) = (doc as usize / 64, doc % 64);
            if word != at {
                at = word;
                // What is known was written before it was said to be.
                known_bits = self
                    .known
                    .get(word)
                    .map_or(0, |bits| bits.load(Ordering::Acquire));
                yes_bits = self
                    .yes
                    .get(word)
                    .map_or(0, |bits| bits.load(Ordering::Relaxed));
            }
            if known_bits >> bit & 1 == 0 {
                unknown(i);
            } else {
                known(i, yes_bits >> bit & 1 != 0);
            }
        }
    }

    /// Remembers answers about documents, ascending.
    pub(crate) fn set(&self, answers: impl Iterator<Item = (u32, bool)>) {
        let mut at = 0;
        let (mut known, mut yes) = (0_u64, 0_u64);
        for (doc, answer) in answers {
            let word = doc as usize / 64;
            if word != at {
                self.publish(at, known, yes);
                (at, known, yes) = (word, 0, 0);
            }
            known |= 1 << (doc % 64);
            yes |= u64::from(answer) << (doc % 64);
        }
        self.publish(at, known, yes);
    }

    fn publish(&self, word: usize, known: u64, yes: u64) {
        if let (true, Some(bits)) = (known != 0, self.known.get(word)) {
            self.yes[word].fetch_or(yes, Ordering::Relaxed);
            bits.fetch_or(known, Ordering::Release);
        }
    }
}

impl ResultCache {
    pub(crate) fn new(limit_bytes: usize) -> Self {
        let state = State {
            stats: ResultCacheStats {
                limit_bytes,
                ..ResultCacheStats::default()
            },
            ..State::default()
        };
        Self {
            limit_bytes,
            state: Mutex::new(state),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether a filter was used not long ago. Called once a search.
    pub(crate) fn comes_again(&self, key: &FilterKey) -> bool {
        let mut state = self.state();
        let again = state.uses.contains_key(key);
        *state.uses.entry(*key).or_default() += 1;
        state.latest.push_back(*key);
        if state.latest.len() > REMEMBERED
            && let Some(oldest) = state.latest.pop_front()
            && let Some(uses) = state.uses.get_mut(&oldest)
        {
            *uses -= 1;
            if *uses == 0 {
                state.uses.remove(&oldest);
            }
        }
        again
    }

    /// The answers of a filter about a segment. `make`: begins with none, if there are none and there can be room.
    pub(crate) fn get(
        &self,
        key: &FilterKey,
        segment: SegmentIdentity,
        make: bool,
    ) -> Option<Arc<SegmentAnswers>> {
        let mut state = self.state();
        let State {
            entries,
            by_use,
            clock,
            stats,
            ..
        } = &mut *state;
        *clock += 1;
        let now = *clock;
        let key = (*key, segment);
        if let Some(entry) = entries.get_mut(&key) {
            by_use.remove(&entry.used);
            by_use.insert(now, key);
            entry.used = now;
            stats.hits += 1;
            return Some(Arc::clone(&entry.answers));
        }
        stats.misses += 1;
        let bytes = 2 * 8 * segment.docs.div_ceil(64) as usize + OVERHEAD;
        // One that takes all the room would drive out everything else.
        if !make || bytes > self.limit_bytes / 4 {
            return None;
        }
        while stats.bytes + bytes > self.limit_bytes {
            let (_, oldest) = by_use.pop_first()?;
            if let Some(gone) = entries.remove(&oldest) {
                stats.bytes -= gone.bytes;
                stats.evictions += 1;
            }
        }
        let answers = Arc::new(SegmentAnswers::new(segment.docs));
        let entry = Entry {
            answers: Arc::clone(&answers),
            bytes,
            used: now,
        };
        entries.insert(key, entry);
        by_use.insert(now, key);
        stats.bytes += bytes;
        Some(answers)
    }

    pub(crate) fn stats(&self) -> ResultCacheStats {
        let state = self.state();
        ResultCacheStats {
            entries: state.entries.len(),
            ..state.stats
        }
    }

    /// Forgets everything.
    pub(crate) fn clear(&self) {
        let mut state = self.state();
        state.entries.clear();
        state.by_use.clear();
        state.stats.bytes = 0;
    }
}

/// The key of a filter. `module`: the hash of its module; `manifest`: its text.
pub(crate) fn filter_key(module: &str, manifest: &str, params: &Params) -> FilterKey {
    let mut hash = Sha256::new();
    let mut part = |bytes: &[u8]| {
        hash.update((bytes.len() as u64).to_le_bytes());
        hash.update(bytes);
    };
    part(module.as_bytes());
    part(manifest.as_bytes());
    for param in params {
        match param {
            None => part(b"absent"),
            Some(ParamValue::Bool(v)) => part(&[u8::from(*v)]),
            Some(ParamValue::I64(v)) => part(&words(1, [v.to_le_bytes()])),
            Some(ParamValue::F64(v)) => part(&words(2, [v.to_bits().to_le_bytes()])),
            Some(ParamValue::Str(v)) => {
                part(b"text");
                part(v.as_bytes());
            }
            Some(ParamValue::BoolList(list)) => {
                part(b"booleans");
                part(&list.iter().map(|v| u8::from(*v)).collect::<Vec<u8>>());
            }
            Some(ParamValue::I64List(list)) => {
                part(&words(3, list.iter().map(|v| v.to_le_bytes())));
            }
            Some(ParamValue::F64List(list)) => {
                part(&words(4, list.iter().map(|v| v.to_bits().to_le_bytes())));
            }
            Some(ParamValue::StrList(list)) => {
                part(&words(5, [(list.len() as u64).to_le_bytes()]));
                list.iter().for_each(|v| part(v.as_bytes()));
            }
        }
    }
    hash.finalize().into()
}

/// Words behind what tells their kind.
fn words(kind: u8, words: impl IntoIterator<Item = [u8; 8]>) -> Vec<u8> {
    std::iter::once(kind)
        .chain(words.into_iter().flatten())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn segment(number: u8, docs: u32) -> SegmentIdentity {
        SegmentIdentity {
            id: [number; 16],
            docs,
            fields: 1,
        }
    }

    #[test]
    fn answers_are_kept() {
        let answers = SegmentAnswers::new(130);
        let get = |docs: &[u32]| {
            let found = std::cell::RefCell::new(vec![None; docs.len()]);
            answers.each(docs, |i, yes| found.borrow_mut()[i] = Some(yes), |_| {});
            found.into_inner()
        };
        assert_eq!(get(&[0]), [None]);
        answers.set([(0, true), (1, false), (63, true), (64, true), (129, false)].into_iter());
        answers.set([(2, true)].into_iter());
        answers.set(std::iter::empty());
        let known = get(&[0, 1, 2, 3, 63, 64, 65, 129, 130, 5_000]);
        let (yes, no) = (Some(true), Some(false));
        assert_eq!(known, [yes, no, yes, None, yes, yes, None, no, None, None]);
    }

    #[test]
    fn only_what_comes_again_is_kept() {
        let cache = ResultCache::new(1 << 20);
        let (a, b) = ([1; 32], [2; 32]);
        assert!(!cache.comes_again(&a));
        assert!(cache.get(&a, segment(1, 100), false).is_none());
        assert!(cache.comes_again(&a) && !cache.comes_again(&b));
        assert!(cache.get(&a, segment(1, 100), true).is_some());
        assert!(
            cache.get(&a, segment(1, 100), false).is_some(),
            "now it is there"
        );
        assert!(cache.get(&b, segment(1, 100), false).is_none());
        let stats = cache.stats();
        assert_eq!((stats.entries, stats.hits, stats.misses), (1, 1, 3));
        // It is forgotten after so many others.
        for n in 0..=255_u8 {
            let mut other = [n; 32];
            other[0] = 200;
            cache.comes_again(&other);
        }
        assert!(!cache.comes_again(&a));
        cache.clear();
        assert_eq!((cache.stats().entries, cache.stats().bytes), (0, 0));
    }

    #[test]
    fn room_is_bounded() {
        // A thousand documents take 256 bytes of bits, and as much beside.
        let cache = ResultCache::new(5 * 512);
        let key = |n: u8| [n; 32];
        for n in 0..5 {
            assert!(cache.get(&key(n), segment(0, 1_000), true).is_some());
        }
        assert_eq!((cache.stats().entries, cache.stats().bytes), (5, 2_560));
        cache.get(&key(0), segment(0, 1_000), false);
        assert!(cache.get(&key(9), segment(0, 1_000), true).is_some());
        assert!(
            cache.get(&key(0), segment(0, 1_000), false).is_some(),
            "it was used"
        );
        assert!(
            cache.get(&key(1), segment(0, 1_000), false).is_none(),
            "it was not"
        );
        assert_eq!((cache.stats().entries, cache.stats().evictions), (5, 1));
        // What would take more than a quarter is not kept at all.
        assert!(cache.get(&key(3), segment(1, 10_000), true).is_none());
        assert!(
            ResultCache::new(0)
                .get(&key(0), segment(0, 1), true)
                .is_none()
        );
    }

    #[test]
    fn keys_tell_everything_apart() {
        let (a, b) = (
            |s: &str| Some(ParamValue::Str(s.into())),
            |list: &[&str]| {
                let list = list.iter().map(|s| (*s).to_string());
                Some(ParamValue::StrList(list.collect()))
            },
        );
        let all: Vec<Params> = vec![
            vec![],
            vec![None],
            vec![None, None],
            vec![a("")],
            vec![a("absent")],
            vec![a("a"), a("b")],
            vec![a("ab"), a("")],
            vec![b(&[])],
            vec![b(&["a", "b"])],
            vec![b(&["ab"])],
            vec![b(&["a"]), a("b")],
            vec![Some(ParamValue::F64(0.0))],
            vec![Some(ParamValue::F64(-0.0))],
            vec![Some(ParamValue::I64List(vec![1, 2]))],
            vec![Some(ParamValue::I64List(vec![1])), Some(ParamValue::I64(2))],
        ];
        let mut keys: Vec<FilterKey> = all.iter().map(|p| filter_key("m", "{}", p)).collect();
        keys.push(filter_key("m", "{} ", &vec![]));
        keys.push(filter_key("n", "{}", &vec![]));
        let count = keys.len();
        keys.sort_unstable();
        keys.dedup();
        assert_eq!(keys.len(), count);
        assert_eq!(
            filter_key("m", "{}", &all[5]),
            filter_key("m", "{}", &all[5].clone())
        );
    }
}
