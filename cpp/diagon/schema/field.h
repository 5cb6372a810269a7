// What the engine knows of a field: which structures it has. Types, analyzers and names' meaning
// are Rust's.
#pragma once

#include <cstdint>
#include <string>

#include "diagon/util/types.h"

namespace diagon::schema {

enum class PostingsKind : uint8_t {
  kNone = 0,
  kDocs = 1,            // documents only: keywords
  kFreqsPositions = 2,  // documents, frequencies, positions: text
};

enum class ColumnKind : uint8_t {
  kNone = 0,
  kI64 = 1,
  kF64 = 2,
  kBool = 3,
  kOrdinals = 4,  // strings through a sorted dictionary: keywords
  kStrings = 5,   // strings in document order: text with doc values
  kTerms = 6,     // numbers of the field's own terms, one a document: `_id`
};

struct Field {
  FieldId id = 0;
  std::string name;
  PostingsKind postings = PostingsKind::kNone;
  bool norms = false;  // a one-byte length per document; also says which documents have the field
  ColumnKind column = ColumnKind::kNone;
};

}  // namespace diagon::schema
