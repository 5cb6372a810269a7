;; Keeps documents that cost at most `limit`: the row ABI in twenty lines.
(module
  ;; get_field_f64(ctx, name, length of the name, where to put the value) -> 0 if there is one
  (import "env" "get_field_f64" (func $field (param i64 i32 i32 i32) (result i32)))
  ;; get_param_f64(name, length of the name, where to put the value) -> 0 if there is one
  (import "env" "get_param_f64" (func $parameter (param i32 i32 i32) (result i32)))
  ;; The host reads the names here and writes the values: the price at 0, the limit at 8.
  (memory (export "memory") 1)
  (data (i32.const 16) "price")
  (data (i32.const 32) "limit")
  ;; Called once a document, which `ctx` stands for. 0: no match.
  (func (export "filter") (param $ctx i64) (result i32)
    ;; A document without a price doesn't match.
    (if (call $field (local.get $ctx) (i32.const 16) (i32.const 5) (i32.const 0))
      (then (return (i32.const 0))))
    ;; The manifest says that the parameter is required, so it is always there.
    (drop (call $parameter (i32.const 32) (i32.const 5) (i32.const 8)))
    (f64.le (f64.load (i32.const 0)) (f64.load (i32.const 8)))))
