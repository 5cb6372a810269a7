// The engine's plain types.
#pragma once

#include <cstdint>

namespace diagon {

// A document's number in its segment: [0, max_doc).
using DocId = uint32_t;

// Where iterators stand after the last document. Larger than every document number, also as a
// signed integer.
inline constexpr DocId kNoMoreDocs = 0x7fffffff;

// A field's number, given by the schema in order of appearance and stable for the life of an index.
// 0 is `_id`.
using FieldId = uint32_t;
inline constexpr FieldId kIdField = 0;

// Candidates in one batch at most; equals BATCH_CAPACITY in src/batch.rs.
inline constexpr uint32_t kBatchCapacity = 1024;

// The longest term in bytes, as in Lucene.
inline constexpr uint32_t kMaxTermBytes = 32766;

}  // namespace diagon
