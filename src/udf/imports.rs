//! The host functions that a module may import, by exact name and type. Everything else is refused.

use wasmparser::ValType::{self, F64, I32, I64};

use super::manifest::RowConvention;

/// What a list of imports says about one function.
pub(crate) struct Allowed {
    pub(crate) module: &'static str,
    pub(crate) name: &'static str,
    pub(crate) params: &'static [ValType],
    pub(crate) results: &'static [ValType],
    /// `Some` for a function of the row ABI; inside, the convention that its name and type belong to, if to one only.
    pub(crate) row: Option<Option<RowConvention>>,
}

const fn runtime(
    module: &'static str,
    name: &'static str,
    params: &'static [ValType],
    results: &'static [ValType],
) -> Allowed {
    Allowed {
        module,
        name,
        params,
        results,
        row: None,
    }
}

const fn wasi(name: &'static str, params: &'static [ValType]) -> Allowed {
    runtime("wasi_snapshot_preview1", name, params, &[I32])
}

const fn row(
    convention: Option<RowConvention>,
    name: &'static str,
    params: &'static [ValType],
    results: &'static [ValType],
) -> Allowed {
    Allowed {
        module: "env",
        name,
        params,
        results,
        row: Some(convention),
    }
}

const OLD: Option<RowConvention> = Some(RowConvention::Old);
const NEW: Option<RowConvention> = Some(RowConvention::New);

/// All of them.
pub(crate) static ALLOWED: &[Allowed] = &[
    runtime("diagon", "log", &[I32, I32, I32], &[]),
    runtime("diagon", "fail", &[I32, I32], &[]),
    wasi("args_get", &[I32, I32]),
    wasi("args_sizes_get", &[I32, I32]),
    wasi("environ_get", &[I32, I32]),
    wasi("environ_sizes_get", &[I32, I32]),
    wasi("clock_time_get", &[I32, I64, I32]),
    wasi("poll_oneoff", &[I32, I32, I32, I32]),
    wasi("sched_yield", &[]),
    wasi("random_get", &[I32, I32]),
    wasi("fd_advise", &[I32, I64, I64, I32]),
    wasi("fd_allocate", &[I32, I64, I64]),
    wasi("fd_close", &[I32]),
    wasi("fd_datasync", &[I32]),
    wasi("fd_fdstat_get", &[I32, I32]),
    wasi("fd_fdstat_set_flags", &[I32, I32]),
    wasi("fd_fdstat_set_rights", &[I32, I64, I64]),
    wasi("fd_filestat_get", &[I32, I32]),
    wasi("fd_filestat_set_size", &[I32, I64]),
    wasi("fd_filestat_set_times", &[I32, I64, I64, I32]),
    wasi("fd_pread", &[I32, I32, I32, I64, I32]),
    wasi("fd_prestat_dir_name", &[I32, I32, I32]),
    wasi("fd_prestat_get", &[I32, I32]),
    wasi("fd_pwrite", &[I32, I32, I32, I64, I32]),
    wasi("fd_read", &[I32, I32, I32, I32]),
    wasi("fd_readdir", &[I32, I32, I32, I64, I32]),
    wasi("fd_renumber", &[I32, I32]),
    wasi("fd_seek", &[I32, I64, I32, I32]),
    wasi("fd_sync", &[I32]),
    wasi("fd_tell", &[I32, I32]),
    wasi("fd_write", &[I32, I32, I32, I32]),
    runtime("wasi_snapshot_preview1", "proc_exit", &[I32], &[]),
    runtime("env", "abort", &[I32, I32, I32, I32], &[]),
    runtime("env", "seed", &[], &[F64]),
    runtime("env", "trace", &[I32, I32, F64, F64, F64, F64, F64], &[]),
    row(None, "has_field", &[I64, I32, I32], &[I32]),
    row(None, "get_field_string", &[I64, I32, I32, I32, I32], &[I32]),
    row(NEW, "get_field_i64", &[I64, I32, I32, I32], &[I32]),
    row(NEW, "get_field_f64", &[I64, I32, I32, I32], &[I32]),
    row(NEW, "get_field_bool", &[I64, I32, I32, I32], &[I32]),
    row(OLD, "get_field_int64", &[I64, I32, I32], &[I64]),
    row(OLD, "get_field_float64", &[I64, I32, I32], &[F64]),
    row(OLD, "get_field_bool", &[I64, I32, I32], &[I32]),
    row(None, "get_param_string", &[I32, I32, I32, I32], &[I32]),
    row(None, "get_param_i64", &[I32, I32, I32], &[I32]),
    row(None, "get_param_f64", &[I32, I32, I32], &[I32]),
    row(None, "get_param_bool", &[I32, I32, I32], &[I32]),
    row(NEW, "log", &[I32, I32, I32], &[]),
    row(OLD, "log", &[I32, I32], &[]),
    row(None, "get_document_id", &[I64, I32, I32], &[I32]),
    row(None, "get_score", &[I64], &[F64]),
];

/// Finds the entry for an import. `Err` says why there is none.
pub(crate) fn find(
    module: &str,
    name: &str,
    params: &[ValType],
    results: &[ValType],
) -> Result<&'static Allowed, String> {
    let mut wanted = Vec::new();
    for allowed in ALLOWED
        .iter()
        .filter(|a| a.module == module && a.name == name)
    {
        if allowed.params == params && allowed.results == results {
            return Ok(allowed);
        }
        wanted.push(signature(allowed.params, allowed.results));
    }
    if wanted.is_empty() {
        return Err(format!(
            "import `{module}.{name}` is not one of the host's functions"
        ));
    }
    let (got, wanted) = (signature(params, results), wanted.join(" or "));
    Err(format!(
        "import `{module}.{name}` has type {got}, the host's is {wanted}"
    ))
}

/// A type as messages show it: `(i32, i64) -> i32`.
pub(crate) fn signature(params: &[ValType], results: &[ValType]) -> String {
    let list = |types: &[ValType]| {
        types
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>()
            .join(", ")
    };
    match results {
        [] => format!("({})", list(params)),
        [one] => format!("({}) -> {one}", list(params)),
        many => format!("({}) -> ({})", list(params), list(many)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_by_name_and_type() {
        assert!(find("diagon", "log", &[I32, I32, I32], &[]).is_ok());
        assert_eq!(find("env", "log", &[I32, I32], &[]).unwrap().row, Some(OLD));
        let wrong = find("env", "log", &[I64], &[]).err().unwrap();
        assert_eq!(
            wrong,
            "import `env.log` has type (i64), the host's is (i32, i32, i32) or (i32, i32)"
        );
        let unknown = find("env", "open", &[], &[]).err().unwrap();
        assert_eq!(
            unknown,
            "import `env.open` is not one of the host's functions"
        );
    }
}
