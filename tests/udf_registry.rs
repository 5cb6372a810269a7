//! The registry under load and under fire: searches go on while functions come, go and change their aliases; a process that is killed
//! while it changes the folder loses nothing that it acknowledged.
#![allow(clippy::unwrap_used, reason = "a test stops at the first mistake")]

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use diagon::batch::FunctionSource;
use diagon::index::{IndexWriter, WriterOptions};
use diagon::query;
use diagon::search::{SearchOptions, Searcher};
use diagon::udf::{UdfRegistry, Version};
use serde_json::json;

const FOLDER: &str = "DIAGON_REGISTRY_FOLDER";
const FIRST: &str = "DIAGON_REGISTRY_FIRST";

/// A filter that keeps the documents whose `n` is a multiple of a number.
fn module(multiple: u32) -> Vec<u8> {
    let text = format!(
        r#"(module (memory (export "memory") 2) (func (export "diagon_abi_v1"))
      (func (export "diagon_reserve") (param i32) (result i32) i32.const 1024)
      (func (export "filter") (param $b i32) (result i32) (local $i i32)
        (loop $next
          (if (i32.eq (local.get $i) (i32.load offset=4 (local.get $b))) (then (return (i32.const 0))))
          (i32.store8 (i32.add (i32.load offset=36 (local.get $b)) (local.get $i))
            (i64.eqz (i64.rem_s (i64.load (i32.add (i32.load offset=12 (i32.load offset=8 (local.get $b))) (i32.shl (local.get $i) (i32.const 3)))) (i64.const {multiple}))))
          (local.set $i (i32.add (local.get $i) (i32.const 1)))
          (br $next))
        unreachable))"#
    );
    ::wat::parse_str(text).unwrap()
}

fn manifest(version: &str) -> String {
    json!({"abi": 1, "name": "multiple", "version": version, "kind": "filter", "pure": true,
        "fields": [{"name": "n", "type": "i64", "default": 0}]})
    .to_string()
}

fn version(text: &str) -> Version {
    Version::parse(text).unwrap()
}

fn searcher(folder: &Path, registry: &Arc<UdfRegistry>) -> Searcher {
    let mapping = r#"{"properties": {"n": {"type": "long"}}}"#;
    let mut writer = IndexWriter::open(folder, Some(mapping), WriterOptions::default()).unwrap();
    for n in 0..2_100 {
        writer
            .add(Some(&n.to_string()), json!({"n": n}).to_string().as_bytes())
            .unwrap();
    }
    let functions: Arc<dyn FunctionSource> = Arc::clone(registry) as _;
    Searcher::new(writer.commit().unwrap(), Some(functions), "registry")
}

fn total(searcher: &Searcher, version: &str) -> diagon::Result<u64> {
    let query = json!({"query": {"wasm_udf": {"name": "multiple", "version": version, "on_error": "fail"}}, "track_total_hits": true});
    let response = searcher.search(
        &query::parse(&query.to_string())?,
        &SearchOptions::default(),
    )?;
    Ok(response.total.unwrap().value)
}

#[test]
fn searches_go_on_while_functions_change() {
    let folder = tempfile::tempdir().unwrap();
    let registry = Arc::new(UdfRegistry::open(folder.path().join("udf")).unwrap());
    for (text, multiple) in [("1.0.0", 3), ("2.0.0", 5)] {
        registry
            .add(&module(multiple), Some(&manifest(text)))
            .unwrap();
    }
    registry
        .set_alias("multiple", "live", &version("1.0.0"))
        .unwrap();
    let searcher = searcher(&folder.path().join("index"), &registry);
    let (three, five, seven) = (700, 420, 300); // multiples below 2,100
    let (stop, searches) = (AtomicBool::new(false), AtomicUsize::new(0));
    std::thread::scope(|scope| {
        for asked in ["live", "live", "latest", "^1", "2.0.0"] {
            let (searcher, stop, searches) = (&searcher, &stop, &searches);
            scope.spawn(move || {
                while !stop.load(Ordering::Relaxed) {
                    let found = total(searcher, asked).unwrap();
                    let fine = match asked {
                        "live" => found == three || found == five,
                        "latest" => found == five || found == seven,
                        "^1" => found == three,
                        _ => found == five,
                    };
                    assert!(fine, "{asked}: {found}");
                    searches.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
        for round in 0..60 {
            let to = if round % 2 == 0 { "2.0.0" } else { "1.0.0" };
            registry
                .set_alias("multiple", "live", &version(to))
                .unwrap();
            assert_eq!(
                total(&searcher, "live").unwrap(),
                if round % 2 == 0 { five } else { three }
            );
            registry.add(&module(7), Some(&manifest("3.0.0"))).unwrap();
            // Those that are using it go on.
            let held = registry.resolve("multiple", Some("3.0.0")).unwrap();
            registry.remove("multiple", &version("3.0.0")).unwrap();
            assert!(held.bind(&serde_json::Map::new()).is_ok());
            while searches.load(Ordering::Relaxed) < round * 3 {
                std::thread::yield_now();
            }
        }
        stop.store(true, Ordering::Relaxed);
    });
    assert_eq!(registry.list().len(), 2);
    assert!(
        registry
            .stats()
            .iter()
            .all(|stats| stats.running_queries == 0 && stats.live_instances == 0)
    );
}

#[test]
#[ignore = "the process that `killed_while_it_changes` starts"]
fn child() {
    let registry = UdfRegistry::open(std::env::var(FOLDER).unwrap()).unwrap();
    let first: u32 = std::env::var(FIRST).unwrap().parse().unwrap();
    let mut out = std::io::stdout().lock();
    let mut say = |text: String| {
        writeln!(out, "acknowledged {text}").unwrap();
        out.flush().unwrap();
    };
    for n in first.. {
        let text = format!("1.0.{n}");
        registry
            .add(&module(n % 5 + 2), Some(&manifest(&text)))
            .unwrap();
        say(format!("add {n}"));
        registry
            .set_alias("multiple", "newest", &version(&text))
            .unwrap();
        say(format!("alias {n}"));
        if n >= 3 {
            // One that another life of the process had begun to remove may be gone.
            drop(registry.remove("multiple", &version(&format!("1.0.{}", n - 3))));
            say(format!("remove {}", n - 3));
        }
    }
}

#[derive(Default)]
struct Acknowledged {
    there: BTreeSet<u32>,
    alias: Option<u32>,
    last: Option<u32>,
}

impl Acknowledged {
    fn take(&mut self, line: &str) -> bool {
        let Some((_, text)) = line.split_once("acknowledged ") else {
            return false;
        };
        let (what, n) = text.split_once(' ').unwrap();
        let n = n.parse().unwrap();
        match what {
            "add" => {
                self.there.insert(n);
                self.last = Some(n);
            }
            "alias" => self.alias = Some(n),
            _ => {
                self.there.remove(&n);
            }
        }
        true
    }
}

#[test]
fn killed_while_it_changes() {
    let kills: u64 = std::env::var("DIAGON_CRASHES").map_or(12, |n| n.parse().unwrap());
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("udf");
    let mut acknowledged = Acknowledged::default();
    for kill in 0..kills {
        let first = acknowledged.last.map_or(0, |last| last + 1);
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--ignored", "--exact", "child", "--nocapture"])
            .env(FOLDER, &path)
            .env(FIRST, first.to_string())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut seen = 0;
        while seen < kill % 8 {
            let line = lines.next().expect("the writer ended by itself").unwrap();
            seen += u64::from(acknowledged.take(&line));
        }
        std::thread::sleep(Duration::from_micros(kill * 7_919 % 12_000));
        child.kill().unwrap();
        lines.for_each(|line| {
            acknowledged.take(&line.unwrap());
        });
        child.wait().unwrap();

        let registry = UdfRegistry::open(&path).unwrap();
        assert!(
            registry.damaged().is_empty(),
            "kill {kill}: {:?}",
            registry.damaged()
        );
        let there: BTreeSet<u32> = registry
            .list()
            .iter()
            .map(|udf| u32::try_from(udf.manifest().version.patch).unwrap())
            .collect();
        // The step that was not acknowledged any more may have been made, or not.
        let missing: Vec<&u32> = acknowledged.there.difference(&there).collect();
        let more: Vec<&u32> = there.difference(&acknowledged.there).collect();
        assert!(
            missing.len() + more.len() <= 1,
            "kill {kill}: {missing:?} {more:?}"
        );
        let next = acknowledged.last.map_or(0, |last| last + 1);
        assert!(
            missing.iter().all(|n| **n + 3 == next - 1) && more.iter().all(|n| **n == next),
            "kill {kill}: {missing:?} {more:?}"
        );
        if let Some(alias) = acknowledged.alias {
            let newest = registry
                .resolve("multiple", Some("newest"))
                .unwrap()
                .manifest()
                .version
                .patch;
            assert!(
                newest == u64::from(alias) || newest == u64::from(alias) + 1,
                "kill {kill}: {newest}"
            );
        }
        for udf in registry.list() {
            assert!(udf.bind(&serde_json::Map::new()).is_ok(), "kill {kill}");
        }
        acknowledged.there = there.clone();
        acknowledged.last = there.last().copied().or(acknowledged.last);
    }
    assert!(acknowledged.last.is_some(), "some were added");
    // The next change sweeps what is left over.
    let registry = UdfRegistry::open(&path).unwrap();
    registry.add(&module(9), Some(&manifest("2.0.0"))).unwrap();
    let modules = std::fs::read_dir(path.join("modules")).unwrap().flatten();
    let names: Vec<String> = modules
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    let hashes: BTreeSet<String> = registry
        .list()
        .iter()
        .map(|udf| udf.hash().to_string())
        .collect();
    assert!(
        names.iter().all(|name| hashes.contains(&name[..64])),
        "{names:?}"
    );
}
