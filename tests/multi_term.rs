//! Clauses that stand for many terms: what they find in a small index, their limits, and where their mistakes are.

use diagon::ErrorCode;
use diagon::index::{IndexWriter, Snapshot, WriterOptions};
use diagon::query;
use diagon::search::{CancelToken, SearchOptions, Searcher};
use serde_json::{Value as Json, json};

const MAPPING: &str = r#"{"properties": {
  "body": {"type": "text"},
  "kw": {"type": "keyword"},
  "hidden": {"type": "keyword", "index": false},
  "n": {"type": "long"},
  "day": {"type": "date"}}}"#;

/// Documents in segments: one for each list.
fn snapshot(segments: &[&[Json]]) -> (tempfile::TempDir, Snapshot) {
    let folder = tempfile::tempdir().expect("a folder");
    let mut writer = IndexWriter::open(folder.path(), Some(MAPPING), WriterOptions::default())
        .expect("a writer");
    let mut id = 0;
    for segment in segments {
        for document in *segment {
            let added = writer.add(Some(&id.to_string()), document.to_string().as_bytes());
            added.expect("a document");
            id += 1;
        }
        writer.refresh().expect("a refresh");
    }
    let snapshot = writer.refresh().expect("a refresh");
    (folder, snapshot)
}

fn bodies(texts: &[&str]) -> Vec<Json> {
    texts.iter().map(|text| json!({ "body": text })).collect()
}

fn search(snapshot: &Snapshot, query: &Json) -> diagon::Result<Vec<(String, f32)>> {
    let request = query::parse(&json!({ "query": query }).to_string())?;
    let searcher = Searcher::new(snapshot.clone(), None, "test");
    let response = searcher.search(&request, &SearchOptions::default())?;
    Ok(response
        .hits
        .into_iter()
        .map(|hit| (hit.id, hit.score.unwrap_or(f32::NAN)))
        .collect())
}

fn ids(snapshot: &Snapshot, query: &Json) -> Vec<String> {
    let hits = search(snapshot, query).unwrap_or_else(|error| panic!("{query}: {error}"));
    let mut ids: Vec<String> = hits.into_iter().map(|hit| hit.0).collect();
    ids.sort();
    ids
}

#[test]
fn each_kind_finds_its_terms() {
    let documents = bodies(&[
        "The quick brown fox",
        "the quiet brow of the hill",
        "a fox, quick and brown",
        "Quito",
        "nothing of the kind",
    ]);
    let (_folder, snapshot) = snapshot(&[&documents[..2], &documents[2..]]);
    for (query, expected) in [
        (json!({"prefix": {"body": "qui"}}), "0 1 2 3"),
        (
            json!({"prefix": {"body": {"value": "QUIC", "case_insensitive": true}}}),
            "0 2",
        ),
        (json!({"prefix": {"body": "QUIC"}}), ""),
        (json!({"wildcard": {"body": "?ro*n"}}), "0 2"),
        (json!({"regexp": {"body": "qui(ck|to)"}}), "0 2 3"),
        (json!({"regexp": {"body": "(qui.+)&~(.*o)"}}), "0 1 2"),
        (json!({"fuzzy": {"body": "qiuck"}}), "0 2"),
        (
            json!({"fuzzy": {"body": {"value": "qiuck", "transpositions": false, "fuzziness": 1}}}),
            "",
        ),
        (
            json!({"fuzzy": {"body": {"value": "quick", "fuzziness": 2}}}),
            "0 1 2 3",
        ),
        (
            json!({"fuzzy": {"body": {"value": "quick", "fuzziness": 2, "prefix_length": 4}}}),
            "0 2",
        ),
        (
            json!({"fuzzy": {"body": {"value": "quick", "fuzziness": 2, "max_expansions": 1}}}),
            "0 2",
        ),
        (
            json!({"match": {"body": {"query": "brwn fix", "fuzziness": "AUTO", "operator": "and"}}}),
            "0 2",
        ),
        (
            json!({"match_phrase": {"body": {"query": "fox quick", "slop": 0}}}),
            "2",
        ),
        (
            json!({"match_phrase": {"body": {"query": "quick fox", "slop": 1}}}),
            "0",
        ),
        (
            json!({"match_phrase": {"body": {"query": "quick fox", "slop": 2}}}),
            "0 2",
        ),
        (json!({"match_phrase_prefix": {"body": "quick bro"}}), "0"),
        (json!({"match_phrase_prefix": {"body": "the qui"}}), "0 1"),
        (
            json!({"match_phrase_prefix": {"body": {"query": "the qui", "max_expansions": 1}}}),
            "0",
        ),
        (json!({"match_phrase_prefix": {"body": "qui"}}), "0 1 2 3"),
        (
            json!({"match_phrase_prefix": {"body": {"query": "brown qui", "slop": 3}}}),
            "0 2",
        ),
        (
            json!({"match_bool_prefix": {"body": "hill qui"}}),
            "0 1 2 3",
        ),
        (json!({"match_bool_prefix": {"body": "hill qui "}}), "1"),
        (
            json!({"match_bool_prefix": {"body": {"query": "brow qui", "operator": "and"}}}),
            "1",
        ),
        (
            json!({"range": {"body": {"gte": "quick", "lt": "quito"}}}),
            "0 1 2",
        ),
    ] {
        assert_eq!(ids(&snapshot, &query).join(" "), expected, "{query}");
        let not = json!({"bool": {"must_not": [query], "filter": [{"match_all": {}}]}});
        let others = 5 - expected.split_whitespace().count();
        assert_eq!(ids(&snapshot, &not).len(), others, "{not}");
    }
}

/// A fuzzy term scores as all terms near to it would if each were as frequent as the most frequent one.
#[test]
fn similar_terms_share_a_document_frequency() {
    let documents = bodies(&["fox", "fix", "fix", "fix", "foxy", "dog"]);
    let (_folder, snapshot) = snapshot(&[&documents[..1], &documents[1..]]);
    let query = json!({"fuzzy": {"body": {"value": "fox", "fuzziness": 1}}});
    let hits = search(&snapshot, &query).expect("hits");
    // All have the same length, and "fix" is in three of six documents.
    let idf = (1.0 + (6.0 - 3.0 + 0.5) / (3.0 + 0.5_f32)).ln();
    let exact = idf - idf / (1.0 + 1.0 / 1.2);
    assert_eq!((hits[0].0.as_str(), hits.len()), ("0", 5));
    assert!((hits[0].1 - exact).abs() < 1e-6);
    for hit in &hits[1..] {
        assert!((hit.1 - exact * (1.0 - 1.0 / 3.0)).abs() < 1e-6, "{hit:?}");
    }
}

/// Which terms a word stands for doesn't depend on which segments they are in.
#[test]
fn segments_make_no_difference() {
    let documents: Vec<Json> = (0..60)
        .map(|n| json!({"body": format!("w{} w{} x", n % 23, n * 7 % 31)}))
        .collect();
    let (_one, whole) = snapshot(&[&documents]);
    let parts: Vec<&[Json]> = documents.chunks(7).collect();
    let (_many, split) = snapshot(&parts);
    for query in [
        json!({"fuzzy": {"body": {"value": "w1", "fuzziness": 1, "max_expansions": 5}}}),
        json!({"fuzzy": {"body": {"value": "w", "fuzziness": 2, "max_expansions": 7}}}),
        json!({"match_phrase_prefix": {"body": {"query": "w3 w"}}}),
        json!({"match_phrase_prefix": {"body": {"query": "w2", "max_expansions": 3}}}),
        json!({"prefix": {"body": "w1"}}),
    ] {
        let hits = search(&whole, &query).expect("hits");
        assert!(!hits.is_empty(), "{query}");
        assert_eq!(hits, search(&split, &query).expect("hits"), "{query}");
    }
}

#[test]
fn dates_are_reckoned_from_now() {
    let documents = [
        json!({"day": "2001-05-31T10:00:00Z"}),
        json!({"day": "2999-01-01"}),
    ];
    let (_folder, snapshot) = snapshot(&[&documents]);
    for (range, expected) in [
        (json!({"lt": "now"}), "0"),
        (json!({"gte": "now-1d/d"}), "1"),
        (json!({"gte": "now-3000y", "lte": "now+10d/w"}), "0"),
        (
            json!({"gte": "2001-04-30||+1M/d", "lte": "2001-04||+1M/M"}),
            "0",
        ),
        (json!({"gt": "2001-05||/M"}), "1"),
        (json!({"lte": "2001-05||/M"}), "0"),
    ] {
        let query = json!({"range": {"day": range}});
        assert_eq!(ids(&snapshot, &query).join(" "), expected, "{query}");
    }
    assert_eq!(
        ids(&snapshot, &json!({"term": {"day": "2001-05-01||/M"}})),
        ["0"]
    );
}

#[test]
fn mistakes_are_told_with_their_place() {
    let many: Vec<Json> = (0..60)
        .map(
            |n| json!({"body": format!("word{n:02} term{n:02}"), "kw": "a", "n": 1, "hidden": "a"}),
        )
        .collect();
    let (_folder, snapshot) = snapshot(&[&many]);
    let words = ["word00 term00"; 11].join(" ");
    let regexp = |pattern: &str| json!({"regexp": {"kw": pattern}});
    for (query, message) in [
        (
            json!({"prefix": {"n": "1"}}),
            "`prefix` needs a keyword or text field; `n` is a long (at query.prefix.n, byte 24)",
        ),
        (
            json!({"wildcard": {"_id": "1*"}}),
            "`wildcard` can't be asked of `_id` (at query.wildcard._id, byte 28)",
        ),
        (
            json!({"fuzzy": {"hidden": "a"}}),
            "`hidden` is not searchable: its mapping says `\"index\": false` (at query.fuzzy.hidden, byte 28)",
        ),
        (
            json!({"range": {"hidden": {"gt": "a"}}}),
            "`hidden` is not searchable",
        ),
        (
            json!({"range": {"_id": {"gt": "a"}}}),
            "`range` can't be asked of `_id` (at query.range._id, byte 25)",
        ),
        (
            json!({"match": {"n": {"query": "1", "fuzziness": 1}}}),
            "`fuzziness` needs a keyword or text field",
        ),
        (
            json!({"match_phrase_prefix": {"kw": "a"}}),
            "`match_phrase_prefix` needs a text field; `kw` is a keyword",
        ),
        (
            json!({"match_bool_prefix": {"nope": "a"}}),
            "there is no field `nope`",
        ),
        (
            json!({"match_phrase": {"body": {"query": "a b", "analyzer": "none"}}}),
            "unknown analyzer `none`",
        ),
        (
            regexp("a(b"),
            "expected `)`, at byte 3 of the pattern (at query.regexp.kw, byte 25)",
        ),
        (
            regexp("a|"),
            "the pattern ends where more is expected, at byte 2 of the pattern",
        ),
        (
            regexp(".*a.{15}"),
            "the pattern is too complex: its automaton needs more than 10000 states",
        ),
        (
            json!({"regexp": {"kw": {"value": "abc", "max_determinized_states": 2}}}),
            "more than 2 states",
        ),
        (
            regexp("((a{1000}){1000}){9}"),
            "takes too much time or memory",
        ),
        (
            json!({"wildcard": {"kw": format!("*a{}", "?".repeat(14))}}),
            "the pattern is too complex",
        ),
        (
            json!({"fuzzy": {"kw": {"value": "ab".repeat(9000), "fuzziness": 2}}}),
            "the pattern is too complex",
        ),
        (
            json!({"bool": {"must": [{"match": {"body": {"query": words, "fuzziness": 2}}}]}}),
            "more than 1024 clauses: each word is one, and each term that it is expanded to (at query.bool.must[0].match.body, byte 43)",
        ),
        (
            json!({"range": {"day": {"gt": "now-1x"}}}),
            "`now-1x` is no date (field `day`)",
        ),
    ] {
        let error = search(&snapshot, &query).expect_err(&query.to_string());
        assert_eq!(error.code(), ErrorCode::Query, "{query}");
        assert!(error.to_string().contains(message), "{query}: {error}");
    }
    // As many expansions as there may be are none too many.
    let words = ["word00"; 20].join(" ");
    assert_eq!(
        ids(
            &snapshot,
            &json!({"match": {"body": {"query": words, "fuzziness": 2}}})
        )
        .len(),
        10
    );
}

#[test]
fn expansions_are_stopped() {
    let (_folder, snapshot) = snapshot(&[&bodies(&["some words"])]);
    let request = json!({"query": {"fuzzy": {"body": "word"}}, "track_total_hits": true});
    let request = query::parse(&request.to_string()).expect("a request");
    let searcher = Searcher::new(snapshot, None, "test");
    let mut options = SearchOptions::default();
    options.timeout = Some(std::time::Duration::ZERO);
    let response = searcher
        .search(&request, &options)
        .expect("what was found until then");
    assert!(response.timed_out && response.hits.is_empty());

    let token = CancelToken::new().expect("a token");
    token.cancel();
    let mut options = SearchOptions::default();
    options.cancel = Some(token);
    let error = searcher.search(&request, &options).expect_err("cancelled");
    assert_eq!(error.code(), ErrorCode::Cancelled);
}
