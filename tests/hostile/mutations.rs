//! A good module and a good manifest, changed at random: refused, or registered and run without harm to anybody.
//!
//! `DIAGON_MUTATIONS=100000` tries more.

use std::sync::Arc;
use std::time::Duration;

use diagon::ErrorCode;
use diagon::search::SearchOptions;
use serde_json::json;

use crate::guest::{Guest, HONEST, manifest};
use crate::stage::{Asker, all_of, clause, engine, registry};

/// xorshift64*, so that every run tries the same.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 16
    }

    fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.next()).unwrap_or(0) % bound.max(1)
    }
}

/// Changes some bytes: one bit, one byte, a number at the edge, a piece that is gone, doubled or zero.
fn mutate(bytes: &mut Vec<u8>, random: &mut Random) {
    for _ in 0..=random.below(3) {
        if bytes.is_empty() {
            return;
        }
        let at = random.below(bytes.len());
        let end = (at + 1 + random.below(8)).min(bytes.len());
        match random.below(8) {
            0 | 1 => bytes[at] ^= 1 << random.below(8),
            2 => bytes[at] = u8::try_from(random.below(256)).unwrap_or(0),
            3 => bytes[at] = [0, 1, 0x7f, 0x80, 0xff, 0x0b, 0x40, 0x10][random.below(8)],
            4 => drop(bytes.drain(at..end)),
            5 => {
                let piece = bytes[at..end].to_vec();
                let to = random.below(bytes.len());
                bytes.splice(to..to, piece);
            }
            6 => bytes[at..end].fill(0),
            _ => {
                let other = random.below(bytes.len());
                bytes.swap(at, other);
            }
        }
    }
}

fn number() -> usize {
    let number = std::env::var("DIAGON_MUTATIONS").ok();
    number.and_then(|n| n.parse().ok()).unwrap_or(3_000)
}

/// Not a fault of ours, and with words.
fn refused_properly(error: &diagon::Error) {
    assert!(!error.to_string().is_empty());
    assert!(
        !matches!(error.code(), ErrorCode::Internal | ErrorCode::Panicked),
        "{error}"
    );
}

/// More of what modules have than a guest needs, so that there is something to change.
fn good() -> Vec<u8> {
    let hostile = format!(
        "(call_indirect (type $nothing) (i32.and (local.get $i) (i32.const 1)))
         (if (i32.eq (local.get $i) (i32.const 77)) (then (call $log (i32.const 1) (i32.const 16) (i32.const 5))))
         (if (i32.eq (local.get $i) (i32.const 78)) (then (call $fail (i32.const 16) (i32.const 5))))
         (memory.fill (i32.const 32) (i32.const 7) (i32.const 16))
         (block $b (block $a (br_table $a $b (local.get $i)))) {HONEST}"
    );
    let guest = Guest {
        imports: "(import \"wasi_snapshot_preview1\" \"fd_write\" (func $write (param i32 i32 i32 i32) (result i32)))",
        memory: "2 20",
        more: "(global $g (mut i64) (i64.const 1)) (table 2 4 funcref) (elem (i32.const 0) func $leaf $grow) (func $leaf)
               (func $grow (global.set $g (i64.extend_i32_u (memory.grow (i32.const 1))))
                 (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8))))
               (data (i32.const 0) \"\\10\\00\\00\\00\\05\\00\\00\\00\") (data (i32.const 16) \"hello\") (data \"passive\")",
        hostile: &hostile,
        ..Guest::default()
    };
    guest.module()
}

#[test]
fn changed_modules() {
    let (good, number) = (good(), number());
    let manifest = manifest("changed", &json!({}));
    // Little time: some will spin, and that they are stopped is all that matters here.
    let registry = registry(engine(), Duration::from_millis(10));
    let mut asker = Asker::new(Arc::clone(&registry) as _);
    let mut random = Random(0x5eed);
    let (mut registered, mut stopped) = (0, 0);
    let few = json!({"range": {"n": {"lt": 300}}});
    for _ in 0..number {
        let mut module = good.clone();
        mutate(&mut module, &mut random);
        let added = match registry.add(&module, Some(&manifest)) {
            Ok(added) => added,
            Err(error) => {
                refused_properly(&error);
                continue;
            }
        };
        registered += 1;
        let armed = clause("changed", &json!({"armed": 1}), "exclude");
        let response = asker.ask(&all_of(&[armed, few.clone()]), &SearchOptions::default());
        if let Err(error) = response {
            assert_eq!(error.code(), ErrorCode::UdfFailed, "{error}");
            stopped += 1;
        }
        let version = &added[0].udf.manifest().version;
        registry.remove("changed", version).expect("it is there");
    }
    assert!(
        registered > number / 20 && registered < number * 19 / 20,
        "{registered} of {number} registered, {stopped} stopped"
    );
    let patient = self::registry(engine(), Duration::from_secs(60));
    Asker::new(patient as _).others_are_well();
}

#[test]
fn changed_manifests() {
    let module = Guest::default().module();
    let registry = registry(engine(), Duration::from_secs(60));
    let manifest = manifest(
        "changed",
        &json!({"pure": true, "inputs": ["doc_id"], "description": "größer", "x-y": [1.5e3, null, "\u{1f600}"]}),
    );
    let mut random = Random(0x5eed);
    let (mut registered, number) = (0, number() / 2);
    for _ in 0..number {
        let mut bytes = manifest.clone().into_bytes();
        mutate(&mut bytes, &mut random);
        match registry.check(&module, Some(&String::from_utf8_lossy(&bytes))) {
            Ok(_) => registered += 1,
            Err(error) => refused_properly(&error),
        }
        // In the module, where it need not be UTF-8.
        let mut with_section = module.clone();
        crate::bombs::custom(&mut with_section, "diagon.udf", &bytes);
        if let Err(error) = registry.check(&with_section, None) {
            refused_properly(&error);
        }
    }
    assert!(
        registered > 0 && registered < number,
        "{registered} of {number}"
    );
}
