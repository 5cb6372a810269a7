// Checking an index and repairing it: what is damaged is found and dropped, and nothing else.
#include "diagon/index/check.h"

#include <atomic>
#include <filesystem>
#include <set>
#include <thread>

#include "tests/queries.h"

namespace diagon::index {
namespace {

using namespace diagon::testing;  // NOLINT(google-build-using-namespace)

// Three segments of 90, 20 and 40 documents, all with deleted ones.
struct Check : ::testing::Test {
  Check() : corpus({90, 20, 40}, 11, 0) {
    for (size_t i = 0; i < corpus.docs.size(); ++i) corpus.docs[i].id = "doc" + std::to_string(i);
    const auto writer = open_writer(folder.path());
    size_t from = 0;
    for (const size_t size : {90, 20, 40}) {
      add(*writer, {corpus.docs.begin() + static_cast<ptrdiff_t>(from),
                    corpus.docs.begin() + static_cast<ptrdiff_t>(from + size)});
      writer->refresh();
      from += size;
    }
    for (size_t i = 0; i < corpus.docs.size(); i += 7) writer->delete_document(corpus.docs[i].id);
    writer->commit("the mapping");
    for (const ManifestSegment& s : read_manifest(folder.path()).segments)
      live.push_back(s.live_count);
  }
  std::set<std::string> names(const std::string& in = "") const {
    const auto list = directory::list(in.empty() ? folder.path() : in);
    return {list.begin(), list.end()};
  }
  // Opens the index and reads each of its documents.
  std::set<std::string> documents() const {
    std::set<std::string> ids;
    const auto snapshot = Snapshot::open(folder.path());
    for (size_t s = 0; s < snapshot->size(); ++s)
      for (DocId d = 0; d < snapshot->segment(s).reader->max_doc(); ++d) {
        if (!snapshot->segment(s).is_live(d)) continue;
        const std::string id(snapshot->segment(s).reader->doc_id(d));
        EXPECT_TRUE(ids.insert(id).second) << id << " twice";
        source_of(*snapshot->segment(s).reader, d);
      }
    EXPECT_EQ(snapshot->user_data(), "the mapping");
    return ids;
  }
  Corpus corpus;
  TempFolder folder;
  std::vector<uint64_t> live;
};

void flip(const std::string& path, size_t at) {
  Bytes bytes = read_bytes(path);
  bytes[at] = static_cast<uint8_t>(bytes[at] ^ 1);
  write_bytes(path, bytes);
}

TEST_F(Check, ASoundIndex) {
  const IndexReport report = check_index(folder.path());
  EXPECT_TRUE(report.sound());
  ASSERT_EQ(report.segments.size(), 3U);
  EXPECT_EQ(report.segments[0].entry.max_doc, 90U);
  for (const SegmentReport& s : report.segments) {
    EXPECT_EQ(s.damage, "");
    EXPECT_GT(s.counts.bytes, 1000U);
    EXPECT_GE(s.counts.terms, s.entry.max_doc);
    EXPECT_GT(s.counts.postings, s.counts.terms);
    EXPECT_GT(s.counts.positions, s.entry.max_doc);
    EXPECT_GT(s.counts.values, s.entry.max_doc);
    EXPECT_GT(s.counts.stored_bytes, s.entry.max_doc);
  }
  const auto before = names();
  const RepairReport repaired = repair_index(folder.path());
  EXPECT_EQ(repaired.aside, "");
  EXPECT_EQ(repaired.lost_docs, 0U);
  EXPECT_EQ(names(), before);
}

TEST_F(Check, EachDamagedFileIsNamedAndItsSegmentDropped) {
  const auto all = documents();
  std::vector<std::string> files;
  for (const char* extension : kSegmentExtensions)
    files.push_back(segment_file(folder.path(), 2, extension));
  files.push_back(live_file(folder.path(), 2, 1));
  for (const std::string& file : files) {
    SCOPED_TRACE(file);
    const TempFolder copy;
    std::filesystem::copy(folder.path(), copy.path(), std::filesystem::copy_options::recursive);
    const std::string name = std::filesystem::path(file).filename().string();
    const std::string damaged = copy / name;
    // The last byte of the payload, so that some are found in the middle of reading.
    flip(damaged, payload_end(read_bytes(damaged)) - 1);
    const Bytes kept = read_bytes(damaged);
    const IndexReport report = check_index(copy.path());
    EXPECT_TRUE(report.segments[0].sound());
    EXPECT_EQ(report.segments[1].damage.rfind(damaged, 0), 0U) << report.segments[1].damage;
    EXPECT_TRUE(report.segments[2].sound());

    const RepairReport repaired = repair_index(copy.path());
    EXPECT_EQ(repaired.lost_docs, live[1]);
    EXPECT_EQ(read_bytes(repaired.aside + "/" + name), kept);
    EXPECT_EQ(names(repaired.aside).size(), files.size() + 1);  // and the manifest
    EXPECT_FALSE(directory::exists(damaged));
    EXPECT_TRUE(check_index(copy.path()).sound());
    EXPECT_EQ(repair_index(copy.path()).aside, "");
    const auto snapshot = Snapshot::open(copy.path());
    EXPECT_EQ(snapshot->live_count(), live[0] + live[2]);
    EXPECT_EQ(snapshot->user_data(), "the mapping");
    EXPECT_EQ(snapshot->generation(), 2U);
    // A writer goes on, and leaves what is aside alone.
    const auto writer = open_writer(copy.path());
    add(*writer, {corpus.docs[1]});
    writer->commit("");
    EXPECT_EQ(names(repaired.aside).size(), files.size() + 1);
    EXPECT_TRUE(check_index(copy.path()).sound());
  }
  EXPECT_EQ(documents(), all);
}

TEST_F(Check, AMissingFileIsDamage) {
  const std::string file = segment_file(folder.path(), 1, "columns");
  directory::remove_file(file);
  EXPECT_EQ(check_index(folder.path()).segments[0].damage, file + ": no such file");
  EXPECT_EQ(repair_index(folder.path()).lost_docs, live[0]);
  EXPECT_EQ(documents().size(), live[1] + live[2]);
}

// Checksums that were made right again: whatever a repair leaves can be read.
TEST_F(Check, AfterARepairEverythingCanBeRead) {
  std::mt19937 random(7);
  int found = 0;
  constexpr int kRounds = 300;
  for (int round = 0; round < kRounds; ++round) {
    const TempFolder copy;
    std::filesystem::copy(folder.path(), copy.path(), std::filesystem::copy_options::recursive);
    const uint64_t number = 1 + random() % 3;
    const size_t which = random() % 7;
    const std::string path = which == 6
                                 ? live_file(copy.path(), number, 1)
                                 : segment_file(copy.path(), number, kSegmentExtensions[which]);
    Bytes bytes = read_bytes(path);
    const size_t payload = payload_end(bytes) - kHeader;
    uint8_t& byte = bytes[kHeader + random() % payload];
    byte = static_cast<uint8_t>(byte ^ 1u << random() % 8);
    reseal(bytes);
    write_bytes(path, bytes);
    const IndexReport report = check_index(copy.path());
    for (const SegmentReport& s : report.segments) {
      if (s.entry.number != number) {
        EXPECT_EQ(s.damage, "");
      }
    }
    if (!report.sound()) ++found;
    repair_index(copy.path());
    EXPECT_TRUE(check_index(copy.path()).sound());
    const auto snapshot = Snapshot::open(copy.path());
    for (size_t s = 0; s < snapshot->size(); ++s)
      check_segment(copy.path(), *snapshot->segment(s).reader);
  }
  RecordProperty("found", found);
  // The rest changed a word, a number or a source into another one.
  EXPECT_GT(found, kRounds / 3);
}

TEST_F(Check, OfDuplicatesTheLatestIsKept) {
  const auto all = documents();
  // As if the deletes of the first segment had been forgotten when documents were replaced.
  {
    const auto writer = open_writer(folder.path());
    add(*writer, {corpus.docs[1], corpus.docs[2], corpus.docs[1]});
    writer->commit("the mapping");
  }
  Manifest manifest = read_manifest(folder.path());
  ManifestSegment& first = manifest.segments[0];
  ManifestSegment& last = manifest.segments[3];
  ASSERT_EQ(last.live_count, 2U);
  const std::string live_now = live_file(folder.path(), first.number, first.live_generation);
  auto bits = *read_live(live_now, first);
  bits::set(bits.data(), 1);
  bits::set(bits.data(), 2);
  first.live_count += 2;
  write_live(live_now, first.id, bits, first.max_doc);
  last.live_count = 3;
  last.live_generation = 0;
  write_manifest(folder.path(), manifest);

  const IndexReport report = check_index(folder.path());
  EXPECT_FALSE(report.sound());
  EXPECT_EQ(report.segments[0].duplicates, (std::vector<DocId>{1, 2}));
  EXPECT_EQ(report.segments[3].duplicates, (std::vector<DocId>{0}));
  const RepairReport repaired = repair_index(folder.path());
  EXPECT_EQ(repaired.lost_docs, 0U);
  EXPECT_TRUE(check_index(folder.path()).sound());
  EXPECT_EQ(documents(), all);
  const auto found = Snapshot::open(folder.path())->find_id(corpus.docs[1].id);
  EXPECT_EQ(found, (std::pair<size_t, DocId>(3, 2)));
  EXPECT_TRUE(directory::exists(repaired.aside + "/manifest"));
}

TEST_F(Check, WhatCannotBeRepaired) {
  const auto before = names();
  {
    const auto writer = open_writer(folder.path());
    EXPECT_EQ(code_of([&] { repair_index(folder.path()); }), ErrorCode::kLocked);
  }
  const TempFolder empty;
  EXPECT_EQ(code_of([&] { check_index(empty.path()); }), ErrorCode::kNotFound);
  EXPECT_EQ(code_of([&] { repair_index(empty.path()); }), ErrorCode::kNotFound);
  EXPECT_EQ(code_of([&] { repair_index(empty / "none"); }), ErrorCode::kNotFound);
  EXPECT_TRUE(directory::list(empty.path()).empty());
  // A newer version's segment is no damage.
  const std::string path = segment_file(folder.path(), 2, "stored");
  const Bytes good = read_bytes(path);
  Bytes newer = good;
  newer[8] = 200;
  reseal(newer);
  write_bytes(path, newer);
  EXPECT_EQ(code_of([&] { check_index(folder.path()); }), ErrorCode::kUnsupportedFormat);
  EXPECT_EQ(code_of([&] { repair_index(folder.path()); }), ErrorCode::kUnsupportedFormat);
  write_bytes(path, good);
  flip(folder / "manifest", kHeader);
  EXPECT_EQ(code_of([&] { check_index(folder.path()); }), ErrorCode::kCorrupt);
  EXPECT_EQ(code_of([&] { repair_index(folder.path()); }), ErrorCode::kCorrupt);
  EXPECT_EQ(names(), before);
}

TEST_F(Check, WhileAWriterCommits) {
  std::atomic<bool> done{false};
  std::thread checker([&] {
    while (!done) EXPECT_TRUE(check_index(folder.path()).sound());
  });
  {
    const auto writer = open_writer(folder.path());
    for (size_t i = 0; i < 40; ++i) {
      add(*writer, {corpus.docs[i], corpus.docs[i + 100]});
      writer->commit("the mapping");
    }
  }
  done = true;
  checker.join();
  EXPECT_TRUE(check_index(folder.path()).sound());
}

}  // namespace
}  // namespace diagon::index
