import { Param, Str } from "diagon-udf/assembly";

/** Keeps documents that are cheap, new and in stock. */
@filter({ name: "three_columns" })
@field("price", { "default": 0 })
@field("ts", { "default": 0 })
@field("stock", { "default": 0 })
export function three_columns(
  price: f64, ts: i64, stock: i64,
  max_price: Param<f64>, since: Param<i64>, least: Param<i64>,
): bool {
  return price <= max_price && ts >= since && stock >= least;
}

/** Keeps documents whose name begins with the prefix. */
@filter({ name: "prefix" })
@field("name", { "default": "" })
export function prefix(name: Str, prefix: Param<Str>): bool {
  return name.startsWith(prefix);
}
