//! The manifest: what the engine reads of a function, checked as the engine checks it.

use proc_macro2::Span;
use syn::{Error, Result};

use crate::arguments::{Argument, Field, FromParam, Role};
use crate::literals::{quoted, written};
use crate::options::Options;
use crate::types::{Base, Kind};

/// The engine reads no more, for all functions of a module.
const MAX_BYTES: usize = 65_536;

/// A parameter in the order of the manifest.
pub(crate) struct ParamEntry {
    name: String,
    base: Base,
    list: bool,
    /// It has a default, as JSON, or none.
    default: Option<String>,
    required: bool,
}

/// All parameters, and where in their order each argument is.
pub(crate) struct Params {
    entries: Vec<ParamEntry>,
}

impl Params {
    /// Parameters in the order of the arguments; a field's `from_param` adds the one that names it, unless an argument is it.
    pub(crate) fn of(arguments: &[Argument]) -> Result<Self> {
        let mut all = Self {
            entries: Vec::new(),
        };
        let declared: Vec<&str> = arguments.iter().filter_map(param_name).collect();
        for argument in arguments {
            match &argument.role {
                Role::Param(param) => {
                    if all.place(&param.name).is_some() {
                        return Err(taken("parameter", &param.name, param.span));
                    }
                    all.entries.push(ParamEntry {
                        name: param.name.clone(),
                        base: param.values.base,
                        list: param.values.shape.is_list(),
                        default: param.default.clone(),
                        required: param.default.is_none() && !param.values.option,
                    });
                }
                Role::Field(Field {
                    from_param: Some(from),
                    ..
                }) => all.add_naming(from, &declared)?,
                _ => {}
            }
        }
        for argument in arguments {
            if let Role::Field(Field {
                from_param: Some(from),
                ..
            }) = &argument.role
            {
                all.check_naming(from)?;
            }
        }
        Ok(all)
    }

    /// Where it stands.
    pub(crate) fn place(&self, name: &str) -> Option<usize> {
        self.entries.iter().position(|entry| entry.name == name)
    }

    fn add_naming(&mut self, from: &FromParam, declared: &[&str]) -> Result<()> {
        let name = from.name.value();
        let is_argument = declared.contains(&name.as_str());
        if let (true, Some((_, span))) = (is_argument, &from.default) {
            let message = format!(
                "`{name}` is an argument: its default stands there, as `#[param(default = \"…\")]`"
            );
            return Err(Error::new(*span, message));
        }
        if is_argument {
            return Ok(());
        }
        let default = from.default.as_ref().map(|(json, _)| json.clone());
        match self.place(&name) {
            None => self.entries.push(ParamEntry {
                name,
                base: Base::Str,
                list: false,
                required: default.is_none(),
                default,
            }),
            // Two fields may be named by one parameter, such as the halves of a point; one default is enough.
            Some(place) => {
                let entry = &mut self.entries[place];
                if let (Some(one), Some((other, span))) = (&entry.default, &from.default) {
                    if one != other {
                        return Err(Error::new(
                            *span,
                            format!("parameter `{name}` has another default already"),
                        ));
                    }
                }
                entry.default = entry.default.take().or(default);
                entry.required = entry.default.is_none();
            }
        }
        Ok(())
    }

    /// A parameter that names a field is a string that is always there.
    fn check_naming(&self, from: &FromParam) -> Result<()> {
        let name = from.name.value();
        let fits = self.entries.iter().any(|entry| {
            let always = entry.required || entry.default.is_some();
            entry.name == name && entry.base == Base::Str && !entry.list && always
        });
        if fits {
            return Ok(());
        }
        let message = format!(
            "parameter `{name}` names a field: it is a `Param<&str>`, required or with a default"
        );
        Err(Error::new(from.name.span(), message))
    }
}

fn param_name(argument: &Argument) -> Option<&str> {
    match &argument.role {
        Role::Param(param) => Some(&param.name),
        _ => None,
    }
}

fn taken(what: &str, name: &str, span: Span) -> Error {
    let message =
        format!("there is a {what} `{name}` already; give this one another name: `name = \"…\"`");
    Error::new(span, message)
}

/// What a manifest is made of.
pub(crate) struct Manifest<'a> {
    pub(crate) kind: Kind,
    pub(crate) options: &'a Options,
    pub(crate) description: &'a str,
    /// Of a value function.
    pub(crate) returns: Option<Base>,
    pub(crate) arguments: &'a [Argument],
    pub(crate) params: &'a Params,
}

impl Manifest<'_> {
    /// The JSON, on a line of its own.
    pub(crate) fn json(&self, span: Span) -> Result<String> {
        let options = self.options;
        let mut entries = vec![
            ("abi", "1".to_string()),
            ("name", quoted(&options.name)),
            ("version", quoted(&options.version)),
            ("kind", quoted(self.kind.name())),
        ];
        if let Some(returns) = self.returns {
            entries.push(("returns", quoted(returns.name())));
        }
        entries.push(("export", quoted(&options.export)));
        entries.push(("pure", options.pure.to_string()));
        if !self.description.is_empty() {
            entries.push(("description", quoted(self.description)));
        }
        entries.push(("fields", array(self.fields()?)));
        entries.push(("params", array(self.params.entries.iter().map(param))));
        let inputs = self.inputs()?;
        if !inputs.is_empty() {
            entries.push(("inputs", array(inputs)));
        }
        if let Some(max) = options.max_score {
            entries.push(("max_score", written(max)));
        }
        if !options.limits.is_empty() {
            let limits = options.limits.iter().map(|(key, n)| (*key, n.to_string()));
            entries.push(("limits", object(limits)));
        }
        let json = object(entries) + "\n";
        if json.len() > MAX_BYTES {
            let message = format!(
                "the manifest has {} bytes, the engine reads {MAX_BYTES}",
                json.len()
            );
            return Err(Error::new(span, message));
        }
        Ok(json)
    }

    fn fields(&self) -> Result<Vec<String>> {
        let mut names: Vec<&str> = Vec::new();
        let mut fields = Vec::new();
        for argument in self.arguments {
            if let Role::Field(field) = &argument.role {
                if names.contains(&field.name.as_str()) {
                    return Err(taken("field", &field.name, field.span));
                }
                names.push(&field.name);
                fields.push(self::field(field));
            }
        }
        Ok(fields)
    }

    fn inputs(&self) -> Result<Vec<String>> {
        let mut inputs = Vec::new();
        for argument in self.arguments {
            if let Role::Input(input) = &argument.role {
                let name = quoted(input.name());
                if inputs.contains(&name) {
                    let message = format!("`#[{}]` is there already", input.name());
                    return Err(Error::new(argument.ident.span(), message));
                }
                inputs.push(name);
            }
        }
        Ok(inputs)
    }
}

fn field(field: &Field) -> String {
    let mut entries = vec![
        ("name", quoted(&field.name)),
        ("type", quoted(field.values.base.name())),
    ];
    if field.values.shape.is_list() {
        entries.push(("list", "true".to_string()));
    }
    if let Some(default) = &field.default {
        entries.push(("default", default.clone()));
    }
    if field.optional {
        entries.push(("optional", "true".to_string()));
    }
    if let Some(from) = &field.from_param {
        entries.push(("from_param", quoted(&from.name.value())));
    }
    if let Some(part) = &field.part {
        entries.push(("part", quoted(part)));
    }
    object(entries)
}

fn param(param: &ParamEntry) -> String {
    let mut entries = vec![
        ("name", quoted(&param.name)),
        ("type", quoted(param.base.name())),
    ];
    if param.list {
        entries.push(("list", "true".to_string()));
    }
    if param.required {
        entries.push(("required", "true".to_string()));
    }
    if let Some(default) = &param.default {
        entries.push(("default", default.clone()));
    }
    object(entries)
}

fn object<'k>(entries: impl IntoIterator<Item = (&'k str, String)>) -> String {
    let entries: Vec<String> = entries
        .into_iter()
        .map(|(key, json)| format!("{}: {json}", quoted(key)))
        .collect();
    format!("{{{}}}", entries.join(", "))
}

fn array(items: impl IntoIterator<Item = String>) -> String {
    let items: Vec<String> = items.into_iter().collect();
    format!("[{}]", items.join(", "))
}
