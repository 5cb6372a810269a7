// Documents on their way into the index: flat arrays that Rust's analysis fills, one call a batch
// of documents.
#pragma once

#include <cstdint>
#include <span>

#include "diagon/util/types.h"

namespace diagon::index {

// The structs of this file have the layout of their twins in src/schema/document.rs; both sides
// assert it.

// One occurrence of a term. A document's tokens are grouped by field, positions ascending in each
// group.
struct Token {
  uint32_t field;
  uint32_t position;
  uint32_t offset;  // of the term, into the batch's bytes
  uint32_t len;
};

// A document has a text field, with so many tokens (maybe none).
struct FieldLength {
  uint32_t field;
  uint32_t tokens;
};

// A value of a column of numbers: two's complement, IEEE bits, or 0 and 1.
struct NumericValue {
  uint32_t field;
  uint32_t reserved;
  uint64_t bits;
};

// A value of a column of strings.
struct StringValue {
  uint32_t field;
  uint32_t offset;
  uint32_t len;
};

// Where one document's runs end; they begin where the previous document's end.
struct DocSpan {
  uint32_t tokens_end;
  uint32_t lengths_end;
  uint32_t numerics_end;
  uint32_t strings_end;
  uint32_t id_offset;
  uint32_t id_len;
  uint32_t source_offset;
  uint32_t source_len;
};

static_assert(sizeof(Token) == 16 && sizeof(FieldLength) == 8 && sizeof(NumericValue) == 16 &&
              sizeof(StringValue) == 12 && sizeof(DocSpan) == 32);

// Borrowed for one call.
struct DocumentBatch {
  std::span<const uint8_t> bytes;
  std::span<const Token> tokens;
  std::span<const FieldLength> lengths;
  std::span<const NumericValue> numerics;
  std::span<const StringValue> strings;
  std::span<const DocSpan> docs;
};

}  // namespace diagon::index
