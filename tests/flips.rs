//! Random damage to a real index: the whole query file, all columns and all sources give the right answer, or an error that names
//! the file. Never a crash, and never a wrong answer where a checksum could tell.
//!
//! `DIAGON_FLIPS=10000 cargo test --test flips` flips so many bits, and does half as much other damage.
#![allow(clippy::unwrap_used, reason = "a test stops at the first mistake")]

mod packages;

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use diagon::ErrorCode;
use diagon::index;
use tempfile::TempDir;

/// So many that the larger files have several blocks with a checksum.
const DOCUMENTS: usize = 600;

fn flips() -> usize {
    std::env::var("DIAGON_FLIPS").map_or(300, |n| n.parse().unwrap())
}

/// Prints what was done, also where the tests' output is captured.
fn tell(what: &str) {
    writeln!(std::io::stderr(), "{what}").unwrap();
}

struct Random(u64);

impl Random {
    fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % n as u64).unwrap()
    }

    /// Each byte as often as another, over all files.
    fn place(&mut self, files: &[(PathBuf, Vec<u8>)]) -> (usize, usize) {
        let mut at = self.below(files.iter().map(|(_, bytes)| bytes.len()).sum());
        for (file, (_, bytes)) in files.iter().enumerate() {
            if at < bytes.len() {
                return (file, at);
            }
            at -= bytes.len();
        }
        unreachable!("it is less than the sum")
    }
}

/// An index, its files, and what it says.
struct Sound {
    folder: TempDir,
    files: Vec<(PathBuf, Vec<u8>)>,
    answers: Vec<String>,
}

impl Sound {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        packages::build(folder.path(), DOCUMENTS, usize::MAX);
        let entries = fs::read_dir(folder.path()).unwrap();
        let paths = entries.map(|entry| entry.unwrap().path());
        let mut files: Vec<_> = paths
            .filter(|path| !path.ends_with("write.lock"))
            .map(|path| (path.clone(), fs::read(&path).unwrap()))
            .collect();
        files.sort();
        assert!(files.len() >= 15, "two segments with deleted documents");
        assert!(index::check(folder.path()).unwrap().is_sound());
        let answers = packages::answers(folder.path()).unwrap();
        Self {
            folder,
            files,
            answers,
        }
    }

    /// Puts other bytes in a file's place, asks, and puts the right ones back. Whether it was an error.
    fn with(&self, file: usize, damaged: &[u8], sealed: bool) -> bool {
        let (path, sound) = &self.files[file];
        replace(path, damaged);
        let result = packages::answers(self.folder.path());
        let checked = index::check(self.folder.path());
        replace(path, sound);
        let name = path.file_name().unwrap().to_str().unwrap();
        let judge = |error: &diagon::Error| {
            let code = error.code();
            let known = [ErrorCode::Corrupt, ErrorCode::UnsupportedFormat].contains(&code);
            // The mapping is in the manifest: a query may name a field that isn't there any more.
            let mapping = sealed && name == "manifest";
            assert!(known || mapping, "{name}: {code:?}: {error}");
            // Damage with right checksums may show only where another file disagrees; so may a manifest of another index.
            let named = match sealed || name == "manifest" {
                true => self.folder.path().to_str().unwrap(),
                false => name,
            };
            assert!(
                mapping || error.to_string().contains(named),
                "{name}: {error}"
            );
        };
        match &checked {
            Err(error) => judge(error),
            Ok(report) => assert!(sealed || !report.is_sound(), "{name}: nobody noticed"),
        }
        match result {
            Err(error) => {
                judge(&error);
                true
            }
            Ok(answers) => {
                for (answer, right) in answers.iter().zip(&self.answers) {
                    assert!(sealed || answer == right, "{name}: {answer} is not {right}");
                }
                assert!(sealed || answers.len() == self.answers.len(), "{name}");
                false
            }
        }
    }
}

/// Writes a file anew: the old one may still be mapped.
fn replace(path: &Path, bytes: &[u8]) {
    fs::remove_file(path).unwrap();
    fs::write(path, bytes).unwrap();
}

fn flip(bytes: &[u8], at: usize, random: &mut Random) -> Vec<u8> {
    let mut damaged = bytes.to_vec();
    damaged[at] ^= 1 << random.below(8);
    damaged
}

#[test]
fn flipped_bits() {
    let index = Sound::new();
    let mut random = Random(0x51f1_7e57);
    let mut errors = 0;
    for _ in 0..flips() {
        let (file, at) = random.place(&index.files);
        let damaged = flip(&index.files[file].1, at, &mut random);
        errors += usize::from(index.with(file, &damaged, false));
    }
    assert_eq!(
        packages::answers(index.folder.path()).unwrap(),
        index.answers
    );
    tell(&format!(
        "{} flipped bits: {errors} errors, the rest answered rightly",
        flips()
    ));
}

#[test]
fn truncated_and_swapped() {
    let index = Sound::new();
    // The same documents with other ids of segments.
    let twin = Sound::new();
    let mut random = Random(0x5a9e);
    let rounds = flips() / 4;
    for round in 0..rounds {
        let (file, at) = match round % 2 {
            0 => random.place(&index.files),
            _ => (random.below(index.files.len()), 0),
        };
        let sound = &index.files[file].1;
        let other = match round % 4 {
            0 => sound[..at].to_vec(),
            1 => index.files[(file + 1 + random.below(index.files.len() - 1)) % index.files.len()]
                .1
                .clone(),
            2 => [
                &sound[..at],
                &sound[at..],
                &sound[..random.below(70)],
                b"\0",
            ]
            .concat(),
            // A manifest names its segments by their ids, so that a twin's is as wrong as the others.
            _ => twin.files[file].1.clone(),
        };
        assert_ne!(&other, sound);
        let error = index.with(file, &other, false);
        assert!(error, "{}", index.files[file].0.display());
    }
    tell(&format!("{rounds} truncated, prolonged and swapped files"));
}

#[test]
fn damage_with_right_checksums() {
    let index = Sound::new();
    let mut random = Random(0x5ea1ed);
    let rounds = flips() / 4;
    let mut errors = 0;
    for _ in 0..rounds {
        // Small files are as interesting as large ones here.
        let file = random.below(index.files.len());
        let sound = &index.files[file].1;
        let payload = HEADER..payload_end(sound);
        let mut damaged = sound.clone();
        for _ in 0..=random.below(3) {
            let at = payload.start + random.below(payload.len());
            damaged = flip(&damaged, at, &mut random);
        }
        seal(&mut damaged);
        errors += usize::from(index.with(file, &damaged, true));
    }
    tell(&format!(
        "{rounds} times damage with right checksums: {errors} errors"
    ));
}

// See docs/format.md.
const HEADER: usize = 64;
const FOOTER: usize = 24;
const BLOCK: usize = 64 * 1024;

fn payload_end(file: &[u8]) -> usize {
    let at = file.len() - FOOTER;
    let len = u64::from_le_bytes(file[at..at + 8].try_into().unwrap());
    HEADER + usize::try_from(len).unwrap()
}

/// Makes all checksums right, as an attacker would.
fn seal(file: &mut [u8]) {
    let end = payload_end(file);
    let mut entry = end;
    for at in (HEADER..end).step_by(BLOCK) {
        let crc = crc32c(&file[at..end.min(at + BLOCK)]);
        file[entry..entry + 4].copy_from_slice(&crc.to_le_bytes());
        entry += 4;
    }
    let at = file.len() - 12;
    let crc = crc32c(&file[end..at]);
    file[at..at + 4].copy_from_slice(&crc.to_le_bytes());
}

fn crc32c(bytes: &[u8]) -> u32 {
    let mut crc = u32::MAX;
    for byte in bytes {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            crc = (crc >> 1) ^ (0x82f6_3b78 & 0_u32.wrapping_sub(crc & 1));
        }
    }
    !crc
}

#[test]
fn the_checksum_is_the_engine_s() {
    assert_eq!(crc32c(b"123456789"), 0xe306_9283);
    let index = Sound::new();
    for (path, sound) in &index.files {
        let mut sealed = sound.clone();
        seal(&mut sealed);
        assert!(&sealed == sound, "{}", path.display());
    }
}
