//! Guests that want to do harm: to the host, to other functions, to the truth of the result, or to whoever comes next.
//!
//! Each is registered and asked about an index of three segments. Either it is refused with a reason, or the documents that it
//! fails on are exactly those it is to fail on, of the right kind, or the query fails with the right code. Then the next queries, with this
//! function, with another one and without any, have to answer exactly what the naive twin answers.
#![allow(
    clippy::cast_precision_loss,
    reason = "the numbers of the test's documents are small"
)]

mod addresses;
mod bombs;
mod guest;
mod manifests;
mod memories;
mod modules;
mod mutations;
#[path = "../naive/mod.rs"]
mod naive;
mod outputs;
mod remember;
mod rows;
mod stage;
mod threads;
mod time;

use std::io::Write;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use diagon::ErrorCode;
use diagon::batch::Verdict;
use diagon::search::SearchOptions;
use diagon::udf::UdfRegistry;
use serde_json::{Value as Json, json};

use guest::{Case, End, HASTY};
use stage::{Asker, Rule, all_of, clause, engine, failing, honest, registry};

/// Fewer would mean that some got lost.
const LEAST: usize = 100;

/// Registries with enough time for a busy machine, and with little for those that take all they get.
struct Arena {
    patient: (Arc<UdfRegistry>, Asker),
    hasty: (Arc<UdfRegistry>, Asker),
}

fn arena() -> Arena {
    let with = |time| {
        let registry = registry(engine(), time);
        let asker = Asker::new(Arc::clone(&registry) as _);
        (registry, asker)
    };
    Arena {
        patient: with(Duration::from_secs(60)),
        hasty: with(HASTY),
    }
}

#[test]
fn every_guest_and_who_comes_after_it() {
    let mut arena = arena();
    let mut cases = time::cases();
    cases.extend(memories::cases());
    cases.extend(addresses::cases());
    cases.extend(rows::cases());
    cases.extend(modules::cases());
    cases.extend(bombs::cases());
    cases.extend(manifests::cases());
    let mut wrong = Vec::new();
    for case in &cases {
        let (registry, asker) = match case.hasty {
            true => &mut arena.hasty,
            false => &mut arena.patient,
        };
        asker.tally.guests += 1;
        // All of them are tried: which others go wrong tells a lot.
        let tried = catch_unwind(AssertUnwindSafe(|| {
            run(case, registry, asker);
            asker.others_are_well();
        }));
        if tried.is_err() {
            wrong.push(&case.what);
        }
    }
    assert!(wrong.is_empty(), "{} guests: {wrong:#?}", wrong.len());
    let [a, b] = [arena.patient.1.tally, arena.hasty.1.tally];
    assert!(
        a.guests + b.guests >= LEAST,
        "{} guests",
        a.guests + b.guests
    );
    // Told even where the output of tests that pass is not.
    let _ = writeln!(
        std::io::stderr(),
        "hostile guests: {} ({} refused); queries: {}; with time to spare {:?} {:?}; with little time {:?} {:?}",
        a.guests + b.guests,
        a.refused + b.refused,
        a.queries + b.queries,
        a.failed,
        a.ended,
        b.failed,
        b.ended
    );
}

fn run(case: &Case, registry: &UdfRegistry, asker: &mut Asker) {
    let what = &case.what;
    let added = registry.add(&case.module, case.manifest.as_deref());
    let registered = match (added, &case.end) {
        (Err(error), End::Refused(words)) => {
            let text = error.to_string();
            assert_eq!(error.code(), ErrorCode::UdfRejected, "{what}: {text}");
            assert!(
                text.contains(words),
                "{what}: `{text}` should have `{words}`"
            );
            assert!(text.len() < 2_000, "{what}: {} bytes of reason", text.len());
            let control = |c: char| c.is_control() && c != '\n';
            assert!(!text.contains(control), "{what}: {text:?}");
            asker.tally.refused += 1;
            return;
        }
        (Err(error), _) => panic!("{what}: {error}"),
        (Ok(registered), End::Refused(words)) => {
            panic!("{what}: registered, not refused for `{words}`: {registered:?}")
        }
        (Ok(registered), _) => registered,
    };
    let name = registered[0].udf.manifest().name.clone();
    let (m, r) = case.armed;
    let parameters = json!({"armed": 1, "m": m, "r": r});
    let with =
        |rule: fn(i64) -> Verdict| move |n: i64| if n % m == r { rule(n) } else { honest(n) };
    match case.end {
        End::Refused(_) => {}
        End::Answers(rule) => {
            let response = asker.same(&all_of(&[clause(&name, &parameters, "fail")]), &with(rule));
            assert_eq!(response.profile.functions[0].failures(), 0, "{what}");
        }
        End::Fails(kind, words) => {
            let rule = with(|_| Verdict::Error);
            fails(case, &name, &parameters, asker, &rule, (kind.name(), words));
        }
        End::Stopped(code, words) => {
            for on_error in ["exclude", "include"] {
                let query = all_of(&[clause(&name, &parameters, on_error)]);
                let error = asker.ask(&query, &SearchOptions::default());
                let error = error.expect_err(what);
                assert_eq!(error.code(), code, "{what}: {error}");
                assert!(error.to_string().contains(words), "{what}: {error}");
            }
        }
    }
    // The next query on this function, which behaves now, on as many documents as it takes.
    let mut next = vec![clause(&name, &json!({}), "fail")];
    if let Some(number) = case.harmless_up_to {
        next.push(json!({"range": {"n": {"lt": number}}}));
    }
    let response = asker.same(&all_of(&next), &honest);
    assert_eq!(response.profile.functions[0].failures(), 0, "{what}");
}

/// The documents that it fails on are left out, or let in, or named; their neighbours are answered.
fn fails(
    case: &Case,
    name: &str,
    parameters: &Json,
    asker: &mut Asker,
    rule: Rule<'_>,
    (kind, words): (&str, &str),
) {
    let what = &case.what;
    let expected = failing(rule);
    assert!(expected > 0, "{what}: nothing to fail on");
    for on_error in ["exclude", "include"] {
        let clause = clause(name, parameters, on_error);
        let response = asker.same(&all_of(&[clause]), rule);
        let report = &response.profile.functions[0];
        assert_eq!(report.failures(), expected as u64, "{what}: {report:?}");
        assert_eq!(report.samples.len(), expected.min(3), "{what}");
        for (id, of_kind, message) in &report.samples {
            assert_eq!(of_kind.name(), kind, "{what}: {id}: {message}");
            assert!(
                message.contains(words),
                "{what}: `{message}` should have `{words}`"
            );
            let number = id.trim_start_matches('d').parse().expect("a number");
            assert_eq!(rule(number), Verdict::Error, "{what}: {id}");
        }
        let udf_errors =
            &serde_json::from_str::<Json>(&response.to_json()).expect("JSON")["udf_errors"];
        let errors = &udf_errors[format!("{name}@1.0.0")];
        assert_eq!(errors["kinds"][kind], expected, "{what}: {udf_errors}");
    }
    let error = asker.ask(
        &all_of(&[clause(name, parameters, "fail")]),
        &SearchOptions::default(),
    );
    let error = error.expect_err(what);
    assert_eq!(error.code(), ErrorCode::UdfFailed, "{what}: {error}");
    assert!(error.to_string().contains(words), "{what}: {error}");
}
