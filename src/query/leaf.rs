//! The clauses about fields.

use super::MAX_TERMS;
use super::ast::{
    Bound, Clause, Exists, FieldName, Ids, Match, MatchPhrase, Number, Operator, Query, Range,
    Scalar, Term, Terms,
};
use super::clause::{Common, minimum};
use super::json::{Entry, Node};

/// Reads a value: a string, number or boolean.
pub(super) fn scalar(node: &Node<'_, '_>) -> crate::Result<Scalar> {
    match node.kind() {
        b'"' => Ok(Scalar::Str(node.string("a string")?.into_owned())),
        b't' => Ok(Scalar::Bool(true)),
        b'f' => Ok(Scalar::Bool(false)),
        _ if node.is_number() => Ok(Scalar::Number(number(node)?)),
        _ => Err(node.expected("a string, number or boolean")),
    }
}

/// Reads a number that a double can hold.
pub(super) fn number(node: &Node<'_, '_>) -> crate::Result<Number> {
    let value: Option<f64> = node.raw().parse().ok();
    if node.is_number() && value.is_some_and(f64::is_finite) {
        Ok(Number(node.raw().into()))
    } else {
        Err(node.expected("a number that a 64-bit float can hold"))
    }
}

/// The one member of `{"field": …}`.
fn only_field<'e, 'a>(
    body: &Node<'_, '_>,
    kind: &str,
    entries: &'e [Entry<'a>],
) -> crate::Result<&'e Entry<'a>> {
    match entries {
        [entry] => Ok(entry),
        [] => Err(body.error(format!("`{kind}` needs a field"))),
        [_, second, ..] => Err(body.error(format!(
            "`{kind}` takes one field, `{}` is a second one",
            second.key
        ))),
    }
}

fn field(entry: &Entry<'_>, value: &Node<'_, '_>) -> FieldName {
    FieldName {
        name: entry.key.to_string(),
        place: value.place(),
    }
}

pub(super) fn term(body: &Node<'_, '_>) -> crate::Result<Query> {
    let entries = body.object("an object such as {\"field\": \"value\"}")?;
    let entry = only_field(body, "term", &entries)?;
    let inner = body.member(entry);
    let mut common = Common::default();
    let mut value = None;
    if inner.kind() == b'{' {
        for entry in &inner.object("an object")? {
            let member = inner.member(entry);
            match &*entry.key {
                "value" => value = Some(scalar(&member)?),
                key => common.take(key, &member, "term", &["value"])?,
            }
        }
    } else {
        value = Some(scalar(&inner)?);
    }
    let value = value.ok_or_else(|| inner.error("`term` needs `value`"))?;
    let term = Term {
        field: field(entry, &inner),
        value,
    };
    Ok(common.query(Clause::Term(term), body.place()))
}

pub(super) fn terms(body: &Node<'_, '_>) -> crate::Result<Query> {
    let mut common = Common::default();
    let mut found: Option<Terms> = None;
    for entry in &body.object("an object such as {\"field\": [\"a\", \"b\"]}")? {
        let member = body.member(entry);
        if matches!(&*entry.key, "boost" | "_name") {
            common.take(&entry.key, &member, "terms", &[])?;
            continue;
        }
        if found.is_some() {
            let message = format!("`terms` takes one field, `{}` is a second one", entry.key);
            return Err(member.error(message));
        }
        let items = member.array("an array of values")?;
        check_count(&member, items.len())?;
        let values = member
            .items(&items)
            .map(|item| scalar(&item))
            .collect::<Result<_, _>>()?;
        found = Some(Terms {
            field: field(entry, &member),
            values,
        });
    }
    let terms = found.ok_or_else(|| body.error("`terms` needs a field"))?;
    Ok(common.query(Clause::Terms(terms), body.place()))
}

fn check_count(node: &Node<'_, '_>, count: usize) -> crate::Result<()> {
    if count > MAX_TERMS {
        return Err(node.error(format!("{count} values; at most {MAX_TERMS}")));
    }
    Ok(())
}

pub(super) fn match_words(body: &Node<'_, '_>) -> crate::Result<Query> {
    const KEYS: [&str; 4] = ["query", "operator", "minimum_should_match", "analyzer"];
    let entries = body.object("an object such as {\"field\": \"text\"}")?;
    let entry = only_field(body, "match", &entries)?;
    let inner = body.member(entry);
    let mut common = Common::default();
    let mut query = None;
    let (mut operator, mut minimum_should_match, mut analyzer) = (Operator::Or, None, None);
    if inner.kind() == b'{' {
        for entry in &inner.object("an object")? {
            let member = inner.member(entry);
            match &*entry.key {
                "query" => query = Some(scalar(&member)?),
                "operator" => operator = parse_operator(&member)?,
                "minimum_should_match" => minimum_should_match = Some(minimum(&member)?),
                "analyzer" => analyzer = Some(member.string("an analyzer's name")?.into_owned()),
                key => common.take(key, &member, "match", &KEYS)?,
            }
        }
    } else {
        query = Some(scalar(&inner)?);
    }
    let query = query.ok_or_else(|| inner.error("`match` needs `query`"))?;
    let field = field(entry, &inner);
    let clause = Match {
        field,
        query,
        operator,
        minimum_should_match,
        analyzer,
    };
    Ok(common.query(Clause::Match(clause), body.place()))
}

fn parse_operator(node: &Node<'_, '_>) -> crate::Result<Operator> {
    const WHAT: &str = "\"and\" or \"or\"";
    let text = node.string(WHAT)?;
    if text.eq_ignore_ascii_case("and") {
        Ok(Operator::And)
    } else if text.eq_ignore_ascii_case("or") {
        Ok(Operator::Or)
    } else {
        Err(node.expected(WHAT))
    }
}

pub(super) fn match_phrase(body: &Node<'_, '_>) -> crate::Result<Query> {
    const KEYS: [&str; 3] = ["query", "analyzer", "slop"];
    let entries = body.object("an object such as {\"field\": \"text\"}")?;
    let entry = only_field(body, "match_phrase", &entries)?;
    let inner = body.member(entry);
    let mut common = Common::default();
    let (mut query, mut analyzer) = (None, None);
    if inner.kind() == b'{' {
        for entry in &inner.object("an object")? {
            let member = inner.member(entry);
            match &*entry.key {
                "query" => query = Some(scalar(&member)?),
                "analyzer" => analyzer = Some(member.string("an analyzer's name")?.into_owned()),
                "slop" if member.raw() == "0" => {}
                "slop" => return Err(member.error("a `slop` other than 0 is not supported")),
                key => common.take(key, &member, "match_phrase", &KEYS)?,
            }
        }
    } else {
        query = Some(scalar(&inner)?);
    }
    let query = query.ok_or_else(|| inner.error("`match_phrase` needs `query`"))?;
    let clause = MatchPhrase {
        field: field(entry, &inner),
        query,
        analyzer,
    };
    Ok(common.query(Clause::MatchPhrase(clause), body.place()))
}

pub(super) fn range(body: &Node<'_, '_>) -> crate::Result<Query> {
    const KEYS: [&str; 4] = ["gt", "gte", "lt", "lte"];
    let entries = body.object("an object such as {\"field\": {\"gte\": 1}}")?;
    let entry = only_field(body, "range", &entries)?;
    let inner = body.member(entry);
    let mut common = Common::default();
    let (mut lower, mut upper) = (None, None);
    for entry in &inner.object("an object with `gt`, `gte`, `lt` or `lte`")? {
        let member = inner.member(entry);
        let key = &*entry.key;
        if !KEYS.contains(&key) {
            common.take(key, &member, "range", &KEYS)?;
            continue;
        }
        if member.kind() == b'n' {
            continue; // `null` is no bound, as in OpenSearch
        }
        let end = if key.starts_with('g') {
            &mut lower
        } else {
            &mut upper
        };
        if end.is_some() {
            return Err(member.error(format!("`{0}` and `{0}e` exclude each other", &key[..2])));
        }
        *end = Some(Bound {
            value: scalar(&member)?,
            inclusive: key.ends_with('e'),
        });
    }
    let clause = Range {
        field: field(entry, &inner),
        lower,
        upper,
    };
    Ok(common.query(Clause::Range(clause), body.place()))
}

pub(super) fn exists(body: &Node<'_, '_>) -> crate::Result<Query> {
    let mut common = Common::default();
    let mut found = None;
    for entry in &body.object("an object with `field`")? {
        let member = body.member(entry);
        match &*entry.key {
            "field" => {
                let name = member.string("a field's name")?.into_owned();
                found = Some(FieldName {
                    name,
                    place: member.place(),
                });
            }
            key => common.take(key, &member, "exists", &["field"])?,
        }
    }
    let field = found.ok_or_else(|| body.error("`exists` needs `field`"))?;
    Ok(common.query(Clause::Exists(Exists { field }), body.place()))
}

pub(super) fn ids(body: &Node<'_, '_>) -> crate::Result<Query> {
    let mut common = Common::default();
    let mut values = None;
    for entry in &body.object("an object with `values`")? {
        let member = body.member(entry);
        match &*entry.key {
            "values" => {
                let items = member.array("an array of ids")?;
                check_count(&member, items.len())?;
                let ids = member
                    .items(&items)
                    .map(|item| id(&item))
                    .collect::<Result<_, _>>()?;
                values = Some(ids);
            }
            key => common.take(key, &member, "ids", &["values"])?,
        }
    }
    let values = values.ok_or_else(|| body.error("`ids` needs `values`"))?;
    Ok(common.query(Clause::Ids(Ids { values }), body.place()))
}

/// An id; numbers are taken as they are written.
fn id(node: &Node<'_, '_>) -> crate::Result<String> {
    if node.is_number() {
        return Ok(node.raw().to_string());
    }
    Ok(node.string("an id, a string")?.into_owned())
}
