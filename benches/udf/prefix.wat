;; Keeps documents whose string begins with a parameter of at most 8 bytes.
(module
  (memory (export "memory") 2 64)
  (func (export "diagon_abi_v1"))
  ;; 64 bytes more than asked for stay readable behind the last string.
  (func (export "diagon_reserve") (param $bytes i32) (result i32)
    (local $missing i32)
    (local.set $missing
      (i32.sub (i32.add (local.get $bytes) (i32.const 128)) (i32.shl (memory.size) (i32.const 16))))
    (if (i32.gt_s (local.get $missing) (i32.const 0))
      (then (if (i32.lt_s (memory.grow (i32.shr_u (i32.add (local.get $missing) (i32.const 65535)) (i32.const 16)))
                          (i32.const 0))
        (then (return (i32.const 0))))))
    (i32.const 64))
  (func (export "filter") (param $batch i32) (result i32)
    (local $values i32) (local $offset i32) (local $from i32) (local $to i32) (local $out i32) (local $end i32)
    (local $length i32) (local $mask i64) (local $wanted i64)
    (local.set $length (i32.load offset=4 (i32.load offset=16 (local.get $batch))))
    (local.set $mask
      (if (result i64) (i32.eq (local.get $length) (i32.const 8))
        (then (i64.const -1))
        (else (i64.sub (i64.shl (i64.const 1) (i64.shl (i64.extend_i32_u (local.get $length)) (i64.const 3)))
                       (i64.const 1)))))
    ;; Buffers are padded to 64 bytes.
    (local.set $wanted (i64.and (local.get $mask) (i64.load (i32.load offset=8 (i32.load offset=16 (local.get $batch))))))
    (local.set $values (i32.load offset=12 (i32.load offset=8 (local.get $batch))))
    (local.set $offset (i32.load offset=20 (i32.load offset=8 (local.get $batch))))
    (local.set $out (i32.load offset=36 (local.get $batch)))
    (local.set $end (i32.add (local.get $out) (i32.load offset=4 (local.get $batch))))
    (local.set $to (i32.load (local.get $offset)))
    (block $done
      (loop $next
        (br_if $done (i32.eq (local.get $out) (local.get $end)))
        (local.set $from (local.get $to))
        (local.set $to (i32.load offset=4 (local.get $offset)))
        (i32.store8 (local.get $out)
          (i32.and
            (i32.ge_u (i32.sub (local.get $to) (local.get $from)) (local.get $length))
            (i64.eq (local.get $wanted)
              (i64.and (local.get $mask) (i64.load (i32.add (local.get $values) (local.get $from)))))))
        (local.set $offset (i32.add (local.get $offset) (i32.const 4)))
        (local.set $out (i32.add (local.get $out) (i32.const 1)))
        (br $next)))
    (i32.const 0)))
