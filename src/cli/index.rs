//! `diagon index`

use std::fs::File;
use std::io::{BufRead, BufReader, ErrorKind};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use indicatif::{ProgressBar, ProgressStyle};

use super::merge::MergeArguments;
use super::{Folder, input, print};
use crate::Error;
use crate::index::{Bulk, WriterOptions};
use crate::schema::Schema;
use crate::shard::Index;

/// The mapping of 1,000 fields is far below.
const MAX_SCHEMA_BYTES: usize = 16 << 20;
/// A thread takes lines of so many bytes at a time.
const CHUNK_BYTES: usize = 1 << 20;

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
    /// Threads that read documents and add them; with more than one it is open which of two documents with one id stays
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=64))]
    threads: u32,
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
    added: AtomicU64,
    skipped: AtomicU64,
}

/// Lines of a file that a thread has taken.
#[derive(Default)]
struct Chunk {
    bytes: Vec<u8>,
    /// Each with its number, from 1; none for a line that is too long.
    lines: Vec<(u64, Option<Range<usize>>)>,
}

/// A file, from which threads take chunk by chunk.
struct Lines<R> {
    reader: R,
    number: u64,
    line: Vec<u8>,
}

impl<R: BufRead> Lines<R> {
    fn new(reader: R) -> Self {
        Self {
            reader,
            number: 0,
            line: Vec::new(),
        }
    }

    /// Reads the next lines; returns the bytes read, 0 at the end.
    fn take(&mut self, chunk: &mut Chunk) -> std::io::Result<u64> {
        chunk.bytes.clear();
        chunk.lines.clear();
        let mut taken = 0;
        while chunk.bytes.len() < CHUNK_BYTES {
            let read = input::line(&mut self.reader, &mut self.line, input::MAX_LINE_BYTES)?;
            if read == 0 {
                break;
            }
            taken += read;
            self.number += 1;
            if self.number == 1 && self.line.starts_with(input::BOM) {
                self.line.drain(..input::BOM.len());
            }
            if read > input::MAX_LINE_BYTES as u64 {
                chunk.lines.push((self.number, None));
            } else if !self.line.trim_ascii().is_empty() {
                let from = chunk.bytes.len();
                chunk.bytes.extend_from_slice(&self.line);
                let range = from..chunk.bytes.len();
                chunk.lines.push((self.number, Some(range)));
            }
        }
        Ok(taken)
    }
}

impl IndexFiles {
    pub(super) fn run(self) -> crate::Result<()> {
        // Before anything is changed: what can't be read is found now.
        let total_bytes = self.total_bytes()?;
        let mapping = self.mapping()?;
        let options = WriterOptions {
            ram_buffer_bytes: self.ram_buffer << 20,
            indexing_threads: self.threads,
            merges: self.merge.options(),
        };
        let index = Index::open(&self.folder.dir, mapping.as_deref(), options)
            .map_err(|error| self.about_schema(error))?;
        let progress = progress_bar(total_bytes);
        let started = Instant::now();
        let counts = Counts::default();
        for file in &self.files {
            let added = if file.as_os_str() == "-" {
                let path = Path::new("standard input");
                let reader = BufReader::with_capacity(CHUNK_BYTES, std::io::stdin());
                self.add_file(&index, reader, path, &progress, &counts)
            } else {
                let opened = File::open(file).map_err(|error| Error::io(file, error));
                opened.and_then(|opened| {
                    let reader = BufReader::with_capacity(CHUNK_BYTES, opened);
                    self.add_file(&index, reader, file, &progress, &counts)
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
        let added = counts.added.into_inner();
        #[expect(clippy::cast_precision_loss, reason = "a rate for people")]
        let rate = added as f64 / seconds.max(1e-9);
        let skipped = match counts.skipped.into_inner() {
            0 => String::new(),
            n => format!(", {} skipped", print::counted(n, "bad line")),
        };
        print::remark(&format!(
            "{} in {seconds:.2} s ({rate:.0} a second){skipped}; the index has {} now",
            print::counted(added, "document"),
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
        reader: impl BufRead + Send,
        path: &Path,
        progress: &ProgressBar,
        counts: &Counts,
    ) -> crate::Result<()> {
        let lines = Mutex::new(Lines::new(reader));
        let stop = AtomicBool::new(false);
        let work = || {
            let done = self.add_chunks(index, &lines, path, progress, counts, &stop);
            if done.is_err() {
                stop.store(true, Ordering::Relaxed);
            }
            done
        };
        std::thread::scope(|scope| {
            let others: Vec<_> = (1..self.threads).map(|_| scope.spawn(work)).collect();
            let mut done = work();
            for other in others {
                let other = other
                    .join()
                    .unwrap_or_else(|_| Err(Error::Internal("a thread panicked".to_string())));
                done = done.and(other);
            }
            done
        })
    }

    /// What each thread does.
    fn add_chunks(
        &self,
        index: &Index,
        lines: &Mutex<Lines<impl BufRead>>,
        path: &Path,
        progress: &ProgressBar,
        counts: &Counts,
        stop: &AtomicBool,
    ) -> crate::Result<()> {
        let mut chunk = Chunk::default();
        let mut bulk = index.bulk();
        while !stop.load(Ordering::Relaxed) {
            let read = lines
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .take(&mut chunk)
                .map_err(|error| Error::io(path, error))?;
            if read == 0 {
                break;
            }
            for (number, range) in &chunk.lines {
                let line = range.clone().map(|range| &chunk.bytes[range]);
                if let Err(told) = add_line(&mut bulk, line, path, *number)? {
                    if self.bad_lines == BadLines::Fail {
                        return Err(Error::InvalidArgument(format!(
                            "{told}; nothing of this run was kept (--bad-lines skip goes on)"
                        )));
                    }
                    counts.skipped.fetch_add(1, Ordering::Relaxed);
                    progress.suspend(|| print::remark(&told));
                }
            }
            let added = bulk.len() as u64;
            bulk.apply()?;
            let before = counts.added.fetch_add(added, Ordering::Relaxed);
            progress.inc(read);
            progress.set_message(format!("{} documents", before + added));
        }
        Ok(())
    }
}

/// Adds a line's document. Inside: what is wrong with it, if only the document is at fault.
fn add_line(
    bulk: &mut Bulk,
    line: Option<&[u8]>,
    path: &Path,
    number: u64,
) -> crate::Result<Result<(), String>> {
    let added = match line {
        Some(line) => bulk.add(None, line),
        None => Err(Error::Document {
            path: "$".to_string(),
            message: format!("a line of more than {} bytes", input::MAX_LINE_BYTES),
        }),
    };
    match added {
        Ok(()) => Ok(Ok(())),
        Err(Error::Document { path: at, message }) => {
            let at = if at == "$" {
                String::new()
            } else {
                format!("`{at}`: ")
            };
            Ok(Err(format!("{}:{number}: {at}{message}", path.display())))
        }
        Err(error) => Err(error),
    }
}

/// Bytes of the files, since these are known beforehand. Nothing is shown where standard error is no terminal.
fn progress_bar(total_bytes: u64) -> ProgressBar {
    let template = "{wide_bar} {bytes}/{total_bytes} {binary_bytes_per_sec}, {eta} left, {msg}";
    let style =
        ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
    ProgressBar::new(total_bytes).with_style(style)
}
