//! `sort` and `search_after`: in which order hits come, and where a page begins.

use super::ast::{FieldName, Place, Scalar};
use super::decay::MultiValueMode;
use super::geo::{Point, point, unit_in_metres};
use super::json::{Entry, Node};
use super::leaf::scalar;
use super::request::unknown_key;
use super::script::{ScriptSort, SortBody};
use super::{MAX_SORT_KEYS, function_score::named};

/// One of the keys that hits are sorted by, the first one first.
#[derive(Clone, Debug, PartialEq)]
pub struct SortKey {
    /// What is compared.
    pub by: SortBy,
    /// Which of it comes first.
    pub order: Order,
    /// Where it stands.
    pub place: Place,
}

/// What hits are compared by.
#[derive(Clone, Debug, PartialEq)]
pub enum SortBy {
    /// Their score.
    Score,
    /// The order in which the index has them.
    Doc,
    /// A field's value.
    Field(FieldSort),
    /// The distance of a field's point.
    GeoDistance(GeoDistanceSort),
    /// What a function returns.
    Script(ScriptSort),
}

named! {
    /// Whether small or large values come first.
    Order {
        /// The smallest.
        #[default]
        Asc = 0, "asc";
        /// The largest.
        Desc = 1, "desc";
    }
}

/// `{"field": {"order": "desc", "missing": "_first", "mode": "max", "unmapped_type": "long"}}`
#[derive(Clone, Debug, PartialEq)]
pub struct FieldSort {
    /// The field.
    pub field: FieldName,
    /// Where documents without the field stand.
    pub missing: Missing,
    /// Which of several values counts. Without: the one that comes first in the order.
    pub mode: Option<MultiValueMode>,
    /// The type that the field has if the mapping lacks it: all documents are then without it. Without a type it is an error.
    pub unmapped_type: Option<String>,
}

/// Where documents without a field stand among those that have it.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Missing {
    /// Behind all.
    #[default]
    Last,
    /// Before all.
    First,
    /// As if they had this value.
    Value(Scalar),
}

/// `{"_geo_distance": {"loc": [13.4, 52.5], "order": "asc", "unit": "km"}}`
#[derive(Clone, Debug, PartialEq)]
pub struct GeoDistanceSort {
    /// The field, of points.
    pub field: FieldName,
    /// Where it is measured from.
    pub origin: Point,
    /// The name of the unit; metres by default.
    pub unit: String,
    /// Which of several distances counts. Without: the one that comes first in the order.
    pub mode: Option<MultiValueMode>,
}

/// Reads `sort`: a key, or an array of keys.
pub(super) fn sort(node: &Node<'_, '_>) -> crate::Result<Vec<SortKey>> {
    let mut keys = Vec::new();
    if node.kind() == b'[' {
        let items = node.array("an array of sort keys")?;
        for item in node.items(&items) {
            push(&item, &mut keys)?;
        }
    } else {
        push(node, &mut keys)?;
    }
    if keys.len() > MAX_SORT_KEYS {
        let message = format!("{} sort keys; at most {MAX_SORT_KEYS}", keys.len());
        return Err(node.error(message));
    }
    Ok(keys)
}

/// A name, or an object with a member for each key.
fn push(node: &Node<'_, '_>, keys: &mut Vec<SortKey>) -> crate::Result<()> {
    const WHAT: &str = "a field's name, or an object such as {\"field\": \"desc\"}";
    if node.kind() == b'"' {
        let name = node.string(WHAT)?;
        keys.push(named_key(&name, node.place())?);
        return Ok(());
    }
    for entry in &node.object(WHAT)? {
        keys.push(key(entry, &node.member(entry))?);
    }
    Ok(())
}

fn named_key(name: &str, place: Place) -> crate::Result<SortKey> {
    let (by, order) = match name {
        "_score" => (SortBy::Score, Order::Desc),
        "_doc" => (SortBy::Doc, Order::Asc),
        name => {
            let field = FieldSort {
                field: FieldName {
                    name: name.to_string(),
                    place,
                },
                missing: Missing::Last,
                mode: None,
                unmapped_type: None,
            };
            (SortBy::Field(field), Order::Asc)
        }
    };
    Ok(SortKey { by, order, place })
}

/// The member of a sort object: a name with its order, or with options.
fn key(entry: &Entry<'_>, value: &Node<'_, '_>) -> crate::Result<SortKey> {
    if entry.key == "_geo_distance" {
        return geo_distance(value);
    }
    if entry.key == "_script" {
        return script(value);
    }
    let mut key = named_key(&entry.key, value.place())?;
    if value.kind() == b'"' {
        key.order = Order::parse(value)?;
        return Ok(key);
    }
    for entry in &value.object("an order, or an object of options")? {
        let member = value.member(entry);
        match (&*entry.key, &mut key.by) {
            ("order", _) => key.order = Order::parse(&member)?,
            ("missing", SortBy::Field(field)) => {
                field.missing = match scalar(&member)? {
                    Scalar::Str(text) if text == "_last" => Missing::Last,
                    Scalar::Str(text) if text == "_first" => Missing::First,
                    value => Missing::Value(value),
                };
            }
            ("mode", SortBy::Field(field)) => field.mode = Some(MultiValueMode::parse(&member)?),
            ("unmapped_type", SortBy::Field(field)) => {
                field.unmapped_type = Some(member.string("a type's name")?.into_owned());
            }
            (name, SortBy::Field(_)) => {
                const KEYS: [&str; 4] = ["order", "missing", "mode", "unmapped_type"];
                return Err(unknown_key(&member, name, "a sort key", &KEYS));
            }
            (name, _) => return Err(unknown_key(&member, name, "a sort key", &["order"])),
        }
    }
    Ok(key)
}

fn script(node: &Node<'_, '_>) -> crate::Result<SortKey> {
    let (mut order, mut body) = (Order::Asc, SortBody::default());
    for entry in &node.object("an object with `type` and `script`")? {
        let value = node.member(entry);
        match &*entry.key {
            "order" => order = Order::parse(&value)?,
            key => body.take(key, &value)?,
        }
    }
    Ok(SortKey {
        by: SortBy::Script(body.finish(node)?),
        order,
        place: node.place(),
    })
}

fn geo_distance(node: &Node<'_, '_>) -> crate::Result<SortKey> {
    const KEYS: [&str; 5] = ["a field", "order", "unit", "mode", "distance_type"];
    let (mut order, mut unit, mut mode, mut found) = (Order::Asc, None, None, None);
    for entry in &node.object("an object such as {\"field\": [lon, lat], \"order\": \"asc\"}")? {
        let value = node.member(entry);
        match &*entry.key {
            "order" => order = Order::parse(&value)?,
            "unit" => {
                let name = value.string("a unit of length")?.into_owned();
                if name.is_empty() || unit_in_metres(&name).is_none() {
                    return Err(
                        value.expected("a unit of length: m, km, mi, yd, ft, in, cm, mm, NM")
                    );
                }
                unit = Some(name);
            }
            "mode" => {
                mode = Some(MultiValueMode::parse(&value)?);
                if mode == Some(MultiValueMode::Sum) {
                    return Err(value.expected("one of min, max, avg, median"));
                }
            }
            // The other one, `plane`, is faster and wrong.
            "distance_type" if value.raw() == "\"arc\"" => {}
            "distance_type" => return Err(value.expected("\"arc\"")),
            "ignore_unmapped" | "nested" | "validation_method" => {
                return Err(unknown_key(&value, &entry.key, "`_geo_distance`", &KEYS));
            }
            name if found.is_none() => {
                let field = FieldName {
                    name: name.to_string(),
                    place: value.place(),
                };
                found = Some((field, point(&value)?));
            }
            name => {
                let message = format!("`_geo_distance` takes one field, `{name}` is a second one");
                return Err(value.error(message));
            }
        }
    }
    let missing = || node.error("`_geo_distance` needs a field and a point");
    let (field, origin) = found.ok_or_else(missing)?;
    let by = SortBy::GeoDistance(GeoDistanceSort {
        field,
        origin,
        unit: unit.unwrap_or_else(|| "m".to_string()),
        mode,
    });
    Ok(SortKey {
        by,
        order,
        place: node.place(),
    })
}

/// Reads `search_after`: the sort values of a hit.
pub(super) fn search_after(node: &Node<'_, '_>) -> crate::Result<Vec<Option<Scalar>>> {
    let items = node.array("an array with a value for each sort key")?;
    let values = node.items(&items).map(|item| match item.kind() {
        b'n' => Ok(None),
        _ => scalar(&item).map(Some),
    });
    values.collect()
}
