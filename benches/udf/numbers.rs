//! Documents with three numbers each, and the native filter over them.

use diagon::batch::Value;
use diagon::index::{IndexWriter, Snapshot, WriterOptions};

use crate::native::{Numbers, request};

const DOCUMENTS: u32 = 1_000_000;

const MAPPING: &str = r#"{"dynamic": "strict", "properties": {
    "price": {"type": "double"}, "ts": {"type": "long"}, "stock": {"type": "long"}}}"#;

/// A number of a document that looks like any other.
pub(crate) fn chance(doc: u32) -> u32 {
    let mixed = (u64::from(doc) + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    u32::try_from((mixed ^ mixed >> 29).wrapping_mul(0xbf58_476d_1ce4_e5b9) >> 32).unwrap_or(0)
}

/// One segment; the folder goes with the returned guard.
pub(crate) fn snapshot() -> (tempfile::TempDir, Snapshot) {
    let folder = tempfile::tempdir().unwrap();
    let mut options = WriterOptions::default();
    options.ram_buffer_bytes = 1 << 30;
    let mut writer = IndexWriter::open(folder.path(), Some(MAPPING), options).unwrap();
    for doc in 0..DOCUMENTS {
        let (a, b, c) = (chance(doc), chance(doc ^ 0x5555_5555), chance(!doc));
        let price = f64::from(a % 100_000) / 100.0;
        let json = format!(
            r#"{{"price": {price}, "ts": {}, "stock": {}}}"#,
            b % DOCUMENTS,
            c % 500
        );
        writer.add(Some(&doc.to_string()), json.as_bytes()).unwrap();
    }
    let snapshot = writer.commit().unwrap();
    assert_eq!(snapshot.segments(), 1);
    (folder, snapshot)
}

/// The closure, over columns of a batch at a time.
pub(crate) fn native(
    snapshot: &Snapshot,
    batches: &[Vec<u32>],
    max_price: f64,
    since: i64,
    least: i64,
) -> usize {
    let requests = [
        request("price", Value::F64(0.0)),
        request("ts", Value::I64(0)),
        request("stock", Value::I64(0)),
    ];
    let mut numbers = Numbers::new(snapshot, requests);
    let keep =
        |price: f64, ts: i64, stock: i64| (price <= max_price) & (ts >= since) & (stock >= least);
    let mut kept = Vec::new();
    let mut found = 0;
    for docs in batches {
        let [price, ts, stock] = numbers.read(docs);
        kept.clear();
        let values = price.iter().zip(ts).zip(stock);
        kept.extend(values.map(|((price, ts), stock)| {
            keep(
                f64::from_le_bytes(*price),
                i64::from_le_bytes(*ts),
                i64::from_le_bytes(*stock),
            )
        }));
        found += kept.iter().filter(|keep| **keep).count();
    }
    found
}
