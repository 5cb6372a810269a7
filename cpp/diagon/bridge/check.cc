// Checks and repairs, as Rust sees them.
#include <string>

#include "diagon/bridge/bridge.h"
#include "src/bridge/ffi.rs.h"

namespace diagon::bridge {
namespace {

IndexCheck report_of(const index::IndexReport& report) {
  IndexCheck out{};
  out.generation = report.manifest.generation;
  for (const index::SegmentReport& s : report.segments) {
    SegmentCheck about{};
    about.number = s.entry.number;
    about.max_doc = s.entry.max_doc;
    about.live_docs = s.entry.live_count;
    about.bytes = s.counts.bytes;
    about.terms = s.counts.terms;
    about.postings = s.counts.postings;
    about.values = s.counts.values;
    about.duplicates = s.duplicates.size();
    about.damage = rust::String::lossy(s.damage);
    out.segments.push_back(std::move(about));
  }
  return out;
}

}  // namespace

IndexCheck check_index(rust::Str folder) {
  return report_of(index::check_index(std::string(folder)));
}

IndexCheck repair_index(rust::Str folder) {
  const index::RepairReport repaired = index::repair_index(std::string(folder));
  IndexCheck out = report_of(repaired.found);
  out.lost_docs = repaired.lost_docs;
  out.aside = rust::String::lossy(repaired.aside);
  return out;
}

}  // namespace diagon::bridge
