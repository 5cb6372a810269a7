//! Rooms point one way: a lower rank never names a higher one, in Rust and in C++.
#![allow(clippy::unwrap_used, reason = "a test stops at the first mistake")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The rank of each Rust room (ARCHITECTURE.md). Rooms of one rank may name each other only as [`SIDEWAYS`] says.
const RUST: [(&str, u32); 15] = [
    ("error", 0),
    ("strict_json", 0),
    ("threads", 0),
    ("batch", 0),
    ("schema", 1),
    ("analysis", 1),
    ("automaton", 1),
    ("query", 1),
    ("bridge", 2),
    ("index", 3),
    ("udf", 3),
    ("search", 4),
    ("shard", 5),
    ("cli", 6),
    ("main", 7),
];

/// Same rank, but allowed: (from, to).
const SIDEWAYS: [(&str, &str); 2] = [("batch", "error"), ("schema", "analysis")];

/// The ranks of the C++ rooms.
const CPP: [(&str, u32); 12] = [
    ("util", 0),
    ("kernels", 0),
    ("directory", 1),
    ("codec", 1),
    ("schema", 1),
    ("postings", 2),
    ("docvalues", 2),
    ("stored", 2),
    ("termdict", 3),
    ("index", 4),
    ("search", 5),
    ("bridge", 6),
];

/// `directory` needs the checksum; `stored` keeps its table as `docvalues` keeps numbers.
const CPP_SIDEWAYS: [(&str, &str); 2] = [("directory", "codec"), ("stored", "docvalues")];

fn files(folder: &Path, extensions: &[&str], out: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, extensions, out);
        } else if path
            .extension()
            .is_some_and(|e| extensions.iter().any(|x| e == *x))
        {
            out.push(path);
        }
    }
}

/// The first part of a path below `root`: the room.
fn room(root: &Path, file: &Path) -> String {
    let inside = file.strip_prefix(root).unwrap();
    let first = inside
        .components()
        .next()
        .unwrap()
        .as_os_str()
        .to_string_lossy()
        .into_owned();
    first.trim_end_matches(".rs").to_string()
}

/// The words that follow `prefix` anywhere in the text, up to the end of the identifier.
fn names_after<'a>(text: &'a str, prefix: &'a str) -> impl Iterator<Item = &'a str> {
    text.match_indices(prefix).map(move |(at, _)| {
        let rest = &text[at + prefix.len()..];
        let end = rest
            .find(|c: char| !c.is_alphanumeric() && c != '_')
            .unwrap_or(rest.len());
        &rest[..end]
    })
}

/// Code without line comments, so that prose and documentation links don't count.
fn code(text: &str) -> String {
    text.lines()
        .map(|line| line.split("//").next().unwrap_or_default())
        .collect::<Vec<_>>()
        .join("\n")
}

fn check(from: &str, to: &str, ranks: &BTreeMap<&str, u32>, sideways: &[(&str, &str)]) -> bool {
    let (Some(from_rank), Some(to_rank)) = (ranks.get(from), ranks.get(to)) else {
        return true;
    };
    from == to || to_rank < from_rank || sideways.contains(&(from, to))
}

#[test]
fn rust_rooms_point_down() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let ranks: BTreeMap<&str, u32> = RUST.into_iter().collect();
    let mut sources = Vec::new();
    files(&root, &["rs"], &mut sources);
    let mut seen = 0;
    for file in &sources {
        let from = room(&root, file);
        if from == "lib" {
            continue;
        }
        assert!(
            ranks.contains_key(from.as_str()),
            "{}: a room without a rank",
            file.display()
        );
        let text = code(&std::fs::read_to_string(file).unwrap());
        let mut named: Vec<String> = names_after(&text, "crate::").map(str::to_string).collect();
        // `use crate::{query, shard};`
        for group in text
            .match_indices("crate::{")
            .map(|(at, p)| &text[at + p.len()..])
        {
            let inside = group.split('}').next().unwrap_or_default();
            named.extend(
                inside
                    .split(',')
                    .map(|n| n.trim().split("::").next().unwrap_or_default().to_string()),
            );
        }
        for to in named {
            seen += 1;
            assert!(
                check(&from, &to, &ranks, &SIDEWAYS),
                "{}: `{from}` names `{to}`, which isn't below it",
                file.display()
            );
        }
    }
    assert!(seen > 50, "the imports were not found");
}

#[test]
fn cpp_rooms_point_down() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("cpp/diagon");
    let ranks: BTreeMap<&str, u32> = CPP.into_iter().collect();
    let mut sources = Vec::new();
    files(&root, &["h", "cc"], &mut sources);
    let mut seen = 0;
    for file in &sources {
        let from = room(&root, file);
        assert!(
            ranks.contains_key(from.as_str()),
            "{}: a room without a rank",
            file.display()
        );
        let text = std::fs::read_to_string(file).unwrap();
        for to in names_after(&text, "#include \"diagon/") {
            seen += 1;
            assert!(
                check(&from, to, &ranks, &CPP_SIDEWAYS),
                "{}: `{from}` includes `{to}`, which isn't below it",
                file.display()
            );
        }
        let knows_cxx = text.contains("rust/cxx.h") && text.contains("#include \"rust/cxx.h\"");
        assert!(
            !knows_cxx || from == "bridge",
            "{}: only the bridge may know cxx",
            file.display()
        );
    }
    assert!(seen > 100, "the includes were not found");
}

#[test]
fn unsafe_code_stands_in_two_places_only() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    // Loads machine code that was compiled before; ARCHITECTURE.md says why that is safe.
    let compiled = root.join("udf/compiled.rs");
    let mut sources = Vec::new();
    files(&root, &["rs"], &mut sources);
    for file in sources {
        let text = code(&std::fs::read_to_string(&file).unwrap());
        let found = text.contains("unsafe ") || text.contains("(unsafe_code");
        let forbids = text.contains("forbid(unsafe_code)") && !text.contains("unsafe ");
        assert!(
            !found || forbids || room(&root, &file) == "bridge" || file == compiled,
            "{}: unsafe",
            file.display()
        );
    }
}

/// The checks themselves must be able to fail.
#[test]
fn a_wrong_direction_is_noticed() {
    let ranks: BTreeMap<&str, u32> = RUST.into_iter().collect();
    assert!(!check("query", "search", &ranks, &SIDEWAYS));
    assert!(!check("index", "udf", &ranks, &SIDEWAYS));
    assert!(check("search", "udf", &ranks, &SIDEWAYS));
    assert_eq!(
        names_after("use crate::search::X; crate::udf", "crate::").collect::<Vec<_>>(),
        ["search", "udf"]
    );
}
