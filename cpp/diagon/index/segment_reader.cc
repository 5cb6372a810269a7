#include "diagon/index/segment_reader.h"

#include <algorithm>

#include "diagon/util/bits.h"
#include "diagon/util/error.h"

namespace diagon::index {

using directory::FileKind;
using directory::MappedFile;
using schema::ColumnKind;
using schema::PostingsKind;

std::shared_ptr<const SegmentReader> SegmentReader::open(const std::string& folder,
                                                         uint64_t segment,
                                                         const directory::SegmentId& id) {
  std::shared_ptr<SegmentReader> reader(new SegmentReader());
  reader->number_ = segment;
  reader->id_ = id;
  reader->meta_ = read_meta(segment_file(folder, segment, "meta"), id);
  const auto open_file = [&](const char* extension, FileKind kind) {
    return MappedFile::open(segment_file(folder, segment, extension), kind, &id);
  };
  reader->terms_ = open_file("terms", FileKind::kTerms);
  reader->postings_ = open_file("postings", FileKind::kPostings);
  reader->positions_ = open_file("positions", FileKind::kPositions);
  reader->columns_ = open_file("columns", FileKind::kColumns);
  reader->stored_file_ = open_file("stored", FileKind::kStored);
  const DocId max_doc = reader->meta_.max_doc;
  for (const FieldMeta& f : reader->meta_.fields) {
    FieldState state;
    if (f.field.postings != PostingsKind::kNone) {
      if (f.terms.doc_count > max_doc)
        throw_corrupt(reader->terms_->path(),
                      "more documents than there are in `" + f.field.name + "`");
      state.terms = std::make_unique<termdict::FieldTerms>(reader->terms_, f.terms);
    }
    if (f.field.column != ColumnKind::kNone)
      state.column = std::make_unique<docvalues::ColumnReader>(reader->columns_, f.column, max_doc);
    if (f.field.norms && (f.norms.presence_bytes != bits::words_for(max_doc) * 8 ||
                          f.norms.presence_offset % 8 != 0))
      throw_corrupt(reader->columns_->path(),
                    "norms of `" + f.field.name + "` don't fit the segment");
    reader->fields_.push_back(std::move(state));
  }
  reader->stored_ =
      std::make_unique<stored::StoredReader>(reader->stored_file_, reader->meta_.stored);
  const docvalues::ColumnReader* ids = reader->column(kIdField);
  if (ids == nullptr || ids->kind() != ColumnKind::kTerms || ids->docs_with_value() != max_doc ||
      ids->multi() || reader->terms(kIdField) == nullptr)
    throw_corrupt(reader->columns_->path(), "documents without `_id`");
  return reader;
}

size_t SegmentReader::find(FieldId id) const noexcept {
  const auto at =
      std::lower_bound(meta_.fields.begin(), meta_.fields.end(), id,
                       [](const FieldMeta& f, FieldId want) { return f.field.id < want; });
  if (at == meta_.fields.end() || at->field.id != id) return meta_.fields.size();
  return static_cast<size_t>(at - meta_.fields.begin());
}

const FieldMeta* SegmentReader::field(FieldId id) const noexcept {
  const size_t i = find(id);
  return i == meta_.fields.size() ? nullptr : &meta_.fields[i];
}

const termdict::FieldTerms* SegmentReader::terms(FieldId id) const noexcept {
  const size_t i = find(id);
  return i == meta_.fields.size() ? nullptr : fields_[i].terms.get();
}

const docvalues::ColumnReader* SegmentReader::column(FieldId id) const noexcept {
  const size_t i = find(id);
  return i == meta_.fields.size() ? nullptr : fields_[i].column.get();
}

NormsView SegmentReader::norms(FieldId id) const {
  const FieldMeta* f = field(id);
  if (f == nullptr || !f->field.norms) return {};
  NormsView view;
  view.presence = reinterpret_cast<const uint64_t*>(
      columns_->touch(f->norms.presence_offset, f->norms.presence_bytes));
  view.norms = columns_->touch(f->norms.norms_offset, max_doc());
  view.docs_with_field = f->norms.docs_with_field;
  return view;
}

postings::PostingsCursor SegmentReader::postings(FieldId id, const postings::TermMeta& term) const {
  const FieldMeta* f = field(id);
  const bool with_positions = f != nullptr && f->field.postings == PostingsKind::kFreqsPositions;
  return postings::PostingsCursor(postings_, with_positions ? positions_ : nullptr, term,
                                  with_positions, max_doc());
}

std::string SegmentReader::doc_id(DocId doc) const {
  std::string id;
  std::vector<size_t> ends;
  doc_ids({&doc, 1}, id, ends);
  return id;
}

void SegmentReader::doc_ids(std::span<const DocId> docs, std::string& bytes,
                            std::vector<size_t>& ends) const {
  const docvalues::NumericReader& numbers = column(kIdField)->values();
  const termdict::FieldTerms& ids = *terms(kIdField);
  for (const DocId doc : docs) {
    ids.append_term(static_cast<uint64_t>(numbers.get(doc)), bytes);
    ends.push_back(bytes.size());
  }
}

void SegmentReader::find_id(std::string_view id, std::vector<DocId>& out) const {
  const termdict::FieldTerms* ids = terms(kIdField);
  if (ids == nullptr) return;
  const auto meta = ids->lookup(id);
  if (!meta) return;
  postings::PostingsCursor cursor = postings(kIdField, *meta);
  while (cursor.next_block()) out.insert(out.end(), cursor.docs(), cursor.docs() + cursor.size());
}

void SegmentReader::verify_all() const {
  for (const auto& file : {terms_, postings_, positions_, columns_, stored_file_})
    file->verify_all();
}

uint64_t SegmentReader::bytes_on_disk() const noexcept {
  uint64_t n = 0;
  for (const auto& file : {terms_, postings_, positions_, columns_, stored_file_})
    n += file->size();
  return n;
}

}  // namespace diagon::index
