//! Reading what the user names: whole files up to a limit, and documents line by line.

use std::fs::File;
use std::io::{BufRead, Read};
use std::path::Path;

use crate::Error;

/// A line that is longer is no document; OpenSearch's `http.max_content_length`.
pub(super) const MAX_LINE_BYTES: usize = 100 << 20;

/// Reads a file of at most `limit` bytes.
///
/// # Errors
/// `Io`; `InvalidArgument` for a longer one.
pub(super) fn bytes(path: &Path, limit: usize) -> crate::Result<Vec<u8>> {
    let file = File::open(path).map_err(|error| Error::io(path, error))?;
    all(file, path, limit)
}

/// The byte order mark that some editors put before a text.
pub(super) const BOM: &[u8] = b"\xef\xbb\xbf";

/// As [`bytes`], of a text in UTF-8, without a byte order mark.
pub(super) fn text(path: &Path, limit: usize) -> crate::Result<String> {
    utf8(bytes(path, limit)?, path)
}

/// As [`text`], from standard input.
pub(super) fn stdin(limit: usize) -> crate::Result<String> {
    let path = Path::new("standard input");
    utf8(all(std::io::stdin().lock(), path, limit)?, path)
}

fn utf8(mut bytes: Vec<u8>, path: &Path) -> crate::Result<String> {
    if bytes.starts_with(BOM) {
        bytes.drain(..BOM.len());
    }
    String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        Error::InvalidArgument(format!("{}: not valid UTF-8 (byte {at})", path.display()))
    })
}

fn all(from: impl Read, path: &Path, limit: usize) -> crate::Result<Vec<u8>> {
    let mut read = Vec::new();
    from.take(limit as u64 + 1)
        .read_to_end(&mut read)
        .map_err(|error| Error::io(path, error))?;
    if read.len() > limit {
        let message = format!("{}: more than {limit} bytes", path.display());
        return Err(Error::InvalidArgument(message));
    }
    Ok(read)
}

/// Reads the next line into `line`, with its end; without its content if that has more than `limit` bytes. Returns the bytes
/// read, 0 at the end.
pub(super) fn line(
    from: &mut impl BufRead,
    line: &mut Vec<u8>,
    limit: usize,
) -> std::io::Result<u64> {
    line.clear();
    let mut read = 0;
    loop {
        let part = from.fill_buf()?;
        let newline = part.iter().position(|byte| *byte == b'\n');
        let len = newline.map_or(part.len(), |at| at + 1);
        if read <= limit as u64 {
            line.extend_from_slice(&part[..len]);
        }
        let ended = newline.is_some() || len == 0;
        from.consume(len);
        read += len as u64;
        if ended {
            break;
        }
    }
    if read > limit as u64 {
        line.clear();
    }
    Ok(read)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_all_lengths() {
        let text = b"ab\n\nabcd\nabcdefgh\nx";
        for capacity in [1, 3, 100] {
            let mut reader = std::io::BufReader::with_capacity(capacity, &text[..]);
            let (mut bytes, mut lines) = (Vec::new(), Vec::new());
            loop {
                let read = line(&mut reader, &mut bytes, 5).unwrap();
                if read == 0 {
                    break;
                }
                lines.push((read, String::from_utf8(bytes.clone()).unwrap()));
            }
            let expected = [(3, "ab\n"), (1, "\n"), (5, "abcd\n"), (9, ""), (1, "x")];
            assert_eq!(lines, expected.map(|(n, text)| (n, text.to_string())));
        }
    }

    #[test]
    fn files_have_a_limit() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("f");
        std::fs::write(&path, "12345").unwrap();
        assert_eq!(text(&path, 5).unwrap(), "12345");
        std::fs::write(&path, "\u{feff}12").unwrap();
        assert_eq!(text(&path, 5).unwrap(), "12");
        std::fs::write(&path, "12345").unwrap();
        let error = text(&path, 4).unwrap_err().to_string();
        assert!(error.ends_with("f: more than 4 bytes"), "{error}");
        std::fs::write(&path, b"ab\xff").unwrap();
        let error = text(&path, 5).unwrap_err().to_string();
        assert!(error.ends_with("f: not valid UTF-8 (byte 2)"), "{error}");
        assert!(text(&folder.path().join("none"), 5).is_err());
    }
}
