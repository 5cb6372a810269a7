//! The registry: versions, and what survives in its folder.

use serde_json::json;

use super::support::*;
use crate::udf::{UdfLimits, UdfRegistry, Version};

fn version(text: &str) -> Version {
    Version::parse(text).unwrap()
}

fn add(registry: &UdfRegistry, module: &[u8], version: &str) {
    registry
        .add(module, Some(&manifest(&json!({"version": version}))))
        .unwrap();
}

#[test]
fn resolves_versions() {
    let registry = registry();
    let module = guest("i32.const 1");
    for version in ["1.0.0", "1.10.0", "1.9.3", "2.0.0", "3.0.0-rc.1"] {
        add(&registry, &module, version);
    }
    let resolve = |version: Option<&str>| {
        registry
            .resolve("f", version)
            .map(|udf| udf.manifest().version.to_string())
            .map_err(|e| e.to_string())
    };
    assert_eq!(resolve(None).unwrap(), "2.0.0");
    assert_eq!(resolve(Some("latest")).unwrap(), "2.0.0");
    assert_eq!(resolve(Some("^1.2")).unwrap(), "1.10.0");
    assert_eq!(resolve(Some(">=1, <1.10")).unwrap(), "1.9.3");
    assert_eq!(resolve(Some("1.9.3")).unwrap(), "1.9.3");
    assert_eq!(resolve(Some("3.0.0-rc.1")).unwrap(), "3.0.0-rc.1");
    assert!(
        resolve(Some("^4"))
            .unwrap_err()
            .contains("there are the versions 1.0.0, 1.9.3, 1.10.0, 2.0.0, 3.0.0-rc.1")
    );
    assert!(
        resolve(Some("1.0.1"))
            .unwrap_err()
            .contains("no function `f 1.0.1`")
    );
    assert!(
        resolve(Some("newest"))
            .unwrap_err()
            .contains("neither a version nor a range")
    );
    assert!(message(registry.resolve("g", None)).contains("no function `g`: there are "));
    let held = registry.resolve("f", None).unwrap();
    registry.remove("f", &version("2.0.0")).unwrap();
    assert_eq!(resolve(None).unwrap(), "1.10.0");
    assert!(
        held.prepare(&serde_json::Map::new()).is_ok(),
        "who has it keeps it"
    );
    assert!(registry.remove("f", &version("2.0.0")).is_err());
}

#[test]
fn versions_are_immutable() {
    let registry = registry();
    let (module, other) = (guest("i32.const 1"), guest("i32.const 0"));
    let spec = manifest(&json!({}));
    assert!(!registry.add(&module, Some(&spec)).unwrap()[0].existed);
    assert!(
        registry.add(&module, Some(&spec)).unwrap()[0].existed,
        "the same again"
    );
    let error = registry.add(&other, Some(&spec)).unwrap_err();
    assert!(matches!(error, crate::Error::UdfExists { .. }), "{error}");
    let error = registry
        .add(&module, Some(&manifest(&json!({"description": "new"}))))
        .unwrap_err();
    assert!(matches!(error, crate::Error::UdfExists { .. }), "{error}");
    // All or nothing.
    let two = format!("{spec}{}", manifest(&json!({"name": "g"})));
    assert!(registry.add(&other, Some(&two)).is_err());
    assert_eq!(registry.list().len(), 1);
    assert_eq!(
        registry.check(&other, Some(&two)).unwrap().len(),
        2,
        "a check registers nothing"
    );
    assert_eq!(registry.list().len(), 1);
}

#[test]
fn survives_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let open = || UdfRegistry::open_with(folder.path(), engine(), UdfLimits::default()).unwrap();
    let (module, other) = (guest("i32.const 1"), guest("i32.const 0"));
    {
        let registry = open();
        add(&registry, &module, "1.0.0");
        add(&registry, &module, "1.1.0");
        add(&registry, &other, "2.0.0+build.5");
    }
    let registry = open();
    assert_eq!(registry.list().len(), 3);
    assert!(registry.damaged().is_empty());
    let udf = registry.resolve("f", Some("1.1.0")).unwrap();
    let mut bound = udf.prepare(&serde_json::Map::new()).unwrap().bind();
    crate::batch::BatchUdf::enter_segment(&mut bound, Box::new(Docs::new([]))).unwrap();
    assert_eq!(numbers(&ask(&mut bound, 2).unwrap()), [1, 1]);
    let modules = || {
        let files = std::fs::read_dir(folder.path().join("modules")).unwrap();
        let names = files.map(|entry| entry.unwrap().file_name());
        names
            .filter(|name| name.to_string_lossy().ends_with(".wasm"))
            .count()
    };
    assert_eq!(modules(), 2, "one file a module");
    registry.remove("f", &version("1.0.0")).unwrap();
    assert_eq!(modules(), 2, "another version uses it");
    registry.remove("f", &version("1.1.0")).unwrap();
    assert_eq!(modules(), 1);
    assert_eq!(open().list().len(), 1);
}

#[test]
fn damaged_files_are_told_and_left_out() {
    let folder = tempfile::tempdir().unwrap();
    let open = || UdfRegistry::open_with(folder.path(), engine(), UdfLimits::default()).unwrap();
    let (module, other) = (guest("i32.const 1"), guest("i32.const 0"));
    let hash = {
        let registry = open();
        add(&registry, &module, "1.0.0");
        add(&registry, &other, "2.0.0");
        registry.resolve("f", None).unwrap().hash().to_string()
    };
    let path = folder.path().join("modules").join(format!("{hash}.wasm"));
    let mut bytes = std::fs::read(&path).unwrap();
    let last = bytes.len() - 1;
    bytes[last] ^= 1;
    std::fs::write(&path, &bytes).unwrap();
    let registry = open();
    assert_eq!(registry.list().len(), 1);
    assert!(
        registry.damaged()[0]
            .message
            .contains("is damaged: its hash"),
        "{:?}",
        registry.damaged()
    );
    assert!(message(registry.resolve("f", Some("2.0.0"))).contains("version 2.0.0 is damaged"));
    assert_eq!(
        registry.resolve("f", None).unwrap().manifest().version,
        version("1.0.0")
    );
    add(&registry, &other, "2.0.0");
    assert!(
        registry.damaged().is_empty(),
        "registering it again heals it"
    );
    assert_eq!(open().list().len(), 2);
    // A record with any byte changed, or cut, is damaged or the same.
    let record = folder.path().join("functions/f/1.0.0.json");
    let text = std::fs::read(&record).unwrap();
    for at in (0..text.len()).step_by(7) {
        let mut changed = text.clone();
        changed[at] ^= 0x11;
        std::fs::write(&record, &changed).unwrap();
        let registry = open();
        assert_eq!(
            registry.list().len() + registry.damaged().len(),
            2,
            "byte {at}"
        );
        std::fs::write(&record, &text[..at]).unwrap();
        assert_eq!(open().damaged().len(), 1, "cut at {at}");
    }
    open().remove("f", &version("1.0.0")).unwrap();
    assert!(
        open().damaged().is_empty(),
        "what is damaged can be removed"
    );
}

#[test]
fn may_be_shared() {
    fn shared<T: Send + Sync>() {}
    fn sent<T: Send>() {}
    shared::<UdfRegistry>();
    shared::<crate::udf::RegisteredUdf>();
    shared::<crate::udf::PreparedUdf>();
    sent::<crate::udf::BoundUdf>();
}
