//! The functions of the hand-written guests in benches/udf, as any author would write them.

use diagon_udf::Param;

/// As three_columns.wat.
#[diagon_udf::filter]
pub fn three_columns(
    #[field(default = 0.0)] price: f64,
    #[field(default = 0)] ts: i64,
    #[field(default = 0)] stock: i64,
    max_price: Param<f64>,
    since: Param<i64>,
    least: Param<i64>,
) -> bool {
    price <= *max_price && ts >= *since && stock >= *least
}

/// As prefix.wat.
#[diagon_udf::filter]
pub fn prefix(#[field(default = "")] name: &str, prefix: Param<&str>) -> bool {
    name.starts_with(*prefix)
}
