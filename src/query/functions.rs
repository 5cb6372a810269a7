//! Whether a request names users' functions at all.

use super::ast::{Clause, Query, SearchRequest};
use super::function_score::FunctionKind;
use super::sort::SortBy;

impl SearchRequest {
    /// Whether a user's function has to be asked: in the query, for the order of hits, or about the page.
    #[must_use]
    pub fn names_functions(&self) -> bool {
        let sorts = |key: &super::SortKey| matches!(key.by, SortBy::Script(_));
        !self.script_fields.is_empty()
            || self.sort.iter().any(sorts)
            || self.query.names_functions()
    }
}

impl Query {
    fn names_functions(&self) -> bool {
        let any = |queries: &[Self]| queries.iter().any(Self::names_functions);
        match &self.clause {
            Clause::WasmUdf(_) | Clause::ScriptScore(_) => true,
            Clause::Bool(clause) => [
                &clause.must,
                &clause.filter,
                &clause.should,
                &clause.must_not,
            ]
            .into_iter()
            .any(|group| any(group)),
            Clause::ConstantScore(inner) => inner.names_functions(),
            Clause::DisMax(clause) => any(&clause.queries),
            Clause::Boosting(clause) => {
                clause.positive.names_functions() || clause.negative.names_functions()
            }
            Clause::FunctionScore(clause) => {
                clause.query.names_functions()
                    || clause.functions.iter().any(|function| {
                        matches!(function.kind, FunctionKind::Udf(_))
                            || function.filter.as_ref().is_some_and(Self::names_functions)
                    })
            }
            Clause::MatchAll
            | Clause::MatchNone
            | Clause::Term(_)
            | Clause::Terms(_)
            | Clause::Match(_)
            | Clause::MatchPhrase(_)
            | Clause::MatchBoolPrefix(_)
            | Clause::MatchPhrasePrefix(_)
            | Clause::Prefix(_)
            | Clause::Wildcard(_)
            | Clause::Regexp(_)
            | Clause::Fuzzy(_)
            | Clause::Range(_)
            | Clause::Exists(_)
            | Clause::Ids(_) => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::parse;

    #[test]
    fn wherever_they_stand() {
        let all = r#"{"match_all": {}}"#;
        let udf = r#"{"wasm_udf": {"name": "f"}}"#;
        let named = |body: &str| {
            parse(body)
                .unwrap_or_else(|e| panic!("{body}: {e}"))
                .names_functions()
        };
        for template in [
            r#"{"query": X}"#,
            r#"{"query": {"bool": {"must": [{"match_all": {}}, X]}}}"#,
            r#"{"query": {"bool": {"filter": X}}}"#,
            r#"{"query": {"bool": {"should": [X]}}}"#,
            r#"{"query": {"bool": {"must_not": {"constant_score": {"filter": X}}}}}"#,
            r#"{"query": {"dis_max": {"queries": [{"match_all": {}}, X]}}}"#,
            r#"{"query": {"boosting": {"positive": X, "negative": {"match_all": {}}, "negative_boost": 0}}}"#,
            r#"{"query": {"boosting": {"positive": {"match_all": {}}, "negative": X, "negative_boost": 0}}}"#,
            r#"{"query": {"function_score": {"query": X, "functions": []}}}"#,
            r#"{"query": {"function_score": {"functions": [{"weight": 1}, {"weight": 2, "filter": X}]}}}"#,
        ] {
            assert!(named(&template.replace('X', udf)), "{template}");
            assert!(!named(&template.replace('X', all)), "{template}");
        }
        for body in [
            r#"{"query": {"script": {"script": {"lang": "wasm", "id": "f"}}}}"#,
            r#"{"query": {"script_score": {"query": {"match_all": {}}, "wasm_udf": {"name": "f"}}}}"#,
            r#"{"query": {"function_score": {"wasm_udf": {"name": "f"}}}}"#,
            r#"{"script_fields": {"a": {"wasm_udf": {"name": "f"}}}}"#,
            r#"{"sort": ["n", {"_script": {"type": "number", "wasm_udf": {"name": "f"}}}]}"#,
        ] {
            assert!(named(body), "{body}");
        }
        assert!(!named(
            r#"{"sort": ["n", "_score"], "query": {"term": {"wasm_udf": "x"}}}"#
        ));
    }
}
