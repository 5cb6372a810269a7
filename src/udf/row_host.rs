//! The host functions of the row ABI, in both conventions.

use wasmtime::{Caller, Linker};

use super::host::{HostState, Stop};
use super::hostfns::{log, parts, slice, slice_mut};
use super::manifest::RowConvention;
use super::row_column::{FieldError, FieldValue};
use super::row_fields::Want;
use super::values::ParamValue;
use crate::batch::ValueType;

type Guest<'a> = Caller<'a, HostState>;

const ENV: &str = "env";
const OK: i32 = 0;
const MISSING: i32 = -1;
const ABSENT: i32 = 1;
const WRONG_TYPE: i32 = 2;
const BAD_ADDRESS: i32 = 3;

/// Defines the functions of one convention.
///
/// # Errors
/// A name twice, which would be a fault of ours.
pub(crate) fn define(
    linker: &mut Linker<HostState>,
    convention: RowConvention,
) -> wasmtime::Result<()> {
    linker.func_wrap(
        ENV,
        "has_field",
        |mut caller: Guest<'_>, _: i64, name: u32, len: u32| {
            with_field(&mut caller, name, len, Want::Any, |_, value| {
                Ok(i32::from(value.is_some()))
            })
        },
    )?;
    define_unambiguous(linker)?;
    linker.func_wrap(ENV, "get_document_id", document_id)?;
    linker.func_wrap(ENV, "get_score", |caller: Guest<'_>, _: i64| {
        caller.data().row.score()
    })?;
    linker.func_wrap(ENV, "get_param_string", param_string)?;
    linker.func_wrap(
        ENV,
        "get_param_i64",
        |caller: Guest<'_>, name: u32, len: u32, out: u32| {
            param(caller, name, len, out, |value| match value {
                ParamValue::I64(v) => Some((v.to_le_bytes(), 8)),
                _ => None,
            })
        },
    )?;
    linker.func_wrap(
        ENV,
        "get_param_f64",
        |caller: Guest<'_>, name: u32, len: u32, out: u32| {
            param(caller, name, len, out, |value| match value {
                ParamValue::F64(v) => Some((v.to_le_bytes(), 8)),
                _ => None,
            })
        },
    )?;
    let width = if convention == RowConvention::Old {
        1
    } else {
        4
    };
    linker.func_wrap(
        ENV,
        "get_param_bool",
        move |caller: Guest<'_>, name: u32, len: u32, out: u32| {
            param(caller, name, len, out, |value| match value {
                ParamValue::Bool(v) => Some((u64::from(*v).to_le_bytes(), width)),
                _ => None,
            })
        },
    )?;
    match convention {
        RowConvention::Old => define_old(linker),
        RowConvention::New => define_new(linker),
    }
}

/// Functions whose names only one convention has: a module that mixes both may import them all.
fn define_unambiguous(linker: &mut Linker<HostState>) -> wasmtime::Result<()> {
    linker.func_wrap(
        ENV,
        "get_field_i64",
        |caller: Guest<'_>, _: i64, name: u32, len: u32, out: u32| {
            get_value(caller, ValueType::I64, name, len, out)
        },
    )?;
    linker.func_wrap(
        ENV,
        "get_field_f64",
        |caller: Guest<'_>, _: i64, name: u32, len: u32, out: u32| {
            get_value(caller, ValueType::F64, name, len, out)
        },
    )?;
    linker.func_wrap(
        ENV,
        "get_field_int64",
        |mut caller: Guest<'_>, _: i64, name: u32, len: u32| {
            with_field(
                &mut caller,
                name,
                len,
                Want::Value(ValueType::I64),
                |_, value| match value {
                    Some(FieldValue::I64(v)) => Ok(v),
                    _ => Ok(0),
                },
            )
        },
    )?;
    linker.func_wrap(
        ENV,
        "get_field_float64",
        |mut caller: Guest<'_>, _: i64, name: u32, len: u32| {
            with_field(
                &mut caller,
                name,
                len,
                Want::Value(ValueType::F64),
                |_, value| match value {
                    Some(FieldValue::F64(v)) => Ok(v),
                    _ => Ok(0.0),
                },
            )
        },
    )?;
    Ok(())
}

/// Writes a number or boolean of the current document, by the newer convention.
fn get_value(
    mut caller: Guest<'_>,
    value_type: ValueType,
    name: u32,
    len: u32,
    out: u32,
) -> wasmtime::Result<i32> {
    with_field(
        &mut caller,
        name,
        len,
        Want::Value(value_type),
        |memory, value| {
            let (bytes, width) = match value {
                Some(FieldValue::I64(v)) => (v.to_le_bytes(), 8),
                Some(FieldValue::F64(v)) => (v.to_le_bytes(), 8),
                Some(FieldValue::Bool(v)) => (u64::from(v).to_le_bytes(), 4),
                _ => return Ok(MISSING),
            };
            put(memory, out, &bytes[..width])?;
            Ok(OK)
        },
    )
}

fn define_new(linker: &mut Linker<HostState>) -> wasmtime::Result<()> {
    linker.func_wrap(ENV, "log", log)?;
    linker.func_wrap(
        ENV,
        "get_field_string",
        |mut caller: Guest<'_>, _: i64, name: u32, len: u32, out: u32, out_len: u32| {
            with_field(
                &mut caller,
                name,
                len,
                Want::Value(ValueType::Str),
                |memory, value| {
                    let Some(FieldValue::Str(text)) = value else {
                        return Ok(MISSING);
                    };
                    let fits = put_string(memory, out, out_len, text)?;
                    Ok(if fits { OK } else { MISSING })
                },
            )
        },
    )?;
    linker.func_wrap(
        ENV,
        "get_field_bool",
        |caller: Guest<'_>, _: i64, name: u32, len: u32, out: u32| {
            get_value(caller, ValueType::Bool, name, len, out)
        },
    )?;
    Ok(())
}

fn define_old(linker: &mut Linker<HostState>) -> wasmtime::Result<()> {
    linker.func_wrap(ENV, "log", |caller: Guest<'_>, at: u32, len: u32| {
        log(caller, 1, at, len)
    })?;
    linker.func_wrap(
        ENV,
        "get_field_string",
        |mut caller: Guest<'_>, _: i64, name: u32, len: u32, out: u32, out_len: u32| {
            with_field(
                &mut caller,
                name,
                len,
                Want::Value(ValueType::Str),
                |memory, value| {
                    let Some(FieldValue::Str(text)) = value else {
                        return Ok(0);
                    };
                    let size = u32::try_from(text.len()).unwrap_or(u32::MAX);
                    // This convention has no capacity: the memory is the bound.
                    let Some(target) = slice_mut(memory, out, size) else {
                        return Ok(0);
                    };
                    target.copy_from_slice(text);
                    put(memory, out_len, &size.to_le_bytes())?;
                    Ok(1)
                },
            )
        },
    )?;
    linker.func_wrap(
        ENV,
        "get_field_bool",
        |mut caller: Guest<'_>, _: i64, name: u32, len: u32| {
            with_field(
                &mut caller,
                name,
                len,
                Want::Value(ValueType::Bool),
                |_, value| match value {
                    Some(FieldValue::Bool(v)) => Ok(i32::from(v)),
                    _ => Ok(0),
                },
            )
        },
    )?;
    Ok(())
}

/// Looks a field of the current document up and gives it to `then`, with the guest's memory to write to.
fn with_field<R>(
    caller: &mut Guest<'_>,
    name: u32,
    len: u32,
    want: Want,
    then: impl FnOnce(&mut [u8], Option<FieldValue<'_>>) -> Result<R, Stop>,
) -> wasmtime::Result<R> {
    let (memory, state) = parts(caller)?;
    let HostState {
        columns,
        row,
        error,
        watch,
        ..
    } = state;
    let text = slice(memory, name, len).ok_or_else(|| outside("the name of a field", name))?;
    let Some(columns) = columns.as_deref_mut() else {
        return Ok(then(memory, None)?);
    };
    match row.get(columns, watch, text, name, want) {
        Ok(value) => Ok(then(memory, value)?),
        Err(FieldError::Stop(stop)) => Err(stop.into()),
        Err(FieldError::Host(e)) => {
            *error = Some(e);
            Err(Stop::Host.into())
        }
    }
}

fn document_id(mut caller: Guest<'_>, _: i64, out: u32, out_len: u32) -> wasmtime::Result<i32> {
    let (memory, state) = parts(&mut caller)?;
    let Some(columns) = state.columns.as_deref_mut() else {
        return Ok(0);
    };
    match state.row.id(columns, &mut state.watch) {
        Ok(Some(id)) => Ok(i32::from(put_string(memory, out, out_len, id)?)),
        Ok(None) => Ok(0),
        Err(FieldError::Stop(stop)) => Err(stop.into()),
        Err(FieldError::Host(e)) => {
            state.error = Some(e);
            Err(Stop::Host.into())
        }
    }
}

fn param_string(
    mut caller: Guest<'_>,
    name: u32,
    len: u32,
    out: u32,
    out_len: u32,
) -> wasmtime::Result<i32> {
    let (memory, state) = parts(&mut caller)?;
    let text = slice(memory, name, len).ok_or_else(|| outside("the name of a parameter", name))?;
    let params = &state.row.params;
    let Some((_, value)) = params.iter().find(|(n, _)| n.as_bytes() == text) else {
        return Ok(ABSENT);
    };
    let ParamValue::Str(value) = value else {
        return Ok(WRONG_TYPE);
    };
    Ok(match put_string(memory, out, out_len, value.as_bytes()) {
        Ok(true) => OK,
        Ok(false) | Err(_) => BAD_ADDRESS,
    })
}

fn param(
    mut caller: Guest<'_>,
    name: u32,
    len: u32,
    out: u32,
    convert: impl FnOnce(&ParamValue) -> Option<([u8; 8], usize)>,
) -> wasmtime::Result<i32> {
    let (memory, state) = parts(&mut caller)?;
    let text = slice(memory, name, len).ok_or_else(|| outside("the name of a parameter", name))?;
    let params = &state.row.params;
    let Some((_, value)) = params.iter().find(|(n, _)| n.as_bytes() == text) else {
        return Ok(ABSENT);
    };
    let Some((bytes, width)) = convert(value) else {
        return Ok(WRONG_TYPE);
    };
    Ok(put(memory, out, &bytes[..width]).map_or(BAD_ADDRESS, |()| OK))
}

fn put(memory: &mut [u8], at: u32, bytes: &[u8]) -> Result<(), Stop> {
    let len = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
    let target = slice_mut(memory, at, len).ok_or_else(|| outside("the place for a value", at))?;
    target.copy_from_slice(bytes);
    Ok(())
}

/// Writes a string and its length where the capacity stood. `false`: it is too small, and the needed length stands there.
fn put_string(memory: &mut [u8], out: u32, out_len: u32, text: &[u8]) -> Result<bool, Stop> {
    let capacity = slice(memory, out_len, 4).and_then(<[u8]>::first_chunk::<4>);
    let capacity = capacity.ok_or_else(|| outside("the place for a length", out_len))?;
    let capacity = u32::from_le_bytes(*capacity) as usize;
    let fits = text.len() <= capacity;
    if fits {
        put(memory, out, text)?;
    }
    let len = u32::try_from(text.len()).unwrap_or(u32::MAX);
    put(memory, out_len, &len.to_le_bytes())?;
    Ok(fits)
}

fn outside(what: &str, at: u32) -> Stop {
    Stop::Protocol(format!("{what} at {at:#x} lies outside the memory"))
}
