//! The same functions as an author writes them, with each language's SDK, beside the guests that are written by hand.
//!
//! The modules are built from `benches/udf/guests/<language>` by `benches/udf/guests/build.sh`.

use diagon::udf::UdfRegistry;
use serde_json::{Value, json};

/// What is compared in each language.
const LANGUAGES: [&str; 4] = ["rust", "c", "assemblyscript", "go"];

/// The modules that are there; says of the others that they are left out.
pub(crate) fn modules() -> Vec<(&'static str, Vec<u8>)> {
    let mut found = Vec::new();
    for language in LANGUAGES {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/target/guests/bench");
        match std::fs::read(format!("{folder}/{language}.wasm")) {
            Ok(module) => found.push((language, module)),
            Err(_) => println!("left out: {language} (benches/udf/guests/build.sh {language})"),
        }
    }
    found
}

/// Registers a module's function `export` under a name of its own; returns the name.
pub(crate) fn add(
    registry: &UdfRegistry,
    (language, module): &(&str, Vec<u8>),
    export: &str,
    manifest: &Value,
) -> String {
    let mut manifest = manifest.clone();
    let name = format!("{export}_{language}");
    manifest["name"] = json!(name);
    manifest["export"] = json!(export);
    registry.add(module, Some(&manifest.to_string())).unwrap();
    name
}
