//! Puts a manifest into a module, for compilers that can't write custom sections.

use wasm_encoder::{CustomSection, Module, RawSection};
use wasmparser::{Parser, Payload};

use super::limits::{UdfLimits, clip};
use super::manifest::Manifest;
use super::validate;

/// The custom section of a module that holds its manifest.
pub const MANIFEST_SECTION: &str = "diagon.udf";

/// The module with `manifest` as its only custom section `diagon.udf`, at its end; everything else is as it was.
///
/// # Errors
/// `UdfRejected` for a manifest that is none, or bytes that are no valid module. Whether the module has what the manifest promises is
/// not looked at; see [`UdfRegistry::check`](super::UdfRegistry::check).
pub fn pack(module: &[u8], manifest: &str) -> crate::Result<Vec<u8>> {
    Manifest::parse_all(manifest.as_bytes())?;
    validate::module(module, &UdfLimits::default())?;
    let mut packed = Module::new();
    for payload in Parser::new(0).parse_all(module) {
        let payload = payload.map_err(|error| crate::Error::UdfRejected {
            message: clip(error.to_string()),
        })?;
        let old = matches!(&payload, Payload::CustomSection(s) if s.name() == MANIFEST_SECTION);
        if let (Some((id, range)), false) = (payload.as_section(), old) {
            let data = &module[range];
            packed.section(&RawSection { id, data });
        }
    }
    packed.section(&CustomSection {
        name: MANIFEST_SECTION.into(),
        data: manifest.trim().as_bytes().into(),
    });
    Ok(packed.finish())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::udf::UdfRegistry;

    const ANY: &str = r#"(module (memory (export "memory") 1) (func (export "diagon_abi_v1"))
        (func (export "diagon_reserve") (param i32) (result i32) i32.const 64)
        (func (export "filter") (param i32) (result i32) i32.const 0) (data (i32.const 8) "\00\ff")
        (@custom "other" (before func) "kept"))"#;

    fn manifest(name: &str) -> String {
        format!(
            "\n{{\"abi\": 1, \"name\": \"{name}\", \"version\": \"1.0.0\", \"kind\": \"filter\"}}\n"
        )
    }

    fn sections(module: &[u8]) -> Vec<(u8, Vec<u8>)> {
        let payloads = Parser::new(0).parse_all(module).map(Result::unwrap);
        let sections = payloads.filter_map(|payload| payload.as_section());
        sections
            .map(|(id, range)| (id, module[range].to_vec()))
            .collect()
    }

    #[test]
    fn the_last_manifest_is_the_only_one() {
        let module = wat::parse_str(ANY).unwrap();
        let registry = UdfRegistry::in_memory().unwrap();
        assert!(registry.check(&module, None).is_err());
        let once = pack(&module, &manifest("first")).unwrap();
        let twice = pack(&once, &manifest("second")).unwrap();
        for (packed, name) in [(&once, "first@1.0.0"), (&twice, "second@1.0.0")] {
            let found = registry.check(packed, None).unwrap();
            let names: Vec<String> = found.iter().map(|r| r.udf.manifest().label()).collect();
            assert_eq!(names, [name]);
            let (before, mut after) = (sections(&module), sections(packed));
            assert_eq!(after.pop().unwrap().0, 0);
            assert_eq!(before, after);
        }
        assert_eq!(pack(&twice, &manifest("first")).unwrap(), once);
    }

    #[test]
    fn what_is_no_manifest_or_no_module_is_refused() {
        let module = wat::parse_str(ANY).unwrap();
        for (module, manifest, needle) in [
            (&module[..], "{}".to_string(), "missing field"),
            (&module[..], String::new(), "empty"),
            (&module[..9], manifest("x"), "offset"),
            (&b"(module)"[..], manifest("x"), "text"),
            (&[], manifest("x"), "empty"),
        ] {
            let error = pack(module, &manifest).unwrap_err().to_string();
            assert!(error.contains(needle), "{error}");
        }
    }
}
