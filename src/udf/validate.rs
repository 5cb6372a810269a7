//! Looks at a module before anything of it is compiled or run, and says what is wrong with it in its author's words.
//!
//! A compiler can't be cancelled, so what would keep it busy for long (functions, locals, nesting) is bounded here.

use std::collections::HashMap;

use wasmparser::{
    DataKind, Encoding, ExternalKind, FuncToValidate, FuncType, FuncValidatorAllocations,
    FunctionBody, MemoryType, Parser, Payload, TypeRef, ValidPayload, Validator,
    ValidatorResources, WasmFeatures,
};

use super::complexity::Complexity;
use super::imports::{self, Allowed, signature};
use super::limits::{MAX_MODULE_BYTES, MAX_TABLE_ENTRIES, UdfLimits, clip};
use super::manifest::RowConvention;
use super::module_info::{ModuleInfo, check_type};
use super::pack::MANIFEST_SECTION;

/// Functions with a body.
pub const MAX_FUNCTIONS: usize = 50_000;
/// Bytes of one function's body. While it is compiled, one of so many calls takes a thousand times as much memory; the largest function
/// of a Go program of 2.6 MB has 30,000.
pub const MAX_FUNCTION_BYTES: usize = 256 << 10;
/// Locals of one function, parameters included.
pub const MAX_LOCALS: usize = 10_000;
/// Blocks inside each other in one function.
pub const MAX_NESTING: u32 = 4_096;
/// Entries of each of the other sections: types, imports, exports, globals, data and element segments.
pub const MAX_SECTION_ENTRIES: u32 = 50_000;
/// Bytes of each of: all globals, all element segments, the offsets of all data segments. What is in them is evaluated for every
/// instance, and nothing interrupts that.
pub const MAX_CONSTANT_BYTES: usize = 512 << 10;
/// Parameters of a function or block. A call of two bytes moves all of them, and compiling that takes microseconds each.
pub const MAX_PARAMS: usize = 255;
/// Results of a function or block.
pub const MAX_RESULTS: usize = 4;
/// Tables.
pub const MAX_TABLES: u32 = 4;

/// The proposals that guests may use: what compilers emit by default today.
pub(crate) const FEATURES: WasmFeatures = WasmFeatures::WASM2
    .union(WasmFeatures::EXTENDED_CONST)
    .difference(WasmFeatures::GC_TYPES);

/// Validates a module: well-formed, within the limits, no import or feature that is not allowed.
///
/// # Errors
/// `UdfRejected` with the reason and, where there is one, the byte offset.
pub(crate) fn module(bytes: &[u8], limits: &UdfLimits) -> crate::Result<ModuleInfo> {
    Scan::new(limits)
        .run(bytes)
        .map_err(|message| crate::Error::UdfRejected {
            // It may have names in it, which the module's author chose.
            message: clip(message),
        })
}

struct Scan<'l> {
    limits: &'l UdfLimits,
    info: ModuleInfo,
    types: Vec<FuncType>,
    /// The type of each function, imported ones first.
    functions: Vec<u32>,
    bodies: usize,
    complexity: Complexity,
    tables: u32,
    memories: Vec<MemoryType>,
}

impl<'l> Scan<'l> {
    fn new(limits: &'l UdfLimits) -> Self {
        Self {
            limits,
            info: ModuleInfo {
                manifest: Vec::new(),
                functions: HashMap::new(),
                exports_memory: false,
                row_imports: false,
                evidence_old: None,
                evidence_new: None,
            },
            types: Vec::new(),
            functions: Vec::new(),
            bodies: 0,
            complexity: Complexity::default(),
            tables: 0,
            memories: Vec::new(),
        }
    }

    fn run(mut self, bytes: &[u8]) -> Result<ModuleInfo, String> {
        check_magic(bytes)?;
        let mut validator = Validator::new_with_features(FEATURES);
        let mut allocations = FuncValidatorAllocations::default();
        for payload in Parser::new(0).parse_all(bytes) {
            let payload = payload.map_err(invalid)?;
            if let Payload::Version {
                encoding: Encoding::Component,
                ..
            } = payload
            {
                return Err(
                    "this is a component; components are not supported yet, build a core module"
                        .into(),
                );
            }
            self.before(&payload)?;
            match validator.payload(&payload).map_err(invalid)? {
                ValidPayload::Func(function, body) => {
                    allocations = self.function(function, &body, allocations)?;
                }
                ValidPayload::Ok | ValidPayload::Parser(_) | ValidPayload::End(_) => {}
            }
            self.after(payload)?;
        }
        self.finish()
    }

    /// Bounds that have to hold before the validator does the work.
    fn before(&mut self, payload: &Payload<'_>) -> Result<(), String> {
        let (what, count) = match payload {
            Payload::TypeSection(s) => ("types", s.count()),
            Payload::ImportSection(s) => ("imports", s.count()),
            Payload::ExportSection(s) => ("exports", s.count()),
            Payload::GlobalSection(s) => ("globals", s.count()),
            Payload::DataSection(s) => ("data segments", s.count()),
            Payload::ElementSection(s) => ("element segments", s.count()),
            Payload::FunctionSection(s) => ("functions", s.count()),
            _ => return Ok(()),
        };
        let limit = match payload {
            Payload::FunctionSection(_) => u32::try_from(MAX_FUNCTIONS).unwrap_or(u32::MAX),
            _ => MAX_SECTION_ENTRIES,
        };
        if count > limit {
            return Err(format!(
                "the module has {count} {what}, the limit is {limit}"
            ));
        }
        Self::constants(payload)
    }

    /// Bounds the time that the constants of an instance take.
    fn constants(payload: &Payload<'_>) -> Result<(), String> {
        let (what, bytes) = match payload {
            Payload::GlobalSection(section) => ("globals", section.range().len()),
            Payload::ElementSection(section) => ("element segments", section.range().len()),
            Payload::DataSection(section) => {
                let mut bytes = 0;
                for segment in section.clone() {
                    if let DataKind::Active { offset_expr, .. } = segment.map_err(invalid)?.kind {
                        bytes += offset_expr.get_binary_reader().bytes_remaining();
                    }
                }
                ("offsets of data segments", bytes)
            }
            _ => return Ok(()),
        };
        if bytes > MAX_CONSTANT_BYTES {
            return Err(format!(
                "the {what} have {bytes} bytes, the limit is {MAX_CONSTANT_BYTES}"
            ));
        }
        Ok(())
    }

    /// Takes in what the validator has found well-formed.
    fn after(&mut self, payload: Payload<'_>) -> Result<(), String> {
        match payload {
            Payload::TypeSection(section) => {
                for function in section.into_iter_err_on_gc_types() {
                    let function = function.map_err(invalid)?;
                    let (params, results) = (function.params().len(), function.results().len());
                    if params > MAX_PARAMS || results > MAX_RESULTS {
                        return Err(format!(
                            "a type has {params} parameters and {results} results, the limits are {MAX_PARAMS} and {MAX_RESULTS}"
                        ));
                    }
                    self.types.push(function);
                }
            }
            Payload::ImportSection(section) => {
                for import in section.into_imports() {
                    let import = import.map_err(invalid)?;
                    self.import(import.module, import.name, import.ty)?;
                }
            }
            Payload::FunctionSection(section) => {
                for index in section {
                    self.functions.push(index.map_err(invalid)?);
                }
            }
            Payload::TableSection(section) => {
                for table in section {
                    let table = table.map_err(invalid)?.ty;
                    self.tables += 1;
                    if self.tables > MAX_TABLES || table.initial > MAX_TABLE_ENTRIES as u64 {
                        return Err(format!(
                            "the module has more than {MAX_TABLES} tables or {MAX_TABLE_ENTRIES} entries in one"
                        ));
                    }
                }
            }
            Payload::MemorySection(section) => {
                for memory in section {
                    self.memories.push(memory.map_err(invalid)?);
                }
            }
            Payload::ExportSection(section) => {
                for export in section {
                    let export = export.map_err(invalid)?;
                    match export.kind {
                        ExternalKind::Func | ExternalKind::FuncExact => {
                            let ty = self.function_type(export.index)?;
                            self.info.functions.insert(export.name.to_string(), ty);
                        }
                        ExternalKind::Memory if export.name == "memory" => {
                            self.info.exports_memory = true;
                        }
                        _ => {}
                    }
                }
            }
            Payload::CustomSection(section) if section.name() == MANIFEST_SECTION => {
                self.info.manifest.extend_from_slice(section.data());
            }
            _ => {}
        }
        Ok(())
    }

    fn import(&mut self, module: &str, name: &str, ty: TypeRef) -> Result<(), String> {
        let index = match ty {
            TypeRef::Func(index) | TypeRef::FuncExact(index) => index,
            _ => return Err(format!("import `{module}.{name}` is not a function")),
        };
        let ty = self
            .types
            .get(index as usize)
            .ok_or("an import's type is missing")?;
        let Allowed { row, .. } = imports::find(module, name, ty.params(), ty.results())?;
        if let Some(convention) = row {
            self.info.row_imports = true;
            let evidence = || Some(format!("{name}{}", signature(ty.params(), ty.results())));
            match convention {
                Some(RowConvention::Old) => self.info.evidence_old = evidence(),
                Some(RowConvention::New) => self.info.evidence_new = evidence(),
                None => {}
            }
        }
        self.functions.push(index);
        Ok(())
    }

    fn function_type(&self, index: u32) -> Result<FuncType, String> {
        let ty = self
            .functions
            .get(index as usize)
            .and_then(|ty| self.types.get(*ty as usize));
        ty.cloned()
            .ok_or_else(|| format!("the type of function {index} is missing"))
    }

    fn function(
        &mut self,
        function: FuncToValidate<ValidatorResources>,
        body: &FunctionBody<'_>,
        allocations: FuncValidatorAllocations,
    ) -> Result<FuncValidatorAllocations, String> {
        self.bodies += 1;
        let index = function.index;
        let bytes = body.range().len();
        if bytes > MAX_FUNCTION_BYTES {
            return Err(format!(
                "function {index} has {bytes} bytes of code, the limit is {MAX_FUNCTION_BYTES}"
            ));
        }
        let mut locals = self.function_type(index)?.params().len();
        for group in body.get_locals_reader().map_err(invalid)? {
            locals = locals.saturating_add(group.map_err(invalid)?.0 as usize);
        }
        if locals > MAX_LOCALS {
            return Err(format!(
                "function {index} has {locals} locals, the limit is {MAX_LOCALS}"
            ));
        }
        let mut validator = function.into_validator(allocations);
        let mut reader = body.get_binary_reader();
        validator.read_locals(&mut reader).map_err(invalid)?;
        let has = |what: String| format!("function {index} has {what}");
        self.complexity.start(locals);
        let mut operators = body.get_operators_reader().map_err(invalid)?;
        while !operators.eof() {
            let offset = operators.original_position();
            let operator = operators.read().map_err(invalid)?;
            validator.op(offset, &operator).map_err(invalid)?;
            let operands = validator.operand_stack_height();
            self.complexity
                .instruction(&operator, operands)
                .map_err(has)?;
            if validator.control_stack_height() > MAX_NESTING {
                return Err(format!(
                    "function {index} has blocks nested deeper than {MAX_NESTING} (at offset {offset:#x})"
                ));
            }
        }
        operators.finish().map_err(invalid)?;
        Ok(validator.into_allocations())
    }

    fn finish(self) -> Result<ModuleInfo, String> {
        let memory = match self.memories.as_slice() {
            [memory] => memory,
            [] => {
                return Err(
                    "the module has no memory of its own; it needs one, exported as `memory`"
                        .into(),
                );
            }
            _ => return Err("the module has more than one memory".into()),
        };
        if memory.shared || memory.memory64 {
            return Err("the memory is shared or 64-bit; it must be a plain 32-bit one".into());
        }
        let (bytes, limit) = (
            memory.initial.saturating_mul(65_536),
            self.limits.memory_bytes,
        );
        if bytes > limit as u64 {
            return Err(format!(
                "the memory starts with {bytes} bytes, the limit is {limit}"
            ));
        }
        if !self.info.exports_memory {
            return Err("the module does not export its memory as `memory`".into());
        }
        if self.info.functions.contains_key("_start") {
            return Err(
                "the module exports `_start`, so it is a program; build a reactor (a library)"
                    .into(),
            );
        }
        if let Some(ty) = self.info.functions.get("_initialize") {
            check_type("_initialize", ty, &[], &[])?;
        }
        Ok(self.info)
    }
}

fn check_magic(bytes: &[u8]) -> Result<(), String> {
    if bytes.is_empty() {
        return Err("the file is empty".into());
    }
    if bytes.len() > MAX_MODULE_BYTES {
        return Err(format!(
            "the module has {} bytes, the limit is {MAX_MODULE_BYTES}",
            bytes.len()
        ));
    }
    if bytes.starts_with(b"\0asm") {
        return Ok(());
    }
    let text = std::str::from_utf8(&bytes[..bytes.len().min(4)]).is_ok();
    Err(
        if bytes.trim_ascii_start().starts_with(b"(") || bytes.trim_ascii_start().starts_with(b";;")
        {
            "this is WebAssembly text; translate it to binary first (wat2wasm, wasm-tools parse)"
                .into()
        } else if text {
            "this is a text file, not a WebAssembly module".into()
        } else {
            "this is not a WebAssembly module (it does not begin with \\0asm)".into()
        },
    )
}

#[expect(clippy::needless_pass_by_value, reason = "shape of map_err")]
fn invalid(error: wasmparser::Error) -> String {
    let message = error
        .message()
        .split('\n')
        .next()
        .unwrap_or_default()
        .to_string();
    format!("{message} (at offset {:#x})", error.offset())
}
