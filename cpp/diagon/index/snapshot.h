// A set of segments and their live documents at one moment: what a search reads.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "diagon/index/manifest.h"
#include "diagon/index/segment_reader.h"

namespace diagon::index {

// A segment and those of its documents that are not deleted. Immutable.
struct LiveSegment {
  std::shared_ptr<const SegmentReader> reader;
  std::shared_ptr<const std::vector<uint64_t>> live;  // null: all are live
  DocId live_count = 0;

  bool is_live(DocId doc) const noexcept;
};

// Statistics of a field over all segments. Deleted documents count until they are merged away, as
// in Lucene.
struct FieldStats {
  uint64_t doc_count = 0;
  uint64_t sum_total_term_freq = 0;
};

// Immutable; may be used by any number of threads at once. Keeps its files readable after they are
// deleted.
class Snapshot {
 public:
  explicit Snapshot(std::vector<LiveSegment> segments, std::string user_data, uint64_t generation);
  // Opens the latest commit of an index, also while a writer is at work on it.
  // Throws kNotFound, kCorrupt, kIo, kUnsupportedFormat.
  static std::shared_ptr<const Snapshot> open(const std::string& folder);

  size_t size() const noexcept { return segments_.size(); }
  const LiveSegment& segment(size_t i) const noexcept { return segments_[i]; }
  const std::string& user_data() const noexcept { return user_data_; }
  uint64_t generation() const noexcept { return generation_; }
  uint64_t live_count() const noexcept;
  uint64_t max_doc() const noexcept;

  FieldStats field_stats(FieldId field) const noexcept;
  // Documents with the term, over all segments. Throws kCorrupt.
  uint64_t doc_freq(FieldId field, std::string_view term) const;
  // The live document of that `_id`: (segment, document).
  std::optional<std::pair<size_t, DocId>> find_id(std::string_view id) const;
  // Reads every byte. Throws kCorrupt at the first damage.
  void verify_all() const;

 private:
  std::vector<LiveSegment> segments_;
  std::string user_data_;
  uint64_t generation_;
};

// Opens a segment of a commit with its live documents. Throws kNotFound, kCorrupt, kIo,
// kUnsupportedFormat.
LiveSegment open_segment(const std::string& folder, const ManifestSegment& segment);
// How often opening is tried again when files vanish because a newer commit came in between.
inline constexpr int kOpenAttempts = 1000;

// A file of live documents: one bit a document.
void write_live(const std::string& path, const directory::SegmentId& id,
                const std::vector<uint64_t>& live, DocId max_doc);
std::shared_ptr<const std::vector<uint64_t>> read_live(const std::string& path,
                                                       const ManifestSegment& segment);

}  // namespace diagon::index
