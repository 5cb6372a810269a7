#include "diagon/stored/stored_merger.h"

#include <algorithm>
#include <vector>

#include "diagon/stored/format.h"

namespace diagon::stored {
namespace {

// Documents that are put into another order are collected up to this, so that a block is
// decompressed once for all of its documents among them.
constexpr uint64_t kCollected = 64 << 20;

// Below this a block is not worth keeping as it is.
bool is_short(uint64_t raw_bytes, uint32_t docs) {
  return raw_bytes < kStoredBlock / 2 && docs < kMaxBlockDocs;
}

class StoredMerger {
 public:
  StoredMerger(directory::FileWriter& file, std::span<const StoredReader* const> inputs,
               const DocOrder& order, const CancelFlag& stop)
      : writer_(file), inputs_(inputs), order_(order), stop_(stop) {}

  StoredMeta merge() {
    if (order_.keeps_order()) {
      copy_in_order();
    } else {
      copy_reordered();
    }
    return writer_.finish();
  }

 private:
  void copy_in_order() {
    DocId doc = 0;
    while (doc < order_.size()) {
      throw_if_cancelled(stop_);
      const auto [segment, old] = order_.source(doc);
      const StoredBlock block = inputs_[segment]->block_of(old);
      const DocId end = block.first_doc + block.docs;
      if (old == block.first_doc && stays_whole(doc, segment, block) && may_copy(block)) {
        if (is_short(writer_.pending_bytes(), 0) && writer_.pending_bytes() != 0) ++short_blocks_;
        writer_.add_block(block);
        doc += block.docs;
        continue;
      }
      // The documents of the block that stay.
      while (doc < order_.size()) {
        const auto next = order_.source(doc);
        if (next.segment != segment || next.doc >= end) break;
        add(segment, next.doc);
        ++doc;
      }
    }
  }

  bool stays_whole(DocId doc, size_t segment, const StoredBlock& block) const {
    if (order_.size() - doc < block.docs) return false;
    return order_.source(doc + block.docs - 1) ==
           DocOrder::Source{segment, block.first_doc + block.docs - 1};
  }

  // Whether copying it leaves few blocks short.
  bool may_copy(const StoredBlock& block) const {
    if (is_short(block.raw_bytes, block.docs)) return false;
    const bool leaves_short = writer_.pending_bytes() != 0 && is_short(writer_.pending_bytes(), 0);
    return !leaves_short || short_blocks_ * 32 <= writer_.block_count();
  }

  void copy_reordered() {
    struct Entry {
      DocOrder::Source source;
      uint32_t length;
      uint64_t at;  // in the collected bytes
    };
    std::vector<Entry> entries;
    std::vector<uint32_t> by_source;
    std::vector<uint8_t> collected;
    for (DocId doc = 0; doc < order_.size();) {
      entries.clear();
      uint64_t bytes = 0;
      for (; doc < order_.size() && bytes < kCollected; ++doc) {
        const DocOrder::Source source = order_.source(doc);
        entries.push_back({source, inputs_[source.segment]->length(source.doc), 0});
        bytes += entries.back().length + sizeof(Entry);
      }
      by_source.resize(entries.size());
      for (uint32_t i = 0; i < by_source.size(); ++i) by_source[i] = i;
      std::sort(by_source.begin(), by_source.end(), [&](uint32_t a, uint32_t b) {
        const DocOrder::Source& x = entries[a].source;
        const DocOrder::Source& y = entries[b].source;
        return x.segment != y.segment ? x.segment < y.segment : x.doc < y.doc;
      });
      collected.clear();
      collected.reserve(bytes);
      for (const uint32_t i : by_source) {
        throw_if_cancelled(stop_);
        Entry& entry = entries[i];
        entry.at = collected.size();
        inputs_[entry.source.segment]->get(entry.source.doc, collected);
      }
      for (const Entry& entry : entries) {
        throw_if_cancelled(stop_);
        writer_.add(std::span(collected).subspan(entry.at, entry.length));
      }
    }
  }

  void add(size_t segment, DocId doc) {
    source_.clear();
    inputs_[segment]->get(doc, source_);
    writer_.add(source_);
  }

  StoredWriter writer_;
  std::span<const StoredReader* const> inputs_;
  const DocOrder& order_;
  const CancelFlag& stop_;
  uint64_t short_blocks_ = 0;
  std::vector<uint8_t> source_;
};

}  // namespace

StoredMeta merge_stored(directory::FileWriter& file, std::span<const StoredReader* const> inputs,
                        const DocOrder& order, const CancelFlag& stop) {
  return StoredMerger(file, inputs, order, stop).merge();
}

}  // namespace diagon::stored
