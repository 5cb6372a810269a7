// One immutable segment, opened for reading: terms, postings, norms, columns, stored documents.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "diagon/docvalues/column.h"
#include "diagon/index/segment_meta.h"
#include "diagon/postings/postings.h"
#include "diagon/stored/stored.h"
#include "diagon/termdict/termdict.h"

namespace diagon::index {

// Lengths of a text field.
struct NormsView {
  const uint64_t* presence = nullptr;  // words_for(max_doc) words
  const uint8_t* norms = nullptr;      // max_doc bytes
  uint32_t docs_with_field = 0;
};

// Const methods may be called from several threads at once.
class SegmentReader {
 public:
  // Throws what MappedFile::open throws, and kCorrupt for metadata that doesn't fit the files.
  static std::shared_ptr<const SegmentReader> open(const std::string& folder, uint64_t segment,
                                                   const directory::SegmentId& id);

  uint64_t number() const noexcept { return number_; }
  const directory::SegmentId& id() const noexcept { return id_; }
  DocId max_doc() const noexcept { return meta_.max_doc; }
  const SegmentMeta& meta() const noexcept { return meta_; }

  // Null if the segment lacks the field, or the field that structure.
  const FieldMeta* field(FieldId id) const noexcept;
  const termdict::FieldTerms* terms(FieldId id) const noexcept;
  const docvalues::ColumnReader* column(FieldId id) const noexcept;
  // Without norms: null pointers.
  NormsView norms(FieldId id) const;
  const stored::StoredReader& stored() const noexcept { return *stored_; }

  // REQUIRES: the term is one of the field's.
  postings::PostingsCursor postings(FieldId id, const postings::TermMeta& term) const;

  // The document's `_id`. REQUIRES: doc < max_doc(). Throws kCorrupt.
  std::string doc_id(DocId doc) const;
  // Appends those of many documents to `bytes`, and to `ends` where each ends there.
  void doc_ids(std::span<const DocId> docs, std::string& bytes, std::vector<size_t>& ends) const;
  // The documents with that `_id`, deleted ones included.
  void find_id(std::string_view id, std::vector<DocId>& out) const;

  // Reads every byte of every file. Throws kCorrupt at the first damage.
  void verify_all() const;
  uint64_t bytes_on_disk() const noexcept;

 private:
  struct FieldState {
    std::unique_ptr<termdict::FieldTerms> terms;
    std::unique_ptr<docvalues::ColumnReader> column;
  };
  SegmentReader() = default;
  size_t find(FieldId id) const noexcept;

  uint64_t number_ = 0;
  directory::SegmentId id_{};
  SegmentMeta meta_;
  std::shared_ptr<const directory::MappedFile> terms_, postings_, positions_, columns_,
      stored_file_;
  std::vector<FieldState> fields_;  // as meta_.fields
  std::unique_ptr<stored::StoredReader> stored_;
};

}  // namespace diagon::index
