;; Keeps documents whose field is within `max_distance` edits of `target`, by hand, for the row ABI.
;;
;; The host calls `filter` once for each document. The function asks the host for what it needs by name: a name is a place
;; in this module's memory and a length, and so is the place for the answer.
;;
;; The distance is the textbook's dynamic program over code points. For a target of up to 64 characters a whole column of
;; it fits into one i64, as the differences of neighbouring cells, so that a character of the text costs a dozen
;; instructions (Myers 1999, in the form of Hyyrö 2003). For a longer one the cells are computed one by one.
;;
;; The memory, 1 MiB:
;;   0x00000  names and small answers
;;   0x01000  for each ASCII character, in which places of the target it stands, one bit each (1 KiB); 0 between calls
;;   0x10000  the text of the document, as UTF-8      (64 KiB)
;;   0x20000  the target, as UTF-8                    (64 KiB)
;;   0x30000  the target, as code points of 4 bytes   (256 KiB)
;;   0x80000  the row: 1 + code points cells of 4 bytes (256 KiB and 4 bytes)
(module
  ;; What the host offers. `ctx` stands for the current document; it is only handed back.
  ;; has_field(ctx, name, len) -> 1 if the document has the field, 0 if not
  (import "env" "has_field" (func $has_field (param i64 i32 i32) (result i32)))
  ;; get_field_string(ctx, name, len, out, out_len) -> 0 ok; *out_len is the room going in, the length coming out
  (import "env" "get_field_string" (func $get_field_string (param i64 i32 i32 i32 i32) (result i32)))
  ;; get_param_string(name, len, out, out_len) -> 0 ok
  (import "env" "get_param_string" (func $get_param_string (param i32 i32 i32 i32) (result i32)))
  ;; get_param_i64(name, len, out) -> 0 ok
  (import "env" "get_param_i64" (func $get_param_i64 (param i32 i32 i32) (result i32)))

  ;; The host writes its answers here.
  (memory (export "memory") 16 16)

  ;; The names, one behind the other.
  (data (i32.const 0x100) "text")          ;; the field: the manifest says that the parameter `field` names it
  (data (i32.const 0x110) "target")
  (data (i32.const 0x120) "max_distance")

  ;; Decodes the code point that begins at $at. Returns it, and where the next one begins.
  ;; The host gives valid UTF-8 only, so the first byte says it all.
  (func $decode (param $at i32) (result i32 i32)
    (local $first i32)
    (local.set $first (i32.load8_u (local.get $at)))
    ;; 0xxxxxxx: one byte, the code point itself
    (if (i32.lt_u (local.get $first) (i32.const 0x80))
      (then (return (local.get $first) (i32.add (local.get $at) (i32.const 1)))))
    ;; 110xxxxx 10xxxxxx: two bytes
    (if (i32.lt_u (local.get $first) (i32.const 0xE0))
      (then (return
        (i32.or
          (i32.shl (i32.and (local.get $first) (i32.const 0x1F)) (i32.const 6))
          (call $tail (local.get $at) (i32.const 1)))
        (i32.add (local.get $at) (i32.const 2)))))
    ;; 1110xxxx 10xxxxxx 10xxxxxx: three bytes
    (if (i32.lt_u (local.get $first) (i32.const 0xF0))
      (then (return
        (i32.or
          (i32.shl (i32.and (local.get $first) (i32.const 0x0F)) (i32.const 12))
          (i32.or
            (i32.shl (call $tail (local.get $at) (i32.const 1)) (i32.const 6))
            (call $tail (local.get $at) (i32.const 2))))
        (i32.add (local.get $at) (i32.const 3)))))
    ;; 11110xxx 10xxxxxx 10xxxxxx 10xxxxxx: four bytes
    (i32.or
      (i32.or
        (i32.shl (i32.and (local.get $first) (i32.const 0x07)) (i32.const 18))
        (i32.shl (call $tail (local.get $at) (i32.const 1)) (i32.const 12)))
      (i32.or
        (i32.shl (call $tail (local.get $at) (i32.const 2)) (i32.const 6))
        (call $tail (local.get $at) (i32.const 3))))
    (i32.add (local.get $at) (i32.const 4)))

  ;; The six bits of the byte $n behind $at.
  (func $tail (param $at i32) (param $n i32) (result i32)
    (i32.and (i32.load8_u (i32.add (local.get $at) (local.get $n))) (i32.const 0x3F)))

  ;; The smaller of two numbers.
  (func $min (param $a i32) (param $b i32) (result i32)
    (select (local.get $a) (local.get $b) (i32.lt_u (local.get $a) (local.get $b))))

  ;; Decodes the target, $len bytes at 0x20000, to code points at 0x30000. Returns how many.
  (func $decode_target (param $len i32) (result i32)
    (local $at i32) (local $end i32) (local $count i32) (local $point i32)
    (local.set $at (i32.const 0x20000))
    (local.set $end (i32.add (local.get $at) (local.get $len)))
    (block $done
      (loop $next
        (br_if $done (i32.ge_u (local.get $at) (local.get $end)))
        (call $decode (local.get $at))
        (local.set $at)                        ;; the second result is on top
        (local.set $point)
        (i32.store
          (i32.add (i32.const 0x30000) (i32.shl (local.get $count) (i32.const 2)))
          (local.get $point))
        (local.set $count (i32.add (local.get $count) (i32.const 1)))
        (br $next)))
    (local.get $count))

  ;; The same for a target of any length: the dynamic program cell by cell, one row at a time.
  (func $within_row_by_row (param $len i32) (param $count i32) (param $max i64) (result i32)
    (local $at i32)      ;; where the next character of the text begins
    (local $end i32)     ;; where the text ends
    (local $point i32)   ;; the character of the text
    (local $cell i32)    ;; the address of a cell of the row
    (local $last i32)    ;; the address of the row's last cell
    (local $before i32)  ;; the cell's upper left neighbour, overwritten already
    (local $value i32)   ;; the cell's value
    (local $least i32)   ;; the least value of the row

    ;; The first row: the distances of nothing to the first 0, 1, 2 … characters of the target.
    (local.set $cell (i32.const 0x80000))
    (local.set $last (i32.add (local.get $cell) (i32.shl (local.get $count) (i32.const 2))))
    (block $filled
      (loop $fill
        (br_if $filled (i32.gt_u (local.get $cell) (local.get $last)))
        (i32.store (local.get $cell)
          (i32.shr_u (i32.sub (local.get $cell) (i32.const 0x80000)) (i32.const 2)))
        (local.set $cell (i32.add (local.get $cell) (i32.const 4)))
        (br $fill)))

    (local.set $at (i32.const 0x10000))
    (local.set $end (i32.add (local.get $at) (local.get $len)))
    (block $end_of_text
      (loop $next_character
        (br_if $end_of_text (i32.ge_u (local.get $at) (local.get $end)))
        (call $decode (local.get $at))
        (local.set $at)
        (local.set $point)

        ;; The first cell: the distance of one character more to nothing.
        (local.set $cell (i32.const 0x80000))
        (local.set $before (i32.load (local.get $cell)))
        (local.set $value (i32.add (local.get $before) (i32.const 1)))
        (i32.store (local.get $cell) (local.get $value))
        (local.set $least (local.get $value))

        ;; The others: from the left (insert), from above (delete), from the upper left (replace, or nothing if the
        ;; characters are equal), whichever is least.
        (block $end_of_row
          (loop $next_cell
            (br_if $end_of_row (i32.ge_u (local.get $cell) (local.get $last)))
            (local.set $value
              (call $min
                (i32.add
                  (call $min (local.get $value) (i32.load offset=4 (local.get $cell)))
                  (i32.const 1))
                (i32.add
                  (local.get $before)
                  ;; The target's character for this cell lies 0x50000 before it.
                  (i32.ne
                    (local.get $point)
                    (i32.load (i32.sub (local.get $cell) (i32.const 0x50000)))))))
            (local.set $cell (i32.add (local.get $cell) (i32.const 4)))
            (local.set $before (i32.load (local.get $cell)))
            (i32.store (local.get $cell) (local.get $value))
            (local.set $least (call $min (local.get $least) (local.get $value)))
            (br $next_cell)))

        ;; The least value of a row never falls in the rows to come: if it is too large, so is the distance.
        (if (i64.gt_s (i64.extend_i32_u (local.get $least)) (local.get $max))
          (then (return (i32.const 0))))
        (br $next_character)))

    ;; The last cell of the last row is the distance.
    (i64.le_s (i64.extend_i32_u (i32.load (local.get $last))) (local.get $max)))

  ;; How many characters the $len bytes of text at 0x10000 have: the bytes that don't continue a character.
  (func $characters (param $len i32) (result i32)
    (local $at i32) (local $end i32) (local $count i32)
    (local.set $at (i32.const 0x10000))
    (local.set $end (i32.add (local.get $at) (local.get $len)))
    (block $done
      (loop $next
        (br_if $done (i32.ge_u (local.get $at) (local.get $end)))
        ;; 10xxxxxx continues one
        (local.set $count
          (i32.add (local.get $count)
            (i32.ne (i32.and (i32.load8_u (local.get $at)) (i32.const 0xC0)) (i32.const 0x80))))
        (local.set $at (i32.add (local.get $at) (i32.const 1)))
        (br $next)))
    (local.get $count))

  ;; In which of the $count places of the target the character stands that isn't ASCII, one bit each.
  (func $places (param $point i32) (param $count i32) (result i64)
    (local $place i32) (local $bits i64)
    (loop $next
      (local.set $bits
        (i64.or (local.get $bits)
          (i64.shl
            (i64.extend_i32_u
              (i32.eq
                (local.get $point)
                (i32.load offset=0x30000 (i32.shl (local.get $place) (i32.const 2)))))
            (i64.extend_i32_u (local.get $place)))))
      (local.set $place (i32.add (local.get $place) (i32.const 1)))
      (br_if $next (i32.lt_u (local.get $place) (local.get $count))))
    (local.get $bits))

  ;; Writes the places of the target's ASCII characters down, or removes them again.
  (func $mark (param $count i32) (param $remove i32)
    (local $place i32) (local $point i32) (local $at i32)
    (loop $next
      (local.set $point (i32.load offset=0x30000 (i32.shl (local.get $place) (i32.const 2))))
      (if (i32.lt_u (local.get $point) (i32.const 0x80))
        (then
          (local.set $at (i32.shl (local.get $point) (i32.const 3)))
          (i64.store offset=0x1000 (local.get $at)
            (select
              (i64.const 0)
              (i64.or
                (i64.load offset=0x1000 (local.get $at))
                (i64.shl (i64.const 1) (i64.extend_i32_u (local.get $place))))
              (local.get $remove)))))
      (local.set $place (i32.add (local.get $place) (i32.const 1)))
      (br_if $next (i32.lt_u (local.get $place) (local.get $count)))))

  ;; Whether $left characters of text at 0x10000 are within $max edits of $count code points, 1 to 64 of them, whose places
  ;; are marked.
  (func $within_one_word (param $left i32) (param $count i32) (param $max i64) (result i32)
    (local $at i32)            ;; where the next character of the text begins
    (local $point i32)         ;; the character
    (local $bits i64)          ;; where it stands in the target
    (local $last i64)          ;; the number of the target's last character, which is its bit
    (local $distance i64)      ;; of the whole target to what has been read of the text
    (local $plus i64)          ;; which cells of the column are 1 more than the one above
    (local $minus i64)         ;; which are 1 less
    (local $same i64)          ;; which are what their upper left neighbour is
    (local $right_plus i64)    ;; which are 1 more than their left neighbour
    (local $right_minus i64)   ;; which are 1 less

    (local.set $at (i32.const 0x10000))
    (local.set $distance (i64.extend_i32_u (local.get $count)))
    (local.set $last (i64.sub (local.get $distance) (i64.const 1)))
    (local.set $plus (i64.const -1))
    (block $end_of_text
      (loop $next_character
        ;; Each character to come takes one edit away at most.
        (if (i64.gt_s
              (i64.sub (local.get $distance) (i64.extend_i32_u (local.get $left)))
              (local.get $max))
          (then (return (i32.const 0))))
        (br_if $end_of_text (i32.eqz (local.get $left)))
        (local.set $left (i32.sub (local.get $left) (i32.const 1)))

        ;; The next character, and where it stands in the target.
        (local.set $point (i32.load8_u (local.get $at)))
        (if (i32.lt_u (local.get $point) (i32.const 0x80))
          (then
            (local.set $at (i32.add (local.get $at) (i32.const 1)))
            (local.set $bits (i64.load offset=0x1000 (i32.shl (local.get $point) (i32.const 3)))))
          (else
            (call $decode (local.get $at))
            (local.set $at)                    ;; the second result is on top
            (local.set $point)
            (local.set $bits (call $places (local.get $point) (local.get $count)))))

        ;; The column to the right. The sum's carry runs through the cells that depend on each other.
        (local.set $same
          (i64.or
            (i64.or (local.get $bits) (local.get $minus))
            (i64.xor
              (i64.add (i64.and (local.get $bits) (local.get $plus)) (local.get $plus))
              (local.get $plus))))
        (local.set $right_plus
          (i64.or
            (local.get $minus)
            (i64.xor (i64.or (local.get $same) (local.get $plus)) (i64.const -1))))
        (local.set $right_minus (i64.and (local.get $plus) (local.get $same)))
        (local.set $distance
          (i64.sub
            (i64.add
              (local.get $distance)
              (i64.and (i64.shr_u (local.get $right_plus) (local.get $last)) (i64.const 1)))
            (i64.and (i64.shr_u (local.get $right_minus) (local.get $last)) (i64.const 1))))
        ;; Down by one cell. Above the first, the distance of nothing to the text grows by one.
        (local.set $right_plus
          (i64.or (i64.shl (local.get $right_plus) (i64.const 1)) (i64.const 1)))
        (local.set $plus
          (i64.or
            (i64.shl (local.get $right_minus) (i64.const 1))
            (i64.xor (i64.or (local.get $same) (local.get $right_plus)) (i64.const -1))))
        (local.set $minus (i64.and (local.get $right_plus) (local.get $same)))
        (br $next_character)))
    (i64.le_s (local.get $distance) (local.get $max)))

  ;; Whether $len bytes of text at 0x10000 are within $max edits of $count code points at 0x30000.
  (func $within (param $len i32) (param $count i32) (param $max i64) (result i32)
    (local $characters i32) (local $result i32)
    (local.set $characters (call $characters (local.get $len)))
    ;; The characters that the one has more than the other are edits, each of them.
    (if (i64.gt_s
          (select
            (i64.extend_i32_u (i32.sub (local.get $characters) (local.get $count)))
            (i64.extend_i32_u (i32.sub (local.get $count) (local.get $characters)))
            (i32.gt_u (local.get $characters) (local.get $count)))
          (local.get $max))
      (then (return (i32.const 0))))
    ;; 1 to 64: less 1, it is below 64 as an unsigned number, which 0 is not.
    (if (i32.ge_u (i32.sub (local.get $count) (i32.const 1)) (i32.const 64))
      (then (return
        (call $within_row_by_row (local.get $len) (local.get $count) (local.get $max)))))
    (call $mark (local.get $count) (i32.const 0))
    (local.set $result
      (call $within_one_word (local.get $characters) (local.get $count) (local.get $max)))
    (call $mark (local.get $count) (i32.const 1))
    (local.get $result))

  ;; What the host calls, once for each document: 0 does not match, anything else matches.
  (func (export "filter") (param $ctx i64) (result i32)
    ;; The text. There is room for 64 KiB. A document without the field does not match; one with more is an error, which
    ;; is what a trap means.
    (i32.store (i32.const 0x10) (i32.const 0x10000))
    (if (call $get_field_string
          (local.get $ctx) (i32.const 0x100) (i32.const 4) (i32.const 0x10000) (i32.const 0x10))
      (then
        (if (call $has_field (local.get $ctx) (i32.const 0x100) (i32.const 4))
          (then (unreachable)))
        (return (i32.const 0))))

    ;; The target, the same way.
    (i32.store (i32.const 0x14) (i32.const 0x10000))
    (if (call $get_param_string (i32.const 0x110) (i32.const 6) (i32.const 0x20000) (i32.const 0x14))
      (then (unreachable)))

    ;; The distance. It has a default in the manifest, so it is always there.
    (if (call $get_param_i64 (i32.const 0x120) (i32.const 12) (i32.const 0x18))
      (then (unreachable)))

    (call $within
      (i32.load (i32.const 0x10))
      (call $decode_target (i32.load (i32.const 0x14)))
      (i64.load (i32.const 0x18)))))
