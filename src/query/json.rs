//! Reading JSON with places: every value knows its byte offset in the request and its path of keys and indices.
//!
//! serde_json checks the whole request once. Then a [`Node`] is a value that isn't read yet; reading an object splits it into
//! slices of the request, whose addresses give the offsets. Only strings with escapes are copied. The path is a chain of links on the stack, which becomes a string
//! only when there is an error to tell.

use std::borrow::Cow;
use std::fmt;

use serde_json::value::RawValue;

use super::MAX_DEPTH;
use super::ast::Place;
use crate::Error;

/// One step from the request to a value.
#[derive(Clone, Copy, Debug)]
enum Step<'p> {
    Root,
    Key(&'p str),
    Index(usize),
}

/// Where a node stands: its step, and the way to it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Path<'p> {
    parent: Option<&'p Path<'p>>,
    step: Step<'p>,
}

impl fmt::Display for Path<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let below_root = self.parent.is_some_and(|parent| parent.parent.is_some());
        if let Some(parent) = self.parent.filter(|_| below_root) {
            parent.fmt(f)?;
        }
        match self.step {
            Step::Root => f.write_str("$"),
            Step::Key(key) if below_root => write!(f, ".{key}"),
            Step::Key(key) => f.write_str(key),
            Step::Index(index) => write!(f, "[{index}]"),
        }
    }
}

/// A value of the request, at its place.
#[derive(Clone, Copy, Debug)]
pub(super) struct Node<'a, 'p> {
    /// The whole request.
    text: &'a str,
    raw: &'a str,
    path: Path<'p>,
    /// How many objects and arrays are around it.
    depth: usize,
}

/// A member of an object.
#[derive(Debug)]
pub(super) struct Entry<'a> {
    /// The key, unescaped.
    pub(super) key: Cow<'a, str>,
    raw: &'a str,
}

impl<'a, 'p> Node<'a, 'p> {
    /// The whole request. Fails if it isn't one JSON value.
    pub(super) fn root(text: &'a str) -> crate::Result<Self> {
        let value: &RawValue =
            serde_json::from_str(text).map_err(|error| syntax_error(text, &error))?;
        let path = Path {
            parent: None,
            step: Step::Root,
        };
        Ok(Self {
            text,
            raw: value.get(),
            path,
            depth: 0,
        })
    }

    /// The value's first byte in the request.
    pub(super) fn offset(&self) -> usize {
        self.raw
            .as_ptr()
            .addr()
            .saturating_sub(self.text.as_ptr().addr())
    }

    /// The place to keep in the AST.
    pub(super) fn place(&self) -> Place {
        Place::at(self.offset())
    }

    /// Bounds every recursion over nodes, since each has to open an object or array to go on.
    fn check_depth(&self) -> crate::Result<()> {
        if self.depth >= MAX_DEPTH {
            return Err(self.error(format!("nested deeper than {MAX_DEPTH}")));
        }
        Ok(())
    }

    /// The value as it is written.
    pub(super) fn raw(&self) -> &'a str {
        self.raw
    }

    /// An error about this value.
    pub(super) fn error(&self, message: impl Into<String>) -> Error {
        Error::query(self.path.to_string(), self.offset(), message)
    }

    /// The error that another type of value was expected here.
    pub(super) fn expected(&self, what: &str) -> Error {
        self.error(format!("expected {what}, found {}", self.describe()))
    }

    /// The value in an error message: its type, and the value itself if it is short.
    fn describe(&self) -> String {
        let raw = self.raw();
        match self.kind() {
            b'{' => "an object".to_string(),
            b'[' => "an array".to_string(),
            b'n' => "null".to_string(),
            b'"' if raw.len() > 40 => "a string".to_string(),
            b'"' => format!("the string {raw}"),
            b't' | b'f' => format!("the boolean {raw}"),
            _ if raw.len() > 40 => "a number".to_string(),
            _ => format!("the number {raw}"),
        }
    }

    /// The first byte, which tells the type: one of `{ [ " t f n`, or of a number.
    pub(super) fn kind(&self) -> u8 {
        self.raw().as_bytes().first().copied().unwrap_or(b'n')
    }

    /// Reads an object's members in order; a key that stands twice is an error.
    pub(super) fn object(&self, what: &str) -> crate::Result<Vec<Entry<'a>>> {
        if self.kind() != b'{' {
            return Err(self.expected(what));
        }
        self.check_depth()?;
        let mut scanner = Scanner::inside(self.raw);
        let mut entries: Vec<Entry<'a>> = Vec::with_capacity(4);
        while scanner.next() {
            let key = unescape(scanner.value()).map_err(|error| self.inner_error(&error))?;
            scanner.next();
            entries.push(Entry {
                key,
                raw: scanner.value(),
            });
        }
        // Objects of a query are small; a wide one (parameters, say) is sorted instead.
        let twice = if entries.len() <= 16 {
            (1..entries.len()).find(|&at| entries[..at].iter().any(|e| e.key == entries[at].key))
        } else {
            let mut order: Vec<usize> = (0..entries.len()).collect();
            order.sort_by(|&a, &b| entries[a].key.cmp(&entries[b].key).then(a.cmp(&b)));
            order
                .windows(2)
                .find(|w| entries[w[0]].key == entries[w[1]].key)
                .map(|w| w[1])
        };
        match twice {
            Some(at) => {
                let entry = &entries[at];
                Err(self
                    .member(entry)
                    .error(format!("key `{}` stands here twice", entry.key)))
            }
            None => Ok(entries),
        }
    }

    /// The value of a member.
    pub(super) fn member<'s>(&'s self, entry: &'s Entry<'a>) -> Node<'a, 's> {
        self.child(entry.raw, Step::Key(&entry.key))
    }

    /// Reads an array's items.
    pub(super) fn array(&self, what: &str) -> crate::Result<Items<'a>> {
        if self.kind() != b'[' {
            return Err(self.expected(what));
        }
        self.check_depth()?;
        let mut scanner = Scanner::inside(self.raw);
        let mut items = Vec::new();
        while scanner.next() {
            items.push(scanner.value());
        }
        Ok(Items(items))
    }

    /// The items of an array, as nodes.
    pub(super) fn items<'s>(&'s self, items: &'s Items<'a>) -> impl Iterator<Item = Node<'a, 's>> {
        items
            .0
            .iter()
            .enumerate()
            .map(|(at, raw)| self.child(raw, Step::Index(at)))
    }

    fn child<'s>(&'s self, raw: &'a str, step: Step<'s>) -> Node<'a, 's> {
        let path = Path {
            parent: Some(&self.path),
            step,
        };
        Node {
            text: self.text,
            raw,
            path,
            depth: self.depth + 1,
        }
    }

    /// Reads a string.
    pub(super) fn string(&self, what: &str) -> crate::Result<Cow<'a, str>> {
        if self.kind() != b'"' {
            return Err(self.expected(what));
        }
        unescape(self.raw).map_err(|error| self.inner_error(&error))
    }

    /// Reads a boolean; the strings `"true"` and `"false"` are taken as well, as in OpenSearch.
    pub(super) fn boolean(&self) -> crate::Result<bool> {
        match self.raw() {
            "true" | "\"true\"" => Ok(true),
            "false" | "\"false\"" => Ok(false),
            _ => Err(self.expected("a boolean")),
        }
    }

    /// Whether it is a number.
    pub(super) fn is_number(&self) -> bool {
        matches!(self.kind(), b'-' | b'0'..=b'9')
    }

    /// What serde says about a part, which only strings with bad escapes are left to cause: the request is well-formed.
    fn inner_error(&self, error: &serde_json::Error) -> Error {
        self.error(format!("not valid JSON: {}", plain(error)))
    }
}

/// The items of an array.
#[derive(Debug)]
pub(super) struct Items<'a>(Vec<&'a str>);

impl Items<'_> {
    /// How many.
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }
}

/// The path of the value that begins at `offset`, or of the innermost that holds it; `$` for the request itself.
pub(super) fn path_at(text: &str, offset: usize) -> String {
    fn descend(node: &Node<'_, '_>, offset: usize) -> Option<String> {
        let range = node.offset()..node.offset() + node.raw().len();
        if !range.contains(&offset) {
            return None;
        }
        let inner = match node.kind() {
            b'{' => node.object("an object").ok().and_then(|entries| {
                entries
                    .iter()
                    .find_map(|e| descend(&node.member(e), offset))
            }),
            b'[' => node
                .array("an array")
                .ok()
                .and_then(|items| node.items(&items).find_map(|item| descend(&item, offset))),
            _ => None,
        };
        Some(inner.unwrap_or_else(|| node.path.to_string()))
    }
    Node::root(text)
        .ok()
        .and_then(|root| descend(&root, offset))
        .unwrap_or_else(|| "$".to_string())
}

/// A syntax error at its byte offset.
fn syntax_error(text: &str, error: &serde_json::Error) -> Error {
    let line_start: usize = text
        .split_inclusive('\n')
        .take(error.line().saturating_sub(1))
        .map(str::len)
        .sum();
    let offset = (line_start + error.column().saturating_sub(1)).min(text.len());
    Error::query("$", offset, format!("not valid JSON: {}", plain(error)))
}

/// The message without serde's line and column, which the offset says already.
fn plain(error: &serde_json::Error) -> String {
    let message = error.to_string();
    match message.rfind(" at line ") {
        Some(at) => message[..at].to_string(),
        None => message,
    }
}

/// Walks over well-formed JSON, of which only the ends of values are looked for.
struct Scanner<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Scanner<'a> {
    /// Inside the object or array that `text` is.
    fn inside(text: &'a str) -> Self {
        Self { text, at: 1 }
    }

    fn byte(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    /// Goes on to the next member or item: over white space, a comma or colon. Returns whether there is one.
    fn next(&mut self) -> bool {
        while let Some(b' ' | b'\n' | b'\t' | b'\r' | b',' | b':') = self.byte() {
            self.at += 1;
        }
        !matches!(self.byte(), None | Some(b'}' | b']'))
    }

    /// The value that begins here, as it is written.
    fn value(&mut self) -> &'a str {
        let start = self.at;
        let mut depth = 0_usize;
        while let Some(byte) = self.byte() {
            match byte {
                b'"' => self.skip_string(),
                b'{' | b'[' => {
                    depth += 1;
                    self.at += 1;
                }
                b'}' | b']' if depth > 0 => {
                    depth -= 1;
                    self.at += 1;
                }
                b'}' | b']' => break,
                b',' | b':' | b' ' | b'\n' | b'\t' | b'\r' if depth == 0 => break,
                _ => {
                    self.at += 1;
                    continue;
                }
            }
            if depth == 0 {
                break;
            }
        }
        self.text.get(start..self.at).unwrap_or_default()
    }

    fn skip_string(&mut self) {
        self.at += 1;
        while let Some(byte) = self.byte() {
            self.at += 1;
            match byte {
                b'"' => return,
                b'\\' => self.at += 1,
                _ => {}
            }
        }
    }
}

/// A JSON string's text, borrowed where it has no escapes.
fn unescape(raw: &str) -> Result<Cow<'_, str>, serde_json::Error> {
    match raw.get(1..raw.len().saturating_sub(1)) {
        Some(inner) if !inner.contains('\\') => Ok(Cow::Borrowed(inner)),
        _ => serde_json::from_str(raw).map(Cow::Owned),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// What the scanner finds in any object is what serde finds.
        #[test]
        fn splits_as_serde_does(
            items in proptest::collection::vec(("[a-z\"\\\\é]{0,5}", "[a-z\"\\\\,:{}\\[\\] ]{0,8}", any::<i8>()), 0..5),
            gap in "[ \n\t]{0,2}"
        ) {
            let mut object = serde_json::Map::new();
            for (key, text, number) in items {
                object.insert(key, serde_json::json!([text, {"k": number}, null, [[]]]));
            }
            let text = serde_json::Value::Object(object.clone()).to_string();
            let text = text.replace("\":", &format!("\":{gap}")).replace(",[", &format!("{gap},{gap}["));
            let Ok(value) = serde_json::from_str::<serde_json::Value>(&text) else { return Ok(()) };
            let root = Node::root(&text).unwrap();
            let entries = root.object("").unwrap();
            let object = value.as_object().unwrap();
            prop_assert_eq!(entries.len(), object.len());
            for (entry, (key, value)) in entries.iter().zip(object) {
                prop_assert_eq!(&*entry.key, key.as_str());
                let member = root.member(entry);
                prop_assert_eq!(&serde_json::from_str::<serde_json::Value>(member.raw()).unwrap(), value);
                let items = member.array("").unwrap();
                prop_assert_eq!(items.len(), 4);
                for (item, value) in member.items(&items).zip(value.as_array().unwrap()) {
                    prop_assert_eq!(&serde_json::from_str::<serde_json::Value>(item.raw()).unwrap(), value);
                    prop_assert_eq!(path_at(&text, item.offset()), item.path.to_string());
                }
            }
        }
    }
}
