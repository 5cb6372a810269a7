//! `function_score`: a query whose scores are changed by functions of the documents' values.

use super::ast::{Clause, FieldName, Place, Query, Scalar, WasmUdf};
use super::clause::{Clauses, Common};
use super::compound::not_negative;
use super::decay::{Decay, Shape, decay};
use super::json::{Entry, Node};
use super::leaf::{number, scalar};
use super::request::{finite, unknown_key};
use super::script::only_function;
use super::wasm_udf;

/// `{"function_score": {"query": {}, "functions": [], "score_mode": "sum"}}`
#[derive(Clone, Debug, PartialEq)]
pub struct FunctionScore {
    /// The documents that are found; all by default.
    pub query: Box<Query>,
    /// The functions, in the order of the request.
    pub functions: Vec<ScoreFunction>,
    /// How the values of the functions that apply to a document become one factor. Without any, it is 1.
    pub score_mode: ScoreMode,
    /// How factor and query score become the score.
    pub boost_mode: BoostMode,
    /// The factor is cut to it; not negative; the largest `f32` by default.
    pub max_boost: Option<f32>,
    /// Documents with a lower score don't match.
    pub min_score: Option<f32>,
}

/// A function of [`FunctionScore`].
#[derive(Clone, Debug, PartialEq)]
pub struct ScoreFunction {
    /// For which documents it counts; all without.
    pub filter: Option<Query>,
    /// A factor of its value; finite, not negative.
    pub weight: Option<f32>,
    /// What it computes.
    pub kind: FunctionKind,
    /// Where it stands.
    pub place: Place,
}

/// The kinds of functions.
#[derive(Clone, Debug, PartialEq)]
pub enum FunctionKind {
    /// 1: the weight alone.
    Weight,
    /// A number of the document.
    FieldValueFactor(FieldValueFactor),
    /// A number in `[0, 1)`.
    RandomScore(RandomScore),
    /// 1 at an origin, and less with the distance from it.
    Decay(Decay),
    /// What a score function returns.
    Udf(WasmUdf),
}

/// `{"field_value_factor": {"field": "n", "factor": 1.2, "modifier": "sqrt", "missing": 1}}`
#[derive(Clone, Debug, PartialEq)]
pub struct FieldValueFactor {
    /// The field, whose smallest value counts.
    pub field: FieldName,
    /// A factor of the value, before the modifier.
    pub factor: f32,
    /// What is made of it.
    pub modifier: Modifier,
    /// The value of documents that have none. Without it such a document fails the search.
    pub missing: Option<f64>,
}

/// `{"random_score": {"seed": 10, "field": "_id"}}`
#[derive(Clone, Debug, PartialEq)]
pub struct RandomScore {
    /// The same seed gives the same numbers, as long as the field's values stay. Without, another one each time.
    pub seed: Option<Scalar>,
    /// Documents of the same value get the same number. Without, but with a seed: `_id`.
    pub field: Option<FieldName>,
}

/// Declares an enum whose values have names in JSON; the numbers are the engine's, in `cpp/diagon/search/function_score.h`.
macro_rules! named {
    ($(#[$doc:meta])* $name:ident { $($(#[$about:meta])* $value:ident = $number:literal, $text:literal;)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
        #[repr(u8)]
        pub enum $name { $($(#[$about])* $value = $number,)* }

        impl $name {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$value),*];

            /// The name in requests.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$value => $text,)* }
            }

            pub(super) fn parse(node: &Node<'_, '_>) -> crate::Result<Self> {
                let what = || {
                    let names: Vec<&str> = Self::ALL.iter().map(|value| value.name()).collect();
                    format!("one of {}", names.join(", "))
                };
                if node.kind() != b'"' {
                    return Err(node.expected(&what()));
                }
                let text = node.string("a string")?;
                let found = Self::ALL.iter().find(|value| text.eq_ignore_ascii_case(value.name()));
                found.copied().ok_or_else(|| node.expected(&what()))
            }
        }
    };
}
pub(super) use named;

named! {
    /// How several functions' values become one factor.
    ScoreMode {
        /// Their product.
        #[default]
        Multiply = 0, "multiply";
        /// Their sum.
        Sum = 1, "sum";
        /// Their sum, divided by the sum of the weights.
        Avg = 2, "avg";
        /// The first one.
        First = 3, "first";
        /// The largest.
        Max = 4, "max";
        /// The smallest.
        Min = 5, "min";
    }
}

named! {
    /// How factor and query score become the score.
    BoostMode {
        /// Their product.
        #[default]
        Multiply = 0, "multiply";
        /// The factor.
        Replace = 1, "replace";
        /// Their sum.
        Sum = 2, "sum";
        /// Their mean.
        Avg = 3, "avg";
        /// The larger one.
        Max = 4, "max";
        /// The smaller one.
        Min = 5, "min";
    }
}

named! {
    /// What is made of a field's value.
    Modifier {
        /// Nothing.
        #[default]
        None = 0, "none";
        /// The logarithm to base 10.
        Log = 1, "log";
        /// The logarithm to base 10 of 1 more.
        Log1p = 2, "log1p";
        /// The logarithm to base 10 of 2 more.
        Log2p = 3, "log2p";
        /// The natural logarithm.
        Ln = 4, "ln";
        /// The natural logarithm of 1 more.
        Ln1p = 5, "ln1p";
        /// The natural logarithm of 2 more.
        Ln2p = 6, "ln2p";
        /// The square.
        Square = 7, "square";
        /// The square root.
        Sqrt = 8, "sqrt";
        /// One divided by it.
        Reciprocal = 9, "reciprocal";
    }
}

const FUNCTIONS: [&str; 7] = [
    "field_value_factor",
    "random_score",
    "script_score",
    "wasm_udf",
    "gauss",
    "exp",
    "linear",
];

impl Clauses {
    pub(super) fn function_score(&mut self, body: &Node<'_, '_>) -> crate::Result<Query> {
        const KEYS: [&str; 8] = [
            "query",
            "functions",
            "score_mode",
            "boost_mode",
            "max_boost",
            "min_score",
            "weight",
            "a function",
        ];
        let mut common = Common::default();
        let mut clause = FunctionScore {
            query: Box::new(Query::new(Clause::MatchAll)),
            functions: Vec::new(),
            score_mode: ScoreMode::default(),
            boost_mode: BoostMode::default(),
            max_boost: None,
            min_score: None,
        };
        let mut defined: Option<String> = None;
        for entry in &body.object("an object with `query` and `functions`")? {
            let value = body.member(entry);
            let key = &*entry.key;
            let defines = matches!(key, "functions" | "weight") || FUNCTIONS.contains(&key);
            if defines && let Some(before) = defined.replace(key.to_string()) {
                let message = format!(
                    "`{before}` is there already, `{key}` is a second one; put several into one `functions`"
                );
                return Err(value.error(message));
            }
            match key {
                "query" => *clause.query = self.query(&value)?,
                "functions" => {
                    let items = value.array("an array of functions")?;
                    let functions = value.items(&items).map(|item| self.score_function(&item));
                    clause.functions = functions.collect::<Result<_, _>>()?;
                }
                "score_mode" => clause.score_mode = ScoreMode::parse(&value)?,
                "boost_mode" => clause.boost_mode = BoostMode::parse(&value)?,
                "max_boost" => {
                    clause.max_boost = Some(not_negative(&value, "a number that isn't negative")?);
                }
                "min_score" => clause.min_score = Some(finite(&value)?),
                "weight" => clause.functions.push(ScoreFunction {
                    filter: None,
                    weight: Some(weight(&value)?),
                    kind: FunctionKind::Weight,
                    place: value.place(),
                }),
                key if FUNCTIONS.contains(&key) => clause.functions.push(ScoreFunction {
                    filter: None,
                    weight: None,
                    kind: kind(entry, &value)?,
                    place: value.place(),
                }),
                key => common.take(key, &value, "function_score", &KEYS)?,
            }
        }
        Ok(common.query(Clause::FunctionScore(clause), body.place()))
    }

    /// Reads an entry of `functions`.
    fn score_function(&mut self, node: &Node<'_, '_>) -> crate::Result<ScoreFunction> {
        let mut function = ScoreFunction {
            filter: None,
            weight: None,
            kind: FunctionKind::Weight,
            place: node.place(),
        };
        let mut defined: Option<String> = None;
        for entry in &node.object("a function, an object such as {\"weight\": 2, \"filter\": …}")?
        {
            let value = node.member(entry);
            match &*entry.key {
                "filter" => function.filter = Some(self.query(&value)?),
                "weight" => function.weight = Some(weight(&value)?),
                key if FUNCTIONS.contains(&key) => {
                    if let Some(before) = defined.replace(key.to_string()) {
                        let message =
                            format!("`{before}` is there already, `{key}` is a second function");
                        return Err(value.error(message));
                    }
                    function.kind = kind(entry, &value)?;
                }
                key => {
                    let possible = [&["filter", "weight"][..], &FUNCTIONS].concat();
                    return Err(unknown_key(&value, key, "a function", &possible));
                }
            }
        }
        if defined.is_none() && function.weight.is_none() {
            return Err(node.error(format!(
                "a function needs `weight` or one of {}",
                FUNCTIONS.join(", ")
            )));
        }
        Ok(function)
    }
}

fn weight(node: &Node<'_, '_>) -> crate::Result<f32> {
    not_negative(node, "a weight that isn't negative")
}

fn kind(entry: &Entry<'_>, body: &Node<'_, '_>) -> crate::Result<FunctionKind> {
    match &*entry.key {
        "field_value_factor" => field_value_factor(body),
        "random_score" => random_score(body),
        "script_score" => only_function(body, "`script_score`").map(FunctionKind::Udf),
        "wasm_udf" => wasm_udf::named(body).map(FunctionKind::Udf),
        "gauss" => decay(body, Shape::Gauss),
        "exp" => decay(body, Shape::Exp),
        _ => decay(body, Shape::Linear),
    }
}

fn field_name(node: &Node<'_, '_>) -> crate::Result<FieldName> {
    Ok(FieldName {
        name: node.string("a field's name")?.into_owned(),
        place: node.place(),
    })
}

fn field_value_factor(body: &Node<'_, '_>) -> crate::Result<FunctionKind> {
    const KEYS: [&str; 4] = ["field", "factor", "modifier", "missing"];
    let (mut field, mut factor, mut modifier, mut missing) = (None, 1.0, Modifier::None, None);
    for entry in &body.object("an object with `field`")? {
        let value = body.member(entry);
        match &*entry.key {
            "field" => field = Some(field_name(&value)?),
            "factor" => factor = finite(&value)?,
            "modifier" => modifier = Modifier::parse(&value)?,
            "missing" => missing = Some(number(&value)?.as_f64()),
            key => return Err(unknown_key(&value, key, "`field_value_factor`", &KEYS)),
        }
    }
    Ok(FunctionKind::FieldValueFactor(FieldValueFactor {
        field: field.ok_or_else(|| body.error("`field_value_factor` needs `field`"))?,
        factor,
        modifier,
        missing,
    }))
}

fn random_score(body: &Node<'_, '_>) -> crate::Result<FunctionKind> {
    let mut random = RandomScore {
        seed: None,
        field: None,
    };
    for entry in &body.object("an object")? {
        let value = body.member(entry);
        match &*entry.key {
            "seed" => match scalar(&value)? {
                Scalar::Bool(_) => return Err(value.expected("an integer or a string")),
                Scalar::Number(number) if number.as_i64().is_none() => {
                    return Err(value.expected("an integer or a string"));
                }
                seed => random.seed = Some(seed),
            },
            "field" => random.field = Some(field_name(&value)?),
            key => {
                return Err(unknown_key(
                    &value,
                    key,
                    "`random_score`",
                    &["seed", "field"],
                ));
            }
        }
    }
    Ok(FunctionKind::RandomScore(random))
}
