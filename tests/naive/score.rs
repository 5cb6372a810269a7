//! BM25 over all documents that are there, in single precision where the engine has it.

use std::cell::RefCell;
use std::collections::{BTreeSet, HashMap};
use std::rc::Rc;

use diagon::schema::Field;

use super::document::Document;

/// Terms with how similar they are to a word.
pub(super) type Similar = Vec<(f32, String)>;

/// Counted once and kept, since a query asks for the same numbers again for every document.
#[derive(Debug, Default)]
pub(super) struct Statistics {
    /// By field: documents that have a term in it, and terms in all.
    fields: RefCell<HashMap<String, (u64, u64)>>,
    /// By field and term: documents that have it.
    terms: RefCell<HashMap<(String, String), u64>>,
    /// By what is asked for: the terms that fit.
    pub(super) fitting: RefCell<HashMap<String, Rc<BTreeSet<String>>>>,
    /// By what is asked for: the terms near to a word, with how similar they are to it.
    pub(super) near: RefCell<HashMap<String, Rc<Similar>>>,
}

impl Statistics {
    fn field(&self, documents: &[&Document], field: &str) -> (u64, u64) {
        let mut fields = self.fields.borrow_mut();
        *fields.entry(field.to_string()).or_insert_with(|| {
            let values = documents.iter().filter_map(|d| d.values(field));
            let tokens = values
                .map(|v| u64::from(v.tokens))
                .filter(|tokens| *tokens > 0);
            tokens.fold((0, 0), |(count, sum), tokens| (count + 1, sum + tokens))
        })
    }

    pub(super) fn term(&self, documents: &[&Document], field: &str, term: &str) -> u64 {
        let mut terms = self.terms.borrow_mut();
        let key = (field.to_string(), term.to_string());
        *terms.entry(key).or_insert_with(|| {
            let has = |d: &&&Document| d.values(field).is_some_and(|v| v.terms.contains_key(term));
            documents.iter().filter(has).count() as u64
        })
    }

    /// The score of a term, or of several that stand as a phrase, `freq` times in a document. `doc_freqs`: of the terms.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_precision_loss,
        reason = "the engine's steps"
    )]
    pub(super) fn score(
        &self,
        documents: &[&Document],
        field: &Field,
        doc_freqs: &[u64],
        document: &Document,
        freq: f32,
        boost: f32,
    ) -> f64 {
        let (doc_count, token_count) = self.field(documents, &field.name);
        let mut sum = 0.0_f64;
        for doc_freq in doc_freqs {
            sum += f64::from(idf(*doc_freq, doc_count));
        }
        let weight = boost * sum as f32;
        let norm = match document.values(&field.name) {
            Some(values) if field.has_norms() => encode_length(values.tokens),
            _ => 1,
        };
        let average = (token_count as f64 / doc_count as f64) as f32;
        let (k1, b) = (1.2_f32, 0.75_f32);
        let length = decode_length(norm) as f32;
        let inverse = 1.0 / (k1 * ((1.0 - b) + b * length / average));
        f64::from(weight - weight / (1.0 + freq * inverse))
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    reason = "the engine's steps"
)]
fn idf(doc_freq: u64, doc_count: u64) -> f32 {
    let (n, total) = (doc_freq as f64, doc_count as f64);
    (1.0 + (total - n + 0.5) / (n + 0.5)).ln() as f32
}

/// The smallest length that a norm stands for: itself up to 24, then 24 more than a number whose low three bits are a mantissa
/// with a hidden leading one, and whose other bits are the exponent and one.
fn decode_length(norm: u8) -> u64 {
    let code = u64::from(norm);
    if code < 24 {
        return code;
    }
    let (exponent, mantissa) = ((code - 24) >> 3, (code - 24) & 7);
    let number = if exponent == 0 {
        mantissa
    } else {
        (mantissa + 8) << (exponent - 1)
    };
    24 + number
}

/// The last norm whose length is not above this one.
fn encode_length(length: u32) -> u8 {
    let fits = |norm: &u8| decode_length(*norm) <= u64::from(length);
    // No norm is above its length.
    let highest = u8::try_from(length).unwrap_or(u8::MAX);
    (0..=highest).rev().find(fits).unwrap_or(0)
}

#[test]
fn lengths_are_lucenes() {
    // From SmallFloat.intToByte4 and byte4ToInt.
    for (length, norm, decoded) in [
        (0, 0, 0),
        (23, 23, 23),
        (40, 40, 40),
        (41, 40, 40),
        (42, 41, 42),
        (1000, 87, 984),
    ] {
        assert_eq!(
            (encode_length(length), decode_length(norm)),
            (norm, decoded),
            "{length}"
        );
    }
}
