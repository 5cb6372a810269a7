#include "diagon/docvalues/column_merger.h"

#include <algorithm>
#include <bit>
#include <cassert>
#include <queue>
#include <vector>

#include "diagon/util/bits.h"
#include "diagon/util/error.h"

namespace diagon::docvalues {
namespace {

using schema::ColumnKind;

// Documents between two looks at the flag.
constexpr DocId kPollDocs = 4096;

class ColumnMerger {
 public:
  ColumnMerger(directory::FileWriter& file, ColumnKind kind,
               std::span<const ColumnReader* const> inputs, const DocOrder& order,
               const CancelFlag& stop)
      : file_(file), inputs_(inputs), order_(order), stop_(stop) {
    meta_.kind = kind;
  }

  ColumnMeta merge() {
    count();
    write_presence();
    switch (meta_.kind) {
      case ColumnKind::kNone:
      case ColumnKind::kTerms:
        throw_invalid("a column whose values follow from no other column");
      case ColumnKind::kI64:
      case ColumnKind::kBool:
        write_values();
        break;
      case ColumnKind::kF64:
        meta_.whole_doubles = all_whole();
        write_values();
        break;
      case ColumnKind::kOrdinals:
        write_dictionary();
        write_values();
        break;
      case ColumnKind::kStrings:
        write_strings();
        break;
    }
    return meta_;
  }

 private:
  // A document's values, in its segment's column. Empty: `column` may be null.
  struct Values {
    const ColumnReader* column = nullptr;
    size_t segment = 0;
    uint32_t first = 0;
    uint32_t last = 0;
    uint32_t size() const noexcept { return last - first; }
  };

  Values values_of(DocId doc) const {
    if (doc % kPollDocs == 0) throw_if_cancelled(stop_);
    const auto [segment, old] = order_.source(doc);
    const ColumnReader* column = inputs_[segment];
    if (column == nullptr) return {};
    const auto [first, last] = column->range(old);
    return {column, segment, first, last};
  }

  void count() {
    presence_.resize(bits::words_for(order_.size()));
    for (DocId doc = 0; doc < order_.size(); ++doc) {
      const uint32_t n = values_of(doc).size();
      if (n == 0) continue;
      bits::set(presence_.data(), doc);
      ++meta_.docs_with_value;
      meta_.multi |= n > 1;
      value_count_ += n;
    }
    if (value_count_ >= UINT32_MAX)
      throw Error(ErrorCode::kTooLarge, "a column of 2^32 values or more in one segment");
  }

  void write_presence() {
    if (meta_.docs_with_value == 0 || meta_.docs_with_value == order_.size()) return;
    file_.align(8);
    meta_.presence_offset = file_.offset();
    meta_.presence_bytes = presence_.size() * sizeof(uint64_t);
    file_.append(presence_.data(), presence_.size() * sizeof(uint64_t));
  }

  // Whether all doubles can be stored as integers; a segment may have had others that are deleted.
  bool all_whole() const {
    for (DocId doc = 0; doc < order_.size(); ++doc) {
      const Values v = values_of(doc);
      if (v.size() == 0 || v.column->whole_doubles()) continue;
      for (uint32_t i = v.first; i < v.last; ++i)
        if (!is_whole(v.column->decode_double(v.column->values().get(i)))) return false;
    }
    return true;
  }

  // A value as it is to be stored. REQUIRES: there is one.
  int64_t stored(const Values& v, uint32_t i) const {
    assert(v.column != nullptr);
    const int64_t value = v.column->values().get(i);
    if (meta_.kind == ColumnKind::kOrdinals) return ordinals_[v.segment][v.column->ordinal(value)];
    if (meta_.kind != ColumnKind::kF64 || v.column->whole_doubles() == meta_.whole_doubles)
      return value;
    const double number = v.column->decode_double(value);
    return meta_.whole_doubles ? static_cast<int64_t>(number) : sortable_from_double(number);
  }

  void write_values() {
    if (!meta_.multi) {
      meta_.values =
          write_numeric(file_, order_.size(), [this](uint64_t first, std::span<int64_t> out) {
            for (size_t i = 0; i < out.size(); ++i) {
              const Values v = values_of(static_cast<DocId>(first + i));
              out[i] = v.size() == 0 ? 0 : stored(v, v.first);
            }
          });
      return;
    }
    write_starts();
    DocId doc = 0;
    uint32_t used = 0;  // values of the document that were written
    meta_.values = write_numeric(file_, value_count_, [&](uint64_t first, std::span<int64_t> out) {
      if (first == 0) doc = used = 0;
      Values v = values_of(doc);
      for (int64_t& value : out) {
        while (used == v.size()) {
          v = values_of(++doc);
          used = 0;
        }
        value = stored(v, v.first + used++);
      }
    });
  }

  void write_starts() {
    uint64_t start = 0;
    meta_.starts = write_numeric(file_, uint64_t{order_.size()} + 1,
                                 [&](uint64_t first, std::span<int64_t> out) {
                                   if (first == 0) start = 0;
                                   for (size_t i = 0; i < out.size(); ++i) {
                                     out[i] = static_cast<int64_t>(start);
                                     if (first + i < order_.size())
                                       start += values_of(static_cast<DocId>(first + i)).size();
                                   }
                                 });
  }

  // The ordinals that documents have, by segment.
  std::vector<std::vector<uint64_t>> used_ordinals() const {
    std::vector<std::vector<uint64_t>> used(inputs_.size());
    for (size_t s = 0; s < inputs_.size(); ++s)
      if (inputs_[s] != nullptr) used[s].resize(bits::words_for(inputs_[s]->string_count()));
    for (DocId doc = 0; doc < order_.size(); ++doc) {
      const Values v = values_of(doc);
      for (uint32_t i = v.first; i < v.last; ++i)
        bits::set(used[v.segment].data(), v.column->ordinal(v.column->values().get(i)));
    }
    return used;
  }

  void write_dictionary() {
    const auto used = used_ordinals();
    struct Head {
      std::string_view value;
      size_t segment;
      uint32_t ordinal;
      bool operator>(const Head& other) const { return value > other.value; }
    };
    std::priority_queue<Head, std::vector<Head>, std::greater<>> heads;
    // Puts a segment's next used string on the heap, from `ordinal` on.
    const auto push = [&](size_t s, uint32_t ordinal) {
      const uint32_t count = inputs_[s]->string_count();
      while (ordinal < count && !bits::test(used[s].data(), ordinal)) ++ordinal;
      if (ordinal < count) heads.push({inputs_[s]->string(ordinal), s, ordinal});
    };
    ordinals_.resize(inputs_.size());
    for (size_t s = 0; s < inputs_.size(); ++s) {
      if (inputs_[s] == nullptr) continue;
      ordinals_[s].resize(inputs_[s]->string_count());
      push(s, 0);
    }
    std::vector<int64_t> starts;
    meta_.string_offset = file_.offset();
    std::string_view last;
    while (!heads.empty()) {
      const Head head = heads.top();
      heads.pop();
      if (starts.size() % kPollDocs == 0) throw_if_cancelled(stop_);
      if (starts.empty() || head.value != last) {
        starts.push_back(static_cast<int64_t>(file_.offset() - meta_.string_offset));
        file_.append(head.value.data(), head.value.size());
        last = head.value;
      }
      ordinals_[head.segment][head.ordinal] = static_cast<uint32_t>(starts.size() - 1);
      push(head.segment, head.ordinal + 1);
    }
    meta_.string_bytes = file_.offset() - meta_.string_offset;
    starts.push_back(static_cast<int64_t>(meta_.string_bytes));
    meta_.string_starts = write_numeric(file_, starts);
  }

  void write_strings() {
    meta_.string_offset = file_.offset();
    for (DocId doc = 0; doc < order_.size(); ++doc) {
      const Values v = values_of(doc);
      for (uint32_t i = v.first; i < v.last; ++i) {
        const std::string_view value = v.column->string(i);
        file_.append(value.data(), value.size());
      }
    }
    meta_.string_bytes = file_.offset() - meta_.string_offset;
    if (meta_.multi) write_starts();
    // The first start, then the end of each string; without several values a document has a
    // string, empty where it has no value.
    const uint64_t strings = meta_.multi ? value_count_ : order_.size();
    DocId doc = 0;
    uint32_t used = 0;
    uint64_t end = 0;
    meta_.string_starts =
        write_numeric(file_, strings + 1, [&](uint64_t first, std::span<int64_t> out) {
          if (first == 0) {
            doc = used = 0;
            end = 0;
          }
          Values v = doc < order_.size() ? values_of(doc) : Values();
          for (size_t i = 0; i < out.size(); ++i) {
            if (first + i != 0) {
              while (meta_.multi && used == v.size()) {
                v = values_of(++doc);
                used = 0;
              }
              if (v.size() != 0) end += v.column->string(v.first + used).size();
              if (meta_.multi) {
                ++used;
              } else {
                v = ++doc < order_.size() ? values_of(doc) : Values();
              }
            }
            out[i] = static_cast<int64_t>(end);
          }
        });
  }

  directory::FileWriter& file_;
  std::span<const ColumnReader* const> inputs_;
  const DocOrder& order_;
  const CancelFlag& stop_;
  ColumnMeta meta_;
  std::vector<uint64_t> presence_;
  uint64_t value_count_ = 0;
  std::vector<std::vector<uint32_t>> ordinals_;  // by segment and its ordinal: the new one
};

}  // namespace

ColumnMeta merge_columns(directory::FileWriter& file, ColumnKind kind,
                         std::span<const ColumnReader* const> inputs, const DocOrder& order,
                         const CancelFlag& stop) {
  return ColumnMerger(file, kind, inputs, order, stop).merge();
}

}  // namespace diagon::docvalues
