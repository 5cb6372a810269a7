//! Guests with the boilerplate written, and what is to come of each.

use std::time::Duration;

use diagon::ErrorCode;
use diagon::batch::FailureKind;
use serde_json::{Value as Json, json};

use diagon::batch::Verdict;

/// A batch guest that says yes to numbers divisible by 3, and does something else as soon as its parameter `armed` is not 0: then
/// `hostile` is run for the documents whose number % `m` == `r`.
///
/// In `hostile` there are `$b`, the batch; `$i`, the document's place; `$n`, its number; locals `$a`, `$c` and `$l` (an i64). What it
/// leaves is the document's verdict.
pub(crate) struct Guest<'g> {
    /// Imports beside `diagon.fail` and `diagon.log`, which are `$fail` and `$log`.
    pub(crate) imports: &'g str,
    /// The limits of the memory, in pages.
    pub(crate) memory: &'g str,
    /// Other definitions.
    pub(crate) more: &'g str,
    /// The body of `diagon_reserve`, which has the locals `$n`, the number of bytes, and `$end`.
    pub(crate) reserve: &'g str,
    /// Run before the first document of each batch if it is armed.
    pub(crate) before: &'g str,
    pub(crate) hostile: &'g str,
    /// Run behind the last document of each batch if it is armed.
    pub(crate) after: &'g str,
}

/// What the guests say to a document if they have nothing against it.
pub(crate) const HONEST: &str = "(i64.eqz (i64.rem_u (local.get $n) (i64.const 3)))";

/// Everything behind the first 65,600 bytes; the memory grows as it must.
pub(crate) const RESERVE: &str = r"
    (local.set $end (i32.add (i32.const 65600) (local.get $n)))
    (if (i32.gt_u (local.get $end) (i32.shl (memory.size) (i32.const 16)))
      (then (if (i32.eq (i32.const -1) (memory.grow (i32.sub
          (i32.shr_u (i32.add (local.get $end) (i32.const 65535)) (i32.const 16)) (memory.size))))
        (then (return (i32.const 0))))))
    i32.const 65600";

impl Default for Guest<'_> {
    fn default() -> Self {
        Self {
            imports: "",
            memory: "2",
            more: "",
            reserve: RESERVE,
            before: "",
            hostile: HONEST,
            after: "",
        }
    }
}

impl Guest<'_> {
    pub(crate) fn module(&self) -> Vec<u8> {
        let text = TEMPLATE
            .replace("{imports}", self.imports)
            .replace("{memory}", self.memory)
            .replace("{more}", self.more)
            .replace("{reserve}", self.reserve)
            .replace("{before}", self.before)
            .replace("{hostile}", self.hostile)
            .replace("{honest}", HONEST)
            .replace("{after}", self.after);
        parse(&text)
    }
}

/// A module from its text.
pub(crate) fn parse(text: &str) -> Vec<u8> {
    wat::parse_str(text).unwrap_or_else(|e| panic!("{e}"))
}

const TEMPLATE: &str = r#"(module
  (type $nothing (func))
  (import "diagon" "fail" (func $fail (param i32 i32)))
  (import "diagon" "log" (func $log (param i32 i32 i32)))
  {imports}
  (memory (export "memory") {memory})
  {more}
  (func (export "diagon_abi_v1"))
  (func (export "diagon_reserve") (param $n i32) (result i32) (local $end i32)
    {reserve})
  (func $int (param $b i32) (param $p i32) (result i64)
    (i64.load offset=8 (i32.add (i32.load offset=16 (local.get $b)) (i32.shl (local.get $p) (i32.const 4)))))
  (func $hostile (param $b i32) (param $i i32) (param $n i64) (result i32) (local $a i32) (local $c i32) (local $l i64)
    {hostile})
  (func $honest (param $n i64) (result i32)
    {honest})
  (func (export "filter") (param $b i32) (result i32) (local $i i32) (local $n i64) (local $armed i32)
    (local.set $armed (i64.ne (call $int (local.get $b) (i32.const 0)) (i64.const 0)))
    (if (local.get $armed) (then {before}))
    (block $done (loop $next
      (br_if $done (i32.ge_u (local.get $i) (i32.load offset=4 (local.get $b))))
      (local.set $n (i64.load (i32.add (i32.load offset=12 (i32.load offset=8 (local.get $b))) (i32.shl (local.get $i) (i32.const 3)))))
      (i32.store8 (i32.add (i32.load offset=36 (local.get $b)) (local.get $i))
        (if (result i32) (i32.and (local.get $armed) (i64.eq (call $int (local.get $b) (i32.const 2))
            (i64.rem_u (local.get $n) (call $int (local.get $b) (i32.const 1)))))
          (then (call $hostile (local.get $b) (local.get $i) (local.get $n)))
          (else (call $honest (local.get $n)))))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br $next)))
    (if (local.get $armed) (then {after}))
    i32.const 0))"#;

/// The manifest of a batch guest, with more keys, or others.
pub(crate) fn manifest(name: &str, more: &Json) -> String {
    let params = json!([{"name": "armed", "type": "i64", "default": 0}, {"name": "m", "type": "i64", "default": 1},
        {"name": "r", "type": "i64", "default": 0}]);
    let fields = json!([{"name": "n", "type": "i64", "default": 0}]);
    let mut manifest = json!({"abi": 1, "name": name, "version": "1.0.0", "kind": "filter", "export": "filter",
        "fields": fields, "params": params});
    for (key, value) in more.as_object().into_iter().flatten() {
        manifest[key] = value.clone();
    }
    manifest.to_string()
}

/// What is to come of a guest.
pub(crate) enum End {
    /// It is not registered; the words are in the reason.
    Refused(&'static str),
    /// It fails on the documents that it was armed for, and on no other.
    Fails(FailureKind, &'static str),
    /// The query fails.
    Stopped(ErrorCode, &'static str),
    /// It answers for the documents that it was armed for: honestly, or in its own way.
    Answers(fn(i64) -> Verdict),
}

/// One guest and what is to come of it.
pub(crate) struct Case {
    /// What it does; the function's name is made of it.
    pub(crate) what: String,
    pub(crate) module: Vec<u8>,
    /// `None` if it is in the module.
    pub(crate) manifest: Option<String>,
    pub(crate) end: End,
    /// Which documents it is armed for: number % `m` == `r`.
    pub(crate) armed: (i64, i64),
    /// It runs until it is stopped, so it had better be soon.
    pub(crate) hasty: bool,
    /// It does harm whether it is armed or not, as soon as a batch is larger than this.
    pub(crate) harmless_up_to: Option<i64>,
}

/// The time for a batch of the guests that run until they are stopped.
pub(crate) const HASTY: Duration = Duration::from_millis(250);

impl Case {
    /// A guest with a manifest of its own.
    pub(crate) fn new(what: &str, module: Vec<u8>, end: End) -> Self {
        let manifest = Some(manifest(&name(what), &json!({})));
        Self {
            what: what.to_string(),
            module,
            manifest,
            end,
            armed: (5, 2),
            hasty: false,
            harmless_up_to: None,
        }
    }

    /// One that fails on some documents in a certain way.
    pub(crate) fn fails(
        what: &str,
        guest: &Guest<'_>,
        kind: FailureKind,
        words: &'static str,
    ) -> Self {
        Self::new(what, guest.module(), End::Fails(kind, words))
    }

    /// One that goes on until it is stopped.
    pub(crate) fn spins(what: &str, guest: &Guest<'_>) -> Self {
        let stopped = End::Stopped(ErrorCode::UdfFailed, "exceeded its time limit");
        Self {
            hasty: true,
            ..Self::new(what, guest.module(), stopped)
        }
    }

    /// One that can do nothing with what it tries.
    pub(crate) fn harmless(what: &str, guest: &Guest<'_>) -> Self {
        Self::new(what, guest.module(), End::Answers(crate::stage::honest))
    }

    /// One that is not registered.
    pub(crate) fn refused(what: &str, module: Vec<u8>, words: &'static str) -> Self {
        Self::new(what, module, End::Refused(words))
    }
}

/// A function's name from what it does.
pub(crate) fn name(what: &str) -> String {
    let letters = what.chars().map(|c| match c {
        'a'..='z' | '0'..='9' => c,
        'A'..='Z' => c.to_ascii_lowercase(),
        _ => '-',
    });
    letters.take(120).collect()
}
