//! `diagon check`

use std::path::PathBuf;

use super::print::{self, counted};
use crate::index::{CheckReport, SegmentCheck};
use crate::{Error, ErrorCode, shard};

#[derive(Debug, clap::Args)]
pub(super) struct Check {
    /// Drops what is damaged, and keeps its files aside
    #[arg(long)]
    repair: bool,
    /// The index's folder
    #[arg(value_name = "DIR")]
    dir: PathBuf,
}

impl Check {
    pub(super) fn run(self) -> crate::Result<()> {
        let damaged_functions = self.functions()?;
        if self.repair {
            let repaired = shard::repair(&self.dir)?;
            segments(&repaired.found)?;
            match repaired.aside {
                None => print::out(format_args!("nothing to repair"))?,
                Some(aside) => print::out(format_args!(
                    "repaired: {} lost; what was dropped is kept in {}",
                    counted(repaired.lost_docs, "document"),
                    print::one_line(&aside.display().to_string())
                ))?,
            }
        } else {
            let report = shard::check(&self.dir)?;
            segments(&report)?;
            fail(&report)?;
            let live = |segment: &SegmentCheck| u64::from(segment.live_docs);
            print::out(format_args!(
                "sound: {}, {} in commit {}",
                counted(report.segments.iter().map(live).sum(), "document"),
                counted(report.segments.len() as u64, "segment"),
                report.generation
            ))?;
        }
        match damaged_functions.into_iter().next() {
            Some(message) => Err(corrupt(message)),
            None => Ok(()),
        }
    }

    /// Says which functions can't be read. These are not repaired: they are added again from their modules.
    fn functions(&self) -> crate::Result<Vec<String>> {
        let damaged = shard::open_registry(&self.dir)?.damaged();
        let messages = damaged.into_iter().map(|function| {
            format!(
                "{}@{}: {}",
                function.name, function.version, function.message
            )
        });
        Ok(messages.collect())
    }
}

/// Prints a line for each segment.
fn segments(report: &CheckReport) -> crate::Result<()> {
    for segment in &report.segments {
        let name = &segment.name;
        if let Some(damage) = &segment.damage {
            let damage = print::one_line(damage);
            print::out(format_args!("{name}: {damage}"))?;
            continue;
        }
        print::out(format_args!(
            "{name}: {} ({} deleted), {}, {}, {}, {} read",
            counted(u64::from(segment.documents), "document"),
            segment.documents - segment.live_docs,
            counted(segment.terms, "term"),
            counted(segment.postings, "posting"),
            counted(segment.values, "column value"),
            counted(segment.bytes, "byte"),
        ))?;
        if segment.duplicates != 0 {
            print::out(format_args!("{name}: damaged: {}", duplicates(segment)))?;
        }
    }
    Ok(())
}

/// An error that names the first damage.
fn fail(report: &CheckReport) -> crate::Result<()> {
    let mut damaged = report.segments.iter().filter(|s| !s.is_sound());
    let Some(first) = damaged.next() else {
        return Ok(());
    };
    let what = match &first.damage {
        Some(damage) => damage.clone(),
        None => format!("{}: damaged: {}", first.name, duplicates(first)),
    };
    let more = match damaged.count() {
        0 => String::new(),
        n => format!("; and {} more", counted(n as u64, "damaged segment")),
    };
    Err(corrupt(format!(
        "{what}{more} (check --repair drops damaged segments)"
    )))
}

fn duplicates(segment: &SegmentCheck) -> String {
    format!(
        "{} with an `_id` that a later one has, too",
        counted(segment.duplicates, "document")
    )
}

fn corrupt(message: String) -> Error {
    Error::Native {
        code: ErrorCode::Corrupt,
        message,
    }
}
