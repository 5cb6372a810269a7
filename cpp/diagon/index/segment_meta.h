// What a segment has and where: the contents of its meta file.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "diagon/directory/file.h"
#include "diagon/docvalues/column.h"
#include "diagon/schema/field.h"
#include "diagon/stored/stored.h"
#include "diagon/termdict/termdict.h"

namespace diagon::index {

// One byte a document, in the columns file.
struct NormsMeta {
  uint32_t docs_with_field = 0;
  uint64_t presence_offset = 0;  // bit set of the documents with the field
  uint64_t presence_bytes = 0;
  uint64_t norms_offset = 0;  // max_doc bytes, 0 where the field is missing
};

struct FieldMeta {
  schema::Field field;
  termdict::FieldTermsMeta terms;
  NormsMeta norms;
  docvalues::ColumnMeta column;
};

struct SegmentMeta {
  DocId max_doc = 0;
  stored::StoredMeta stored;
  std::vector<FieldMeta> fields;  // ascending by id
};

// The names of a segment's files, given its number in the index.
std::string segment_file(const std::string& folder, uint64_t segment, const char* extension);
std::string live_file(const std::string& folder, uint64_t segment, uint64_t generation);
// Whether a name in the folder is one of a segment's files; then `segment` is its number.
bool parse_segment_file(const std::string& name, uint64_t& segment);
inline constexpr const char* kSegmentExtensions[] = {"terms",   "postings", "positions",
                                                     "columns", "stored",   "meta"};

void write_meta(const std::string& path, const directory::SegmentId& id, const SegmentMeta& meta);
// Throws kCorrupt and the rest of MappedFile::open.
SegmentMeta read_meta(const std::string& path, const directory::SegmentId& id);

}  // namespace diagon::index
