//! The sample corpus with the example functions: totals and pages are those of a count by brute force, wherever the function stands,
//! in either order of clauses, with two functions at once, and with one that traps on some documents.

mod guests;
mod naive;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::sync::OnceLock;

use diagon::ErrorCode;
use diagon::index::{MergeOptions, WriterOptions};
use diagon::query::{self, WasmUdf};
use diagon::search::{SearchOptions, SearchResponse, Searcher};
use diagon::shard::Index;
use serde_json::{Value as Json, json};

use guests::{integer, text};
use naive::compare::compare;
use naive::document::Document;
use naive::{Found, Said, Twin};

struct Corpus {
    searcher: Searcher,
    twin: Twin,
}

/// The sample corpus, indexed once for all tests, with a refresh in the middle and some documents deleted and replaced.
fn corpus() -> &'static Corpus {
    static CORPUS: OnceLock<Corpus> = OnceLock::new();
    CORPUS.get_or_init(|| {
        let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("exactness");
        let _ = fs::remove_dir_all(&folder);
        let read = |path: &str| fs::read_to_string(examples.join(path)).expect("a file");
        let mapping = read("data/packages.schema.json");
        let mut options = WriterOptions::default();
        options.merges = MergeOptions::none(); // the twin keeps what is deleted
        let index = Index::open(&folder, Some(&mapping), options).expect("an index");
        let mut twin = Twin::new(&mapping);
        for (number, line) in read("data/packages.jsonl").lines().enumerate() {
            let document: Json = serde_json::from_str(line).expect("a document");
            let id = document["id"].as_str().expect("an id");
            index.add(None, line.as_bytes()).expect("a document");
            twin.add(id, &document);
            if number == 3_000 {
                index.refresh().expect("a refresh");
                twin.flush();
            }
            if number % 50 == 0 {
                index.delete(id).expect("a deletion");
                twin.delete(id);
            } else if number % 50 == 7 {
                index.add(Some(id), line.as_bytes()).expect("a document");
                twin.add(id, &document);
            }
        }
        index.commit().expect("a commit");
        twin.flush();
        let registry = guests::registry();
        let module = |path: &str| fs::read(examples.join("udfs").join(path)).expect("a module");
        let rust = module("rust/string_distance/string_distance.wasm");
        registry.add(&rust, None).expect("the Rust example");
        let row = module("wat/string_distance/string_distance.wasm");
        let manifest = read("udfs/wat/string_distance/manifest.json");
        registry
            .add(&row, Some(&manifest))
            .expect("the WAT example");
        let snapshot = index.searcher().snapshot().clone();
        Corpus {
            searcher: Searcher::new(snapshot, guests::functions(), "packages"),
            twin,
        }
    })
}

/// The textbook's edit distance.
fn distance(a: &str, b: &str) -> i64 {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut before = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let replaced = before + usize::from(x != y);
            before = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(row[j + 1] + 1);
        }
    }
    i64::try_from(row[b.len()]).expect("short")
}

fn native(udf: &WasmUdf, document: &Document, score: &dyn Fn() -> f32) -> Said {
    if !udf.name.starts_with("string_distance") {
        return guests::native(udf, document, score);
    }
    let value = document.string(&text(udf, "field", "title"));
    let most = integer(udf, "max_distance", 2);
    let target = text(udf, "target", "");
    let near = value.is_some_and(|value| {
        // A difference in length is the least that the distance can be; the test has to end some day.
        let least = value.chars().count().abs_diff(target.chars().count());
        i64::try_from(least).is_ok_and(|least| least <= most) && distance(value, &target) <= most
    });
    near.into()
}

/// Compares a query in both orders of its clauses. Returns how many documents match.
fn check(query: &Json) -> usize {
    let corpus = corpus();
    let view = corpus.twin.view();
    let number = |query: &Json, page: Json| {
        let mut body = page;
        body["query"] = query.clone();
        let found: Result<Vec<Found>, String> = compare(&corpus.searcher, &view, &body, &native);
        found.unwrap_or_else(|e| panic!("{e}\n{body}")).len()
    };
    let found = number(query, json!({"size": 10, "track_total_hits": 7}));
    let again = number(&reversed(query), json!({"from": 20, "size": 5}));
    assert_eq!(
        found, again,
        "the order of clauses changes the total: {query}"
    );
    found
}

/// The query with the clauses of every `bool` the other way round.
fn reversed(query: &Json) -> Json {
    match query {
        Json::Array(items) => items.iter().rev().map(reversed).collect(),
        Json::Object(members) => {
            let turned = members
                .iter()
                .map(|(key, value)| (key.clone(), reversed(value)));
            Json::Object(turned.collect())
        }
        other => other.clone(),
    }
}

fn function(name: &str, parameters: Json) -> Json {
    json!({"wasm_udf": {"name": name, "version": "1.0.0", "parameters": parameters}})
}

/// Packages whose name is near this one.
fn near(name: &str, target: &str, most: i64) -> Json {
    function(
        name,
        json!({"field": "name", "target": target, "max_distance": most}),
    )
}

/// A filter that traps where the installed size says so.
fn faulty(on_error: &str) -> Json {
    let parameters = json!({"field": "installed_size", "m": 2, "r": 0, "how": guests::how::TRAP, "fm": 37, "fr": 5});
    json!({"wasm_udf": {"name": "picky", "parameters": parameters, "on_error": on_error}})
}

fn body(words: &str) -> Json {
    json!({"match": {"body": words}})
}

/// The same hits, whether anything of them is read or not.
#[test]
fn top_docs_are_the_hits_of_a_search() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut engine = diagon::index::IndexWriter::open(folder.path(), None, Default::default())
        .expect("a writer");
    for number in 0..50 {
        let json = format!(r#"{{"body": "fox {}"}}"#, "dog ".repeat(number % 7));
        let added = engine.add(Some(&format!("d{number}")), json.as_bytes());
        added.expect("a document");
    }
    let snapshot = engine.refresh().expect("a refresh");
    let searcher = diagon::search::Searcher::new(snapshot.clone(), None, "test");
    let request = r#"{"query": {"match": {"body": "fox dog"}}, "from": 3, "size": 20}"#;
    let request = diagon::query::parse(request).expect("a request");
    let options = diagon::search::SearchOptions::default();
    let full = searcher.search(&request, &options).expect("a response");
    let found = searcher.top_docs(&request, &options).expect("hits");
    assert_eq!(found.total, full.total);
    assert_eq!(found.hits.len(), 20);
    for ((at, score), hit) in found.hits.iter().zip(&full.hits) {
        assert_eq!(snapshot.id(*at).expect("an id"), hit.id);
        assert_eq!(*score, hit.score);
    }
}

#[test]
fn the_query_of_the_design() {
    let function = function(
        "string_distance",
        json!({"field": "title", "target": "xapian", "max_distance": 2}),
    );
    check(&json!({"bool": {"must": [body("search engine")], "filter": [function]}}));
    let found = check(
        &json!({"bool": {"must": [body("library development")], "filter": [near("string_distance", "libxapian", 6)]}}),
    );
    assert!(found > 10, "{found} hits");
}

#[test]
fn a_function_in_every_place() {
    let near = |most| near("string_distance", "libqt5", most);
    let words = body("library files");
    for (query, least) in [
        (near(3), 5),
        (json!({"bool": {"should": [near(4), words]}}), 100),
        (json!({"bool": {"must": [words], "should": [near(4)]}}), 100),
        (
            json!({"bool": {"should": [near(5), words, {"term": {"section": "libs"}}], "minimum_should_match": 2}}),
            50,
        ),
        (
            json!({"bool": {"should": [near(5), words, {"term": {"section": "libs"}}], "minimum_should_match": 3}}),
            5,
        ),
        (
            json!({"bool": {"must": [words], "must_not": [near(5)]}}),
            100,
        ),
        (json!({"bool": {"must_not": [near(6)]}}), 1_000),
        (
            json!({"bool": {"must": [words, {"bool": {"should": [near(4), {"bool": {"must_not": [near(7)]}}]}}]}}),
            50,
        ),
        (
            json!({"bool": {"filter": [words], "must": [{"constant_score": {"filter": near(5), "boost": 3}}]}}),
            5,
        ),
    ] {
        let found = check(&query);
        assert!(found >= least, "{found} hits: {query}");
    }
}

#[test]
fn two_functions_at_once() {
    let near = |most| near("string_distance", "python3-yaml", most);
    let row = |most| self::near("string_distance_row", "python3-six", most);
    let words = body("python");
    for query in [
        json!({"bool": {"must": [words, near(7)], "filter": [row(6)]}}),
        json!({"bool": {"should": [near(5), row(5)]}}),
        json!({"bool": {"should": [near(7), row(6), words], "minimum_should_match": 2}}),
        json!({"bool": {"must": [row(8)], "must_not": [near(6)]}}),
        json!({"bool": {"must_not": [{"bool": {"must_not": [near(6), row(7)]}}]}}),
    ] {
        let found = check(&query);
        assert!(found > 3, "{found} hits: {query}");
    }
}

#[test]
fn a_function_that_traps() {
    let words = body("library files");
    for on_error in ["exclude", "include"] {
        let faulty = faulty(on_error);
        for query in [
            json!({"bool": {"must": [words], "filter": [faulty]}}),
            json!({"bool": {"must": [words, {"bool": {"should": [faulty, near("string_distance", "libgcc", 4)]}}]}}),
            json!({"bool": {"must": [words], "must_not": [faulty]}}),
            json!({"bool": {"filter": [words], "must_not": [{"bool": {"must_not": [faulty, {"term": {"section": "libs"}}]}}]}}),
            json!({"bool": {"must": [words], "should": [faulty, near("string_distance_row", "libc6", 4)], "minimum_should_match": 1}}),
        ] {
            let found = check(&query);
            assert!(found > 3, "{found} hits: {query}");
        }
    }
}

fn search(query: &Json) -> diagon::Result<SearchResponse> {
    let body = json!({"query": query, "size": 3}).to_string();
    corpus()
        .searcher
        .search(&query::parse(&body)?, &SearchOptions::default())
}

/// Live packages that match the words and on which the function fails.
fn failing(words: &Json) -> BTreeSet<String> {
    let corpus = corpus();
    let request = query::parse(&json!({ "query": words }).to_string()).expect("a request");
    let view = corpus.twin.view();
    let matching = view.search(&request.query, &native);
    let matching: BTreeSet<String> = matching.into_iter().map(|found| found.id).collect();
    let fails = |d: &&Document| d.long("installed_size").is_some_and(|size| size % 37 == 5);
    let failing = view.live().filter(fails).map(|d| d.id.clone());
    failing.filter(|id| matching.contains(id)).collect()
}

#[test]
fn failures_are_counted_and_named() {
    let words = body("library files");
    let expected = failing(&words);
    assert!(expected.len() > 10, "{expected:?}");
    let response = search(&json!({"bool": {"must": [words], "filter": [faulty("exclude")]}}));
    let report = &response.expect("a response").profile.functions[0];
    assert_eq!(report.failures(), expected.len() as u64);
    assert_eq!(report.counts.traps, expected.len() as u64);
    assert_eq!(report.samples.len(), 3);
    for (id, _, message) in &report.samples {
        assert!(expected.contains(id), "{id}: {message}");
        assert!(message.contains("unreachable"), "{message}");
    }
}

#[test]
fn a_failure_can_fail_the_search() {
    let words = body("library files");
    let expected = failing(&words);
    for query in [
        json!({"bool": {"must": [words], "filter": [faulty("fail")]}}),
        json!({"bool": {"filter": [faulty("fail")], "must": [words]}}),
        json!({"bool": {"must": [words], "must_not": [faulty("fail")]}}),
    ] {
        let error = search(&query).expect_err("a failure");
        assert_eq!(error.code(), ErrorCode::UdfFailed, "{error}");
        let named = expected
            .iter()
            .any(|id| error.to_string().contains(&format!("{id:?}")));
        assert!(named && error.to_string().contains("picky"), "{error}");
    }
    // What cheaper clauses have decided is not asked about.
    let sound = json!({"range": {"installed_size": {"gte": 38, "lte": 41}}});
    let query = json!({"bool": {"must": [words], "filter": [faulty("fail"), sound]}});
    search(&query).expect("nothing to fail on");
}
