//! Requests that are refused, and what their authors are told: `golden/query/*.json` → `*.err`. A request without an `.err`
//! file is one that is read, and its `.out` file is how it is printed.
//!
//! `DIAGON_BLESS=1` writes the expected files anew; look at the difference before committing it.

use std::fs;
use std::path::Path;

use proptest::prelude::*;

#[test]
fn golden() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/query");
    let bless = std::env::var_os("DIAGON_BLESS").is_some();
    let mut seen = 0;
    let mut wrong = Vec::new();
    for file in fs::read_dir(&folder).unwrap() {
        let request = file.unwrap().path();
        if request
            .extension()
            .is_none_or(|extension| extension != "json")
        {
            continue;
        }
        seen += 1;
        let text = fs::read(&request).unwrap();
        let (extension, other, found) = match diagon::query::parse_bytes(&text) {
            Ok(request) => ("out", "err", request.to_json()),
            Err(error) => ("err", "out", error.to_string()),
        };
        let expected = request.with_extension(extension);
        if bless {
            fs::write(&expected, format!("{found}\n")).unwrap();
            let _ = fs::remove_file(request.with_extension(other));
        } else {
            let wanted = fs::read_to_string(&expected).unwrap_or_default();
            if wanted.trim_end() != found {
                wrong.push(format!(
                    "{}: {found}\n  expected: {wanted}",
                    request.display()
                ));
            }
        }
    }
    assert!(seen > 40, "the golden files are missing");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

const PIECES: &[&str] = &[
    "{",
    "}",
    "[",
    "]",
    ":",
    ",",
    "\"query\"",
    "\"bool\"",
    "\"must\"",
    "\"term\"",
    "\"f\"",
    "\"match\"",
    "1",
    "-0",
    "1e999",
    "null",
    "true",
    "\"\\ud800\"",
    "\"é\"",
    "\"boost\"",
    "\"range\"",
    "\"gte\"",
    "\"wasm_udf\"",
    "\"terms\"",
    "\"parameters\"",
    " ",
    "\\",
    "\"",
    "\"size\"",
    "\"_source\"",
    "\"timeout\"",
    "\"5s\"",
];

proptest! {
    #[test]
    fn no_bytes_panic(bytes in any::<Vec<u8>>()) {
        let _ = diagon::query::parse_bytes(&bytes);
    }

    #[test]
    fn no_pieces_panic(pieces in proptest::collection::vec(proptest::sample::select(PIECES), 0..24)) {
        let _ = diagon::query::parse(&pieces.concat());
    }

    #[test]
    fn no_cut_or_flip_panics(at in 0..400_usize, byte in any::<u8>()) {
        let mut bytes = include_bytes!("golden/query/ok_design.json").to_vec();
        let at = at % bytes.len();
        let _ = diagon::query::parse_bytes(&bytes[..at]);
        bytes[at] = byte;
        let _ = diagon::query::parse_bytes(&bytes);
    }
}
