//! The function as a whole: reads it, checks it, and keeps it as it is.

use proc_macro2::TokenStream;
use quote::quote;
use syn::spanned::Spanned;
use syn::{
    Attribute, Error, Expr, ExprLit, FnArg, GenericParam, ItemFn, Lit, Meta, Result, ReturnType,
    Signature, Type,
};

use crate::arguments::{self, Argument, Role};
use crate::emit;
use crate::manifest::{Manifest, Params};
use crate::options::Options;
use crate::types::{bare, generic, is_path, shown, Base, Kind, Shape, Values};

/// What the attribute becomes. The function stays, also where something is wrong: one mistake is one message.
pub(crate) fn expand(kind: Kind, options: TokenStream, item: TokenStream) -> TokenStream {
    let mut function: ItemFn = match syn::parse2(item) {
        Ok(function) => function,
        Err(error) => {
            let message = format!("`#[{}]` stands before a function: {error}", kind.name());
            return Error::new(error.span(), message).into_compile_error();
        }
    };
    let made = make(kind, options, &mut function).unwrap_or_else(Error::into_compile_error);
    quote! {
        #function
        #made
    }
}

fn make(kind: Kind, options: TokenStream, function: &mut ItemFn) -> Result<TokenStream> {
    let arguments = read_arguments(&mut function.sig);
    check_signature(&function.sig)?;
    let arguments = arguments?;
    allow_unused(&mut function.sig, &arguments);
    // Fields and parameters are what they are.
    function
        .attrs
        .push(syn::parse_quote!(#[allow(clippy::too_many_arguments)]));
    let options = Options::parse(kind, options, &function.sig.ident)?;
    let returns = returns(kind, &function.sig)?;
    let params = Params::of(&arguments)?;
    let manifest = Manifest {
        kind,
        options: &options,
        description: &description(&function.attrs),
        returns: (kind == Kind::Value).then_some(returns),
        arguments: &arguments,
        params: &params,
    };
    let manifest = manifest.json(function.sig.ident.span())?;
    let function = emit::Function {
        kind,
        returns,
        item: function,
        arguments: &arguments,
        params: &params,
        manifest: &manifest,
        export: &options.export,
    };
    Ok(function.tokens())
}

/// All arguments, or what is wrong with each.
fn read_arguments(signature: &mut Signature) -> Result<Vec<Argument>> {
    let mut arguments = Vec::new();
    let mut wrong: Option<Error> = None;
    for argument in &mut signature.inputs {
        match arguments::read(argument) {
            Ok(argument) => arguments.push(argument),
            Err(error) => match &mut wrong {
                Some(errors) => errors.combine(error),
                None => wrong = Some(error),
            },
        }
    }
    wrong.map_or(Ok(arguments), Err)
}

/// A parameter may be there for what is computed once a batch, or for a field that it names, and for nothing else.
fn allow_unused(signature: &mut Signature, arguments: &[Argument]) {
    for (input, argument) in signature.inputs.iter_mut().zip(arguments) {
        if let (FnArg::Typed(input), Role::Param(_)) = (input, &argument.role) {
            input
                .attrs
                .push(syn::parse_quote!(#[allow(unused_variables)]));
        }
    }
}

fn check_signature(signature: &Signature) -> Result<()> {
    let refuse = |span, what: &str| {
        Err(Error::new(
            span,
            format!("a function of a document can't be {what}"),
        ))
    };
    if let Some(token) = &signature.asyncness {
        return refuse(token.span(), "async: there is nothing to wait for");
    }
    if let Some(token) = &signature.unsafety {
        return refuse(token.span(), "unsafe");
    }
    if let Some(abi) = &signature.abi {
        return refuse(
            abi.span(),
            "extern; what the engine calls is written around it",
        );
    }
    let generic = signature
        .generics
        .params
        .iter()
        .find(|p| !matches!(p, GenericParam::Lifetime(_)));
    match generic {
        Some(generic) => refuse(
            generic.span(),
            "generic: the manifest says one type for each argument",
        ),
        None => Ok(()),
    }
}

/// The type of the answers.
fn returns(kind: Kind, signature: &Signature) -> Result<Base> {
    let expected = match kind {
        Kind::Filter => "a filter returns `bool` or `Result<bool, E>`",
        Kind::Score => "a score function returns `f64` or `Result<f64, E>`",
        Kind::Value => {
            "a value function returns `f64`, `i64`, `bool`, `&str`, `String` or `Cow<str>`, an `Option` of one, or a `Result` of either"
        }
    };
    let ReturnType::Type(_, ty) = &signature.output else {
        return Err(Error::new_spanned(signature, expected));
    };
    let inner = generic(ty, "Result").unwrap_or(ty);
    let answer = match kind {
        Kind::Filter => is_path(inner, "bool").then_some(Base::Bool),
        Kind::Score => is_path(inner, "f64").then_some(Base::F64),
        Kind::Value => value(generic(inner, "Option").unwrap_or(inner)),
    };
    answer.ok_or_else(|| {
        Error::new_spanned(
            ty,
            format!("{expected}, not `{}`{}", shown(ty), other_kind(kind, inner)),
        )
    })
}

fn value(ty: &Type) -> Option<Base> {
    if is_path(ty, "String") || is_path(ty, "Cow") {
        return Some(Base::Str);
    }
    match Values::of(bare(ty))? {
        Values {
            base: base @ (Base::Bool | Base::I64 | Base::F64 | Base::Str),
            shape: Shape::One,
            option: false,
        } => Some(base),
        _ => None,
    }
}

/// Which attribute would fit.
fn other_kind(kind: Kind, ty: &Type) -> &'static str {
    match kind {
        Kind::Filter if is_path(ty, "f64") => "; `#[score]` and `#[value]` are for numbers",
        Kind::Score if is_path(ty, "bool") => "; `#[filter]` is for yes and no",
        Kind::Filter | Kind::Score if value(generic(ty, "Option").unwrap_or(ty)).is_some() => {
            "; `#[value]` is for values"
        }
        _ => "",
    }
}

/// The first paragraph of the documentation.
fn description(attributes: &[Attribute]) -> String {
    let mut lines: Vec<String> = Vec::new();
    for attribute in attributes {
        let Meta::NameValue(pair) = &attribute.meta else {
            continue;
        };
        if let (
            true,
            Expr::Lit(ExprLit {
                lit: Lit::Str(text),
                ..
            }),
        ) = (pair.path.is_ident("doc"), &pair.value)
        {
            lines.extend(text.value().split('\n').map(|line| line.trim().to_string()));
        }
    }
    let paragraph = lines
        .iter()
        .skip_while(|line| line.is_empty())
        .take_while(|line| !line.is_empty());
    paragraph.map(String::as_str).collect::<Vec<_>>().join(" ")
}
