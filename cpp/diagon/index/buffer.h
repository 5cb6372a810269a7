// Documents in RAM that are not a segment yet. Used by one thread.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "diagon/docvalues/column.h"
#include "diagon/index/document.h"
#include "diagon/index/segment_meta.h"
#include "diagon/index/term_table.h"
#include "diagon/schema/field.h"

namespace diagon::index {

// Throws kInvalidArgument or kTooLarge for a batch that a buffer must not be given: ranges, unknown
// fields, order, sizes. `fields`: by id.
void check_batch(const DocumentBatch& batch, const std::vector<schema::Field>& fields);
// REQUIRES: the batch has been checked.
std::string_view id_of(const DocumentBatch& batch, uint32_t doc) noexcept;

class Buffer {
 public:
  // Adds those documents of the batch, by their numbers in it. A document replaces an earlier one
  // of the buffer with its id. Throws kTooLarge, with nothing added, if they are too many; after
  // any other exception (memory ran out in the middle of a document) add(), write() and
  // check_whole() throw kOutOfMemory. REQUIRES: the batch has been checked.
  void add(const DocumentBatch& batch, std::span<const uint32_t> docs,
           const std::vector<schema::Field>& fields);
  // Deletes the document of that id from the buffer, if it is there.
  void remove(std::string_view id);

  // The ids of all documents that were added, also of those deleted since, in order. Valid until
  // the next change.
  std::vector<std::string_view> ids() const;

  uint32_t doc_count() const noexcept { return static_cast<uint32_t>(source_ends_.size()); }
  uint32_t live_count() const noexcept { return live_count_; }
  // Roughly.
  size_t ram_bytes() const noexcept;
  bool has_deletes() const noexcept { return live_count() != doc_count(); }
  // words_for(doc_count()) words.
  const std::vector<uint64_t>& live_bits() const noexcept { return live_; }

  // Writes all files of a segment but does not sync them; the buffer stays as it is, so that a
  // failed flush can be tried again.
  void write(const std::string& folder, uint64_t segment, const directory::SegmentId& id,
             const std::vector<schema::Field>& fields) const;
  void check_whole() const;

 private:
  struct Norms {
    std::vector<DocId> docs;
    std::vector<uint8_t> norms;
  };
  void add_one(const DocumentBatch& batch, const DocSpan& begin, const DocSpan& end,
               const std::vector<schema::Field>& fields);
  void add_tokens(DocId doc, const DocumentBatch& batch, std::span<const Token> tokens,
                  const std::vector<schema::Field>& fields);
  void remove(const TermTable::Key& id);
  docvalues::ColumnWriter& column(const schema::Field& field);
  // The numbers of terms go to `columns` right away.
  void write_terms(const std::string& folder, uint64_t segment, const directory::SegmentId& id,
                   std::vector<FieldMeta>& fields, directory::FileWriter& columns) const;
  void write_columns(directory::FileWriter& file, std::vector<FieldMeta>& fields) const;

  TermTable terms_;
  std::map<FieldId, docvalues::ColumnWriter> columns_;
  std::map<FieldId, Norms> norms_;
  std::vector<uint8_t> sources_;
  std::vector<uint64_t> source_ends_;
  // Of each id the last document that came, unless it was deleted: the others are in the term
  // table, too.
  std::vector<uint64_t> live_;
  uint32_t live_count_ = 0;
  std::vector<TermTable::Key> keys_;  // scratch
  bool whole_ = true;                 // no document has been added by halves
};

}  // namespace diagon::index
