;; Keeps documents with price <= max_price, ts >= since and stock >= least: three columns, eight documents at a time.
;; As benches/compare/guests/price_and_time.wat, which has two.
(module
  (memory (export "memory") 2 16)
  (func (export "diagon_abi_v1"))
  (func (export "diagon_reserve") (param $bytes i32) (result i32)
    (local $missing i32)
    (local.set $missing
      (i32.sub (i32.add (local.get $bytes) (i32.const 64)) (i32.shl (memory.size) (i32.const 16))))
    (if (i32.gt_s (local.get $missing) (i32.const 0))
      (then (if (i32.lt_s (memory.grow (i32.shr_u (i32.add (local.get $missing) (i32.const 65535)) (i32.const 16)))
                          (i32.const 0))
        (then (return (i32.const 0))))))
    (i32.const 64))
  (func (export "filter") (param $batch i32) (result i32)
    (local $price i32) (local $ts i32) (local $stock i32) (local $out i32) (local $left i32)
    (local $max v128) (local $since v128) (local $least v128)
    (local.set $price (i32.load offset=12 (i32.load offset=8 (local.get $batch))))
    (local.set $ts (i32.load offset=44 (i32.load offset=8 (local.get $batch))))
    (local.set $stock (i32.load offset=76 (i32.load offset=8 (local.get $batch))))
    (local.set $max (v128.load64_splat offset=8 (i32.load offset=16 (local.get $batch))))
    (local.set $since (v128.load64_splat offset=24 (i32.load offset=16 (local.get $batch))))
    (local.set $least (v128.load64_splat offset=40 (i32.load offset=16 (local.get $batch))))
    (local.set $out (i32.load offset=36 (local.get $batch)))
    (local.set $left (i32.load offset=4 (local.get $batch)))
    (block $done
      (loop $next
        (br_if $done (i32.le_s (local.get $left) (i32.const 0)))
        (v128.store64_lane 0 (local.get $out)
          (v128.and (v128.const i8x16 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1)
            (i8x16.narrow_i16x8_s
              (i16x8.narrow_i32x4_s
                (i8x16.shuffle 0 1 2 3 8 9 10 11 16 17 18 19 24 25 26 27
                  (v128.and (f64x2.le (v128.load (local.get $price)) (local.get $max))
                    (v128.and (i64x2.ge_s (v128.load (local.get $ts)) (local.get $since))
                              (i64x2.ge_s (v128.load (local.get $stock)) (local.get $least))))
                  (v128.and (f64x2.le (v128.load offset=16 (local.get $price)) (local.get $max))
                    (v128.and (i64x2.ge_s (v128.load offset=16 (local.get $ts)) (local.get $since))
                              (i64x2.ge_s (v128.load offset=16 (local.get $stock)) (local.get $least)))))
                (i8x16.shuffle 0 1 2 3 8 9 10 11 16 17 18 19 24 25 26 27
                  (v128.and (f64x2.le (v128.load offset=32 (local.get $price)) (local.get $max))
                    (v128.and (i64x2.ge_s (v128.load offset=32 (local.get $ts)) (local.get $since))
                              (i64x2.ge_s (v128.load offset=32 (local.get $stock)) (local.get $least))))
                  (v128.and (f64x2.le (v128.load offset=48 (local.get $price)) (local.get $max))
                    (v128.and (i64x2.ge_s (v128.load offset=48 (local.get $ts)) (local.get $since))
                              (i64x2.ge_s (v128.load offset=48 (local.get $stock)) (local.get $least))))))
              (v128.const i64x2 0 0))))
        (local.set $price (i32.add (local.get $price) (i32.const 64)))
        (local.set $ts (i32.add (local.get $ts) (i32.const 64)))
        (local.set $stock (i32.add (local.get $stock) (i32.const 64)))
        (local.set $out (i32.add (local.get $out) (i32.const 8)))
        (local.set $left (i32.sub (local.get $left) (i32.const 8)))
        (br $next)))
    (i32.const 0)))
