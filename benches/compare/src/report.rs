//! Tables.

use std::collections::BTreeMap;
use std::path::Path;

use crate::machine::Figures;
use crate::workload::Command;

/// One query, mean microseconds.
#[derive(Debug)]
pub struct Row {
    pub kind: String,
    pub command: Command,
    pub diagon: f64,
    pub tantivy: f64,
}

/// How indexing went, and what lies in the folder.
pub fn indexing(name: &str, figures: &Figures, folder: &Path) -> std::io::Result<()> {
    let mut sizes: BTreeMap<String, u64> = BTreeMap::new();
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let path = entry.path();
        let kind = path
            .extension()
            .map_or("other".into(), |e| e.to_string_lossy());
        *sizes.entry(kind.into_owned()).or_default() += entry.metadata()?.len();
    }
    let total: u64 = sizes.values().sum();
    let parts: Vec<String> = sizes
        .iter()
        .filter(|(_, bytes)| **bytes > total / 1000)
        .map(|(kind, bytes)| format!("{kind} {:.1}", mb(*bytes)))
        .collect();
    #[expect(clippy::cast_precision_loss, reason = "a rate for people")]
    let documents = figures.documents as f64;
    println!(
        "{name}: {} documents, {:.0} a CPU second, {:.0} a second, peak {} MiB, {:.1} MB ({})",
        figures.documents,
        documents / figures.cpu_seconds,
        documents / figures.seconds,
        figures.peak_mib,
        mb(total),
        parts.join(", ")
    );
    Ok(())
}

#[expect(clippy::cast_precision_loss, reason = "a size for people")]
fn mb(bytes: u64) -> f64 {
    bytes as f64 / 1e6
}

/// Mean, median and 99th percentile over the queries of a type.
pub fn searching(rows: &[Row]) {
    println!("\n| command | type | Diagon mean | Tantivy mean | ratio | medians | p99 |");
    println!("|---|---|---:|---:|---:|---:|---:|");
    for command in Command::ALL {
        let mut kinds: Vec<&str> = Vec::new();
        for row in rows {
            if !kinds.contains(&row.kind.as_str()) {
                kinds.push(&row.kind);
            }
        }
        for kind in kinds {
            let of = |side: fn(&Row) -> f64| -> Vec<f64> {
                let rows = rows
                    .iter()
                    .filter(|r| r.kind == kind && r.command == command);
                let mut times: Vec<f64> = rows.map(side).collect();
                times.sort_by(f64::total_cmp);
                times
            };
            let (a, b) = (of(|row| row.diagon), of(|row| row.tantivy));
            if a.is_empty() {
                continue; // not asked for
            }
            println!(
                "| {} | {kind} | {:.1} | {:.1} | {:.2} | {:.1} / {:.1} | {:.0} / {:.0} |",
                command.name(),
                mean(&a),
                mean(&b),
                mean(&a) / mean(&b),
                percentile(&a, 50),
                percentile(&b, 50),
                percentile(&a, 99),
                percentile(&b, 99)
            );
        }
    }
    println!();
}

#[expect(clippy::cast_precision_loss, reason = "some hundred queries")]
fn mean(times: &[f64]) -> f64 {
    times.iter().sum::<f64>() / times.len().max(1) as f64
}

fn percentile(sorted: &[f64], percent: usize) -> f64 {
    let at = (sorted.len() * percent / 100).min(sorted.len().saturating_sub(1));
    sorted.get(at).copied().unwrap_or(0.0)
}
