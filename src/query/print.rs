//! AST → JSON, in the long form and without what is default. Reading it again gives the same AST.

use super::ast::{
    Bound, Clause, Operator, ParamValue, Query, Scalar, SearchRequest, SourceFilter,
    TrackTotalHits, push_json_string,
};
use super::minimum::{Amount, MinimumShouldMatch};
use super::multi_term_print;
use super::print_compound::compound;
use super::print_script;
use super::print_sort::order;

/// Writes an object's members, with commas between them.
pub(super) struct Object<'o> {
    out: &'o mut String,
    empty: bool,
}

impl Object<'_> {
    /// Writes the key, and lets `value` write what follows.
    pub(super) fn member(&mut self, key: &str, value: impl FnOnce(&mut String)) {
        if !self.empty {
            self.out.push(',');
        }
        self.empty = false;
        push_json_string(key, self.out);
        self.out.push(':');
        value(self.out);
    }

    pub(super) fn string(&mut self, key: &str, value: &str) {
        self.member(key, |out| push_json_string(value, out));
    }

    /// Writes something whose text is JSON already: a number or a boolean.
    pub(super) fn plain(&mut self, key: &str, value: impl ToString) {
        self.member(key, |out| out.push_str(&value.to_string()));
    }
}

pub(super) fn object(out: &mut String, members: impl FnOnce(&mut Object<'_>)) {
    out.push('{');
    members(&mut Object { out, empty: true });
    out.push('}');
}

pub(super) fn array<T>(out: &mut String, items: &[T], item: impl Fn(&mut String, &T)) {
    out.push('[');
    for (at, each) in items.iter().enumerate() {
        if at > 0 {
            out.push(',');
        }
        item(out, each);
    }
    out.push(']');
}

impl SearchRequest {
    /// The request as JSON.
    #[must_use]
    pub fn to_json(&self) -> String {
        let default = Self::default();
        let mut out = String::new();
        object(&mut out, |o| {
            o.member("query", |out| query(out, &self.query));
            if self.from != default.from {
                o.plain("from", self.from);
            }
            if self.size != default.size {
                o.plain("size", self.size);
            }
            order(o, self);
            match &self.source {
                // Without a word, it is none where fields are computed.
                SourceFilter::All if self.script_fields.is_empty() => {}
                SourceFilter::All => o.plain("_source", true),
                SourceFilter::None => o.plain("_source", false),
                SourceFilter::Patterns { includes, excludes } => o.member("_source", |out| {
                    object(out, |o| {
                        o.member("includes", |out| {
                            array(out, includes, |out, p| push_json_string(p, out));
                        });
                        o.member("excludes", |out| {
                            array(out, excludes, |out, p| push_json_string(p, out));
                        });
                    });
                }),
            }
            print_script::fields(o, self);
            if self.track_total_hits != default.track_total_hits {
                match self.track_total_hits {
                    TrackTotalHits::All => o.plain("track_total_hits", true),
                    TrackTotalHits::No => o.plain("track_total_hits", false),
                    TrackTotalHits::UpTo(limit) => o.plain("track_total_hits", limit),
                }
            }
            if let Some(score) = self.min_score {
                o.plain("min_score", score);
            }
            if let Some(ms) = self.timeout_ms {
                o.string("timeout", &format!("{ms}ms"));
            }
            if self.profile {
                o.plain("profile", true);
            }
        });
        out
    }
}

impl Query {
    /// The query as JSON: what stands under a request's `query`.
    #[must_use]
    pub fn to_json(&self) -> String {
        let mut out = String::new();
        query(&mut out, self);
        out
    }
}

pub(super) fn query(out: &mut String, query: &Query) {
    object(out, |o| {
        o.member(query.clause.kind(), |out| {
            object(out, |o| clause(o, query));
        });
    });
}

/// Writes a clause's body. `boost` and `_name` stand beside the field's options where a clause is about one field, except in
/// `terms`.
fn clause(o: &mut Object<'_>, query: &Query) {
    let common = |o: &mut Object<'_>| {
        if query.boost != 1.0 {
            o.plain("boost", query.boost);
        }
        if let Some(name) = &query.name {
            o.string("_name", name);
        }
    };
    match &query.clause {
        Clause::MatchAll | Clause::MatchNone => common(o),
        Clause::Term(term) => field(o, &term.field.name, |o| {
            o.member("value", |out| scalar(out, &term.value));
            common(o);
        }),
        Clause::Terms(terms) => {
            o.member(&terms.field.name, |out| array(out, &terms.values, scalar));
            common(o);
        }
        Clause::Match(clause) => field(o, &clause.field.name, |o| {
            o.member("query", |out| scalar(out, &clause.query));
            if clause.operator == Operator::And {
                o.string("operator", "and");
            }
            minimum(o, clause.minimum_should_match.as_ref());
            if let Some(analyzer) = &clause.analyzer {
                o.string("analyzer", analyzer);
            }
            multi_term_print::fuzziness(o, clause.fuzziness);
            multi_term_print::expansion(o, clause.expansion, "fuzzy_transpositions");
            common(o);
        }),
        Clause::MatchPhrase(clause) => field(o, &clause.field.name, |o| {
            o.member("query", |out| scalar(out, &clause.query));
            if clause.slop != 0 {
                o.plain("slop", clause.slop);
            }
            if let Some(analyzer) = &clause.analyzer {
                o.string("analyzer", analyzer);
            }
            common(o);
        }),
        Clause::MatchBoolPrefix(clause) => field(o, &clause.field.name, |o| {
            clause.print(o);
            common(o);
        }),
        Clause::MatchPhrasePrefix(clause) => field(o, &clause.field.name, |o| {
            clause.print(o);
            common(o);
        }),
        Clause::Prefix(clause) => field(o, &clause.field.name, |o| {
            o.member("value", |out| scalar(out, &clause.value));
            multi_term_print::case_insensitive(o, clause.case_insensitive);
            common(o);
        }),
        Clause::Wildcard(clause) => field(o, &clause.field.name, |o| {
            o.member("value", |out| scalar(out, &clause.value));
            multi_term_print::case_insensitive(o, clause.case_insensitive);
            common(o);
        }),
        Clause::Regexp(clause) => field(o, &clause.field.name, |o| {
            clause.print(o);
            common(o);
        }),
        Clause::Fuzzy(clause) => field(o, &clause.field.name, |o| {
            clause.print(o);
            common(o);
        }),
        Clause::Range(range) => field(o, &range.field.name, |o| {
            bound(o, range.lower.as_ref(), ["gt", "gte"]);
            bound(o, range.upper.as_ref(), ["lt", "lte"]);
            common(o);
        }),
        Clause::Exists(exists) => {
            o.string("field", &exists.field.name);
            common(o);
        }
        Clause::Ids(ids) => {
            o.member("values", |out| {
                array(out, &ids.values, |out, id| push_json_string(id, out));
            });
            common(o);
        }
        Clause::Bool(clause) => {
            for (key, queries) in [
                ("must", &clause.must),
                ("filter", &clause.filter),
                ("should", &clause.should),
                ("must_not", &clause.must_not),
            ] {
                if !queries.is_empty() {
                    o.member(key, |out| array(out, queries, self::query));
                }
            }
            minimum(o, clause.minimum_should_match.as_ref());
            common(o);
        }
        Clause::ConstantScore(filter) => {
            o.member("filter", |out| self::query(out, filter));
            common(o);
        }
        Clause::DisMax(_) | Clause::Boosting(_) | Clause::FunctionScore(_) => {
            compound(o, &query.clause);
            common(o);
        }
        Clause::WasmUdf(_) | Clause::ScriptScore(_) => {
            print_script::clause(o, &query.clause);
            common(o);
        }
    }
}

pub(super) fn field(o: &mut Object<'_>, name: &str, members: impl FnOnce(&mut Object<'_>)) {
    o.member(name, |out| object(out, members));
}

fn bound(o: &mut Object<'_>, bound: Option<&Bound>, keys: [&str; 2]) {
    if let Some(bound) = bound {
        o.member(keys[usize::from(bound.inclusive)], |out| {
            scalar(out, &bound.value);
        });
    }
}

pub(super) fn minimum(o: &mut Object<'_>, minimum: Option<&MinimumShouldMatch>) {
    match minimum {
        None => {}
        Some(MinimumShouldMatch::Simple(Amount::Count(n))) => o.plain("minimum_should_match", n),
        Some(other) => o.string("minimum_should_match", &other.to_string()),
    }
}

pub(super) fn scalar(out: &mut String, value: &Scalar) {
    match value {
        Scalar::Str(text) => push_json_string(text, out),
        other => out.push_str(other.text()),
    }
}

pub(super) fn param(out: &mut String, value: &ParamValue) {
    match value {
        ParamValue::Null => out.push_str("null"),
        ParamValue::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
        ParamValue::Number(number) => out.push_str(number.text()),
        ParamValue::Str(text) => push_json_string(text, out),
        ParamValue::List(items) => array(out, items, param),
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::super::ast::{
        Bool, Exists, FieldName, Ids, Match, MatchPhrase, Number, Parameter, Place, Range, Term,
        Terms, WasmUdf,
    };
    use super::super::multi_term_print::strategies;
    use super::super::parse;
    use super::super::print_strategies::{compound, script_fields, sort};
    use crate::batch::QueryLimits;
    use proptest::collection::vec;
    use proptest::option;
    use proptest::prelude::*;

    use super::super::ast::OnError;
    use super::*;

    pub(in super::super) fn name() -> impl Strategy<Value = String> {
        prop_oneof!["[a-z.]{1,6}", "[\"\\\\\n\u{1}é漢]{1,4}"]
    }

    pub(in super::super) fn field() -> impl Strategy<Value = FieldName> {
        name().prop_map(|name| FieldName {
            name,
            place: Place::NONE,
        })
    }

    pub(in super::super) fn number() -> impl Strategy<Value = Number> {
        prop_oneof![
            any::<i64>().prop_map(Number::from),
            any::<f64>()
                .prop_filter("finite", |v| v.is_finite())
                .prop_map(|v| Number(format!("{v:?}").into())),
            Just(Number("1.10".into())),
        ]
    }

    pub(in super::super) fn scalar() -> impl Strategy<Value = Scalar> {
        prop_oneof![
            any::<bool>().prop_map(Scalar::Bool),
            number().prop_map(Scalar::Number),
            any::<String>().prop_map(Scalar::Str)
        ]
    }

    fn param() -> impl Strategy<Value = ParamValue> {
        let leaf = prop_oneof![
            Just(ParamValue::Null),
            any::<bool>().prop_map(ParamValue::Bool),
            number().prop_map(ParamValue::Number),
            any::<String>().prop_map(ParamValue::Str),
        ];
        leaf.prop_recursive(2, 6, 3, |inner| vec(inner, 0..3).prop_map(ParamValue::List))
    }

    pub(in super::super) fn minimum() -> impl Strategy<Value = Option<MinimumShouldMatch>> {
        let text = prop_oneof!["-?[1-9]{1,2}%?", "[1-4]<-?[1-9]%? [5-9]<-?[1-9]%?"];
        option::of(text.prop_map(|text| MinimumShouldMatch::parse(&text).unwrap()))
    }

    fn bound() -> impl Strategy<Value = Option<Bound>> {
        option::of(
            (scalar(), any::<bool>()).prop_map(|(value, inclusive)| Bound { value, inclusive }),
        )
    }

    pub(in super::super) fn udf() -> impl Strategy<Value = WasmUdf> {
        let on_error = prop_oneof![
            Just(OnError::Exclude),
            Just(OnError::Fail),
            Just(OnError::Include)
        ];
        let limit = || option::of((1_u64..).prop_map(std::num::NonZeroU64::new));
        let limits = (limit(), limit(), limit(), limit()).prop_map(|(a, b, c, d)| QueryLimits {
            memory_bytes: a.flatten(),
            batch_base_ms: b.flatten(),
            per_document_us: c.flatten(),
            query_ms: d.flatten(),
        });
        (
            name(),
            option::of(name()),
            vec(param(), 0..3),
            on_error,
            limits,
        )
            .prop_map(|(name, version, values, on_error, limits)| {
                let named = values.into_iter().enumerate();
                let parameters = named
                    .map(|(at, value)| Parameter {
                        name: format!("p{at}"),
                        value,
                        place: Place::NONE,
                    })
                    .collect();
                WasmUdf {
                    name,
                    version,
                    parameters,
                    on_error,
                    limits,
                }
            })
    }

    fn leaf() -> impl Strategy<Value = Clause> {
        prop_oneof![
            Just(Clause::MatchAll),
            Just(Clause::MatchNone),
            (field(), scalar()).prop_map(|(field, value)| Clause::Term(Term { field, value })),
            (field(), vec(scalar(), 0..3))
                .prop_map(|(field, values)| Clause::Terms(Terms { field, values })),
            (
                field(),
                scalar(),
                strategies::operator(),
                minimum(),
                option::of(name()),
                (option::of(strategies::fuzziness()), strategies::expansion()),
            )
                .prop_map(
                    |(field, query, operator, minimum_should_match, analyzer, options)| {
                        Clause::Match(Match {
                            field,
                            query,
                            operator,
                            minimum_should_match,
                            analyzer,
                            fuzziness: options.0,
                            expansion: options.1,
                        })
                    }
                ),
            (field(), scalar(), 0..3_u32, option::of(name())).prop_map(
                |(field, query, slop, analyzer)| {
                    Clause::MatchPhrase(MatchPhrase {
                        field,
                        query,
                        slop,
                        analyzer,
                    })
                }
            ),
            strategies::clause(),
            (field(), bound(), bound()).prop_map(|(field, lower, upper)| Clause::Range(Range {
                field,
                lower,
                upper
            })),
            field().prop_map(|field| Clause::Exists(Exists { field })),
            vec(any::<String>(), 0..3).prop_map(|values| Clause::Ids(Ids { values })),
            udf().prop_map(Clause::WasmUdf),
        ]
    }

    fn with_common(clause: impl Strategy<Value = Clause>) -> impl Strategy<Value = Query> {
        (
            clause,
            prop_oneof![Just(1.0_f32), 0.0..1e30_f32],
            option::of(name()),
        )
            .prop_map(|(clause, boost, name)| Query {
                clause,
                boost,
                name,
                place: Place::NONE,
            })
    }

    fn query() -> impl Strategy<Value = Query> {
        with_common(leaf()).boxed().prop_recursive(4, 24, 4, |inner| {
            let list = || vec(inner.clone(), 0..3);
            let boolean = (list(), list(), list(), list(), minimum()).prop_map(
                |(must, filter, should, must_not, minimum_should_match)| {
                    Clause::Bool(Bool {
                        must,
                        filter,
                        should,
                        must_not,
                        minimum_should_match,
                    })
                },
            );
            let constant = inner
                .clone()
                .prop_map(|query| Clause::ConstantScore(Box::new(query)));
            // Boxed: without, each level of a tree takes the stack of every strategy in it.
            with_common(prop_oneof![3 => boolean.boxed(), 1 => constant.boxed(), 3 => compound(inner).boxed()]).boxed()
        })
    }

    fn request() -> impl Strategy<Value = SearchRequest> {
        let source = prop_oneof![
            Just(SourceFilter::All),
            Just(SourceFilter::None),
            (vec(name(), 0..3), vec(name(), 0..3))
                .prop_map(|(includes, excludes)| SourceFilter::Patterns { includes, excludes }),
        ];
        let total = prop_oneof![
            Just(TrackTotalHits::All),
            Just(TrackTotalHits::No),
            any::<u32>().prop_map(TrackTotalHits::UpTo)
        ];
        let paging = (0..5000_usize, 0..5000_usize);
        let options = (
            option::of(-10.0..1e9_f32),
            option::of(any::<u64>()),
            any::<bool>(),
            sort(),
            script_fields(),
        );
        (query(), paging, source, total, options).prop_map(
            |(query, (from, size), source, total, options)| {
                let (min_score, timeout_ms, profile, (sort, search_after), script_fields) = options;
                SearchRequest {
                    query,
                    from: if search_after.is_some() { 0 } else { from },
                    size,
                    sort,
                    search_after,
                    track_scores: profile,
                    source,
                    script_fields,
                    track_total_hits: total,
                    min_score,
                    timeout_ms,
                    profile,
                    ..SearchRequest::default()
                }
            },
        )
    }

    proptest! {
        #[test]
        fn printing_and_reading_is_identity(request in request()) {
            let json = request.to_json();
            let again = parse(&json).unwrap();
            prop_assert_eq!(&again, &request, "{}", json);
            prop_assert_eq!(again.to_json(), json);
        }
    }
}
