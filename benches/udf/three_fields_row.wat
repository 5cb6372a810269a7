;; As three_columns.wat, for the row ABI: one call a document, one call of the host a field.
(module
  (import "env" "get_field_f64" (func $f64 (param i64 i32 i32 i32) (result i32)))
  (import "env" "get_field_i64" (func $i64 (param i64 i32 i32 i32) (result i32)))
  (import "env" "get_param_f64" (func $param_f64 (param i32 i32 i32) (result i32)))
  (import "env" "get_param_i64" (func $param_i64 (param i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 64) "price")
  (data (i32.const 80) "ts")
  (data (i32.const 96) "stock")
  (data (i32.const 112) "max_price")
  (data (i32.const 128) "since")
  (data (i32.const 144) "least")
  ;; Parameters don't change: they are asked for once.
  (global $known (mut i32) (i32.const 0))
  (global $max_price (mut f64) (f64.const 0))
  (global $since (mut i64) (i64.const 0))
  (global $least (mut i64) (i64.const 0))
  (func $learn
    (drop (call $param_f64 (i32.const 112) (i32.const 9) (i32.const 0)))
    (global.set $max_price (f64.load (i32.const 0)))
    (drop (call $param_i64 (i32.const 128) (i32.const 5) (i32.const 0)))
    (global.set $since (i64.load (i32.const 0)))
    (drop (call $param_i64 (i32.const 144) (i32.const 5) (i32.const 0)))
    (global.set $least (i64.load (i32.const 0)))
    (global.set $known (i32.const 1)))
  (func (export "filter") (param $ctx i64) (result i32)
    (if (i32.eqz (global.get $known)) (then (call $learn)))
    ;; All three are read, whatever the first one says: what is measured is reading.
    (drop (call $f64 (local.get $ctx) (i32.const 64) (i32.const 5) (i32.const 0)))
    (drop (call $i64 (local.get $ctx) (i32.const 80) (i32.const 2) (i32.const 8)))
    (drop (call $i64 (local.get $ctx) (i32.const 96) (i32.const 5) (i32.const 16)))
    (i32.and
      (f64.le (f64.load (i32.const 0)) (global.get $max_price))
      (i32.and
        (i64.ge_s (i64.load (i32.const 8)) (global.get $since))
        (i64.ge_s (i64.load (i32.const 16)) (global.get $least))))))
