#include "diagon/index/buffer.h"

#include <algorithm>

#include "diagon/postings/norms.h"
#include "diagon/postings/postings.h"
#include "diagon/stored/stored.h"
#include "diagon/util/bits.h"

namespace diagon::index {
namespace {

using schema::ColumnKind;
using schema::Field;
using schema::PostingsKind;

// Where the runs of the first document begin.
constexpr DocSpan kStart{};

std::string_view text(const DocumentBatch& batch, uint32_t offset, uint32_t len) {
  return {reinterpret_cast<const char*>(batch.bytes.data()) + offset, len};
}

void check_range(const DocumentBatch& batch, uint32_t offset, uint32_t len) {
  if (offset > batch.bytes.size() || len > batch.bytes.size() - offset)
    throw_invalid("a document batch refers to bytes that it does not have");
}

const Field& known(const std::vector<Field>& fields, FieldId id) {
  if (id >= fields.size()) throw_invalid("a document refers to an unknown field number");
  return fields[id];
}

bool is_string(ColumnKind kind) {
  return kind == ColumnKind::kOrdinals || kind == ColumnKind::kStrings;
}

// Within a document, each field's tokens stand together, their positions ascending. `last_group`:
// by field, the number of the last document (counted from 1) in which a group of it began.
void check_tokens(std::span<const Token> tokens, std::vector<size_t>& last_group, size_t doc) {
  for (size_t i = 0; i < tokens.size(); ++i) {
    const Token& t = tokens[i];
    if (i > 0 && t.field == tokens[i - 1].field) {
      if (t.position < tokens[i - 1].position)
        throw_invalid("positions of a document are out of order");
      continue;
    }
    if (last_group[t.field] == doc)
      throw_invalid("the tokens of a document are not grouped by field");
    last_group[t.field] = doc;
  }
}

void check_term(const char* what, uint32_t len, const Field& field) {
  if (len > kMaxTermBytes)
    throw Error(ErrorCode::kTooLarge, std::string(what) + " of " + std::to_string(len) +
                                          " bytes in the field `" + field.name +
                                          "`; the limit is " + std::to_string(kMaxTermBytes));
}

}  // namespace

void check_batch(const DocumentBatch& batch, const std::vector<Field>& fields) {
  for (const Token& t : batch.tokens) {
    check_range(batch, t.offset, t.len);
    if (known(fields, t.field).postings == PostingsKind::kNone || t.field == kIdField)
      throw_invalid("a token for the field `" + fields[t.field].name + "`, which has no postings");
    check_term("a term", t.len, fields[t.field]);
  }
  for (const FieldLength& l : batch.lengths) {
    if (!known(fields, l.field).norms)
      throw_invalid("a length for the field `" + fields[l.field].name + "`, which has no norms");
    if (l.tokens > postings::kMaxFreq)
      throw_invalid("a length over 2^31 - 1 in the field `" + fields[l.field].name + "`");
  }
  for (const NumericValue& v : batch.numerics) {
    const ColumnKind kind = known(fields, v.field).column;
    if (kind == ColumnKind::kNone || is_string(kind))
      throw_invalid("a number for the field `" + fields[v.field].name + "`, which has no numbers");
  }
  for (const StringValue& v : batch.strings) {
    check_range(batch, v.offset, v.len);
    if (!is_string(known(fields, v.field).column) || v.field == kIdField)
      throw_invalid("a string for the field `" + fields[v.field].name + "`, which has no strings");
  }
  DocSpan last = kStart;
  std::vector<size_t> last_group(fields.size());
  for (size_t doc = 0; doc < batch.docs.size(); ++doc) {
    const DocSpan& d = batch.docs[doc];
    check_range(batch, d.id_offset, d.id_len);
    check_range(batch, d.source_offset, d.source_len);
    if (d.tokens_end < last.tokens_end || d.tokens_end > batch.tokens.size() ||
        d.lengths_end < last.lengths_end || d.lengths_end > batch.lengths.size() ||
        d.numerics_end < last.numerics_end || d.numerics_end > batch.numerics.size() ||
        d.strings_end < last.strings_end || d.strings_end > batch.strings.size())
      throw_invalid("the runs of a document batch overlap or go past its end");
    if (d.id_len == 0) throw_invalid("a document without an id");
    check_term("an id", d.id_len, fields[kIdField]);
    if (d.source_len > stored::kMaxDocument)
      throw Error(ErrorCode::kTooLarge, "the source of a document has over 64 MiB");
    check_tokens(batch.tokens.subspan(last.tokens_end, d.tokens_end - last.tokens_end), last_group,
                 doc + 1);
    last = d;
  }
}

std::string_view id_of(const DocumentBatch& batch, uint32_t doc) noexcept {
  return text(batch, batch.docs[doc].id_offset, batch.docs[doc].id_len);
}

docvalues::ColumnWriter& Buffer::column(const Field& field) {
  return columns_.try_emplace(field.id, field.column).first->second;
}

void Buffer::add(const DocumentBatch& batch, std::span<const uint32_t> docs,
                 const std::vector<Field>& fields) {
  check_whole();
  if (docs.size() > kNoMoreDocs - 1 - doc_count())
    throw Error(ErrorCode::kTooLarge, "too many documents in one segment");
  whole_ = false;
  for (const uint32_t doc : docs)
    add_one(batch, doc == 0 ? kStart : batch.docs[doc - 1], batch.docs[doc], fields);
  whole_ = true;
}

void Buffer::check_whole() const {
  if (!whole_)
    throw Error(ErrorCode::kOutOfMemory,
                "memory ran out in the middle of a document; open the index again");
}

void Buffer::add_one(const DocumentBatch& batch, const DocSpan& begin, const DocSpan& end,
                     const std::vector<Field>& fields) {
  const DocId doc = doc_count();
  const std::string_view id = text(batch, end.id_offset, end.id_len);
  const TermTable::Key id_key = terms_.key(kIdField, id);
  remove(id_key);
  terms_.add(id_key, doc, 0, false);
  if (doc % 64 == 0) live_.push_back(0);
  bits::set(live_.data(), doc);
  ++live_count_;
  add_tokens(doc, batch, batch.tokens.subspan(begin.tokens_end, end.tokens_end - begin.tokens_end),
             fields);
  for (uint32_t i = begin.lengths_end; i < end.lengths_end; ++i) {
    const FieldLength& l = batch.lengths[i];
    Norms& norms = norms_[l.field];
    if (!norms.docs.empty() && norms.docs.back() == doc) continue;  // the first one counts
    norms.docs.push_back(doc);
    norms.norms.push_back(postings::encode_length(l.tokens));
  }
  for (uint32_t i = begin.numerics_end; i < end.numerics_end; ++i) {
    const NumericValue& v = batch.numerics[i];
    column(fields[v.field]).add_number(doc, v.bits);
  }
  for (uint32_t i = begin.strings_end; i < end.strings_end; ++i) {
    const StringValue& v = batch.strings[i];
    column(fields[v.field]).add_string(doc, text(batch, v.offset, v.len));
  }
  const uint8_t* source = batch.bytes.data() + end.source_offset;
  sources_.insert(sources_.end(), source, source + end.source_len);
  source_ends_.push_back(sources_.size());
}

void Buffer::add_tokens(DocId doc, const DocumentBatch& batch, std::span<const Token> tokens,
                        const std::vector<Field>& fields) {
  // Terms are all over the memory: what comes next is fetched while the others are added.
  constexpr size_t kAhead = 8;
  keys_.clear();
  for (const Token& t : tokens) {
    keys_.push_back(terms_.key(t.field, text(batch, t.offset, t.len)));
    terms_.prefetch_slot(keys_.back());
  }
  for (size_t i = 0; i < tokens.size(); ++i) {
    if (i + kAhead < tokens.size()) terms_.prefetch_entry(keys_[i + kAhead]);
    terms_.add(keys_[i], doc, tokens[i].position,
               fields[tokens[i].field].postings == PostingsKind::kFreqsPositions);
  }
}

void Buffer::remove(std::string_view id) { remove(terms_.key(kIdField, id)); }

void Buffer::remove(const TermTable::Key& id) {
  const TermTable::Entry* entry = terms_.find(id);
  if (entry == nullptr || !bits::test(live_.data(), entry->last_doc)) return;
  live_[entry->last_doc / 64] &= ~(uint64_t{1} << entry->last_doc % 64);
  --live_count_;
}

std::vector<std::string_view> Buffer::ids() const {
  std::vector<std::string_view> ids;
  for (const TermTable::Entry* entry : terms_.sorted(kIdField)) ids.push_back(terms_.term(*entry));
  return ids;
}

size_t Buffer::ram_bytes() const noexcept {
  size_t n = terms_.ram_bytes() + sources_.capacity() + source_ends_.capacity() * 8;
  for (const auto& [id, writer] : columns_) n += writer.ram_bytes();
  for (const auto& [id, norms] : norms_) n += norms.docs.capacity() * 5;
  return n;
}

void Buffer::write_terms(const std::string& folder, uint64_t segment,
                         const directory::SegmentId& id, std::vector<FieldMeta>& fields,
                         directory::FileWriter& columns_file) const {
  using directory::FileKind;
  directory::FileWriter terms_file(segment_file(folder, segment, "terms"), FileKind::kTerms, id);
  directory::FileWriter postings_file(segment_file(folder, segment, "postings"),
                                      FileKind::kPostings, id);
  directory::FileWriter positions_file(segment_file(folder, segment, "positions"),
                                       FileKind::kPositions, id);
  postings::PostingsWriter writer(postings_file, &positions_file);
  termdict::TermDictWriter dictionary(terms_file);
  std::vector<DocId> docs;
  std::vector<uint32_t> freqs, positions;
  std::vector<uint8_t> norms, doc_norms;
  for (FieldMeta& f : fields) {
    if (f.field.postings == PostingsKind::kNone) continue;
    const bool with_positions = f.field.postings == PostingsKind::kFreqsPositions;
    doc_norms.assign(f.field.norms ? doc_count() : 0, 0);
    if (const auto found = norms_.find(f.field.id); found != norms_.end() && f.field.norms) {
      for (size_t i = 0; i < found->second.docs.size(); ++i)
        doc_norms[found->second.docs[i]] = found->second.norms[i];
      writer.set_average_length(postings::average_length(found->second.norms));
    }
    std::vector<uint64_t> seen(bits::words_for(doc_count()));
    dictionary.begin_field();
    std::vector<uint32_t> term_of_doc(f.field.column == ColumnKind::kTerms ? doc_count() : 0);
    uint32_t number = 0;
    for (const TermTable::Entry* entry : terms_.sorted(f.field.id)) {
      docs.clear();
      freqs.clear();
      positions.clear();
      terms_.read(*entry, with_positions, docs, freqs, positions);
      norms.clear();
      if (f.field.norms)
        for (const DocId doc : docs) norms.push_back(doc_norms[doc]);
      for (const DocId doc : docs) bits::set(seen.data(), doc);
      if (!term_of_doc.empty())
        for (const DocId doc : docs) term_of_doc[doc] = number;
      ++number;
      dictionary.add(terms_.term(*entry), writer.write(docs, freqs, positions, norms));
    }
    f.terms = dictionary.end_field(static_cast<uint32_t>(bits::count(seen.data(), seen.size())));
    if (f.field.column == ColumnKind::kTerms)
      f.column = docvalues::write_term_numbers(columns_file, term_of_doc);
  }
  terms_file.finish();
  postings_file.finish();
  positions_file.finish();
}

void Buffer::write_columns(directory::FileWriter& file, std::vector<FieldMeta>& fields) const {
  for (FieldMeta& f : fields) {
    if (f.field.column != ColumnKind::kNone && f.field.column != ColumnKind::kTerms) {
      const auto found = columns_.find(f.field.id);
      f.column = found == columns_.end()
                     ? docvalues::ColumnWriter(f.field.column).write(file, doc_count())
                     : found->second.write(file, doc_count());
    }
    if (!f.field.norms) continue;
    std::vector<uint64_t> presence(bits::words_for(doc_count()));
    std::vector<uint8_t> bytes(doc_count());
    if (const auto found = norms_.find(f.field.id); found != norms_.end()) {
      const Norms& norms = found->second;
      f.norms.docs_with_field = static_cast<uint32_t>(norms.docs.size());
      for (size_t i = 0; i < norms.docs.size(); ++i) {
        bits::set(presence.data(), norms.docs[i]);
        bytes[norms.docs[i]] = norms.norms[i];
      }
    }
    file.align(8);
    f.norms.presence_offset = file.offset();
    f.norms.presence_bytes = presence.size() * 8;
    file.append(presence.data(), presence.size() * 8);
    f.norms.norms_offset = file.offset();
    file.append(bytes);
  }
}

void Buffer::write(const std::string& folder, uint64_t segment, const directory::SegmentId& id,
                   const std::vector<Field>& fields) const {
  check_whole();
  SegmentMeta meta;
  meta.max_doc = doc_count();
  for (const Field& field : fields) {
    meta.fields.emplace_back();
    meta.fields.back().field = field;
  }
  directory::FileWriter columns_file(segment_file(folder, segment, "columns"),
                                     directory::FileKind::kColumns, id);
  write_terms(folder, segment, id, meta.fields, columns_file);
  write_columns(columns_file, meta.fields);
  columns_file.finish();
  directory::FileWriter stored_file(segment_file(folder, segment, "stored"),
                                    directory::FileKind::kStored, id);
  stored::StoredWriter stored(stored_file);
  uint64_t from = 0;
  for (const uint64_t to : source_ends_) {
    stored.add(std::span(sources_).subspan(from, to - from));
    from = to;
  }
  meta.stored = stored.finish();
  stored_file.finish();
  write_meta(segment_file(folder, segment, "meta"), id, meta);
}

}  // namespace diagon::index
