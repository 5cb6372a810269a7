//! Literals as JSON.

use syn::{Error, Expr, ExprLit, Lit, Result, UnOp};

use crate::types::Base;

/// A string as JSON.
pub(crate) fn quoted(text: &str) -> String {
    let mut json = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => json.push_str("\\\""),
            '\\' => json.push_str("\\\\"),
            '\n' => json.push_str("\\n"),
            c if c.is_control() => json.push_str(&format!("\\u{:04x}", u32::from(c))),
            c => json.push(c),
        }
    }
    json.push('"');
    json
}

/// A default, checked against the type that it is for.
pub(crate) fn default(expr: &Expr, base: Base, list: bool) -> Result<String> {
    if !list {
        return scalar(expr, base);
    }
    match bare(expr) {
        Expr::Array(array) => {
            let items: Result<Vec<String>> =
                array.elems.iter().map(|item| scalar(item, base)).collect();
            Ok(format!("[{}]", items?.join(", ")))
        }
        Expr::Reference(reference) => default(&reference.expr, base, list),
        other => Err(Error::new_spanned(
            other,
            "the default of a list is written as `[…]`",
        )),
    }
}

/// A number, with its sign.
pub(crate) fn number(expr: &Expr) -> Option<f64> {
    let (negative, literal) = signed(expr)?;
    let magnitude: f64 = match literal {
        Lit::Int(int) => int.base10_parse().ok()?,
        Lit::Float(float) => float.base10_parse().ok()?,
        _ => return None,
    };
    Some(if negative { -magnitude } else { magnitude })
}

/// A whole number, with its sign.
pub(crate) fn integer(expr: &Expr) -> Option<i128> {
    let (negative, literal) = signed(expr)?;
    let Lit::Int(int) = literal else {
        return None;
    };
    let magnitude: i128 = int.base10_parse().ok()?;
    Some(if negative { -magnitude } else { magnitude })
}

fn scalar(expr: &Expr, base: Base) -> Result<String> {
    let json = match base {
        Base::Bool | Base::Str => match (base, bare(expr)) {
            (
                Base::Bool,
                Expr::Lit(ExprLit {
                    lit: Lit::Bool(b), ..
                }),
            ) => Some(b.value.to_string()),
            (
                Base::Str,
                Expr::Lit(ExprLit {
                    lit: Lit::Str(s), ..
                }),
            ) => Some(quoted(&s.value())),
            _ => None,
        },
        Base::I32 => integer(expr)
            .filter(|n| i32::try_from(*n).is_ok())
            .map(|n| n.to_string()),
        Base::I64 => integer(expr)
            .filter(|n| i64::try_from(*n).is_ok())
            .map(|n| n.to_string()),
        Base::F32 => number(expr)
            .filter(|x| x.abs() <= f64::from(f32::MAX))
            .map(written),
        Base::F64 => number(expr).filter(|x| x.is_finite()).map(written),
    };
    json.ok_or_else(|| {
        let example = match base {
            Base::Bool => "`true` or `false`",
            Base::I32 | Base::I64 => "a whole number in its range, such as `-2`",
            Base::F32 | Base::F64 => "a finite number, such as `0.5`",
            Base::Str => "a string, such as `\"title\"`",
        };
        let message = format!(
            "the default of a `{}` is {example}, as a literal",
            base.name()
        );
        Error::new_spanned(expr, message)
    })
}

/// The shortest decimal that is read back as the same number.
pub(crate) fn written(x: f64) -> String {
    format!("{x:?}")
}

fn signed(expr: &Expr) -> Option<(bool, &Lit)> {
    match bare(expr) {
        Expr::Unary(unary) if matches!(unary.op, UnOp::Neg(_)) => {
            let (negative, literal) = signed(&unary.expr)?;
            Some((!negative, literal))
        }
        Expr::Lit(ExprLit { lit, .. }) => Some((false, lit)),
        _ => None,
    }
}

fn bare(expr: &Expr) -> &Expr {
    match expr {
        Expr::Paren(paren) => bare(&paren.expr),
        Expr::Group(group) => bare(&group.expr),
        expr => expr,
    }
}
