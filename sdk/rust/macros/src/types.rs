//! Types, as they are written: a macro sees names, not what they stand for.

use quote::ToTokens;
use syn::{GenericArgument, PathArguments, Type};

/// What a function computes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Filter,
    Score,
    Value,
}

impl Kind {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Filter => "filter",
            Self::Score => "score",
            Self::Value => "value",
        }
    }
}

/// The type of one value. Documents have no `I32` and `F32`, parameters do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Base {
    Bool,
    I32,
    I64,
    F32,
    F64,
    Str,
}

impl Base {
    /// Its name in manifests.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Bool => "bool",
            Self::I32 => "i32",
            Self::I64 => "i64",
            Self::F32 => "f32",
            Self::F64 => "f64",
            Self::Str => "str",
        }
    }

    fn of(ty: &Type) -> Option<Self> {
        if let Type::Reference(reference) = ty {
            let is_str = reference.mutability.is_none() && is_path(&reference.elem, "str");
            return is_str.then_some(Self::Str);
        }
        let all = [Self::Bool, Self::I32, Self::I64, Self::F32, Self::F64];
        all.into_iter().find(|base| is_path(ty, base.name()))
    }
}

/// How an argument takes its values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    One,
    /// `&[T]`.
    Slice,
    /// `Strs`.
    Strs,
}

impl Shape {
    pub(crate) fn is_list(self) -> bool {
        self != Self::One
    }
}

/// A type that values can have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Values {
    pub(crate) base: Base,
    pub(crate) shape: Shape,
    /// In an `Option`.
    pub(crate) option: bool,
}

impl Values {
    pub(crate) fn of(ty: &Type) -> Option<Self> {
        if let Some(inner) = generic(ty, "Option") {
            let values = Self::of(inner).filter(|values| !values.option)?;
            return Some(Self {
                option: true,
                ..values
            });
        }
        let (base, shape) = match bare(ty) {
            Type::Reference(reference) => match bare(&reference.elem) {
                Type::Slice(slice) if reference.mutability.is_none() => {
                    (Base::of(bare(&slice.elem))?, Shape::Slice)
                }
                _ => (Base::of(bare(ty))?, Shape::One),
            },
            ty if is_path(ty, "Strs") => (Base::Str, Shape::Strs),
            ty => (Base::of(ty)?, Shape::One),
        };
        Some(Self {
            base,
            shape,
            option: false,
        })
    }
}

/// Without the parentheses and invisible groups around it.
pub(crate) fn bare(ty: &Type) -> &Type {
    match ty {
        Type::Paren(paren) => bare(&paren.elem),
        Type::Group(group) => bare(&group.elem),
        ty => ty,
    }
}

/// Whether a path ends in this name.
pub(crate) fn is_path(ty: &Type, name: &str) -> bool {
    match bare(ty) {
        Type::Path(path) => path
            .path
            .segments
            .last()
            .is_some_and(|last| last.ident == name),
        _ => false,
    }
}

/// The `T` of `NAME<T>` or `NAME<T, …>`.
pub(crate) fn generic<'t>(ty: &'t Type, name: &str) -> Option<&'t Type> {
    let Type::Path(path) = bare(ty) else {
        return None;
    };
    let last = path.path.segments.last()?;
    let PathArguments::AngleBracketed(arguments) = &last.arguments else {
        return None;
    };
    if last.ident != name {
        return None;
    }
    arguments.args.iter().find_map(|argument| match argument {
        GenericArgument::Type(ty) => Some(ty),
        _ => None,
    })
}

/// A type as the author would write it.
pub(crate) fn shown(ty: &Type) -> String {
    let mut text = ty.to_token_stream().to_string();
    for (spaced, tight) in [
        ("& ", "&"),
        (" <", "<"),
        ("< ", "<"),
        (" >", ">"),
        (" ,", ","),
        (" :: ", "::"),
    ] {
        text = text.replace(spaced, tight);
    }
    text
}

/// What to write in place of a type that doesn't work.
pub(crate) fn hint(ty: &Type) -> Option<&'static str> {
    let integers = [
        "u8", "u16", "u32", "u64", "usize", "i8", "i16", "i32", "isize", "i128", "u128",
    ];
    let is = |name: &str| is_path(ty, name);
    if integers.into_iter().any(is) {
        Some("integers are `i64`")
    } else if is("f32") {
        Some("numbers of documents are `f64`")
    } else if is("String") || is("str") || is("char") || is("Cow") {
        Some("strings are `&str`")
    } else if is("Vec") {
        Some("a list is a slice, such as `&[f64]` or `&[&str]`")
    } else {
        match ty {
            Type::Reference(reference) if reference.mutability.is_some() => {
                Some("`&mut` is for what `#[once(…)]` prepares")
            }
            Type::Reference(reference) => match bare(&reference.elem) {
                Type::Slice(slice) => hint(bare(&slice.elem)),
                _ => Some("numbers and booleans come by value; `&` is for `&str`, lists, and what `#[once(…)]` prepares"),
            },
            _ => None,
        }
    }
}
