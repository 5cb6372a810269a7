//! `diagon index`

use std::fs::File;
use std::io::{BufRead, BufReader, ErrorKind};
use std::path::{Path, PathBuf};
use std::time::Instant;

use indicatif::{ProgressBar, ProgressStyle};

use super::merge::MergeArguments;
use super::{Folder, input, print};
use crate::Error;
use crate::index::WriterOptions;
use crate::schema::Schema;
use crate::shard::Index;

/// The mapping of 1,000 fields is far below.
const MAX_SCHEMA_BYTES: usize = 16 << 20;

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
    #[command(flatten)]
    merge: MergeArguments,
    /// Files with one JSON object a line, `-` for standard input; `_id` or `id` is the document's id
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
        // Before anything is changed: what can't be read is found now.
        let total_bytes = self.total_bytes()?;
        let mapping = self.mapping()?;
        let options = WriterOptions {
            ram_buffer_bytes: self.ram_buffer << 20,
            merges: self.merge.options(),
        };
        let index = Index::open(&self.folder.dir, mapping.as_deref(), options)
            .map_err(|error| self.about_schema(error))?;
        let progress = progress_bar(total_bytes);
        let started = Instant::now();
        let mut counts = Counts::default();
        for file in &self.files {
            let added = if file.as_os_str() == "-" {
                let path = Path::new("standard input");
                self.add_file(
                    &index,
                    std::io::stdin().lock(),
                    path,
                    &progress,
                    &mut counts,
                )
            } else {
                let opened = File::open(file).map_err(|error| Error::io(file, error));
                opened.and_then(|opened| {
                    let reader = BufReader::with_capacity(1 << 20, opened);
                    self.add_file(&index, reader, file, &progress, &mut counts)
                })
            };
            if added.is_err() {
                progress.finish_and_clear();
            }
            added?;
        }
        progress.set_message("committing");
        index.commit()?;
        progress.set_message("merging");
        self.merge.finish(&index)?;
        progress.finish_and_clear();
        let seconds = started.elapsed().as_secs_f64();
        #[expect(clippy::cast_precision_loss, reason = "a rate for people")]
        let rate = counts.added as f64 / seconds.max(1e-9);
        let skipped = match counts.skipped {
            0 => String::new(),
            n => format!(", {} skipped", print::counted(n, "bad line")),
        };
        print::remark(&format!(
            "{} in {seconds:.2} s ({rate:.0} a second){skipped}; the index has {} now",
            print::counted(counts.added, "document"),
            index.searcher().snapshot().live_docs()
        ));
        Ok(())
    }

    fn total_bytes(&self) -> crate::Result<u64> {
        let mut total = 0;
        for file in self.files.iter().filter(|file| file.as_os_str() != "-") {
            let meta = std::fs::metadata(file).map_err(|error| Error::io(file, error))?;
            if meta.is_dir() {
                return Err(Error::io(file, ErrorKind::IsADirectory.into()));
            }
            total += meta.len();
        }
        Ok(total)
    }

    /// The schema file's text, if it is a mapping.
    fn mapping(&self) -> crate::Result<Option<String>> {
        let Some(file) = &self.schema else {
            return Ok(None);
        };
        let text = input::text(file, MAX_SCHEMA_BYTES)?;
        Schema::from_mapping_json(&text).map_err(|error| self.about_schema(error))?;
        Ok(Some(text))
    }

    /// Names the file that a mapping came from.
    fn about_schema(&self, error: Error) -> Error {
        match (&self.schema, error) {
            (Some(file), error @ Error::Schema { .. }) => {
                Error::InvalidArgument(format!("{}: {error}", file.display()))
            }
            (_, error) => error,
        }
    }

    fn add_file(
        &self,
        index: &Index,
        mut reader: impl BufRead,
        path: &Path,
        progress: &ProgressBar,
        counts: &mut Counts,
    ) -> crate::Result<()> {
        let mut line = Vec::new();
        for number in 1_u64.. {
            let read = input::line(&mut reader, &mut line, input::MAX_LINE_BYTES)
                .map_err(|error| Error::io(path, error))?;
            if read == 0 {
                break;
            }
            progress.inc(read);
            if number == 1 && line.starts_with(input::BOM) {
                line.drain(..input::BOM.len());
            }
            let added = if read > input::MAX_LINE_BYTES as u64 {
                let message = format!("a line of more than {} bytes", input::MAX_LINE_BYTES);
                let path = "$".to_string();
                Err(Error::Document { path, message })
            } else if line.trim_ascii().is_empty() {
                continue;
            } else {
                index.add(None, &line)
            };
            match added {
                Ok(()) => counts.added += 1,
                // Only the document is at fault; anything else stops the run.
                Err(Error::Document { path: at, message }) => {
                    let at = if at == "$" {
                        String::new()
                    } else {
                        format!("`{at}`: ")
                    };
                    let told = format!("{}:{number}: {at}{message}", path.display());
                    if self.bad_lines == BadLines::Fail {
                        return Err(Error::InvalidArgument(format!(
                            "{told}; nothing of this run was kept (--bad-lines skip goes on)"
                        )));
                    }
                    counts.skipped += 1;
                    progress.suspend(|| print::remark(&told));
                }
                Err(error) => return Err(error),
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
