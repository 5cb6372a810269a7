//! `diagon index`

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::time::Instant;

use indicatif::{ProgressBar, ProgressStyle};

use super::{Folder, read_text};
use crate::Error;
use crate::index::WriterOptions;
use crate::shard::Index;

#[derive(Debug, clap::Args)]
pub(super) struct IndexFiles {
    #[command(flatten)]
    folder: Folder,
    /// A mapping as OpenSearch writes it: {"mappings": {"properties": …}}
    #[arg(long, value_name = "FILE")]
    schema: Option<PathBuf>,
    /// What to do about a line that is no valid document
    #[arg(long, value_enum, default_value_t = BadLines::Fail)]
    bad_lines: BadLines,
    /// RAM for documents before they are written as a segment, in MiB
    #[arg(long, value_name = "MIB", default_value_t = 64, value_parser = clap::value_parser!(u64).range(1..=2048))]
    ram_buffer: u64,
    /// Files with one JSON object a line; `_id` or `id` is the document's id
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum BadLines {
    /// Stop; nothing of this run is kept
    Fail,
    /// Report it and go on
    Skip,
}

/// What a run has done.
#[derive(Default)]
struct Counts {
    added: u64,
    skipped: u64,
}

impl IndexFiles {
    pub(super) fn run(self) -> crate::Result<()> {
        let mapping = self.schema.as_deref().map(read_text).transpose()?;
        let mut total_bytes = 0;
        for file in &self.files {
            // Before anything is changed: a file that can't be read is found now.
            let meta = std::fs::metadata(file).map_err(|error| Error::io(file, error))?;
            total_bytes += meta.len();
        }
        let options = WriterOptions {
            ram_buffer_bytes: self.ram_buffer << 20,
        };
        let index = Index::open(&self.folder.dir, mapping.as_deref(), options)?;
        let progress = progress_bar(total_bytes);
        let started = Instant::now();
        let mut counts = Counts::default();
        for file in &self.files {
            self.add_file(&index, file, &progress, &mut counts)?;
        }
        progress.set_message("committing");
        index.commit()?;
        progress.finish_and_clear();
        let seconds = started.elapsed().as_secs_f64();
        #[expect(clippy::cast_precision_loss, reason = "a rate for people")]
        let rate = counts.added as f64 / seconds.max(1e-9);
        let skipped = match counts.skipped {
            0 => String::new(),
            n => format!(", {n} bad lines skipped"),
        };
        eprintln!(
            "{} documents in {seconds:.2} s ({rate:.0} a second){skipped}; the index has {} now",
            counts.added,
            index.searcher().snapshot().live_docs()
        );
        Ok(())
    }

    fn add_file(
        &self,
        index: &Index,
        path: &Path,
        progress: &ProgressBar,
        counts: &mut Counts,
    ) -> crate::Result<()> {
        let io = |error| Error::io(path, error);
        let mut reader = BufReader::with_capacity(1 << 20, File::open(path).map_err(io)?);
        let mut line = Vec::new();
        for number in 1_u64.. {
            line.clear();
            let read = reader.read_until(b'\n', &mut line).map_err(io)?;
            if read == 0 {
                break;
            }
            progress.inc(read as u64);
            if line.trim_ascii().is_empty() {
                continue;
            }
            match index.add(None, &line) {
                Ok(()) => counts.added += 1,
                // Only the document is at fault; anything else stops the run.
                Err(error @ Error::Document { .. }) if self.bad_lines == BadLines::Skip => {
                    counts.skipped += 1;
                    progress.suspend(|| eprintln!("{}:{number}: {error}", path.display()));
                }
                Err(error @ Error::Document { .. }) => {
                    progress.finish_and_clear();
                    return Err(Error::Document {
                        path: format!("{}:{number}", path.display()),
                        message: format!(
                            "{error}; nothing of this run was kept (--bad-lines skip goes on)"
                        ),
                    });
                }
                Err(error) => {
                    progress.finish_and_clear();
                    return Err(error);
                }
            }
            if counts.added.is_multiple_of(256) {
                progress.set_message(format!("{} documents", counts.added));
            }
        }
        Ok(())
    }
}

/// Bytes of the files, since these are known beforehand. Nothing is shown where standard error is no terminal.
fn progress_bar(total_bytes: u64) -> ProgressBar {
    let template = "{wide_bar} {bytes}/{total_bytes} {binary_bytes_per_sec}, {eta} left, {msg}";
    let style =
        ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
    ProgressBar::new(total_bytes).with_style(style)
}
