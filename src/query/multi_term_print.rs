//! Writing the clauses that stand for many terms.

use super::ast::Operator;
use super::multi_term::{
    Expansion, Fuzziness, Fuzzy, MatchBoolPrefix, MatchPhrasePrefix, Regexp, RegexpFlags,
};
use super::multi_term_parse::DEFAULT_STATES;
use super::print::{Object, minimum, scalar};

impl Regexp {
    /// Writes what stands in the field's object, but for what all clauses have.
    pub(super) fn print(&self, o: &mut Object<'_>) {
        o.member("value", |out| scalar(out, &self.value));
        if self.flags != RegexpFlags::default() {
            let mut flags = self.flags;
            let on = flags.named().into_iter().filter(|(_, on)| **on);
            let names: Vec<&str> = on.map(|(name, _)| name).collect();
            if names.is_empty() {
                o.string("flags", "NONE");
            } else {
                o.string("flags", &names.join("|"));
            }
        }
        case_insensitive(o, self.case_insensitive);
        if self.max_determinized_states != DEFAULT_STATES {
            o.plain("max_determinized_states", self.max_determinized_states);
        }
    }
}

impl Fuzzy {
    /// As [`Regexp::print`].
    pub(super) fn print(&self, o: &mut Object<'_>) {
        o.member("value", |out| scalar(out, &self.value));
        if self.fuzziness != Fuzziness::default() {
            fuzziness(o, Some(self.fuzziness));
        }
        expansion(o, self.expansion, "transpositions");
    }
}

impl MatchPhrasePrefix {
    /// As [`Regexp::print`].
    pub(super) fn print(&self, o: &mut Object<'_>) {
        o.member("query", |out| scalar(out, &self.query));
        if self.slop != 0 {
            o.plain("slop", self.slop);
        }
        if self.max_expansions != Expansion::default().max_expansions {
            o.plain("max_expansions", self.max_expansions);
        }
        analyzer(o, self.analyzer.as_deref());
    }
}

impl MatchBoolPrefix {
    /// As [`Regexp::print`].
    pub(super) fn print(&self, o: &mut Object<'_>) {
        o.member("query", |out| scalar(out, &self.query));
        if self.operator == Operator::And {
            o.string("operator", "and");
        }
        minimum(o, self.minimum_should_match.as_ref());
        analyzer(o, self.analyzer.as_deref());
        fuzziness(o, self.fuzziness);
        expansion(o, self.expansion, "fuzzy_transpositions");
    }
}

fn analyzer(o: &mut Object<'_>, name: Option<&str>) {
    if let Some(name) = name {
        o.string("analyzer", name);
    }
}

pub(super) fn case_insensitive(o: &mut Object<'_>, value: bool) {
    if value {
        o.plain("case_insensitive", true);
    }
}

pub(super) fn fuzziness(o: &mut Object<'_>, fuzziness: Option<Fuzziness>) {
    match fuzziness {
        None => {}
        Some(Fuzziness::Edits(edits)) => o.plain("fuzziness", edits),
        Some(Fuzziness::Auto { low, high }) => {
            o.string("fuzziness", &format!("AUTO:{low},{high}"));
        }
    }
}

/// `transpositions` is another word in `match` than in `fuzzy`.
pub(super) fn expansion(o: &mut Object<'_>, expansion: Expansion, transpositions: &str) {
    let default = Expansion::default();
    if expansion.prefix_length != default.prefix_length {
        o.plain("prefix_length", expansion.prefix_length);
    }
    if expansion.max_expansions != default.max_expansions {
        o.plain("max_expansions", expansion.max_expansions);
    }
    if expansion.transpositions != default.transpositions {
        o.plain(transpositions, expansion.transpositions);
    }
}

#[cfg(test)]
pub(super) mod strategies {
    use proptest::option;
    use proptest::prelude::*;

    use super::super::ast::Clause;
    use super::super::multi_term::{Prefix, Wildcard};
    use super::super::print::tests::{field, minimum, name, scalar};
    use super::*;

    pub(in super::super) fn expansion() -> impl Strategy<Value = Expansion> {
        (0..3_u32, 1..60_u32, any::<bool>()).prop_map(
            |(prefix_length, max_expansions, transpositions)| Expansion {
                prefix_length,
                max_expansions,
                transpositions,
            },
        )
    }

    pub(in super::super) fn fuzziness() -> impl Strategy<Value = Fuzziness> {
        prop_oneof![
            (0..3_u8).prop_map(Fuzziness::Edits),
            (0..9_u32, 0..9_u32).prop_map(|(low, more)| Fuzziness::Auto {
                low,
                high: low + more
            }),
        ]
    }

    pub(in super::super) fn operator() -> impl Strategy<Value = Operator> {
        prop_oneof![Just(Operator::And), Just(Operator::Or)]
    }

    /// One clause of each kind.
    pub(in super::super) fn clause() -> impl Strategy<Value = Clause> {
        let pattern = (field(), scalar(), any::<bool>(), any::<bool>()).prop_map(
            |(field, value, case_insensitive, prefix)| {
                if prefix {
                    Clause::Prefix(Prefix {
                        field,
                        value,
                        case_insensitive,
                    })
                } else {
                    Clause::Wildcard(Wildcard {
                        field,
                        value,
                        case_insensitive,
                    })
                }
            },
        );
        let flags = any::<[bool; 5]>().prop_map(|on| {
            let mut flags = RegexpFlags::NONE;
            for ((_, flag), on) in flags.named().into_iter().zip(on) {
                *flag = on;
            }
            flags
        });
        let regexp = (field(), scalar(), flags, any::<bool>(), 1..20_000_u32).prop_map(
            |(field, value, flags, case_insensitive, max_determinized_states)| {
                Clause::Regexp(Regexp {
                    field,
                    value,
                    flags,
                    case_insensitive,
                    max_determinized_states,
                })
            },
        );
        let fuzzy = (field(), scalar(), fuzziness(), expansion()).prop_map(
            |(field, value, fuzziness, expansion)| {
                Clause::Fuzzy(Fuzzy {
                    field,
                    value,
                    fuzziness,
                    expansion,
                })
            },
        );
        let phrase = (field(), scalar(), 0..4_u32, 1..60_u32, option::of(name())).prop_map(
            |(field, query, slop, max_expansions, analyzer)| {
                Clause::MatchPhrasePrefix(MatchPhrasePrefix {
                    field,
                    query,
                    slop,
                    max_expansions,
                    analyzer,
                })
            },
        );
        let fuzzy_options = (option::of(fuzziness()), expansion());
        let boolean = (
            field(),
            scalar(),
            operator(),
            minimum(),
            option::of(name()),
            fuzzy_options,
        )
            .prop_map(
                |(field, query, operator, minimum_should_match, analyzer, options)| {
                    Clause::MatchBoolPrefix(MatchBoolPrefix {
                        field,
                        query,
                        operator,
                        minimum_should_match,
                        analyzer,
                        fuzziness: options.0,
                        expansion: options.1,
                    })
                },
            );
        prop_oneof![pattern, regexp, fuzzy, phrase, boolean]
    }
}
