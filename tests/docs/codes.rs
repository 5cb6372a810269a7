//! The page for trouble knows every error code and all advice.

use std::path::Path;

fn read(path: &str) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap()
}

#[test]
fn each_code_has_a_fix() {
    let (page, source) = (read("docs/udf-troubleshooting.md"), read("src/error.rs"));
    let mut codes = 0;
    for line in source.lines() {
        let Some((name, number)) = line.trim().trim_end_matches(',').split_once(" = ") else {
            continue;
        };
        let plain = |text: &str| text.chars().all(char::is_alphanumeric);
        if plain(name) && number.parse::<u16>().is_ok() {
            codes += 1;
            assert!(page.contains(&format!("| {number} | `{name}` |")), "{name}");
        }
    }
    assert!(codes > 20, "{codes}");
}

#[test]
fn all_advice_is_told() {
    let (page, source) = (
        read("docs/udf-troubleshooting.md"),
        read("src/udf/advice.rs"),
    );
    let page = page.replace('`', "");
    let mut told = 0;
    for line in source.lines().map(str::trim) {
        let Some(fix) = line.strip_prefix('"').and_then(|l| l.strip_suffix("\",")) else {
            continue;
        };
        let fix = fix.replace("\\\"", "\"").replace('`', "");
        // Of several messages with one fix each part stands in the list above it.
        if fix.len() > 50 {
            told += 1;
            assert!(page.contains(&fix), "{fix}");
        }
    }
    assert!(told > 15, "{told}");
}
