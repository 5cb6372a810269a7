//! Printing of functions, and of the places where they stand.

use super::ast::{Clause, OnError, SearchRequest, WasmUdf};
use super::print::{Object, field, param, query};
use super::script::ScriptSort;

/// Writes a function's members.
pub(super) fn udf(o: &mut Object<'_>, udf: &WasmUdf) {
    o.string("name", &udf.name);
    if let Some(version) = &udf.version {
        o.string("version", version);
    }
    if !udf.parameters.is_empty() {
        field(o, "parameters", |o| {
            for parameter in &udf.parameters {
                o.member(&parameter.name, |out| param(out, &parameter.value));
            }
        });
    }
    match udf.on_error {
        OnError::Exclude => {}
        OnError::Fail => o.string("on_error", "fail"),
        OnError::Include => o.string("on_error", "include"),
    }
    let limits = [
        ("memory_bytes", udf.limits.memory_bytes),
        ("batch_base_ms", udf.limits.batch_base_ms),
        ("per_document_us", udf.limits.per_document_us),
        ("query_ms", udf.limits.query_ms),
    ];
    if limits.iter().any(|(_, limit)| limit.is_some()) {
        field(o, "limits", |o| {
            for (name, limit) in limits {
                if let Some(limit) = limit {
                    o.plain(name, limit);
                }
            }
        });
    }
}

/// Writes the body of a clause that is a function or has one, other than what every clause may have.
pub(super) fn clause(o: &mut Object<'_>, clause: &Clause) {
    match clause {
        Clause::WasmUdf(function) => udf(o, function),
        Clause::ScriptScore(clause) => {
            o.member("query", |out| query(out, &clause.query));
            field(o, "wasm_udf", |o| udf(o, &clause.function));
            if let Some(min_score) = clause.min_score {
                o.plain("min_score", min_score);
            }
        }
        _ => {}
    }
}

pub(super) fn fields(o: &mut Object<'_>, request: &SearchRequest) {
    if request.script_fields.is_empty() {
        return;
    }
    field(o, "script_fields", |o| {
        for computed in &request.script_fields {
            field(o, &computed.name, |o| {
                field(o, "wasm_udf", |o| udf(o, &computed.function));
            });
        }
    });
}

/// Writes the members of a sort key, other than its order.
pub(super) fn sort(o: &mut Object<'_>, sort: &ScriptSort) {
    o.string("type", sort.script_type.name());
    field(o, "wasm_udf", |o| udf(o, &sort.function));
    if sort.missing_first {
        o.string("missing", "_first");
    }
}
