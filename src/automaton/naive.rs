//! Naive twins of the automata: patterns by trying every way, edit distances by the textbook's table. And their comparison.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::ast::Ast;
use super::chars::CharSet;
use super::compile::compile;
use super::regexp::{self, Syntax};
use super::{Dfa, PatternError, levenshtein, prefix, wildcard};

/// Where the pattern can end that begins at `at`.
fn ends(ast: &Ast, text: &[char], at: usize) -> BTreeSet<usize> {
    match ast {
        Ast::Nothing => BTreeSet::new(),
        Ast::One(set) => {
            let fits = text.get(at).is_some_and(|c| set.contains(*c));
            fits.then_some(at + 1).into_iter().collect()
        }
        Ast::Concat(parts) => parts.iter().fold(BTreeSet::from([at]), |from, part| {
            from.iter().flat_map(|&at| ends(part, text, at)).collect()
        }),
        Ast::Union(parts) => parts.iter().flat_map(|part| ends(part, text, at)).collect(),
        Ast::Intersection(parts) => {
            let all: Vec<_> = parts.iter().map(|part| ends(part, text, at)).collect();
            (at..=text.len())
                .filter(|end| all.iter().all(|one| one.contains(end)))
                .collect()
        }
        Ast::Complement(inner) => {
            let not = ends(inner, text, at);
            (at..=text.len()).filter(|end| !not.contains(end)).collect()
        }
        Ast::Repeat(inner, least, most) => {
            let mut found = BTreeSet::new();
            let mut here = BTreeSet::from([at]);
            // More times than there are characters lead nowhere new, but to the least number of times.
            let length = u32::try_from(text.len()).unwrap();
            let rounds = most.unwrap_or(u32::MAX).min(least + length + 1);
            for times in 0..=rounds {
                if times >= *least {
                    found.extend(&here);
                }
                here = here.iter().flat_map(|&at| ends(inner, text, at)).collect();
            }
            found
        }
    }
}

fn matches(ast: &Ast, text: &str) -> bool {
    let text: Vec<char> = text.chars().collect();
    ends(ast, &text, 0).contains(&text.len())
}

/// Edits between two strings; with `transpositions`, neighbours may be exchanged and are then left alone.
fn distance(a: &str, b: &str, transpositions: bool) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut table = vec![vec![0; b.len() + 1]; a.len() + 1];
    for i in 0..=a.len() {
        for j in 0..=b.len() {
            let mut best = if i == 0 || j == 0 { i + j } else { usize::MAX };
            if i > 0 && j > 0 {
                let differ = usize::from(a[i - 1] != b[j - 1]);
                best = (table[i - 1][j] + 1)
                    .min(table[i][j - 1] + 1)
                    .min(table[i - 1][j - 1] + differ);
            }
            if transpositions && i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                best = best.min(table[i - 2][j - 2] + 1);
            }
            table[i][j] = best;
        }
    }
    table[a.len()][b.len()]
}

const ALL: Syntax = Syntax {
    intersection: true,
    complement: true,
    empty: true,
    any_string: true,
    interval: true,
    any_case: false,
};

const NONE: Syntax = Syntax {
    intersection: false,
    complement: false,
    empty: false,
    any_string: false,
    interval: false,
    any_case: false,
};

/// Few letters, of all lengths in UTF-8, on both sides of the ranges' ends.
fn letter() -> impl Strategy<Value = char> {
    prop::sample::select(vec![
        'a', 'b', 'B', '1', 'é', '߿', 'ࠀ', '漢', '\u{ffff}', '😀',
    ])
}

fn text() -> impl Strategy<Value = String> {
    prop::collection::vec(letter(), 0..6).prop_map(|chars| chars.into_iter().collect())
}

fn ast() -> impl Strategy<Value = Ast> {
    let range = (letter(), letter()).prop_map(|(a, b)| {
        let (a, b) = (u32::from(a), u32::from(b));
        (a.min(b), a.max(b))
    });
    let leaf = prop_oneof![
        6 => letter().prop_map(|c| Ast::char(c, false)),
        1 => letter().prop_map(|c| Ast::char(c, true)),
        3 => prop::collection::vec(range, 1..3).prop_map(|r| Ast::One(CharSet::union(&r))),
        1 => letter().prop_map(|c| Ast::One(CharSet::one(c).complement())),
        1 => Just(Ast::One(CharSet::all())),
        1 => Just(Ast::any_string()),
        1 => Just(Ast::Nothing),
        1 => Just(Ast::empty_string()),
    ];
    leaf.prop_recursive(4, 12, 3, |inner| {
        let list = || prop::collection::vec(inner.clone(), 1..4);
        let times = (0..3_u32, prop::option::of(0..4_u32));
        prop_oneof![
            4 => list().prop_map(Ast::Concat),
            3 => list().prop_map(Ast::Union),
            1 => list().prop_map(Ast::Intersection),
            1 => inner.clone().prop_map(|inner| Ast::Complement(Box::new(inner))),
            2 => (inner.clone(), times).prop_map(|(inner, (least, most))| Ast::Repeat(Box::new(inner), least, most)),
        ]
    })
}

/// What the engine relies on: something is accepted from every state but the dead one, which leads nowhere.
fn check_shape(dfa: &Dfa) {
    let states = dfa.accepts.len();
    let classes = dfa.class_count as usize;
    assert_eq!(
        (dfa.classes.len(), dfa.transitions.len()),
        (256, states * classes)
    );
    assert!(dfa.transitions.iter().all(|&to| (to as usize) < states));
    assert!(
        dfa.classes
            .iter()
            .all(|&class| usize::from(class) < classes)
    );
    assert!(dfa.transitions[..classes].iter().all(|&to| to == 0) && dfa.accepts[0] == 0);
    let mut useful: Vec<bool> = dfa.accepts.iter().map(|&accept| accept != 0).collect();
    for _ in 0..states {
        for state in 1..states {
            let row = &dfa.transitions[state * classes..][..classes];
            useful[state] |= row.iter().any(|&to| useful[to as usize]);
        }
    }
    let start = dfa.start as usize;
    assert!(
        useful
            .iter()
            .enumerate()
            .skip(1)
            .all(|(at, useful)| *useful || at == start)
    );
}

proptest! {
    #[test]
    fn an_automaton_accepts_what_its_pattern_matches(ast in ast(), texts in prop::collection::vec(text(), 1..20)) {
        let dfa = Dfa::new(&compile(&ast, 1000).unwrap()).unwrap();
        check_shape(&dfa);
        for text in texts {
            prop_assert_eq!(dfa.run(&text) == 1, matches(&ast, &text), "{:?} {}", ast, text);
        }
    }

    #[test]
    fn words_within_a_distance(
        word in text(), edits in 0..3_u8, prefix in 0..4_usize, transpositions: bool,
        texts in prop::collection::vec(text(), 1..30),
    ) {
        let dfa = levenshtein(&word, edits, prefix, transpositions).unwrap();
        check_shape(&dfa);
        let fixed: String = word.chars().take(prefix).collect();
        let near = texts.iter().map(|text| format!("{fixed}{text}"));
        for text in texts.iter().cloned().chain(near) {
            let rest = text.strip_prefix(&fixed);
            let distance = rest.map(|rest| distance(&word[fixed.len()..], rest, transpositions));
            let expected = distance.filter(|d| *d <= usize::from(edits)).map_or(0, |d| d + 1);
            prop_assert_eq!(usize::from(dfa.run(&text)), expected, "{}", text);
        }
    }

    #[test]
    fn wildcards(pattern in "[ab*?é\\\\]{0,6}", texts in prop::collection::vec("[abé*?\\\\]{0,6}", 1..20)) {
        fn fits(pattern: &[char], text: &[char]) -> bool {
            match pattern {
                [] => text.is_empty(),
                ['*', rest @ ..] => (0..=text.len()).any(|n| fits(rest, &text[n..])),
                ['?', rest @ ..] => !text.is_empty() && fits(rest, &text[1..]),
                ['\\', c, rest @ ..] | [c, rest @ ..] => text.first() == Some(c) && fits(rest, &text[1..]),
            }
        }
        let dfa = wildcard(&pattern, false).unwrap();
        check_shape(&dfa);
        let pattern: Vec<char> = pattern.chars().collect();
        for text in texts {
            let chars: Vec<char> = text.chars().collect();
            prop_assert_eq!(dfa.run(&text) == 1, fits(&pattern, &chars), "{}", text);
        }
    }

    #[test]
    fn no_regular_expression_panics(pattern in "[a-c0-9.?*+{},|&~#@<>()\\[\\]\"\\\\^ws-]{0,14}", syntax: bool) {
        let _ = regexp::regexp(&pattern, if syntax { ALL } else { NONE }, 300);
    }

    #[test]
    fn intervals(a in 0..1200_u32, b in 0..1200_u32, zeros in 0..3_usize, texts in prop::collection::vec("0{0,2}[0-9]{0,4}", 1..40)) {
        let (first, second) = (format!("{a:0zeros$}"), format!("{b:0zeros$}"));
        let dfa = regexp::regexp(&format!("<{first}-{second}>"), ALL, 1000).unwrap();
        for text in texts {
            let inside = text.parse().is_ok_and(|n| (a.min(b)..=a.max(b)).contains(&n));
            let width = first.len() != second.len() || text.len() == first.len();
            prop_assert_eq!(dfa.run(&text) == 1, inside && width, "{} in <{}-{}>", text, first, second);
        }
    }

    #[test]
    fn prefixes(start in text(), texts in prop::collection::vec(text(), 1..20)) {
        let (exact, any_case) = (prefix(&start, false).unwrap(), prefix(&start, true).unwrap());
        check_shape(&exact);
        for text in texts.iter().cloned().chain(texts.iter().map(|t| format!("{start}{t}"))) {
            prop_assert_eq!(exact.run(&text) == 1, text.starts_with(&start));
            let (text_lower, start_lower) = (text.to_ascii_lowercase(), start.to_ascii_lowercase());
            prop_assert_eq!(any_case.run(&text) == 1, text_lower.starts_with(&start_lower));
        }
    }
}

#[test]
fn regular_expressions_as_in_lucene() {
    let case = Syntax {
        any_case: true,
        ..ALL
    };
    let cases: [(&str, Syntax, &[&str], &[&str]); 25] = [
        ("", ALL, &[""], &["a"]),
        ("ab|cd", ALL, &["ab", "cd"], &["a", "abcd"]),
        ("a(b|c)*d", ALL, &["ad", "abcd"], &["abc"]),
        ("a{2}b{1,}c{0,1}", ALL, &["aab", "aabbc"], &["ab", "aabcc"]),
        ("a{2,1}", ALL, &[], &["", "a", "aa"]),
        ("[a-cx]+", ALL, &["abcx"], &["", "d"]),
        ("[^a-c]", ALL, &["d", "é"], &["a", "dd"]),
        ("[\\-a\\]]+", ALL, &["-a]"], &["b"]),
        ("[]a]+", ALL, &["]a"], &["b"]),
        ("\\d+\\w\\S", ALL, &["12_x", "0zé"], &["1é", "12 "]),
        ("[\\d_]+", ALL, &["1_"], &["a"]),
        ("\\*\\.", ALL, &["*."], &["a."]),
        // Everything but `a`, and then `bc`.
        ("~abc", ALL, &["bc", "xbc", "aabc"], &["abc", "a"]),
        ("~(abc)", ALL, &["", "ab", "abcd"], &["abc"]),
        (".+&~(.*b.*)", ALL, &["a", "xyz"], &["", "abc"]),
        ("@&~(a@)", ALL, &["", "b"], &["a", "ab"]),
        ("a#|b", ALL, &["b"], &["a", "a#"]),
        ("\"a.*\"", ALL, &["a.*"], &["ab"]),
        ("<9-11>x", ALL, &["9x", "10x", "0011x"], &["8x", "12x", "x"]),
        ("<01-12>", ALL, &["01", "12"], &["1", "13", "001"]),
        ("a~b&c#@<1-2>", NONE, &["a~b&c#@<1-2>"], &["a"]),
        ("*a|?b", ALL, &["*a", "?b"], &["a", "b"]),
        ("()|a", ALL, &["", "a"], &["b"]),
        ("Ab[c]", case, &["abC", "ABc"], &["ab"]),
        ("É[a-b]", case, &["Éa"], &["éa", "ÉA"]),
    ];
    for (pattern, syntax, accepted, refused) in cases {
        let dfa = regexp::regexp(pattern, syntax, 1000).unwrap();
        check_shape(&dfa);
        for text in accepted {
            assert_eq!(dfa.run(text), 1, "{pattern} {text}");
        }
        for text in refused {
            assert_eq!(dfa.run(text), 0, "{pattern} {text}");
        }
    }
}

#[test]
fn mistakes_have_their_place() {
    for (pattern, at, message) in [
        ("a|", 2, "the pattern ends where more is expected"),
        ("(a", 2, "expected `)`"),
        ("a)b", 1, "a `)` without its `(`"),
        ("[a", 2, "expected `]`"),
        ("[b-a]", 4, "the range `b-a` is empty"),
        ("a{x}", 2, "expected an integer"),
        ("a{1", 3, "expected `}`"),
        ("a{9999999999}", 12, "an integer over 2147483647"),
        ("\"a", 2, "expected `\"`"),
        ("\\q", 0, "there is no class `\\q`"),
        (
            "é<a-b>",
            3,
            "expected an interval of integers such as `<1-10>`",
        ),
        (
            "<1>",
            1,
            "expected an interval of integers such as `<1-10>`",
        ),
        ("\\", 1, "the pattern ends where more is expected"),
    ] {
        let error = regexp::parse(pattern, ALL).unwrap_err();
        let message = message.to_string();
        assert_eq!(error, PatternError::Syntax { at, message }, "{pattern}");
    }
    let deep = |depth: usize| format!("{}a{}", "(".repeat(depth), ")".repeat(depth));
    assert!(regexp::parse(&deep(100), ALL).is_ok());
    assert!(regexp::parse(&deep(101), ALL).is_err());
    assert!(regexp::parse(&format!("a{}", "?".repeat(16)), ALL).is_ok());
    assert!(regexp::parse(&format!("a{}", "?".repeat(17)), ALL).is_err());
}

#[test]
fn what_is_too_much_ends_soon() {
    let states = |pattern: &str, most| regexp::regexp(pattern, ALL, most).map(|_| ());
    assert_eq!(
        states(".*a.{14}", 10_000),
        Err(PatternError::TooManyStates(10_000))
    );
    assert_eq!(states("(a|b|ab)*c{3}", 10), Ok(()));
    assert_eq!(
        states("abcdefghijk", 10),
        Err(PatternError::TooManyStates(10))
    );
    assert_eq!(
        states("((a{1000}){1000}){1000}", 10_000),
        Err(PatternError::TooMuchWork)
    );
    assert_eq!(
        states("(){2000000000}", 10_000),
        Err(PatternError::TooMuchWork)
    );
    assert_eq!(
        states("~(.*a.{14})", 1000),
        Err(PatternError::TooManyStates(1000))
    );
    assert!(levenshtein(&"ab".repeat(100), 2, 0, true).is_ok());
    let distinct: String = ('\u{4e00}'..='\u{9fff}').collect();
    assert!(levenshtein(&distinct, 2, 0, true).is_err());
    assert!(levenshtein(&distinct, 2, 20_900, true).is_ok());
}
