#include <algorithm>
#include <array>
#include <bit>
#include <cassert>

#include "diagon/docvalues/column.h"
#include "diagon/util/bits.h"
#include "diagon/util/bytes.h"
#include "diagon/util/error.h"

namespace diagon::docvalues {

using schema::ColumnKind;

ColumnReader::ColumnReader(std::shared_ptr<const directory::MappedFile> file,
                           const ColumnMeta& meta, DocId max_doc)
    : file_(std::move(file)),
      meta_(meta),
      max_doc_(max_doc),
      starts_(file_, meta_.starts),
      values_(file_, meta_.values),
      string_starts_(file_, meta_.string_starts) {
  const auto kind = static_cast<uint8_t>(meta_.kind);
  if (kind == 0 || kind > static_cast<uint8_t>(ColumnKind::kTerms))
    throw_corrupt(file_->path(), "the kind of a column");
  open_presence();
  open_strings();
  check_counts();
}

void ColumnReader::open_presence() {
  const std::string& path = file_->path();
  if (meta_.docs_with_value > max_doc_) throw_corrupt(path, "more values than documents");
  const size_t words = bits::words_for(max_doc_);
  const bool stored = meta_.docs_with_value != 0 && meta_.docs_with_value != max_doc_;
  if (meta_.presence_bytes != (stored ? words * sizeof(uint64_t) : 0))
    throw_corrupt(path, "the size of a column's bit set");
  if (stored) {
    if (meta_.presence_offset % sizeof(uint64_t) != 0)
      throw_corrupt(path, "the place of a column's bit set");
    presence_ = reinterpret_cast<const uint64_t*>(
        file_->touch(meta_.presence_offset, meta_.presence_bytes));
    const bool past_end = max_doc_ % 64 != 0 && presence_[words - 1] >> (max_doc_ % 64) != 0;
    if (past_end || bits::count(presence_, words) != meta_.docs_with_value)
      throw_corrupt(path, "a column's bit set");
  } else if (meta_.docs_with_value == 0) {
    no_presence_.resize(words);
    presence_ = max_doc_ == 0 ? nullptr : no_presence_.data();
  }
}

void ColumnReader::open_strings() {
  const std::string& path = file_->path();
  if (meta_.kind != ColumnKind::kOrdinals && meta_.kind != ColumnKind::kStrings) return;
  if (string_starts_.size() == 0 || string_starts_.size() > UINT32_MAX)
    throw_corrupt(path, "the number of a column's strings");
  if (meta_.string_offset > file_->size() ||
      meta_.string_bytes > file_->size() - meta_.string_offset)
    throw_corrupt(path, "a column's strings out of the file");
  string_count_ = static_cast<uint32_t>(string_starts_.size() - 1);
}

void ColumnReader::check_counts() const {
  const std::string& path = file_->path();
  const uint64_t values =
      meta_.kind == ColumnKind::kStrings ? uint64_t{string_count_} : values_.size();
  if (meta_.multi ? starts_.size() != uint64_t{max_doc_} + 1 : values != max_doc_)
    throw_corrupt(path, "a column with values for another number of documents");
  if (values > UINT32_MAX) throw_corrupt(path, "a column of over 2^32 values");
  if (meta_.kind == ColumnKind::kOrdinals && meta_.docs_with_value != 0 &&
      (values_.min() < 0 || values_.max() >= int64_t{string_count_}))
    throw_corrupt(path, "an ordinal past the end of its dictionary");
}

bool ColumnReader::has_value(DocId doc) const noexcept {
  assert(doc < max_doc_);
  return presence_ == nullptr || bits::test(presence_, doc);
}

std::pair<uint32_t, uint32_t> ColumnReader::range(DocId doc) const {
  if (!has_value(doc)) return {0, 0};
  if (!meta_.multi) return {doc, doc + 1};
  const auto [first, second] = starts_.get_pair(doc);
  const uint64_t values =
      meta_.kind == ColumnKind::kStrings ? uint64_t{string_count_} : values_.size();
  if (first < 0 || first >= second || static_cast<uint64_t>(second) > values)
    throw_corrupt(file_->path(), "a document's values out of their column");
  return {static_cast<uint32_t>(first), static_cast<uint32_t>(second)};
}

void ColumnReader::throw_ordinal() const {
  throw_corrupt(file_->path(), "an ordinal past the end of its dictionary");
}

void ColumnReader::check_string(int64_t from, int64_t to) const {
  if (from < 0 || from > to || static_cast<uint64_t>(to) > meta_.string_bytes)
    throw_corrupt(file_->path(), "a string out of its column");
}

std::string_view ColumnReader::checked_string(int64_t from, int64_t to) const {
  const auto len = static_cast<size_t>(to - from);
  const uint8_t* bytes = file_->touch(meta_.string_offset + static_cast<uint64_t>(from), len);
  return {reinterpret_cast<const char*>(bytes), len};
}

std::string_view ColumnReader::string(uint32_t i) const {
  if (i >= string_count_) throw_corrupt(file_->path(), "a string past the end of its column");
  const auto [from, to] = string_starts_.get_pair(i);
  check_string(from, to);
  return checked_string(from, to);
}

void ColumnReader::strings(std::span<const uint32_t> indices, std::string_view* out) const {
  // In runs, so that the bytes of a whole run are on their way from memory before the first is
  // read.
  constexpr size_t kRun = 64;
  std::array<int64_t, kRun> from;
  std::array<int64_t, kRun> to;
  for (; !indices.empty(); indices = indices.subspan(std::min(kRun, indices.size()))) {
    const auto run = indices.first(std::min(kRun, indices.size()));
    if (std::ranges::max(run) >= string_count_)
      throw_corrupt(file_->path(), "a string past the end of its column");
    string_starts_.gather_pairs(run, from.data(), to.data());
    for (size_t j = 0; j < run.size(); ++j) {
      check_string(from[j], to[j]);
      file_->prefetch(meta_.string_offset + static_cast<uint64_t>(from[j]));
    }
    for (size_t j = 0; j < run.size(); ++j) *out++ = checked_string(from[j], to[j]);
  }
}

uint32_t ColumnReader::lower_bound(std::string_view value) const {
  uint32_t from = 0;
  uint32_t to = string_count_;
  while (from < to) {
    const uint32_t middle = from + (to - from) / 2;
    if (string(middle) < value) {
      from = middle + 1;
    } else {
      to = middle;
    }
  }
  return from;
}

}  // namespace diagon::docvalues
