#include "diagon/index/check.h"

#include <algorithm>
#include <memory>
#include <optional>

#include "diagon/index/snapshot.h"
#include "diagon/util/error.h"

namespace diagon::index {
namespace {

// The terms of all segments' `_id` fields side by side, in order.
class IdWalk {
 public:
  IdWalk(const std::vector<LiveSegment>& segments, std::vector<SegmentReport>& reports)
      : segments_(segments), reports_(reports) {
    for (size_t i = 0; i < segments.size(); ++i) {
      if (segments[i].reader == nullptr) continue;  // damaged
      const termdict::FieldTerms* terms = segments[i].reader->terms(kIdField);
      if (terms == nullptr) continue;
      cursors_.push_back({i, std::make_unique<termdict::FieldTerms::Iterator>(*terms, "")});
    }
    std::erase_if(cursors_, [](const Cursor& c) { return !c.ids->next(); });
    std::make_heap(cursors_.begin(), cursors_.end(), later);
  }

  void find_duplicates() {
    while (!cursors_.empty()) {
      if (last_id_ != cursors_.front().ids->term()) {
        last_id_ = cursors_.front().ids->term();
        last_.reset();
      }
      std::pop_heap(cursors_.begin(), cursors_.end(), later);
      Cursor& cursor = cursors_.back();
      look_at(cursor.segment, cursor.ids->meta());
      if (cursor.ids->next()) {
        std::push_heap(cursors_.begin(), cursors_.end(), later);
      } else {
        cursors_.pop_back();
      }
    }
    for (SegmentReport& report : reports_)
      std::sort(report.duplicates.begin(), report.duplicates.end());
  }

 private:
  struct Cursor {
    size_t segment;
    std::unique_ptr<termdict::FieldTerms::Iterator> ids;
  };

  // Of equal ids, that of the earlier segment comes first.
  static bool later(const Cursor& a, const Cursor& b) {
    const int order = a.ids->term().compare(b.ids->term());
    return order != 0 ? order > 0 : a.segment > b.segment;
  }

  void look_at(size_t segment, const postings::TermMeta& term) {
    docs_.clear();
    postings::PostingsCursor cursor = segments_[segment].reader->postings(kIdField, term);
    while (cursor.next_block())
      docs_.insert(docs_.end(), cursor.docs(), cursor.docs() + cursor.size());
    for (const DocId doc : docs_) {
      if (!segments_[segment].is_live(doc)) continue;
      if (last_) reports_[last_->first].duplicates.push_back(last_->second);
      last_.emplace(segment, doc);
    }
  }

  const std::vector<LiveSegment>& segments_;
  std::vector<SegmentReport>& reports_;
  std::vector<Cursor> cursors_;
  std::string last_id_;
  std::optional<std::pair<size_t, DocId>> last_;  // its latest live document
  std::vector<DocId> docs_;
};

// Whether an error says that the segment is damaged, and not that it can't be read now or by this
// version.
bool is_damage(const Error& e) {
  return e.code() == ErrorCode::kCorrupt || e.code() == ErrorCode::kNotFound;
}

// Opens all segments of the latest commit, before the first of them is read, so that a writer may
// go on. Those that can't be opened are without a reader.
std::vector<LiveSegment> open_commit(const std::string& folder, IndexReport& report) {
  for (int attempt = 1;; ++attempt) {
    report = {};
    report.manifest = read_manifest(folder);
    std::vector<LiveSegment> segments;
    bool missing = false;
    for (const ManifestSegment& entry : report.manifest.segments) {
      SegmentReport& about = report.segments.emplace_back();
      about.entry = entry;
      LiveSegment& segment = segments.emplace_back();
      try {
        segment = open_segment(folder, entry);
      } catch (const Error& e) {
        if (!is_damage(e)) throw;
        missing |= e.code() == ErrorCode::kNotFound;
        about.damage = e.what();
      }
    }
    // A newer commit may have removed what is missing.
    if (!missing || attempt == kOpenAttempts ||
        read_manifest(folder).generation == report.manifest.generation)
      return segments;
  }
}

}  // namespace

bool IndexReport::sound() const noexcept {
  return std::all_of(segments.begin(), segments.end(),
                     [](const SegmentReport& s) { return s.sound(); });
}

IndexReport check_index(const std::string& folder) {
  IndexReport report;
  std::vector<LiveSegment> segments = open_commit(folder, report);
  for (size_t i = 0; i < segments.size(); ++i) {
    if (segments[i].reader == nullptr) continue;
    try {
      report.segments[i].counts = check_segment(folder, *segments[i].reader);
    } catch (const Error& e) {
      if (!is_damage(e)) throw;
      report.segments[i].damage = e.what();
      segments[i] = {};
    }
  }
  IdWalk(segments, report.segments).find_duplicates();
  return report;
}

}  // namespace diagon::index
