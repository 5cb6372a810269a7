// The numbers of documents, from a column of any kind that has some.
#pragma once

#include <span>
#include <vector>

#include "diagon/docvalues/column.h"
#include "diagon/util/bits.h"

namespace diagon::search {

// Used by one thread; the segment must live as long.
class Numbers {
 public:
  // `column`: null if no document of the segment has the field. Throws kInvalidArgument for a
  // column of strings.
  explicit Numbers(const docvalues::ColumnReader* column);

  bool single() const noexcept { return column_ == nullptr || !column_->multi(); }
  bool is_double() const noexcept {
    return column_ != nullptr && column_->kind() == schema::ColumnKind::kF64;
  }
  const docvalues::ColumnReader* column() const noexcept { return column_; }
  bool all_present() const noexcept { return column_ != nullptr && column_->presence() == nullptr; }
  bool missing(DocId doc) const noexcept { return column_ == nullptr || !column_->has_value(doc); }
  double number(int64_t stored) const noexcept {
    return is_double() ? column_->decode_double(stored) : static_cast<double>(stored);
  }

  // Calls `visit(i, values)` for each of the ascending documents, with its values as they are
  // stored, in document order; none if it has none. Throws kCorrupt.
  template <typename Visit>
  void each(std::span<const DocId> docs, Visit&& visit) {
    if (column_ == nullptr) {
      for (size_t i = 0; i < docs.size(); ++i) visit(i, std::span<int64_t>());
      return;
    }
    if (column_->multi()) {
      for (size_t i = 0; i < docs.size(); ++i) {
        const auto [from, to] = column_->range(docs[i]);
        values_.clear();
        for (uint32_t v = from; v < to; ++v) values_.push_back(column_->values().get(v));
        visit(i, std::span(values_));
      }
      return;
    }
    values_.resize(docs.size());
    column_->values().gather(docs, values_.data());
    const uint64_t* presence = column_->presence();
    for (size_t i = 0; i < docs.size(); ++i)
      visit(i, std::span(values_).subspan(
                   i, presence == nullptr || bits::test(presence, docs[i]) ? 1 : 0));
  }

 private:
  const docvalues::ColumnReader* column_;
  std::vector<int64_t> values_;
};

}  // namespace diagon::search
