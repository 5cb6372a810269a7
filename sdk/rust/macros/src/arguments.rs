//! The arguments of a function: what each stands for.

use proc_macro2::Span;
use syn::ext::IdentExt;
use syn::{Attribute, Error, Expr, FnArg, Ident, LitStr, Pat, PatType, Result, Type};

use crate::keys::Keys;
use crate::literals;
use crate::types::{bare, generic, hint, is_path, shown, Base, Shape, Values};

/// An argument.
pub(crate) struct Argument {
    pub(crate) ident: Ident,
    pub(crate) role: Role,
}

/// What an argument stands for.
pub(crate) enum Role {
    Field(Field),
    Param(Param),
    Once(Box<Once>),
    Input(Input),
}

/// A field of the document.
pub(crate) struct Field {
    /// In the index; with `from_param` the function's own name for it.
    pub(crate) name: String,
    pub(crate) span: Span,
    pub(crate) values: Values,
    /// JSON.
    pub(crate) default: Option<String>,
    /// The index may lack it.
    pub(crate) optional: bool,
    pub(crate) from_param: Option<FromParam>,
    pub(crate) part: Option<String>,
}

/// The parameter that names a field.
pub(crate) struct FromParam {
    pub(crate) name: LitStr,
    /// JSON, and where it stands.
    pub(crate) default: Option<(String, Span)>,
}

/// A parameter of the query.
pub(crate) struct Param {
    pub(crate) name: String,
    pub(crate) span: Span,
    pub(crate) values: Values,
    /// JSON.
    pub(crate) default: Option<String>,
}

/// What is computed once a batch.
pub(crate) struct Once {
    pub(crate) value: Expr,
    /// Its type, where that can be written down.
    pub(crate) ty: Option<Type>,
    pub(crate) by: By,
}

/// How it is handed over.
pub(crate) enum By {
    Reference,
    Mutable,
    Value,
}

/// What is neither a field nor a parameter.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Input {
    DocId,
    Id,
    Score,
}

impl Input {
    /// Its name in manifests and as an attribute.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::DocId => "doc_id",
            Self::Id => "id",
            Self::Score => "score",
        }
    }

    fn ty(self) -> &'static str {
        match self {
            Self::DocId => "u32",
            Self::Id => "&str",
            Self::Score => "f32",
        }
    }
}

/// The attributes that an argument may have; each says what it stands for.
const ATTRIBUTES: [&str; 6] = ["field", "param", "once", "id", "doc_id", "score"];

/// Reads an argument, and takes its attributes away.
pub(crate) fn read(argument: &mut FnArg) -> Result<Argument> {
    let argument = match argument {
        FnArg::Typed(argument) => argument,
        FnArg::Receiver(receiver) => {
            return Err(Error::new_spanned(
                &*receiver,
                "a function of a document has no `self`",
            ));
        }
    };
    // All go, also when the first is wrong: what is left must be a function.
    let (own, others) = argument.attrs.drain(..).partition(is_own);
    argument.attrs = others;
    let own: Vec<Attribute> = own;
    if let [_, second, ..] = &own[..] {
        return Err(Error::new_spanned(
            second,
            "an argument stands for one thing: one attribute",
        ));
    }
    let ident = ident(argument)?;
    let role = role(argument, &ident, own.first())?;
    Ok(Argument { ident, role })
}

fn is_own(attribute: &Attribute) -> bool {
    ATTRIBUTES
        .iter()
        .any(|name| attribute.path().is_ident(name))
}

fn ident(argument: &PatType) -> Result<Ident> {
    match &*argument.pat {
        Pat::Ident(pattern) if pattern.by_ref.is_none() && pattern.subpat.is_none() => {
            Ok(pattern.ident.clone())
        }
        other => Err(Error::new_spanned(
            other,
            "an argument needs a name: it is the field's or parameter's",
        )),
    }
}

fn role(argument: &PatType, ident: &Ident, attribute: Option<&Attribute>) -> Result<Role> {
    let ty = &*argument.ty;
    let Some(attribute) = attribute else {
        return match generic(ty, "Param") {
            Some(inner) => param(inner, ident, None),
            None => field(ty, ident, None),
        };
    };
    let path = attribute.path();
    if path.is_ident("field") {
        return field(ty, ident, Some(attribute));
    }
    if path.is_ident("param") {
        let inner = generic(ty, "Param").ok_or_else(|| {
            let message = format!("a parameter's type is `Param<…>`: `Param<{}>`", shown(ty));
            Error::new_spanned(ty, message)
        })?;
        return param(inner, ident, Some(attribute));
    }
    let inputs = [Input::DocId, Input::Id, Input::Score];
    match inputs.into_iter().find(|input| path.is_ident(input.name())) {
        Some(input) => self::input(ty, attribute, input),
        None => once(ty, attribute),
    }
}

fn input(ty: &Type, attribute: &Attribute, input: Input) -> Result<Role> {
    attribute.meta.require_path_only()?;
    let fits = match input {
        Input::Id => matches!(
            Values::of(ty),
            Some(Values {
                base: Base::Str,
                shape: Shape::One,
                option: false
            })
        ),
        other => is_path(ty, other.ty()),
    };
    if fits {
        return Ok(Role::Input(input));
    }
    let message = format!(
        "`#[{}]` is a `{}`, not a `{}`",
        input.name(),
        input.ty(),
        shown(ty)
    );
    Err(Error::new_spanned(ty, message))
}

fn once(ty: &Type, attribute: &Attribute) -> Result<Role> {
    let value: Expr = attribute.parse_args().map_err(|error| {
        Error::new(
            error.span(),
            format!("`#[once(…)]` has one expression, computed once a batch: {error}"),
        )
    })?;
    let (by, ty) = match bare(ty) {
        Type::Reference(reference) if reference.mutability.is_some() => {
            (By::Mutable, &*reference.elem)
        }
        Type::Reference(reference) => (By::Reference, &*reference.elem),
        ty => (By::Value, ty),
    };
    // What has no size can't be a variable; it is borrowed from something of another type.
    let unsized_type = is_path(ty, "str")
        || matches!(
            bare(ty),
            Type::Slice(_) | Type::TraitObject(_) | Type::ImplTrait(_)
        );
    let ty = (!unsized_type).then(|| ty.clone());
    Ok(Role::Once(Box::new(Once { value, ty, by })))
}

fn field(ty: &Type, ident: &Ident, attribute: Option<&Attribute>) -> Result<Role> {
    if generic(ty, "Param").is_some() {
        return Err(Error::new_spanned(
            ty,
            "a `Param` is a parameter, not a field",
        ));
    }
    let values = Values::of(ty).filter(|values| !matches!(values.base, Base::I32 | Base::F32));
    let values = values.filter(|values| !(values.option && values.shape.is_list()));
    let values = values.ok_or_else(|| wrong_field_type(ty))?;
    let tokens = attribute.map(arguments).transpose()?.unwrap_or_default();
    let known = [
        "name",
        "default",
        "optional",
        "from_param",
        "param_default",
        "part",
    ];
    let mut keys = Keys::parse(tokens, "`#[field]`", &known)?;
    let named = keys.name("name")?;
    let default = keys
        .value("default")?
        .map(|expr| field_default(&expr, values))
        .transpose()?;
    let optional = keys.flag("optional")?.is_some_and(|flag| flag.value);
    let from_param = from_param(&mut keys)?;
    if let (Some(name), Some(_)) = (&named, &from_param) {
        let message = "`from_param` names the field: `name` has nothing to say";
        return Err(Error::new(name.span(), message));
    }
    let part = part(&mut keys, values, from_param.is_some())?;
    Ok(Role::Field(Field {
        span: named.as_ref().map_or(ident.span(), LitStr::span),
        name: named.map_or_else(|| ident.unraw().to_string(), |name| name.value()),
        values,
        default,
        optional,
        from_param,
        part,
    }))
}

fn wrong_field_type(ty: &Type) -> Error {
    if generic(ty, "Option")
        .and_then(Values::of)
        .is_some_and(|values| values.shape.is_list())
    {
        return Error::new_spanned(
            ty,
            "a list is empty where a document has no value; write it without `Option`",
        );
    }
    let inner = generic(ty, "Option").unwrap_or(ty);
    let hint = hint(inner).map_or(String::new(), |hint| format!(": {hint}"));
    let message = format!(
        "`{}` can't be read from a document{hint}. Fields are `f64`, `i64`, `bool`, `&str`, an `Option` of one, or a list \
         (`&[f64]`, `&[&str]`, `Strs`); parameters are `Param<…>`",
        shown(ty)
    );
    Error::new_spanned(ty, message)
}

fn field_default(expr: &Expr, values: Values) -> Result<String> {
    if values.shape.is_list() {
        return Err(Error::new_spanned(
            expr,
            "a list has no default: it is empty where a document has no value",
        ));
    }
    if values.option {
        return Err(Error::new_spanned(
            expr,
            "with a default no value is missing: write the type without `Option`",
        ));
    }
    literals::default(expr, values.base, false)
}

fn from_param(keys: &mut Keys) -> Result<Option<FromParam>> {
    let (name, default) = (keys.name("from_param")?, keys.string("param_default")?);
    match (name, default) {
        (None, Some(default)) => Err(Error::new_spanned(
            default,
            "`param_default` goes with `from_param`",
        )),
        (None, None) => Ok(None),
        (Some(name), default) => Ok(Some(FromParam {
            name,
            default: default.map(|text| (literals::quoted(&text.value()), text.span())),
        })),
    }
}

fn part(keys: &mut Keys, values: Values, from_param: bool) -> Result<Option<String>> {
    let Some(part) = keys.string("part")? else {
        return Ok(None);
    };
    let point =
        from_param && values.base == Base::F64 && matches!(part.value().as_str(), "lat" | "lon");
    if !point {
        let message = "`part` is \"lat\" or \"lon\" of an `f64` with `from_param`";
        return Err(Error::new(part.span(), message));
    }
    Ok(Some(part.value()))
}

fn param(inner: &Type, ident: &Ident, attribute: Option<&Attribute>) -> Result<Role> {
    let values = Values::of(inner).ok_or_else(|| {
        let hint = hint(generic(inner, "Option").unwrap_or(inner)).map_or(String::new(), |hint| format!(": {hint}"));
        let message = format!(
            "`{}` can't be a parameter{hint}. Parameters are `bool`, `i32`, `i64`, `f32`, `f64`, `&str`, a list of one \
             (`&[f64]`, `&[&str]`, `Strs`), or an `Option` of any",
            shown(inner)
        );
        Error::new_spanned(inner, message)
    })?;
    let tokens = attribute.map(arguments).transpose()?.unwrap_or_default();
    let mut keys = Keys::parse(tokens, "`#[param]`", &["name", "default"])?;
    let named = keys.name("name")?;
    let default = keys.value("default")?;
    if let (Some(default), true) = (&default, values.option) {
        let message = "a parameter with a default is never absent: write `Param<T>`, or leave the default out";
        return Err(Error::new_spanned(default, message));
    }
    let default = default
        .map(|expr| literals::default(&expr, values.base, values.shape.is_list()))
        .transpose()?;
    Ok(Role::Param(Param {
        span: named.as_ref().map_or(ident.span(), LitStr::span),
        name: named.map_or_else(|| ident.unraw().to_string(), |name| name.value()),
        values,
        default,
    }))
}

/// What stands in the parentheses; an attribute may have none.
fn arguments(attribute: &Attribute) -> Result<proc_macro2::TokenStream> {
    match &attribute.meta {
        syn::Meta::Path(_) => Ok(proc_macro2::TokenStream::new()),
        meta => Ok(meta.require_list()?.tokens.clone()),
    }
}
