//! Tantivy's half.

use std::ops::Bound;
use std::path::Path;

use tantivy::collector::{Count, TopDocs};
use tantivy::query::{
    BooleanQuery, ConstScoreQuery, Occur, PhraseQuery, Query as TantivyQuery, RangeQuery, TermQuery,
};
use tantivy::schema::{
    FAST, Field, IndexRecordOption, STORED, STRING, Schema, TextFieldIndexing, TextOptions,
};
use tantivy::tokenizer::{LowerCaser, SimpleTokenizer, TextAnalyzer};
use tantivy::{Index, Searcher, TantivyDocument, Term};

use crate::closure_query::ClosureQuery;
use crate::workload::{self, Answer, Bounds, Command, Document, Query};

type Error = Box<dyn std::error::Error>;

/// k1 + 1, which Tantivy's BM25 has and Lucene's hasn't.
const FACTOR: f32 = 2.2;

/// Tantivy's default without its limit on the length of tokens, so that both engines have the same.
const TOKENIZER: &str = "simple";

fn schema() -> Schema {
    let mut schema = Schema::builder();
    let indexing = TextFieldIndexing::default()
        .set_tokenizer(TOKENIZER)
        .set_index_option(IndexRecordOption::WithFreqsAndPositions);
    let text = TextOptions::default().set_indexing_options(indexing);
    schema.add_text_field("id", STRING | FAST);
    schema.add_text_field("title", text.clone());
    schema.add_text_field("body", text);
    schema.add_f64_field("price", FAST);
    schema.add_i64_field("ts", FAST);
    schema.add_text_field("category", STRING | FAST);
    schema.add_text_field("maintainer", STRING | FAST);
    schema.add_text_field("source", STORED);
    schema.build()
}

fn register(index: &Index) {
    let analyzer = TextAnalyzer::builder(SimpleTokenizer::default()).filter(LowerCaser);
    index.tokenizers().register(TOKENIZER, analyzer.build());
}

/// Indexes the documents, merged into one segment. Returns how many.
pub fn index(docs: &Path, folder: &Path) -> Result<u64, Error> {
    std::fs::create_dir_all(folder)?;
    let schema = schema();
    let field = |name: &str| schema.get_field(name);
    let (id, title, body) = (field("id")?, field("title")?, field("body")?);
    let (price, ts, source) = (field("price")?, field("ts")?, field("source")?);
    let (category, maintainer) = (field("category")?, field("maintainer")?);
    let index = Index::create_in_dir(folder, schema.clone())?;
    register(&index);
    let mut writer = index.writer_with_num_threads::<TantivyDocument>(1, 2_000_000_000)?;
    let count = workload::documents::<Error>(docs, |line| {
        let read: Document<'_> = serde_json::from_str(line)?;
        let mut document = TantivyDocument::new();
        document.add_text(id, &read.id);
        document.add_text(title, &read.title);
        document.add_text(body, &read.body);
        document.add_f64(price, read.price);
        document.add_i64(ts, read.ts);
        document.add_text(category, &read.category);
        document.add_text(maintainer, &read.maintainer);
        document.add_text(source, line);
        writer.add_document(document)?;
        Ok(())
    })?;
    writer.commit()?;
    let segments = index.searchable_segment_ids()?;
    if segments.len() > 1 {
        writer.merge(&segments).wait()?;
    }
    writer.garbage_collect_files().wait()?;
    writer.wait_merging_threads()?;
    Ok(count)
}

pub struct Engine {
    searcher: Searcher,
    body: Field,
}

impl Engine {
    pub fn open(folder: &Path) -> Result<Self, Error> {
        let index = Index::open_in_dir(folder)?;
        register(&index);
        let searcher = index.reader()?.searcher();
        let segments = searcher.segment_readers().len();
        if segments != 1 {
            return Err(format!("Tantivy has {segments} segments").into());
        }
        let body = index.schema().get_field("body")?;
        Ok(Self { searcher, body })
    }

    pub fn prepare(&self, query: &Query) -> Result<Box<dyn TantivyQuery>, Error> {
        let term = |text: &String| Term::from_field_text(self.body, text);
        let scored = |text: &String| -> Box<dyn TantivyQuery> {
            Box::new(TermQuery::new(term(text), IndexRecordOption::WithFreqs))
        };
        let all = |occur: Occur| query.terms.iter().map(scored).map(|q| (occur, q)).collect();
        let price = self.searcher.schema().get_field("price")?;
        let bound = |value: f64| Bound::Included(Term::from_field_f64(price, value));
        let range = RangeQuery::new(bound(query.min), bound(query.max));
        Ok(match query.kind.as_str() {
            "term" => scored(&query.terms[0]),
            "and" => Box::new(BooleanQuery::new(all(Occur::Must))),
            "or" => Box::new(BooleanQuery::new(all(Occur::Should))),
            "phrase" => Box::new(PhraseQuery::new(query.terms.iter().map(term).collect())),
            "term_range" => {
                let mut clauses: Vec<(Occur, Box<dyn TantivyQuery>)> = all(Occur::Must);
                let filter = ConstScoreQuery::new(Box::new(range), 0.0);
                clauses.push((Occur::Must, Box::new(filter)));
                Box::new(BooleanQuery::new(clauses))
            }
            _ => Box::new(ConstScoreQuery::new(Box::new(range), FACTOR)),
        })
    }

    /// A term and a closure, which adds nothing to the score.
    pub fn prepare_function(&self, query: &Query, bounds: Bounds) -> BooleanQuery {
        let term = Term::from_field_text(self.body, &query.terms[0]);
        let term = TermQuery::new(term, IndexRecordOption::WithFreqs);
        let closure = ClosureQuery(bounds);
        BooleanQuery::new(vec![
            (Occur::Must, Box::new(term)),
            (Occur::Must, Box::new(closure)),
        ])
    }

    pub fn run(
        &self,
        query: &dyn TantivyQuery,
        command: Command,
    ) -> Result<Answer, tantivy::TantivyError> {
        let top = || TopDocs::with_limit(command.hits()).order_by_score();
        let (hits, count) = match command {
            Command::Top10 => (self.searcher.search(query, &top())?, 0),
            Command::Top100Count | Command::Top10ExactCount => {
                self.searcher.search(query, &(top(), Count))?
            }
            Command::Count => (Vec::new(), query.count(&self.searcher)?),
        };
        Ok(Answer {
            count: count as u64,
            scores: hits.iter().map(|(score, _)| score / FACTOR).collect(),
        })
    }
}
