//! What stands in the parentheses of an attribute.

use proc_macro2::TokenStream;
use syn::parse::Parser;
use syn::punctuated::Punctuated;
use syn::spanned::Spanned;
use syn::{Error, Expr, ExprLit, Lit, LitBool, LitStr, Meta, Result, Token};

/// `key`, `key = value` and `key(…)`, separated by commas, each taken by whoever understands it.
pub(crate) struct Keys {
    entries: Vec<(String, Meta)>,
}

impl Keys {
    /// Reads them; `known` are the keys that `place` may have.
    pub(crate) fn parse(tokens: TokenStream, place: &str, known: &[&str]) -> Result<Self> {
        let metas = Punctuated::<Meta, Token![,]>::parse_terminated.parse2(tokens)?;
        let mut entries: Vec<(String, Meta)> = Vec::new();
        for meta in metas {
            let key = meta.path().get_ident().map(ToString::to_string);
            let key = key
                .filter(|key| known.contains(&key.as_str()))
                .ok_or_else(|| {
                    let list = known.join("`, `");
                    let message = format!("{place} doesn't know this key; it knows `{list}`");
                    Error::new_spanned(meta.path(), message)
                })?;
            if entries.iter().any(|(other, _)| *other == key) {
                return Err(Error::new(
                    meta.path().span(),
                    format!("`{key}` is there twice"),
                ));
            }
            entries.push((key, meta));
        }
        Ok(Self { entries })
    }

    fn take(&mut self, key: &str) -> Option<Meta> {
        let place = self.entries.iter().position(|(other, _)| other == key)?;
        Some(self.entries.swap_remove(place).1)
    }

    /// The value of `key = value`.
    pub(crate) fn value(&mut self, key: &str) -> Result<Option<Expr>> {
        match self.take(key) {
            None => Ok(None),
            Some(Meta::NameValue(pair)) => Ok(Some(pair.value)),
            Some(other) => Err(Error::new_spanned(other, format!("write `{key} = …`"))),
        }
    }

    pub(crate) fn string(&mut self, key: &str) -> Result<Option<LitStr>> {
        self.value(key)?.map(|value| string(key, value)).transpose()
    }

    /// A string that may not be empty: a name.
    pub(crate) fn name(&mut self, key: &str) -> Result<Option<LitStr>> {
        let name = self.string(key)?;
        match name {
            Some(name) if name.value().is_empty() => {
                Err(Error::new(name.span(), format!("`{key}` is empty")))
            }
            name => Ok(name),
        }
    }

    /// `key`, `key = true` or `key = false`.
    pub(crate) fn flag(&mut self, key: &str) -> Result<Option<LitBool>> {
        match self.take(key) {
            None => Ok(None),
            Some(Meta::Path(path)) => Ok(Some(LitBool::new(true, path.span()))),
            Some(Meta::NameValue(pair)) => match pair.value {
                Expr::Lit(ExprLit {
                    lit: Lit::Bool(value),
                    ..
                }) => Ok(Some(value)),
                other => Err(Error::new_spanned(
                    other,
                    format!("`{key}` is `true` or `false`"),
                )),
            },
            Some(other) => Err(Error::new_spanned(other, format!("write `{key} = true`"))),
        }
    }

    /// What stands in the parentheses of `key(…)`.
    pub(crate) fn list(&mut self, key: &str) -> Result<Option<TokenStream>> {
        match self.take(key) {
            None => Ok(None),
            Some(Meta::List(list)) => Ok(Some(list.tokens)),
            Some(other) => Err(Error::new_spanned(other, format!("write `{key}(…)`"))),
        }
    }
}

fn string(key: &str, value: Expr) -> Result<LitStr> {
    match value {
        Expr::Lit(ExprLit {
            lit: Lit::Str(text),
            ..
        }) => Ok(text),
        other => {
            let message = format!("`{key}` is a string: {key} = \"…\"");
            Err(Error::new_spanned(other, message))
        }
    }
}
