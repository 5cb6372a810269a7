//! Reading the clauses that stand for many terms.

use super::ast::{Clause, FieldName, Operator, Query, Scalar};
use super::clause::{Common, minimum};
use super::json::Node;
use super::leaf::{field, only_field, parse_operator, scalar};
use super::multi_term::{
    Expansion, Fuzziness, Fuzzy, MAX_REGEXP_CHARS, MatchBoolPrefix, MatchPhrasePrefix, Prefix,
    Regexp, RegexpFlags, Wildcard,
};

/// OpenSearch's default; its own limit is what a user asks for.
pub(super) const DEFAULT_STATES: u32 = 10_000;

/// States that a request may ask for at most.
const MAX_STATES: u32 = 1_000_000;

/// Reads `{"field": value}` or `{"field": {"value": …, …}}`, in which `keys` are possible, and the first one is the value's.
/// Each other member goes to `take`, which says whether it knows it.
fn about_field(
    body: &Node<'_, '_>,
    kind: &str,
    keys: &[&str],
    mut take: impl FnMut(&str, &Node<'_, '_>) -> crate::Result<bool>,
) -> crate::Result<(FieldName, Scalar, Common)> {
    let name = keys.first().copied().unwrap_or_default();
    let what = format!("an object such as {{\"field\": {{\"{name}\": …}}}}");
    let entries = body.object(&what)?;
    let entry = only_field(body, kind, &entries)?;
    let inner = body.member(entry);
    let mut common = Common::default();
    let mut value = None;
    if inner.kind() == b'{' {
        for entry in &inner.object("an object")? {
            let member = inner.member(entry);
            let key = &*entry.key;
            if key == name {
                value = Some(scalar(&member)?);
            } else if !(keys.contains(&key) && take(key, &member)?) {
                common.take(key, &member, kind, keys)?;
            }
        }
    } else {
        value = Some(scalar(&inner)?);
    }
    let value = value.ok_or_else(|| inner.error(format!("`{kind}` needs `{name}`")))?;
    Ok((field(entry, &inner), value, common))
}

/// Takes `rewrite` where it asks for what is done anyway.
fn constant_score(node: &Node<'_, '_>) -> crate::Result<bool> {
    match &*node.string("a string")? {
        "constant_score" => Ok(true),
        _ => Err(node.expected("\"constant_score\", the only way that is supported")),
    }
}

pub(super) fn prefix(body: &Node<'_, '_>) -> crate::Result<Query> {
    const KEYS: [&str; 3] = ["value", "case_insensitive", "rewrite"];
    let mut case_insensitive = false;
    let (field, value, common) = about_field(body, "prefix", &KEYS, |key, node| match key {
        "rewrite" => constant_score(node),
        _ => {
            case_insensitive = node.boolean()?;
            Ok(true)
        }
    })?;
    let clause = Prefix {
        field,
        value,
        case_insensitive,
    };
    Ok(common.query(Clause::Prefix(clause), body.place()))
}

pub(super) fn wildcard(body: &Node<'_, '_>) -> crate::Result<Query> {
    const KEYS: [&str; 3] = ["value", "case_insensitive", "rewrite"];
    let mut case_insensitive = false;
    let (field, value, common) = about_field(body, "wildcard", &KEYS, |key, node| match key {
        "rewrite" => constant_score(node),
        _ => {
            case_insensitive = node.boolean()?;
            Ok(true)
        }
    })?;
    let clause = Wildcard {
        field,
        value,
        case_insensitive,
    };
    Ok(common.query(Clause::Wildcard(clause), body.place()))
}

pub(super) fn regexp(body: &Node<'_, '_>) -> crate::Result<Query> {
    const KEYS: [&str; 5] = [
        "value",
        "flags",
        "case_insensitive",
        "max_determinized_states",
        "rewrite",
    ];
    let (mut flags, mut case_insensitive) = (RegexpFlags::default(), false);
    let mut max_determinized_states = DEFAULT_STATES;
    let (field, value, common) = about_field(body, "regexp", &KEYS, |key, node| {
        match key {
            "flags" => flags = parse_flags(node)?,
            "case_insensitive" => case_insensitive = node.boolean()?,
            "rewrite" => return constant_score(node),
            _ => max_determinized_states = integer(node, 1, MAX_STATES)?,
        }
        Ok(true)
    })?;
    let chars = value.text().chars().count();
    if chars > MAX_REGEXP_CHARS {
        let message =
            format!("a regular expression of {chars} characters; at most {MAX_REGEXP_CHARS}");
        return Err(body.error(message));
    }
    let clause = Regexp {
        field,
        value,
        flags,
        case_insensitive,
        max_determinized_states,
    };
    Ok(common.query(Clause::Regexp(clause), body.place()))
}

/// Reads names parted by `|`; none are all of them, as in OpenSearch.
fn parse_flags(node: &Node<'_, '_>) -> crate::Result<RegexpFlags> {
    const WHAT: &str =
        "flags parted by `|`: ALL, ANYSTRING, COMPLEMENT, EMPTY, INTERSECTION, INTERVAL, NONE";
    let text = node.string(WHAT)?;
    if text.is_empty() {
        return Ok(RegexpFlags::default());
    }
    let mut flags = RegexpFlags::NONE;
    for name in text.split('|').filter(|name| !name.is_empty()) {
        if name.eq_ignore_ascii_case("ALL") {
            return Ok(RegexpFlags::default());
        }
        if name.eq_ignore_ascii_case("NONE") {
            continue;
        }
        let mut known = flags.named();
        let flag = known
            .iter_mut()
            .find(|(known, _)| name.eq_ignore_ascii_case(known));
        match flag {
            Some((_, flag)) => **flag = true,
            None => return Err(node.expected(WHAT)),
        }
    }
    Ok(flags)
}

/// Reads an integer, which may be written as a string.
fn integer(node: &Node<'_, '_>, least: u32, most: u32) -> crate::Result<u32> {
    let number = node.raw().trim_matches('"').parse().ok();
    number
        .filter(|number| (least..=most).contains(number))
        .ok_or_else(|| match most {
            u32::MAX => node.expected(&format!("an integer from {least}")),
            _ => node.expected(&format!("an integer from {least} to {most}")),
        })
}

/// Reads `0`, `1`, `2`, `"AUTO"` or `"AUTO:low,high"`.
pub(super) fn fuzziness(node: &Node<'_, '_>) -> crate::Result<Fuzziness> {
    const WHAT: &str = "0, 1, 2, \"AUTO\" or \"AUTO:low,high\"";
    if node.is_number() {
        return Ok(Fuzziness::Edits(match node.raw() {
            "0" => 0,
            "1" => 1,
            "2" => 2,
            _ => return Err(node.expected(WHAT)),
        }));
    }
    let text = node.string(WHAT)?;
    let limits = |text: &str| -> Option<Fuzziness> {
        let (low, high) = text.split_once(',')?;
        let (low, high) = (low.trim().parse().ok()?, high.trim().parse().ok()?);
        (low <= high).then_some(Fuzziness::Auto { low, high })
    };
    let auto = text
        .get(..4)
        .is_some_and(|auto| auto.eq_ignore_ascii_case("AUTO"));
    let parsed = match (&*text, auto) {
        ("0", _) => Some(Fuzziness::Edits(0)),
        ("1", _) => Some(Fuzziness::Edits(1)),
        ("2", _) => Some(Fuzziness::Edits(2)),
        (text, true) if text.len() == 4 => Some(Fuzziness::default()),
        (text, true) => text[4..].strip_prefix(':').and_then(limits),
        _ => None,
    };
    parsed.ok_or_else(|| node.expected(WHAT))
}

/// Takes the member if it is one of an expansion's. `transpositions` is another word in `match` than in `fuzzy`.
pub(super) fn take_expansion(
    expansion: &mut Expansion,
    key: &str,
    node: &Node<'_, '_>,
) -> crate::Result<bool> {
    match key {
        "prefix_length" => expansion.prefix_length = integer(node, 0, u32::MAX)?,
        "max_expansions" => expansion.max_expansions = integer(node, 1, u32::MAX)?,
        "transpositions" | "fuzzy_transpositions" => expansion.transpositions = node.boolean()?,
        _ => return Ok(false),
    }
    Ok(true)
}

pub(super) fn fuzzy(body: &Node<'_, '_>) -> crate::Result<Query> {
    const KEYS: [&str; 5] = [
        "value",
        "fuzziness",
        "prefix_length",
        "max_expansions",
        "transpositions",
    ];
    let (mut how_far, mut expansion) = (Fuzziness::default(), Expansion::default());
    let (field, value, common) = about_field(body, "fuzzy", &KEYS, |key, node| {
        if key == "fuzziness" {
            how_far = fuzziness(node)?;
            return Ok(true);
        }
        take_expansion(&mut expansion, key, node)
    })?;
    let clause = Fuzzy {
        field,
        value,
        fuzziness: how_far,
        expansion,
    };
    Ok(common.query(Clause::Fuzzy(clause), body.place()))
}

/// Reads `slop`.
pub(super) fn slop(node: &Node<'_, '_>) -> crate::Result<u32> {
    integer(node, 0, i32::MAX.unsigned_abs())
}

pub(super) fn match_phrase_prefix(body: &Node<'_, '_>) -> crate::Result<Query> {
    const KEYS: [&str; 4] = ["query", "slop", "max_expansions", "analyzer"];
    let (mut how_far, mut analyzer) = (0, None);
    let mut max_expansions = Expansion::default().max_expansions;
    let (field, query, common) = about_field(body, "match_phrase_prefix", &KEYS, |key, node| {
        match key {
            "slop" => how_far = slop(node)?,
            "max_expansions" => max_expansions = integer(node, 1, u32::MAX)?,
            _ => analyzer = Some(node.string("an analyzer's name")?.into_owned()),
        }
        Ok(true)
    })?;
    let clause = MatchPhrasePrefix {
        field,
        query,
        slop: how_far,
        max_expansions,
        analyzer,
    };
    Ok(common.query(Clause::MatchPhrasePrefix(clause), body.place()))
}

pub(super) fn match_bool_prefix(body: &Node<'_, '_>) -> crate::Result<Query> {
    const KEYS: [&str; 8] = [
        "query",
        "operator",
        "minimum_should_match",
        "analyzer",
        "fuzziness",
        "prefix_length",
        "max_expansions",
        "fuzzy_transpositions",
    ];
    let (mut operator, mut analyzer) = (Operator::Or, None);
    let (mut minimum_should_match, mut how_far) = (None, None);
    let mut expansion = Expansion::default();
    let (field, query, common) = about_field(body, "match_bool_prefix", &KEYS, |key, node| {
        match key {
            "operator" => operator = parse_operator(node)?,
            "minimum_should_match" => minimum_should_match = Some(minimum(node)?),
            "analyzer" => analyzer = Some(node.string("an analyzer's name")?.into_owned()),
            "fuzziness" => how_far = Some(fuzziness(node)?),
            key => return take_expansion(&mut expansion, key, node),
        }
        Ok(true)
    })?;
    let clause = MatchBoolPrefix {
        field,
        query,
        operator,
        minimum_should_match,
        analyzer,
        fuzziness: how_far,
        expansion,
    };
    Ok(common.query(Clause::MatchBoolPrefix(clause), body.place()))
}
