//! What a source filter leaves of a hit's `_source`.
//!
//! It stands beside the request's reader since it reads JSON the same way: a part that is kept is copied verbatim, and only
//! objects and arrays on the way to it are opened.

use super::ast::{SourceFilter, push_json_string};
use super::json::Node;
use crate::Error;

impl SourceFilter {
    /// Appends what the filter leaves of `source`, a JSON object, to `out`. Returns false, and appends nothing, if the filter
    /// leaves out the source as a whole.
    ///
    /// Order is kept, and what is kept is as it was written; without patterns that is the source, byte for byte.
    ///
    /// # Errors
    /// [`Error::Document`] if the source must be read and isn't an object in JSON, or is nested deeper than the limit for
    /// requests where a pattern may match inside.
    pub fn apply(&self, source: &[u8], out: &mut Vec<u8>) -> crate::Result<bool> {
        let (includes, excludes) = match self {
            Self::None => return Ok(false),
            Self::Patterns { includes, excludes }
                if !(includes.is_empty() && excludes.is_empty()) =>
            {
                (includes, excludes)
            }
            _ => {
                out.extend_from_slice(source);
                return Ok(true);
            }
        };
        let patterns = Patterns { includes, excludes };
        let text = std::str::from_utf8(source).map_err(|_| damaged("not valid UTF-8"))?;
        let filter = || -> crate::Result<String> {
            let mut kept = String::new();
            let included = includes.is_empty();
            patterns.object(&Node::root(text)?, &mut String::new(), included, &mut kept)?;
            Ok(kept)
        };
        let kept = filter().map_err(|error| damaged(&error.to_string()))?;
        out.extend_from_slice(kept.as_bytes());
        Ok(true)
    }
}

fn damaged(message: &str) -> Error {
    Error::Document {
        path: "_source".to_string(),
        message: message.to_string(),
    }
}

struct Patterns<'f> {
    includes: &'f [String],
    excludes: &'f [String],
}

impl Patterns<'_> {
    /// Writes what is left of an object; returns whether that is anything. `included`: a pattern took an object around it.
    fn object(
        &self,
        node: &Node<'_, '_>,
        path: &mut String,
        included: bool,
        out: &mut String,
    ) -> crate::Result<bool> {
        let mut any = false;
        out.push('{');
        for entry in &node.object("an object")? {
            let (path_length, out_length) = (path.len(), out.len());
            if path_length > 0 {
                path.push('.');
            }
            path.push_str(&entry.key);
            if any {
                out.push(',');
            }
            push_json_string(&entry.key, out);
            out.push(':');
            let included = included || self.includes.iter().any(|p| matches(p, path));
            let kept = !self.excludes.iter().any(|p| matches(p, path))
                && self.value(&node.member(entry), path, included, out)?;
            if !kept {
                out.truncate(out_length);
            }
            any |= kept;
            path.truncate(path_length);
        }
        out.push('}');
        Ok(any)
    }

    /// Writes what is left of a value; returns false, with some rubbish behind `out`, if that is nothing.
    fn value(
        &self,
        node: &Node<'_, '_>,
        path: &mut String,
        included: bool,
        out: &mut String,
    ) -> crate::Result<bool> {
        let whole = included && self.excludes.is_empty();
        match node.kind() {
            _ if whole => out.push_str(node.raw()),
            b'{' => return Ok(self.object(node, path, included, out)? || included),
            b'[' => {
                let items = node.array("an array")?;
                let mut any = false;
                out.push('[');
                for item in node.items(&items) {
                    let length = out.len();
                    if any {
                        out.push(',');
                    }
                    let kept = self.value(&item, path, included, out)?;
                    if !kept {
                        out.truncate(length);
                    }
                    any |= kept;
                }
                out.push(']');
                return Ok(any || included);
            }
            _ if included => out.push_str(node.raw()),
            _ => return Ok(false),
        }
        Ok(true)
    }
}

/// Whether the pattern, in which `*` stands for any characters, matches all of the path. A pattern `a.*` also matches `a`
/// with something below it when that is reached.
fn matches(pattern: &str, path: &str) -> bool {
    let (pattern, path) = (pattern.as_bytes(), path.as_bytes());
    let (mut p, mut t) = (0, 0);
    // Where to go on when the rest fails: the latest star, and one byte more for it. Earlier stars need no second try.
    let mut retry: Option<(usize, usize)> = None;
    while t < path.len() {
        if pattern.get(p) == Some(&b'*') {
            retry = Some((p, t));
            p += 1;
        } else if pattern.get(p) == Some(&path[t]) {
            p += 1;
            t += 1;
        } else if let Some((star, from)) = retry {
            retry = Some((star, from + 1));
            p = star + 1;
            t = from + 1;
        } else {
            return false;
        }
    }
    pattern[p..].iter().all(|byte| *byte == b'*')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn filter(includes: &[&str], excludes: &[&str], source: &str) -> String {
        let own = |list: &[&str]| list.iter().map(|p| (*p).to_string()).collect();
        let filter = SourceFilter::Patterns {
            includes: own(includes),
            excludes: own(excludes),
        };
        let mut out = Vec::new();
        assert!(filter.apply(source.as_bytes(), &mut out).unwrap());
        String::from_utf8(out).unwrap()
    }

    const SOURCE: &str = r#"{"title": "x", "a": {"b": 1.10, "c": {"d": [1, 2]}}, "list": [{"k": 1, "v": 2}, {"k": 3}, 4], "e": {}}"#;

    #[test]
    fn verbatim_or_nothing() {
        let mut out = Vec::new();
        assert!(!SourceFilter::None.apply(b"{}", &mut out).unwrap());
        assert!(SourceFilter::All.apply(b" anything", &mut out).unwrap());
        assert_eq!(out, b" anything");
        assert_eq!(filter(&[], &[], SOURCE), SOURCE);
    }

    #[test]
    fn includes() {
        assert_eq!(filter(&["title"], &[], SOURCE), r#"{"title":"x"}"#);
        assert_eq!(
            filter(&["a"], &[], SOURCE),
            r#"{"a":{"b": 1.10, "c": {"d": [1, 2]}}}"#
        );
        assert_eq!(
            filter(&["a.c.*"], &[], SOURCE),
            r#"{"a":{"c":{"d":[1, 2]}}}"#
        );
        assert_eq!(
            filter(&["*.b", "e"], &[], SOURCE),
            r#"{"a":{"b":1.10},"e":{}}"#
        );
        assert_eq!(
            filter(&["list.k"], &[], SOURCE),
            r#"{"list":[{"k":1},{"k":3}]}"#
        );
        assert_eq!(filter(&["nothing"], &[], SOURCE), "{}");
    }

    #[test]
    fn excludes() {
        assert_eq!(filter(&[], &["a", "list", "e"], SOURCE), r#"{"title":"x"}"#);
        assert_eq!(filter(&["a"], &["a.c"], SOURCE), r#"{"a":{"b":1.10}}"#);
        assert_eq!(
            filter(&["list"], &["*.v"], SOURCE),
            r#"{"list":[{"k":1},{"k":3},4]}"#
        );
        assert_eq!(filter(&[], &["*"], SOURCE), "{}");
    }

    #[test]
    fn a_damaged_source_is_an_error() {
        let filter = SourceFilter::Patterns {
            includes: vec!["a".into()],
            excludes: vec![],
        };
        let deep = format!("{}1{}", "{\"a\":{\"b\":".repeat(99), "}}".repeat(99));
        for source in [&b"[1]"[..], b"{", b"\xff"] {
            assert!(filter.apply(source, &mut Vec::new()).is_err());
        }
        assert!(
            filter.apply(deep.as_bytes(), &mut Vec::new()).is_ok(),
            "taken as a whole"
        );
        let inside = SourceFilter::Patterns {
            includes: vec!["*.x".into()],
            excludes: vec![],
        };
        assert!(inside.apply(deep.as_bytes(), &mut Vec::new()).is_err());
    }

    fn naive(pattern: &[u8], path: &[u8]) -> bool {
        match pattern {
            [] => path.is_empty(),
            [b'*', rest @ ..] => (0..=path.len()).any(|at| naive(rest, &path[at..])),
            [byte, rest @ ..] => path.first() == Some(byte) && naive(rest, &path[1..]),
        }
    }

    proptest! {
        #[test]
        fn wildcards(pattern in "[ab.*]{0,6}", path in "[ab.]{0,8}") {
            prop_assert_eq!(matches(&pattern, &path), naive(pattern.as_bytes(), path.as_bytes()));
        }
    }
}
