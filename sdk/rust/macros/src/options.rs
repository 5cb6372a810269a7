//! What stands in the parentheses of `#[filter(…)]`, `#[score(…)]` and `#[value(…)]`.

use proc_macro2::TokenStream;
use syn::ext::IdentExt;
use syn::{Error, Ident, Result};

use crate::keys::Keys;
use crate::literals::{integer, number};
use crate::types::Kind;

/// What a function says about itself beside its arguments.
pub(crate) struct Options {
    pub(crate) name: String,
    pub(crate) version: String,
    pub(crate) export: String,
    pub(crate) pure: bool,
    pub(crate) max_score: Option<f64>,
    /// Keys and numbers.
    pub(crate) limits: Vec<(&'static str, u64)>,
}

const KEYS: [&str; 6] = ["name", "version", "export", "pure", "max_score", "limits"];

/// The keys of `limits`, and the highest number that each takes.
const LIMITS: [(&str, u64); 7] = [
    ("memory_bytes", u32::MAX as u64),
    ("batch_base_ms", u64::MAX),
    ("per_document_us", u64::MAX),
    ("query_ms", u64::MAX),
    ("instances", u32::MAX as u64),
    ("concurrent_queries", u32::MAX as u64),
    ("queries_per_second", u32::MAX as u64),
];

impl Options {
    pub(crate) fn parse(kind: Kind, tokens: TokenStream, function: &Ident) -> Result<Self> {
        let place = format!("`#[{}]`", kind.name());
        let mut keys = Keys::parse(tokens, &place, &KEYS)?;
        let plain = function.unraw().to_string();
        let export = match keys.name("export")? {
            Some(export) if is_reserved(&export.value()) => {
                let message = format!(
                    "`{}` can't be exported: a module has something else of that name",
                    export.value()
                );
                return Err(Error::new(export.span(), message));
            }
            Some(export) => export.value(),
            None if is_reserved(&plain) => format!("{plain}_udf"),
            None => plain.clone(),
        };
        Ok(Self {
            name: name(&mut keys, plain, function)?,
            version: version(&mut keys)?,
            export,
            pure: keys.flag("pure")?.map_or(true, |pure| pure.value),
            max_score: max_score(&mut keys, kind)?,
            limits: limits(&mut keys)?,
        })
    }
}

fn name(keys: &mut Keys, plain: String, function: &Ident) -> Result<String> {
    let (name, span) = match keys.name("name")? {
        Some(name) => (name.value(), name.span()),
        None => (plain, function.span()),
    };
    let is_plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    let fits = name.len() <= 128
        && name.starts_with(is_plain)
        && name.chars().all(|c| is_plain(c) || "_.-".contains(c));
    if fits {
        return Ok(name);
    }
    let message = format!(
        "`{name}` can't be the name of a function: names are of a-z, 0-9, `_`, `.` and `-`, begin with a letter or digit, \
         and have 128 characters at most; give another: `name = \"…\"`"
    );
    Err(Error::new(span, message))
}

/// The one that is given, or that of the crate that is being compiled.
fn version(keys: &mut Keys) -> Result<String> {
    if let Some(version) = keys.string("version")? {
        if !is_version(&version.value()) {
            let message = format!(
                "`{}` is no version; write it as \"1.2.3\" or \"1.2.3-beta.1\"",
                version.value()
            );
            return Err(Error::new(version.span(), message));
        }
        return Ok(version.value());
    }
    // Cargo sets it; without Cargo there is none.
    Ok(std::env::var("CARGO_PKG_VERSION").unwrap_or_else(|_| "0.0.0".to_string()))
}

/// Whether it is a semantic version.
fn is_version(text: &str) -> bool {
    let (text, build) = text
        .split_once('+')
        .map_or((text, None), |(v, build)| (v, Some(build)));
    let (core, pre) = text
        .split_once('-')
        .map_or((text, None), |(v, pre)| (v, Some(pre)));
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    let number = |part: &str| {
        digits(part) && (part == "0" || !part.starts_with('0')) && part.parse::<u64>().is_ok()
    };
    let word = |part: &str| {
        !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
    };
    core.split('.').count() == 3
        && core.split('.').all(number)
        && pre.map_or(true, |pre| {
            pre.split('.')
                .all(|part| word(part) && (!digits(part) || number(part)))
        })
        && build.map_or(true, |build| build.split('.').all(word))
}

fn max_score(keys: &mut Keys, kind: Kind) -> Result<Option<f64>> {
    let Some(expr) = keys.value("max_score")? else {
        return Ok(None);
    };
    if kind != Kind::Score {
        return Err(Error::new_spanned(expr, "`max_score` is for `#[score]`"));
    }
    match number(&expr).filter(|max| (0.0..=f64::from(f32::MAX)).contains(max)) {
        Some(max) => Ok(Some(max)),
        None => {
            let message = format!("`max_score` is a number from 0 to {:e}", f32::MAX);
            Err(Error::new_spanned(expr, message))
        }
    }
}

fn limits(keys: &mut Keys) -> Result<Vec<(&'static str, u64)>> {
    let Some(tokens) = keys.list("limits")? else {
        return Ok(Vec::new());
    };
    let mut keys = Keys::parse(tokens, "`limits`", &LIMITS.map(|(key, _)| key))?;
    let mut limits = Vec::new();
    for (key, highest) in LIMITS {
        let Some(expr) = keys.value(key)? else {
            continue;
        };
        let number = integer(&expr).and_then(|n| u64::try_from(n).ok());
        let number = number.filter(|n| (1..=highest).contains(n));
        let number = number.ok_or_else(|| {
            Error::new_spanned(
                expr,
                format!("`{key}` is a whole number from 1 to {highest}"),
            )
        })?;
        limits.push((key, number));
    }
    Ok(limits)
}

/// Names that a module exports already, or that the compiler's own library gives to something else: to take one of those
/// away would break whoever calls it.
fn is_reserved(name: &str) -> bool {
    const MODULE: [&str; 7] = [
        "memory",
        "log",
        "fail",
        "diagon_reserve",
        "diagon_abi_v1",
        "_initialize",
        "_start",
    ];
    const MEMORY: [&str; 6] = ["bcmp", "memcmp", "memcpy", "memmove", "memset", "strlen"];
    // Each also with an `f` for single precision.
    const MATH: [&str; 56] = [
        "acos",
        "acosh",
        "asin",
        "asinh",
        "atan",
        "atan2",
        "atanh",
        "cbrt",
        "ceil",
        "copysign",
        "cos",
        "cosh",
        "erf",
        "erfc",
        "exp",
        "exp10",
        "exp2",
        "expm1",
        "fabs",
        "fdim",
        "floor",
        "fma",
        "fmax",
        "fmaximum",
        "fmaximum_num",
        "fmin",
        "fminimum",
        "fminimum_num",
        "fmod",
        "frexp",
        "hypot",
        "ilogb",
        "ldexp",
        "lgamma",
        "lgamma_r",
        "log",
        "log10",
        "log1p",
        "log2",
        "modf",
        "nextafter",
        "pow",
        "remainder",
        "remquo",
        "rint",
        "round",
        "roundeven",
        "scalbn",
        "sin",
        "sincos",
        "sinh",
        "sqrt",
        "tan",
        "tanh",
        "tgamma",
        "trunc",
    ];
    let single = name.strip_suffix('f').unwrap_or(name);
    MODULE.contains(&name)
        || MEMORY.contains(&name)
        || MATH.contains(&name)
        || MATH.contains(&single)
        || name.starts_with("__")
}
