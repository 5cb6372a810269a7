//! Reading JSON with places: every value knows its byte offset in the request and its path of keys and indices.
//!
//! A [`Node`] is a value that isn't read yet. Reading an object splits it into raw slices of the request, whose addresses give
//! the offsets; nothing is copied but strings with escapes. The path is a chain of links on the stack, which becomes a string
//! only when there is an error to tell.

use std::borrow::Cow;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
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
    raw: &'a RawValue,
    path: Path<'p>,
    /// How many objects and arrays are around it.
    depth: usize,
}

/// A member of an object.
#[derive(Debug)]
pub(super) struct Entry<'a> {
    /// The key, unescaped.
    pub(super) key: Cow<'a, str>,
    raw: &'a RawValue,
}

impl<'a, 'p> Node<'a, 'p> {
    /// The whole request. Fails if it isn't one JSON value.
    pub(super) fn root(text: &'a str) -> crate::Result<Self> {
        let raw: &RawValue =
            serde_json::from_str(text).map_err(|error| syntax_error(text, &error))?;
        let path = Path { parent: None, step: Step::Root };
        Ok(Self { text, raw, path, depth: 0 })
    }

    /// The value's first byte in the request.
    pub(super) fn offset(&self) -> usize {
        self.raw.get().as_ptr().addr().saturating_sub(self.text.as_ptr().addr())
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
        self.raw.get()
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
        let entries = serde_json::Deserializer::from_str(self.raw())
            .deserialize_map(Entries)
            .map_err(|error| self.inner_error(&error))?;
        // Objects of a query are small; a wide one (parameters, say) is sorted instead.
        let twice = if entries.len() <= 16 {
            (1..entries.len()).find(|&at| entries[..at].iter().any(|e| e.key == entries[at].key))
        } else {
            let mut order: Vec<usize> = (0..entries.len()).collect();
            order.sort_by(|&a, &b| entries[a].key.cmp(&entries[b].key).then(a.cmp(&b)));
            order.windows(2).find(|w| entries[w[0]].key == entries[w[1]].key).map(|w| w[1])
        };
        match twice {
            Some(at) => {
                let entry = &entries[at];
                Err(self.member(entry).error(format!("key `{}` stands here twice", entry.key)))
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
        let items = serde_json::Deserializer::from_str(self.raw())
            .deserialize_seq(RawItems)
            .map_err(|error| self.inner_error(&error))?;
        Ok(Items(items))
    }

    /// The items of an array, as nodes.
    pub(super) fn items<'s>(&'s self, items: &'s Items<'a>) -> impl Iterator<Item = Node<'a, 's>> {
        items.0.iter().enumerate().map(|(at, raw)| self.child(raw, Step::Index(at)))
    }

    fn child<'s>(&'s self, raw: &'a RawValue, step: Step<'s>) -> Node<'a, 's> {
        let path = Path { parent: Some(&self.path), step };
        Node { text: self.text, raw, path, depth: self.depth + 1 }
    }

    /// Reads a string.
    pub(super) fn string(&self, what: &str) -> crate::Result<Cow<'a, str>> {
        if self.kind() != b'"' {
            return Err(self.expected(what));
        }
        serde_json::Deserializer::from_str(self.raw())
            .deserialize_str(Text)
            .map_err(|error| self.inner_error(&error))
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
pub(super) struct Items<'a>(Vec<&'a RawValue>);

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
            b'{' => node
                .object("an object")
                .ok()
                .and_then(|entries| entries.iter().find_map(|e| descend(&node.member(e), offset))),
            b'[' => node
                .array("an array")
                .ok()
                .and_then(|items| node.items(&items).find_map(|item| descend(&item, offset))),
            _ => None,
        };
        Some(inner.unwrap_or_else(|| node.path.to_string()))
    }
    Node::root(text).ok().and_then(|root| descend(&root, offset)).unwrap_or_else(|| "$".to_string())
}

/// A syntax error at its byte offset.
fn syntax_error(text: &str, error: &serde_json::Error) -> Error {
    let line_start: usize =
        text.split_inclusive('\n').take(error.line().saturating_sub(1)).map(str::len).sum();
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

struct Entries;

impl<'de> Visitor<'de> for Entries {
    type Value = Vec<Entry<'de>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut entries = Vec::with_capacity(4);
        while let Some(key) = map.next_key_seed(Text)? {
            entries.push(Entry { key, raw: map.next_value()? });
        }
        Ok(entries)
    }
}

struct RawItems;

impl<'de> Visitor<'de> for RawItems {
    type Value = Vec<&'de RawValue>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = seq.next_element()? {
            items.push(item);
        }
        Ok(items)
    }
}

/// A string, borrowed where it has no escapes.
struct Text;

impl<'de> DeserializeSeed<'de> for Text {
    type Value = Cow<'de, str>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<'de> Visitor<'de> for Text {
    type Value = Cow<'de, str>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Cow::Borrowed(text))
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Cow::Owned(text.to_string()))
    }
}
