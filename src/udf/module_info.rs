//! What a valid module has, compared with what a manifest promises.

use std::collections::HashMap;

use wasmparser::{FuncType, ValType};

use super::imports::signature;
use super::limits::clip;
use super::manifest::{Abi, Manifest, RowConvention};
use super::values::ParamType;

/// What a valid module has.
#[derive(Debug)]
pub(crate) struct ModuleInfo {
    /// The custom sections `diagon.udf`, one behind the other.
    pub(crate) manifest: Vec<u8>,
    /// Exported functions with their types.
    pub(crate) functions: HashMap<String, FuncType>,
    /// The memory is exported as `memory`.
    pub(crate) exports_memory: bool,
    /// It imports functions of the row ABI; below, one that belongs to one convention only.
    pub(crate) row_imports: bool,
    pub(crate) evidence_old: Option<String>,
    pub(crate) evidence_new: Option<String>,
}

impl ModuleInfo {
    /// Checks that the module has what `manifest` promises.
    ///
    /// # Errors
    /// `UdfRejected` that names the function and the export.
    pub(crate) fn check(&self, manifest: &Manifest) -> crate::Result<()> {
        self.check_exports(manifest)
            .map_err(|message| crate::Error::UdfRejected {
                message: clip(format!("`{}`: {message}", manifest.label())),
            })
    }

    fn check_exports(&self, manifest: &Manifest) -> Result<(), String> {
        match &manifest.abi {
            Abi::Batch => {
                if self.row_imports {
                    return Err(
                        "the module imports functions of the row ABI; say `\"abi\": \"row\"`"
                            .into(),
                    );
                }
                if !self.functions.contains_key("diagon_abi_v1") {
                    return Err(
                        match self
                            .functions
                            .keys()
                            .find(|n| n.starts_with("diagon_abi_v"))
                        {
                            Some(other) => format!(
                                "the module was built for `{other}`, this host knows `diagon_abi_v1`"
                            ),
                            None => "the module does not export a function `diagon_abi_v1`".into(),
                        },
                    );
                }
                self.expect("diagon_reserve", &[ValType::I32])?;
                self.expect(&manifest.export, &[ValType::I32])
            }
            Abi::Row { positional, .. } => {
                let mut params = vec![ValType::I64];
                params.extend(
                    positional
                        .iter()
                        .map(|p| positional_type(manifest.params[*p].param_type)),
                );
                self.expect(&manifest.export, &params)?;
                self.convention(manifest).map(drop)
            }
        }
    }

    /// The row convention that a module was built for, from its manifest or its imports.
    pub(crate) fn convention(&self, manifest: &Manifest) -> Result<RowConvention, String> {
        let Abi::Row { convention, .. } = &manifest.abi else {
            return Ok(RowConvention::New);
        };
        if let Some(said) = convention {
            let other = match said {
                RowConvention::Old => &self.evidence_new,
                RowConvention::New => &self.evidence_old,
            };
            return match other {
                Some(import) if !is_unambiguous(import) => Err(format!(
                    "the manifest's `row` contradicts the import `env.{import}`"
                )),
                _ => Ok(*said),
            };
        }
        match (&self.evidence_old, &self.evidence_new) {
            (Some(_), None) => Ok(RowConvention::Old),
            (None, Some(_)) => Ok(RowConvention::New),
            (None, None) if !self.row_imports => Ok(RowConvention::New),
            (Some(old), Some(new)) => Err(format!(
                "the imports `env.{old}` and `env.{new}` belong to two conventions; say `\"row\": \"old\"` or `\"new\"`"
            )),
            (None, None) => Err(
                "the imports don't tell which row convention is meant; say `\"row\": \"old\"` or `\"new\"`".into(),
            ),
        }
    }

    fn expect(&self, name: &str, params: &[ValType]) -> Result<(), String> {
        match self.functions.get(name) {
            Some(ty) => check_type(name, ty, params, &[ValType::I32]),
            None => Err(format!("the module does not export a function `{name}`")),
        }
    }
}

/// Whether an import (name and type) has a name that only one convention has, so that the other one can offer it, too.
fn is_unambiguous(import: &str) -> bool {
    let names = [
        "get_field_i64(",
        "get_field_f64(",
        "get_field_int64(",
        "get_field_float64(",
    ];
    names.iter().any(|name| import.starts_with(name))
}

/// How a positional parameter is passed.
pub(crate) fn positional_type(param_type: ParamType) -> ValType {
    match param_type {
        ParamType::I64 => ValType::I64,
        ParamType::F32 => ValType::F32,
        ParamType::F64 => ValType::F64,
        ParamType::Bool | ParamType::I32 | ParamType::Str => ValType::I32,
    }
}

/// Checks the type of an export.
pub(crate) fn check_type(
    name: &str,
    ty: &FuncType,
    params: &[ValType],
    results: &[ValType],
) -> Result<(), String> {
    if ty.params() == params && ty.results() == results {
        return Ok(());
    }
    let (got, wanted) = (
        signature(ty.params(), ty.results()),
        signature(params, results),
    );
    Err(format!("export `{name}` has type {got}, expected {wanted}"))
}
