//! Arbitrary bytes as a module, and as the manifest of one: registered or refused with a reason, never a crash, never a hang.
#![no_main]

use std::sync::OnceLock;

use diagon::ErrorCode;
use diagon::udf::UdfRegistry;
use libfuzzer_sys::fuzz_target;

/// Parts a module from its manifest.
const BETWEEN: &[u8] = b"\n--manifest--\n";

fn registry() -> &'static UdfRegistry {
    static REGISTRY: OnceLock<UdfRegistry> = OnceLock::new();
    REGISTRY.get_or_init(|| UdfRegistry::in_memory().expect("an engine"))
}

fuzz_target!(|bytes: &[u8]| {
    let at = bytes
        .windows(BETWEEN.len())
        .position(|part| part == BETWEEN);
    let (module, manifest) = match at {
        Some(at) => (
            &bytes[..at],
            std::str::from_utf8(&bytes[at + BETWEEN.len()..]).ok(),
        ),
        None => (bytes, None),
    };
    if let Err(error) = registry().check(module, manifest) {
        assert!(!error.to_string().is_empty());
        assert!(
            !matches!(error.code(), ErrorCode::Internal | ErrorCode::Panicked),
            "{error}"
        );
    }
});
