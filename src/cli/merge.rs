//! `diagon merge`, and the merges of `diagon index`

use std::time::{Duration, Instant};

use super::{Folder, print};
use crate::index::{ForceMerge, MergeOptions, WriterOptions};
use crate::shard::Index;

/// Merges in the background reorder from so many documents on; below, it brings little.
const REORDER_MIN_DOCS: u32 = 1 << 15;

#[derive(Debug, clap::Args)]
pub(super) struct Merge {
    #[command(flatten)]
    folder: Folder,
    /// How many segments may be left
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    max_segments: u32,
    /// Puts documents that share terms beside each other
    #[arg(long)]
    reorder: bool,
    /// Only writes segments anew in which more than so many percent of the documents are deleted
    #[arg(long, value_name = "PERCENT", conflicts_with_all = ["max_segments", "reorder"],
        value_parser = clap::value_parser!(u8).range(0..=100))]
    expunge_deletes: Option<u8>,
}

impl Merge {
    pub(super) fn run(self) -> crate::Result<()> {
        // What is there already is opened; nothing new is made.
        drop(crate::shard::open_searcher(&self.folder.dir)?);
        let options = WriterOptions {
            merges: MergeOptions::none(),
            ..WriterOptions::default()
        };
        let index = Index::open(&self.folder.dir, None, options)?;
        let merge = match self.expunge_deletes {
            Some(percent) => ForceMerge::expunge_deletes(percent),
            None => forced(self.max_segments, self.reorder),
        };
        let before = index.searcher().snapshot().segments();
        let started = Instant::now();
        index.force_merge(&merge)?;
        index.commit()?;
        let snapshot = index.searcher();
        let snapshot = snapshot.snapshot();
        print::remark(&format!(
            "{before} segments before, {} now, {} documents, in {:.2} s",
            snapshot.segments(),
            snapshot.live_docs(),
            started.elapsed().as_secs_f64()
        ));
        Ok(())
    }
}

fn forced(max_segments: u32, reorder: bool) -> ForceMerge {
    let merge = ForceMerge::to_segments(max_segments);
    if reorder { merge.reordered() } else { merge }
}

/// How `diagon index` merges.
#[derive(Debug, clap::Args)]
pub(super) struct MergeArguments {
    /// What to merge: `auto` in the background, `none`, or a number: in the end, so many segments are left at most
    #[arg(long, value_name = "auto|none|N", default_value = "auto", value_parser = parse_mode)]
    merge: Mode,
    /// Merges put documents that share terms beside each other
    #[arg(long)]
    reorder: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mode {
    Auto,
    None,
    Segments(u32),
}

fn parse_mode(text: &str) -> Result<Mode, String> {
    match text {
        "auto" => Ok(Mode::Auto),
        "none" => Ok(Mode::None),
        number => match number.parse() {
            Ok(n) if n > 0 => Ok(Mode::Segments(n)),
            _ => Err("neither `auto`, `none` nor a number from 1 on".to_string()),
        },
    }
}

impl MergeArguments {
    pub(super) fn options(&self) -> MergeOptions {
        if self.merge == Mode::None {
            return MergeOptions::none();
        }
        let mut options = MergeOptions::default();
        if self.reorder && self.merge == Mode::Auto {
            options.reorder_min_docs = REORDER_MIN_DOCS;
        }
        options
    }

    /// What is left to merge when all documents are committed.
    pub(super) fn finish(&self, index: &Index) -> crate::Result<()> {
        match self.merge {
            Mode::None => return Ok(()),
            Mode::Auto => {
                index.wait_for_merges(Duration::MAX)?;
            }
            Mode::Segments(n) => index.force_merge(&forced(n, self.reorder))?,
        }
        index.commit()
    }
}
