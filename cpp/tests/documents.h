// Documents as the tests know them, and batches made of them.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "diagon/index/document.h"
#include "diagon/index/index_writer.h"
#include "diagon/schema/field.h"

namespace diagon::testing {

// A document, as plain as it can be.
struct Doc {
  std::string id;
  std::string source;
  std::map<FieldId, std::vector<std::pair<std::string, uint32_t>>> tokens;  // term, position
  std::map<FieldId, uint32_t> lengths;
  std::map<FieldId, std::vector<uint64_t>> numbers;  // bits
  std::map<FieldId, std::vector<std::string>> strings;

  void text(FieldId field, const std::vector<std::string>& words) {
    uint32_t position = 0;
    for (const std::string& word : words) tokens[field].emplace_back(word, position++);
    lengths[field] = static_cast<uint32_t>(words.size());
  }
  void keyword(FieldId field, const std::string& value) {
    tokens[field].emplace_back(value, 0);
    strings[field].push_back(value);
  }
};

// The flat arrays of a batch. May be changed before `batch` is called, to break them.
struct BatchBuilder {
  std::string bytes;
  std::vector<index::Token> tokens;
  std::vector<index::FieldLength> lengths;
  std::vector<index::NumericValue> numerics;
  std::vector<index::StringValue> strings;
  std::vector<index::DocSpan> docs;

  uint32_t put(std::string_view text) {
    const uint32_t at = static_cast<uint32_t>(bytes.size());
    bytes += text;
    return at;
  }
  void add(const Doc& doc) {
    for (const auto& [field, list] : doc.tokens)
      for (const auto& [term, position] : list)
        tokens.push_back({field, position, put(term), static_cast<uint32_t>(term.size())});
    for (const auto& [field, length] : doc.lengths) lengths.push_back({field, length});
    for (const auto& [field, list] : doc.numbers)
      for (const uint64_t bits : list) numerics.push_back({field, 0, bits});
    for (const auto& [field, list] : doc.strings)
      for (const std::string& s : list)
        strings.push_back({field, put(s), static_cast<uint32_t>(s.size())});
    const uint32_t id = put(doc.id);
    const uint32_t source = put(doc.source);
    docs.push_back({static_cast<uint32_t>(tokens.size()), static_cast<uint32_t>(lengths.size()),
                    static_cast<uint32_t>(numerics.size()), static_cast<uint32_t>(strings.size()),
                    id, static_cast<uint32_t>(doc.id.size()), source,
                    static_cast<uint32_t>(doc.source.size())});
  }
  index::DocumentBatch batch() const {
    return {{reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()},
            tokens,
            lengths,
            numerics,
            strings,
            docs};
  }
};

inline void add(index::IndexWriter& writer, const std::vector<Doc>& docs) {
  BatchBuilder builder;
  for (const Doc& doc : docs) builder.add(doc);
  writer.add_documents(builder.batch());
}

// The fields of all tests: one of each kind.
inline constexpr FieldId kBody = 1;    // text
inline constexpr FieldId kTag = 2;     // keyword
inline constexpr FieldId kPrice = 3;   // doubles with fractions
inline constexpr FieldId kWeight = 4;  // doubles that are whole
inline constexpr FieldId kYear = 5;    // integers
inline constexpr FieldId kFlag = 6;    // booleans
inline constexpr FieldId kTitle = 7;   // text, also as a column
inline constexpr FieldId kLabel = 8;   // postings of documents and nothing else
inline constexpr FieldId kCode = 9;    // text without norms

inline std::vector<schema::Field> all_fields() {
  using schema::ColumnKind;
  using schema::PostingsKind;
  return {{0, "_id", PostingsKind::kDocs, false, ColumnKind::kStrings},
          {kBody, "body", PostingsKind::kFreqsPositions, true, ColumnKind::kNone},
          {kTag, "tag", PostingsKind::kDocs, false, ColumnKind::kOrdinals},
          {kPrice, "price", PostingsKind::kNone, false, ColumnKind::kF64},
          {kWeight, "weight", PostingsKind::kNone, false, ColumnKind::kF64},
          {kYear, "year", PostingsKind::kNone, false, ColumnKind::kI64},
          {kFlag, "flag", PostingsKind::kNone, false, ColumnKind::kBool},
          {kTitle, "title", PostingsKind::kFreqsPositions, true, ColumnKind::kStrings},
          {kLabel, "label", PostingsKind::kDocs, false, ColumnKind::kNone},
          {kCode, "code", PostingsKind::kFreqsPositions, false, ColumnKind::kNone}};
}

inline std::unique_ptr<index::IndexWriter> open_writer(const std::string& folder,
                                                       const index::WriterOptions& options) {
  auto writer = index::IndexWriter::open(folder, options);
  for (const schema::Field& field : all_fields()) writer->define_field(field);
  return writer;
}

// Without merges in the background, so that segments are what was flushed.
inline std::unique_ptr<index::IndexWriter> open_writer(const std::string& folder,
                                                       uint64_t ram_bytes = 64u << 20) {
  index::WriterOptions options;
  options.ram_buffer_bytes = ram_bytes;
  options.merges.background = false;
  return open_writer(folder, options);
}

inline std::string source_of(const index::SegmentReader& segment, DocId doc) {
  std::vector<uint8_t> bytes;
  segment.stored().get(doc, bytes);
  return {bytes.begin(), bytes.end()};
}

}  // namespace diagon::testing
