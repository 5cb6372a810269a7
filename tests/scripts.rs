//! Functions in OpenSearch's places for scripts: what scores, sort keys and fields come of them, also where they fail.

mod guests;
mod naive;

use std::collections::BTreeMap;

use diagon::index::{IndexWriter, MergeOptions, WriterOptions};
use diagon::query;
use diagon::search::{SearchOptions, SearchResponse, Searcher};
use serde_json::{Value as Json, json};
use tempfile::TempDir;

const MAPPING: &str = r#"{"properties": {"body": {"type": "text", "analyzer": "simple"}, "kw": {"type": "keyword"},
    "n": {"type": "long"}, "x": {"type": "double"}}}"#;

/// Documents "0" to "7" in two segments. 2 and 5 have no `x`; 3 has no `kw`.
fn index() -> (TempDir, Searcher) {
    let folder = tempfile::tempdir().expect("a folder");
    let mut options = WriterOptions::default();
    options.merges = MergeOptions::none();
    let mut writer = IndexWriter::open(folder.path(), Some(MAPPING), options).expect("a writer");
    for n in 0..8 {
        let mut document = json!({"body": "fox", "n": n, "kw": format!("k{}", 9 - n), "x": 10 - n});
        let members = document.as_object_mut().expect("an object");
        if n == 2 || n == 5 {
            members.remove("x");
        }
        if n == 3 {
            members.remove("kw");
        }
        let json = document.to_string();
        let added = writer.add(Some(&n.to_string()), json.as_bytes());
        added.expect("a document");
        if n == 3 {
            writer.refresh().expect("a refresh");
        }
    }
    let snapshot = writer.commit().expect("a commit");
    (
        folder,
        Searcher::new(snapshot, guests::functions(), "scripts"),
    )
}

fn run(searcher: &Searcher, body: &Json) -> diagon::Result<SearchResponse> {
    let request = query::parse(&body.to_string())?;
    searcher.search(&request, &SearchOptions::default())
}

fn ask(searcher: &Searcher, body: &Json) -> SearchResponse {
    run(searcher, body).unwrap_or_else(|e| panic!("{body}: {e}"))
}

fn refused(searcher: &Searcher, body: &Json) -> String {
    match run(searcher, body) {
        Err(error) => error.to_string(),
        Ok(_) => panic!("{body} is not refused"),
    }
}

/// Ids with scores, best first.
fn scores(response: &SearchResponse) -> Vec<(&str, f32)> {
    let hit = |hit: &'_ diagon::search::Hit| hit.score.unwrap_or(f32::NAN);
    response
        .hits
        .iter()
        .map(|h| (h.id.as_str(), hit(h)))
        .collect()
}

fn ids(response: &SearchResponse) -> Vec<&str> {
    response.hits.iter().map(|h| h.id.as_str()).collect()
}

/// `graded` over `x`, failing where it is missing.
fn strict(on_error: &str) -> Json {
    json!({"name": "graded", "parameters": {"strict": 1}, "on_error": on_error})
}

const FOX: fn() -> Json =
    || json!({"constant_score": {"filter": {"match": {"body": "fox"}}, "boost": 3}});

#[test]
fn a_script_is_the_score() {
    let (_folder, searcher) = index();
    let script = json!({"lang": "wasm", "id": "graded@1.0.0", "params": {"scale": 0.5}});
    let body = json!({"query": {"script_score": {"query": FOX(), "script": script}}});
    let response = ask(&searcher, &body);
    let expected = [
        ("0", 5.0),
        ("1", 4.5),
        ("3", 3.5),
        ("4", 3.0),
        ("6", 2.0),
        ("7", 1.5),
        ("2", 1.0),
        ("5", 1.0),
    ];
    assert_eq!(scores(&response), expected);
    assert_eq!(response.max_score, Some(5.0));

    // The boost is a factor of what it returns, those around it, too; the minimum is one of the result.
    let mut body = json!({"query": {"script_score": {"query": FOX(), "script": script, "boost": 2, "min_score": 4}}});
    let expected = [("0", 10.0), ("1", 9.0), ("3", 7.0), ("4", 6.0), ("6", 4.0)];
    assert_eq!(scores(&ask(&searcher, &body)), expected);
    body = json!({"query": {"bool": {"must": body["query"], "boost": 10}}});
    assert_eq!(
        scores(&ask(&searcher, &body))[5],
        ("7", 30.0),
        "all reach 4 now"
    );
    assert_eq!(ask(&searcher, &body).hits.len(), 8);

    // It is given the score of its query, without the boost.
    let body = json!({"query": {"script_score": {"query": FOX(), "wasm_udf": {"name": "lifted"}, "boost": 10}}});
    assert_eq!(scores(&ask(&searcher, &body))[0], ("0", 65.0));
}

#[test]
fn scripts_inside_each_other() {
    let (_folder, searcher) = index();
    let inner = json!({"script_score": {"query": FOX(), "wasm_udf": {"name": "graded"}}});
    let middle = json!({"function_score": {"query": inner, "boost_mode": "sum", "functions": [
        {"wasm_udf": {"name": "lifted"}}, {"filter": {"term": {"n": 1}}, "weight": 100}], "score_mode": "max"}});
    let outer = json!({"script_score": {"query": middle, "wasm_udf": {"name": "lifted"}}});
    // 10 -> 20.5 + 10 -> 61.5; 9 -> 100 + 9 -> 218.5
    let response = ask(&searcher, &json!({"query": outer, "profile": true}));
    assert_eq!(scores(&response)[..2], [("1", 218.5), ("0", 61.5)]);
    let names: Vec<&str> = response
        .profile
        .functions
        .iter()
        .map(|f| f.name.as_str())
        .collect();
    assert_eq!(names, ["graded@1.0.0", "lifted@1.0.0", "lifted@1.0.0"]);
}

#[test]
fn a_function_that_fails_and_the_policies() {
    let (_folder, searcher) = index();
    let scored = |on_error: &str| json!({"script_score": {"query": FOX(), "wasm_udf": strict(on_error), "boost": 2}});
    // Without the two that have no `x`; they are told.
    let response = ask(&searcher, &json!({"query": scored("exclude")}));
    assert_eq!(ids(&response), ["0", "1", "3", "4", "6", "7"]);
    assert_eq!(response.total.map(|t| t.value), Some(6));
    let report = &response.profile.functions[0];
    assert_eq!(report.failures(), 2);
    assert_eq!(
        (report.samples[0].0.as_str(), report.samples[1].0.as_str()),
        ("2", "5")
    );
    let json: Json = serde_json::from_str(&response.to_json()).expect("JSON");
    assert_eq!(
        json["udf_errors"]["graded@1.0.0"]["kinds"],
        json!({"guest": 2})
    );

    // With the score of their query, times the boost.
    let response = ask(&searcher, &json!({"query": scored("include")}));
    assert_eq!(scores(&response)[5..], [("2", 6.0), ("5", 6.0), ("7", 6.0)]);
    // Whatever the minimum is.
    let mut minimum = json!({"query": scored("include")});
    minimum["query"]["script_score"]["min_score"] = json!(19);
    assert_eq!(ids(&ask(&searcher, &minimum)), ["0", "2", "5"]);

    let error = refused(&searcher, &json!({"query": scored("fail")}));
    assert!(
        error.contains("graded@1.0.0") && error.contains("\"2\""),
        "{error}"
    );

    // In a function_score: as if it did not apply.
    let several = |on_error: &str| {
        json!({"query": {"function_score": {"query": FOX(), "boost_mode": "replace", "score_mode": "sum",
        "functions": [{"wasm_udf": strict(on_error)}, {"weight": 0.5}]}}})
    };
    assert_eq!(
        scores(&ask(&searcher, &several("include")))[6..],
        [("2", 0.5), ("5", 0.5)]
    );
    assert_eq!(ask(&searcher, &several("exclude")).hits.len(), 6);
}

/// Nothing fails open: what failed can only remove a document, or with `include` only keep it.
#[test]
fn a_failure_under_must_not() {
    let (_folder, searcher) = index();
    // Scores of at least 6: documents 0, 1, 3, 4.
    let without = |on_error: &str| {
        let high =
            json!({"script_score": {"query": FOX(), "wasm_udf": strict(on_error), "min_score": 6}});
        json!({"query": {"bool": {"must_not": high}}})
    };
    assert_eq!(ids(&ask(&searcher, &without("exclude"))), ["6", "7"]);
    assert_eq!(
        ids(&ask(&searcher, &without("include"))),
        ["2", "5", "6", "7"]
    );
}

/// Where no score is wanted, no function is asked for one.
#[test]
fn a_score_that_nobody_wants() {
    let (_folder, searcher) = index();
    let scored = json!({"script_score": {"query": FOX(), "wasm_udf": strict("fail")}});
    for (body, count) in [
        (json!({"query": {"bool": {"filter": scored}}}), 8),
        (json!({"query": scored, "size": 0}), 8),
        (json!({"query": scored, "sort": "n"}), 8),
    ] {
        let response = ask(&searcher, &body);
        assert_eq!(response.total.map(|t| t.value), Some(count), "{body}");
        assert_eq!(response.profile.functions[0].counts.calls, 0, "{body}");
    }
    let sorted = json!({"query": scored, "sort": "n", "track_scores": true});
    assert!(refused(&searcher, &sorted).contains("graded@1.0.0"));
    let minimum = json!({"query": {"bool": {"filter": {"script_score": {"query": FOX(), "wasm_udf": strict("exclude"), "min_score": 9}}}}});
    assert_eq!(
        ids(&ask(&searcher, &minimum)),
        ["0", "1"],
        "a minimum wants it"
    );
}

/// Functions are asked about documents that the cheaper clauses have left.
#[test]
fn filters_come_before_scores() {
    let (_folder, searcher) = index();
    let scored = json!({"script_score": {"query": FOX(), "wasm_udf": {"name": "graded"}}});
    let filter = json!({"wasm_udf": {"name": "picky", "parameters": {"m": 4, "r": 1}}});
    let body = json!({"query": {"bool": {"must": scored, "filter": filter}}, "profile": true});
    let response = ask(&searcher, &body);
    assert_eq!(ids(&response), ["1", "5"]);
    let counts = |name: &str| {
        let report = response.profile.functions.iter().find(|f| f.name == name);
        report.expect("a function").counts.documents
    };
    assert_eq!((counts("picky@1.0.0"), counts("graded@1.0.0")), (8, 2));
}

#[test]
fn fields_of_the_hits() {
    let (_folder, searcher) = index();
    let body = json!({"query": {"match": {"body": "fox"}}, "sort": {"n": "desc"}, "size": 4, "from": 2, "script_fields": {
        "twice": {"script": {"lang": "wasm", "id": "doubled"}}, "name": {"wasm_udf": {"name": "name"}},
        "whole": {"wasm_udf": {"name": "whole"}}}});
    let json: Json = serde_json::from_str(&ask(&searcher, &body).to_json()).expect("JSON");
    let hits = json["hits"]["hits"].as_array().expect("hits");
    let found: BTreeMap<&str, &Json> = hits
        .iter()
        .map(|h| (h["_id"].as_str().expect("an id"), &h["fields"]))
        .collect();
    assert_eq!(
        json!(found),
        json!({"5": {"name": ["k4"], "whole": [5]}, "4": {"twice": [12.0], "name": ["k5"], "whole": [4]},
            "3": {"twice": [14.0], "whole": [3]}, "2": {"name": ["k7"], "whole": [2]}})
    );
    assert!(
        hits.iter().all(|h| h.get("_source").is_none()),
        "only if it is asked for"
    );
    let mut with_source = body.clone();
    with_source["_source"] = json!(["n"]);
    let response = ask(&searcher, &with_source);
    assert_eq!(
        response.hits[0].source.as_ref().map(|s| s.get()),
        Some("{\"n\":5}")
    );

    // The hit's score, also where hits are sorted by something else.
    let ranked = json!({"query": FOX(), "sort": "n", "script_fields": {"rank": {"wasm_udf": {"name": "rank"}}}});
    let response = ask(&searcher, &ranked);
    assert_eq!(
        response.hits[0].fields[0].1,
        diagon::search::FieldValue::F64(3.0)
    );
}

#[test]
fn a_field_that_fails() {
    let (_folder, searcher) = index();
    let field = |more: Json| {
        let mut field =
            json!({"script": {"lang": "wasm", "id": "doubled", "params": {"strict": 1}}});
        for (key, value) in more.as_object().into_iter().flatten() {
            field[key] = value.clone();
        }
        json!({"sort": "n", "script_fields": {"twice": field}})
    };
    for ignoring in [json!({}), json!({"ignore_failure": true})] {
        let response = ask(&searcher, &field(ignoring));
        assert_eq!(response.hits.len(), 8);
        let without: Vec<&str> = response
            .hits
            .iter()
            .filter(|h| h.fields.is_empty())
            .map(|h| h.id.as_str())
            .collect();
        assert_eq!(without, ["2", "5"]);
        assert_eq!(response.profile.functions[0].failures(), 2);
    }
    let error = refused(&searcher, &field(json!({"ignore_failure": false})));
    assert!(error.contains("doubled@1.0.0"), "{error}");
}

#[test]
fn sorted_by_a_function() {
    let (_folder, searcher) = index();
    let sorted = |more: Json| {
        let mut key = json!({"type": "number", "script": {"lang": "wasm", "id": "doubled"}});
        for (name, value) in more.as_object().into_iter().flatten() {
            key[name] = value.clone();
        }
        json!({"sort": {"_script": key}})
    };
    let order = |more: Json| ids(&ask(&searcher, &sorted(more))).join(" ");
    assert_eq!(
        order(json!({})),
        "7 6 4 3 1 0 2 5",
        "missing values are last"
    );
    assert_eq!(order(json!({"order": "desc"})), "0 1 3 4 6 7 2 5");
    assert_eq!(order(json!({"missing": "_first"})), "2 5 7 6 4 3 1 0");
    let strings = json!({"type": "string", "script": {"lang": "wasm", "id": "name"}, "missing": "_first", "order": "desc"});
    assert_eq!(order(strings), "3 0 1 2 4 5 6 7");

    // A failure: the document is no hit; or one without a value; or the end.
    let failing = |on_error: &str| {
        let script = json!({"lang": "wasm", "id": "doubled", "params": {"strict": 1}, "options": {"on_error": on_error}});
        sorted(json!({"script": script, "missing": "_first"}))
    };
    let response = ask(&searcher, &failing("exclude"));
    assert_eq!(ids(&response).join(" "), "7 6 4 3 1 0");
    assert_eq!(response.total.map(|t| t.value), Some(6));
    assert_eq!(response.profile.functions[0].failures(), 2);
    assert_eq!(
        ids(&ask(&searcher, &failing("include"))).join(" "),
        "2 5 7 6 4 3 1 0"
    );
    assert!(refused(&searcher, &failing("fail")).contains("doubled@1.0.0"));
}

/// A function is used as what it is.
#[test]
fn functions_in_the_wrong_place() {
    let (_folder, searcher) = index();
    let script = |name: &str| json!({"lang": "wasm", "id": name});
    for (body, expected) in [
        (
            json!({"query": {"wasm_udf": {"name": "graded"}}}),
            "`graded@1.0.0` is a score function; here stands a filter function (at query.wasm_udf",
        ),
        (
            json!({"query": {"script_score": {"query": FOX(), "script": script("doubled")}}}),
            "`doubled@1.0.0` is a value function; here stands a score function (at query.script_score",
        ),
        (
            json!({"script_fields": {"a": {"script": script("picky")}}}),
            "`picky@1.0.0` is a filter function; here stands a value function (at script_fields.a",
        ),
        (
            json!({"sort": {"_script": {"type": "string", "script": script("doubled")}}}),
            "`type` is \"string\", but `doubled@1.0.0` returns numbers (at sort._script",
        ),
        (
            json!({"sort": {"_script": {"type": "number", "script": script("name")}}}),
            "`type` is \"number\", but `name@1.0.0` returns strings (at sort._script",
        ),
        (
            json!({"script_fields": {"a": {"script": script("nope")}}}),
            "nope",
        ),
        (
            json!({"query": {"script_score": {"query": FOX(), "wasm_udf": {"name": "graded", "parameters": {"field": "nope"}}}}}),
            "there is no field `nope` (at query.script_score",
        ),
    ] {
        let error = refused(&searcher, &body);
        assert!(error.contains(expected), "{error}");
    }
}

/// A failure that leaves a document in can make its score higher than the function ever does: its bound is no bound then.
#[test]
fn what_fails_open_is_not_skipped() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut writer = IndexWriter::open(folder.path(), Some(MAPPING), WriterOptions::default())
        .expect("a writer");
    for n in 0..9_000 {
        // The last one fails, and has factor 1; all others at most a half.
        let document = if n == 8_999 {
            json!({"n": n})
        } else {
            json!({"n": n, "x": 1000})
        };
        let added = writer.add(Some(&n.to_string()), document.to_string().as_bytes());
        added.expect("a document");
    }
    let searcher = Searcher::new(
        writer.commit().expect("a commit"),
        guests::functions(),
        "scripts",
    );
    for score_mode in ["multiply", "sum", "first", "max", "min"] {
        let functions = json!([{"wasm_udf": strict("include"), "weight": 0.005}]);
        let body = json!({"query": {"function_score": {"query": {"match_all": {}}, "functions": functions, "score_mode": score_mode,
            "boost_mode": "replace"}}, "size": 1, "track_total_hits": false});
        assert_eq!(
            scores(&ask(&searcher, &body)),
            [("8999", 1.0)],
            "{score_mode}"
        );
    }
}

/// Bounds that are infinite are not lost in a `dis_max`, with a function beside it or without.
#[test]
fn infinite_bounds_rule_nothing_out() {
    let (_folder, searcher) = index();
    let votes = |factor: f64| json!({"function_score": {"query": {"exists": {"field": "x"}}, "field_value_factor": {"field": "x", "factor": factor}, "boost_mode": "replace"}});
    let best = json!({"dis_max": {"queries": [votes(1.0), votes(2.0)]}});
    let filtered = json!({"bool": {"must": [best], "filter": [{"wasm_udf": {"name": "picky", "parameters": {"m": 1}}}]}});
    for query in [best, filtered] {
        let body = json!({"query": query, "size": 1, "track_total_hits": false});
        assert_eq!(scores(&ask(&searcher, &body)), [("0", 20.0)]);
    }
}

/// A function that fails in two places is told once.
#[test]
fn failures_of_one_function_are_one_member() {
    let (_folder, searcher) = index();
    let doubled = json!({"wasm_udf": {"name": "doubled", "parameters": {"strict": 1}}});
    let response = ask(
        &searcher,
        &json!({"script_fields": {"a": doubled, "b": doubled}}),
    );
    let text = response.to_json();
    assert_eq!(text.matches("doubled@1.0.0").count(), 1, "{text}");
    let json: Json = serde_json::from_str(&text).expect("JSON");
    let errors = &json["udf_errors"]["doubled@1.0.0"];
    assert_eq!(
        (&errors["documents"], &errors["kinds"]),
        (&json!(4), &json!({"guest": 4}))
    );
    assert_eq!(errors["samples"].as_array().map(Vec::len), Some(3));
}

/// Documents whose score can't reach the top any more are not asked about, if the function declares how high it goes; the hits are
/// the same.
#[test]
fn a_declared_bound_lets_a_search_skip() {
    let folder = tempfile::tempdir().expect("a folder");
    let options = WriterOptions::default();
    let mut writer = IndexWriter::open(folder.path(), Some(MAPPING), options).expect("a writer");
    // Good documents come first: later ones, with longer texts and so lower scores, can't win.
    for n in 0..20_000_u32 {
        let words = if n < 200 { 1 } else { 40 };
        let text = format!("fox {}", "dog ".repeat(words));
        let document = json!({"body": text, "x": f64::from(n % 10) / 10.0});
        let added = writer.add(None, document.to_string().as_bytes());
        added.expect("a document");
    }
    let snapshot = writer.commit().expect("a commit");
    let searcher = Searcher::new(snapshot, guests::functions(), "scripts");
    let found = |name: &str, track: bool| {
        let body = json!({"query": {"function_score": {"query": {"term": {"body": "fox"}}, "functions": [{"wasm_udf": {"name": name}}],
            "boost_mode": "multiply", "max_boost": 0.9}}, "track_total_hits": track, "size": 5});
        let response = ask(&searcher, &body);
        let asked = response.profile.functions[0].counts.documents;
        (ids(&response).join(" "), asked)
    };
    let (all, asked_all) = found("graded", true);
    let (some, asked_some) = found("graded", false);
    assert_eq!(all, some);
    assert_eq!(asked_all, 20_000);
    assert!(asked_some < 10_000, "{asked_some}");
    // Without a bound every candidate is asked about.
    assert_eq!(found("lifted", false).1, 20_000);
}
