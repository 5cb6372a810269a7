//! Manifests that are none, that contradict themselves or their module, and functions that are not as they say.

use diagon::batch::Verdict;
use serde_json::{Value as Json, json};

use crate::bombs::custom;
use crate::guest::{Case, End, Guest, manifest, name, parse};
use crate::stage::honest;

pub(crate) fn cases() -> Vec<Case> {
    let mut cases = texts();
    cases.extend(keys());
    cases.extend(sections());
    cases.extend(liars());
    cases
}

/// A good module with this text for a manifest.
fn text(what: &str, text: String, words: &'static str) -> Case {
    let mut case = Case::refused(what, Guest::default().module(), words);
    case.manifest = Some(text);
    case
}

/// What is not the JSON that it should be.
fn texts() -> Vec<Case> {
    let good = manifest("f", &json!({}));
    let deep = format!(
        "{{\"x-deep\": {}{}}}",
        "[".repeat(30_000),
        "]".repeat(30_000)
    );
    let twice = good.replacen('{', "{\"abi\":1,", 1);
    vec![
        text(
            "has an empty manifest",
            String::new(),
            "the manifest is empty",
        ),
        text(
            "has a manifest of zeros",
            "\0\0\0".to_string(),
            "the manifest is empty",
        ),
        text(
            "has a manifest that is cut",
            good[..good.len() - 1].to_string(),
            "EOF",
        ),
        text(
            "has a list for a manifest",
            "[1]".to_string(),
            "expected a JSON object",
        ),
        text(
            "has a manifest of 65 KiB",
            good.clone() + &" ".repeat(65 << 10),
            "the limit is 65536",
        ),
        text("has a manifest 30000 levels deep", deep, "recursion limit"),
        text("has a key twice", twice, "key `abi` twice"),
        text(
            "has a number that is none",
            good.replace("\"abi\":1", "\"abi\":1e999"),
            "number out of range",
        ),
        text(
            "has half a surrogate in its name",
            good.replace("\"f\"", "\"\\ud800\""),
            "",
        ),
        text(
            "is registered twice in one manifest",
            format!("{good}{good}"),
            "the module has it twice",
        ),
        text(
            "has rubbish behind its manifest",
            format!("{good} ;"),
            "expected value",
        ),
    ]
}

/// Values that are out of range or contradict each other.
fn keys() -> Vec<Case> {
    let with = |what: &str, more: Json, words| text(what, manifest("f", &more), words);
    let field = |more: Json| {
        let mut field = json!({"name": "n", "type": "i64"});
        for (key, value) in more.as_object().into_iter().flatten() {
            field[key] = value.clone();
        }
        json!({ "fields": [field] })
    };
    let named = |name: &str| json!({ "name": name });
    let pattern = "`name` must match [a-z0-9][a-z0-9_.-]{0,127}";
    vec![
        with("has no name", named(""), pattern),
        with("has a name with a path", named("../../etc/passwd"), pattern),
        with("has a hidden name", named(".f"), pattern),
        with("has a name in capitals", named("F"), pattern),
        with("has a name with a zero", named("f\0"), pattern),
        with("has a name in other letters", named("größe"), pattern),
        with(
            "has a name of 129 letters",
            named(&"f".repeat(129)),
            pattern,
        ),
        with("has a name of 60 KB", named(&"f".repeat(60_000)), pattern),
        with(
            "has a version with a path",
            json!({"version": "1.0.0-../x"}),
            "is not a semantic version",
        ),
        with(
            "has a version of 100 digits",
            json!({"version": format!("1.0.{}", "9".repeat(100))}),
            "is not a semantic version",
        ),
        with(
            "is of ABI 2",
            json!({"abi": 2}),
            "`abi`: expected 1 or \"row\", got 2",
        ),
        with(
            "is of an ABI that is text",
            json!({"abi": "1"}),
            "`abi`: expected 1",
        ),
        with("is of no kind", json!({"kind": "sort"}), "unknown variant"),
        with(
            "has a key that there is not",
            json!({"privileged": true}),
            "privileged",
        ),
        with(
            "returns something as a filter",
            json!({"returns": "f64"}),
            "`returns` is for value functions",
        ),
        with(
            "is a value function without a type",
            json!({"kind": "value"}),
            "needs `returns`",
        ),
        with(
            "exports what is not there",
            json!({"export": "nope"}),
            "does not export a function `nope`",
        ),
        with(
            "exports reserve as its function",
            json!({"export": "diagon_reserve"}),
            "is not a function of the author's",
        ),
        with(
            "exports its memory as its function",
            json!({"export": "memory"}),
            "",
        ),
        with(
            "is a row function and exports the batch function",
            json!({"abi": "row"}),
            "expected (i64) -> i32",
        ),
        with(
            "is a batch function of a row convention",
            json!({"row": "old"}),
            "are for `\"abi\": \"row\"`",
        ),
        with(
            "has a field twice",
            json!({"fields": [{"name": "n", "type": "i64"}, {"name": "n", "type": "f64"}]}),
            "the name is empty or taken",
        ),
        with(
            "has a field of no type",
            field(json!({"type": "pointer"})),
            "unknown variant",
        ),
        with(
            "has a default of another type",
            field(json!({"default": "zero"})),
            "default",
        ),
        with(
            "has a default that does not fit",
            field(json!({"default": 1e19})),
            "default",
        ),
        with(
            "has a list with a default",
            field(json!({"list": true, "default": 1})),
            "a list has none",
        ),
        with(
            "has a field of a parameter that there is not",
            field(json!({"from_param": "nope"})),
            "no parameter `nope`",
        ),
        with(
            "has half a geo point of an integer",
            field(json!({"part": "lat"})),
            "`part` is `lat` or `lon`",
        ),
        with(
            "has a parameter twice",
            json!({"params": [{"name": "a", "type": "i64"}, {"name": "a", "type": "str"}]}),
            "the name is empty or taken",
        ),
        with(
            "has a parameter that is required and has a default",
            json!({"params": [{"name": "a", "type": "i64", "required": true, "default": 1}]}),
            "exclude each other",
        ),
        with(
            "has a parameter that does not fit",
            json!({"params": [{"name": "a", "type": "i32", "default": 3_000_000_000_i64}]}),
            "default",
        ),
        with(
            "wants an input twice",
            json!({"inputs": ["score", "score"]}),
            "has one twice",
        ),
        with(
            "wants an input that there is not",
            json!({"inputs": ["password"]}),
            "unknown variant",
        ),
    ]
}

/// Manifests inside of the module.
fn sections() -> Vec<Case> {
    let inside = |what: &str, sections: &[Vec<u8>], words| {
        let mut module = Guest::default().module();
        for section in sections {
            custom(&mut module, "diagon.udf", section);
        }
        let mut case = Case::refused(what, module, words);
        case.manifest = None;
        case
    };
    let good = |name: &str| manifest(name, &json!({})).into_bytes();
    let mut split = inside("has its manifest in two halves", &[], "");
    let one = good(&name(&split.what));
    for half in [&one[..20], &one[20..]] {
        custom(&mut split.module, "diagon.udf", half);
    }
    split.end = End::Answers(honest);
    vec![
        split,
        inside("has no manifest at all", &[], "the module has no manifest"),
        inside(
            "has a manifest that is not UTF-8",
            &[b"{\"abi\": 1, \"name\": \"\xff\xfe\"}".to_vec()],
            "not UTF-8",
        ),
        inside(
            "has two manifests of one name",
            &[good("two"), good("two")],
            "the module has it twice",
        ),
        inside(
            "has manifests of 65 KiB in pieces",
            &[vec![b' '; 33 << 10], vec![b' '; 33 << 10]],
            "the limit is 65536",
        ),
        inside(
            "has a good manifest and a bad one",
            &[good("one"), b"{".to_vec()],
            "EOF",
        ),
        inside(
            "has a good manifest and one of an export that is not there",
            &[
                good("one"),
                manifest("other", &json!({"export": "nope"})).into_bytes(),
            ],
            "does not export a function `nope`",
        ),
    ]
}

/// Functions that are not what their manifest says.
fn liars() -> Vec<Case> {
    let pure = |what: &str, guest: &Guest<'_>, end: End| {
        let mut case = Case::new(what, guest.module(), end);
        case.manifest = Some(manifest(&name(what), &json!({"pure": true})));
        case
    };
    let count = "(global $calls (mut i32) (i32.const 0))";
    let odd = "(func (export \"diagon_abi_v1\")) (memory (export \"memory\") 2)
        (func (export \"diagon_reserve\") (param i32) (result i32) i32.const 1024)";
    let splits = parse(&format!(
        "(module {odd} (func (export \"filter\") (param $b i32) (result i32)
           (i32.store8 (i32.load offset=36 (local.get $b)) (i32.gt_u (i32.load offset=4 (local.get $b)) (i32.const 2))) i32.const 0))"
    ));
    let counts = parse(&format!(
        "(module {odd} {count} (func (export \"filter\") (param $b i32) (result i32)
           (global.set $calls (i32.add (global.get $calls) (i32.const 1)))
           (i32.store8 (i32.load offset=36 (local.get $b)) (i32.and (global.get $calls) (i32.const 1))) i32.const 0))"
    ));
    let with = |what: &str, module: Vec<u8>, words| {
        let mut case = Case::refused(what, module, words);
        case.manifest = Some(manifest(&name(what), &json!({"pure": true})));
        case
    };
    // It counts once it is armed, where nobody tries it out: its answers are its own, and no one else's.
    let yes: fn(i64) -> Verdict = |_| Verdict::Yes;
    let later = Guest {
        more: count,
        hostile: "(global.set $calls (i32.add (global.get $calls) (i32.const 1))) (i32.ne (global.get $calls) (i32.const 0))",
        ..Guest::default()
    };
    vec![
        with(
            "says pure and looks at the size of the batch",
            splits,
            "says `pure`",
        ),
        with("says pure and counts its calls", counts, "says `pure`"),
        pure(
            "says pure and counts when it is not watched",
            &later,
            End::Answers(yes),
        ),
    ]
}
