//! By how much guests that don't end overrun their query's deadline.
//!
//! *Measured*: from the deadline to the return of `Searcher::search`, for each kind of work that a guest can be in when it passes; 16 MiB
//! of guest memory. By turns with them a native loop that is stopped in the same way: the machine's own share. *Left out*: larger
//! memories, for which single instructions take longer.
//!
//! `cargo bench --bench deadlines -- [QUERIES]` (200 of each kind).
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a benchmark stops at the first mistake, and prints"
)]

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use diagon::index::{IndexWriter, WriterOptions};
use diagon::query::{self, SearchRequest};
use diagon::search::{SearchOptions, Searcher};
use diagon::udf::{UdfEngine, UdfLimits, UdfRegistry};
use serde_json::{Value as Json, json};

/// The deadline of each query.
const DEADLINE: Duration = Duration::from_millis(15);

/// A kind of work: its name, imports, the memory's pages, other definitions, and the body of a loop without an end.
type Kind = (&'static str, &'static str, u32, String, String);

fn kinds() -> Vec<Kind> {
    let wasi = |name: &str, params: &str| {
        format!(
            "(import \"wasi_snapshot_preview1\" \"{name}\" (func $wasi (param {params}) (result i32)))"
        )
    };
    let random: &'static str = wasi("random_get", "i32 i32").leak();
    let write: &'static str = wasi("fd_write", "i32 i32 i32 i32").leak();
    let poll: &'static str = wasi("poll_oneoff", "i32 i32 i32 i32").leak();
    let targets: String = (0..4_000).map(|n| format!("{} ", n % 400)).collect();
    let jumps = format!(
        "(local.set $a (i32.add (local.get $a) (i32.const 7))) {} (br_table {targets} (i32.rem_u (local.get $a) (i32.const 4000))) {}",
        "block ".repeat(400),
        "end ".repeat(400)
    );
    let function = "(table 1 funcref) (elem (i32.const 0) func $leaf) (func $leaf)";
    let tree = "(func $tree (param $depth i32) (if (local.get $depth) (then
        (call $tree (i32.sub (local.get $depth) (i32.const 1))) (call $tree (i32.sub (local.get $depth) (i32.const 1))))))";
    let deep = "(func $deep (param $depth i32) (if (local.get $depth)
        (then (call $deep (i32.sub (local.get $depth) (i32.const 1)))) (else (loop $for_ever (br $for_ever)))))";
    let parts = "(local.set $a (i32.const 0)) (loop $part
          (i64.store (i32.add (i32.const 0x100000) (i32.shl (local.get $a) (i32.const 3))) (i64.const 0x80000000200000))
          (local.set $a (i32.add (local.get $a) (i32.const 1)))
          (br_if $part (i32.lt_u (local.get $a) (i32.const 1024))))
        (drop (call $wasi (i32.const 2) (i32.const 0x100000) (i32.const 1024) (i32.const 8)))";
    let kind = |name, imports, pages, more: &str, body: &str| {
        (name, imports, pages, more.to_string(), body.to_string())
    };
    vec![
        kind("a tight loop", "", 2, "", ""),
        kind(
            "calls through a table",
            "",
            2,
            function,
            "(call_indirect (type $nothing) (i32.const 0))",
        ),
        kind(
            "a tree of calls",
            "",
            2,
            tree,
            "(call $tree (i32.const 60))",
        ),
        kind(
            "a loop under 4,000 calls",
            "",
            2,
            deep,
            "(call $deep (i32.const 4000))",
        ),
        kind("a jump table of 4,000", "", 2, "", &jumps),
        kind(
            "calls of the log",
            "",
            2,
            "",
            "(call $log (i32.const 1) (i32.const 0) (i32.const 65000))",
        ),
        kind(
            "memory.fill of 16 MiB",
            "",
            256,
            "",
            "(memory.fill (i32.const 0) (i32.const 7) (i32.const 16777216))",
        ),
        kind(
            "memory.copy of 8 MiB",
            "",
            256,
            "",
            "(memory.copy (i32.const 8388608) (i32.const 0) (i32.const 8388608))",
        ),
        kind(
            "memory.grow by a page",
            "",
            2,
            "",
            "(drop (memory.grow (i32.const 1)))",
        ),
        kind(
            "table.fill of 65,536",
            "",
            2,
            "(table $t 65536 funcref)",
            "(table.fill $t (i32.const 0) (ref.null func) (i32.const 65536))",
        ),
        kind(
            "random_get of 16 MiB",
            random,
            256,
            "",
            "(drop (call $wasi (i32.const 0) (i32.const 16777216)))",
        ),
        kind("fd_write of 8 GiB", write, 256, "", parts),
        kind(
            "poll_oneoff of 1,024",
            poll,
            256,
            "",
            "(drop (call $wasi (i32.const 0) (i32.const 65536) (i32.const 1024) (i32.const 8)))",
        ),
    ]
}

/// A batch guest in a loop without an end, in its function or, with `reserve`, where much memory is asked for.
fn batch((name, imports, pages, more, body): &Kind, reserve: bool) -> (Vec<u8>, Json) {
    let spin = format!("(loop $again {body} (br $again))");
    let (in_function, in_reserve) = match reserve {
        false => (spin.as_str(), ""),
        true => ("", spin.as_str()),
    };
    let text = format!(
        r#"(module (type $nothing (func))
  (import "diagon" "log" (func $log (param i32 i32 i32))) {imports}
  (memory (export "memory") {pages}) {more}
  (func (export "diagon_abi_v1"))
  (func (export "diagon_reserve") (param $n i32) (result i32)
    (if (i32.gt_u (local.get $n) (i32.const 4000)) (then {in_reserve}))
    i32.const 65600)
  (func (export "filter") (param $b i32) (result i32) (local $a i32)
    (if (i64.ne (i64.load offset=8 (i32.load offset=16 (local.get $b))) (i64.const 0)) (then {in_function}))
    i32.const 0))"#
    );
    let module = wat::parse_str(text).unwrap_or_else(|e| panic!("{name}: {e}"));
    let manifest = json!({"abi": 1, "kind": "filter", "fields": [{"name": "n", "type": "i64", "default": 0}],
        "params": [{"name": "armed", "type": "i64", "default": 0}]});
    (module, manifest)
}

/// A row guest that asks for its parameter and then spins: in its function, or where instances start.
fn row(start: &str, in_start: &str, in_function: &str) -> (Vec<u8>, Json) {
    let text = format!(
        r#"(module
  (import "env" "get_param_i64" (func $get (param i32 i32 i32) (result i32)))
  (import "env" "get_field_i64" (func $field (param i64 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "armed") (data (i32.const 8) "n")
  (func $armed (result i32) (drop (call $get (i32.const 0) (i32.const 5) (i32.const 16)))
    (i64.ne (i64.load (i32.const 16)) (i64.const 0)))
  (func $begin (if (call $armed) (then {in_start}))) {start}
  (func (export "filter") (param $ctx i64) (result i32)
    (if (call $armed) (then {in_function}))
    i32.const 0))"#
    );
    let manifest = json!({"abi": "row", "kind": "filter", "params": [{"name": "armed", "type": "i64", "default": 0}]});
    (wat::parse_str(text).unwrap(), manifest)
}

fn guests() -> Vec<(&'static str, (Vec<u8>, Json))> {
    let kinds = kinds();
    let mut guests: Vec<_> = kinds
        .iter()
        .map(|kind| (kind.0, batch(kind, false)))
        .collect();
    let spin = "(loop $again (br $again))";
    let field = "(loop $again (drop (call $field (local.get $ctx) (i32.const 8) (i32.const 1) (i32.const 24))) (br $again))";
    guests.push(("a tight loop in diagon_reserve", batch(&kinds[0], true)));
    guests.push((
        "a tight loop in the start function",
        row("(start $begin)", spin, ""),
    ));
    guests.push((
        "a tight loop in _initialize",
        row("(export \"_initialize\" (func $begin))", spin, ""),
    ));
    guests.push(("a row guest that asks for a field", row("", "", field)));
    let mut sources = batch(&kinds[0], false);
    sources.1["fields"] = json!([{"name": "n", "type": "i64", "default": 0}, {"name": "_source.pad", "type": "i64", "list": true}]);
    guests.push(("(the host reads sources of 60 KB)", sources));
    guests
}

/// Of many durations the one at a part of the way from the shortest to the longest, in milliseconds.
fn at(sorted: &[Duration], part: f64) -> f64 {
    let last = (sorted.len() - 1) as f64;
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "an index"
    )]
    let place = (last * part).round() as usize;
    sorted[place].as_secs_f64() * 1e3
}

/// A thread that sleeps for a millisecond again and again and counts.
struct Clock {
    ticks: AtomicU64,
    done: AtomicBool,
}

impl Clock {
    fn run(&self) {
        while !self.done.load(Ordering::Relaxed) {
            std::thread::sleep(Duration::from_millis(1));
            self.ticks.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// By how much a native loop overruns its deadline that looks at the time each time that the clock has moved: what the machine makes
    /// of the way in which guests are stopped, without guests.
    fn overrun(&self) -> Duration {
        let deadline = Instant::now() + DEADLINE;
        let mut seen = self.ticks.load(Ordering::Relaxed);
        loop {
            let now = self.ticks.load(Ordering::Relaxed);
            if now != seen && Instant::now() >= deadline {
                return deadline.elapsed();
            }
            seen = now;
        }
    }
}

fn overrun(searcher: &Searcher, request: &SearchRequest) -> Duration {
    let mut options = SearchOptions::default();
    options.timeout = Some(DEADLINE);
    let started = Instant::now();
    let response = searcher.search(request, &options).unwrap();
    assert!(response.timed_out);
    started.elapsed().saturating_sub(DEADLINE)
}

fn main() {
    let queries = std::env::args().skip(1).find_map(|a| a.parse().ok());
    let queries = queries.unwrap_or(200);
    let folder = tempfile::tempdir().unwrap();
    let mapping = r#"{"dynamic": false, "properties": {"n": {"type": "long"}}}"#;
    let mut writer =
        IndexWriter::open(folder.path(), Some(mapping), WriterOptions::default()).unwrap();
    for n in 0..2_000 {
        let pad: Vec<u32> = (0..10_000).map(|i| (i * 7 + n) % 99_991).collect();
        let document = json!({"n": n, "pad": pad}).to_string();
        writer.add(None, document.as_bytes()).unwrap();
    }
    let snapshot = writer.refresh().unwrap();
    let limits = UdfLimits {
        batch_base: Duration::from_secs(60),
        ..UdfLimits::default()
    };
    let registry =
        UdfRegistry::in_memory_with(UdfEngine::new(&Default::default()).unwrap(), limits);
    let registry = Arc::new(registry);
    let searcher = Searcher::new(snapshot, Some(Arc::clone(&registry) as _), "deadlines");
    println!(
        "| what the guest is in | p50 ms | p99 ms | longest ms | native: p50 | p99 | longest |"
    );
    println!("|---|---:|---:|---:|---:|---:|---:|");
    let clock = Clock {
        ticks: AtomicU64::new(0),
        done: AtomicBool::new(false),
    };
    std::thread::scope(|scope| {
        scope.spawn(|| clock.run());
        for (number, (name, (module, mut manifest))) in guests().into_iter().enumerate() {
            let function = format!("f{number}");
            manifest["name"] = function.as_str().into();
            manifest["version"] = "1.0.0".into();
            registry.add(&module, Some(&manifest.to_string())).unwrap();
            let clause = json!({"wasm_udf": {"name": function, "parameters": {"armed": 1}}});
            let request = query::parse(&json!({ "query": clause }).to_string()).unwrap();
            // By turns, since the machine has others to serve.
            let (mut guest, mut native) = (Vec::new(), Vec::new());
            for _ in 0..queries {
                guest.push(overrun(&searcher, &request));
                native.push(clock.overrun());
            }
            print!("| {name} |");
            for overruns in [&mut guest, &mut native] {
                overruns.sort();
                for part in [0.5, 0.99, 1.0] {
                    print!(" {:.2} |", at(overruns, part));
                }
            }
            println!();
        }
        clock.done.store(true, Ordering::Relaxed);
    });
}
