#include "diagon/index/index_writer.h"

#include <filesystem>
#include <set>

#include "tests/documents.h"
#include "tests/helpers.h"

namespace diagon::index {
namespace {

using diagon::testing::add;
using diagon::testing::code_of;
using diagon::testing::Doc;
using diagon::testing::open_writer;
using diagon::testing::source_of;
using diagon::testing::TempFolder;
using diagon::testing::write_bytes;

using Contents = std::map<std::string, std::string>;  // id -> source

Doc make_doc(const std::string& id, const std::string& source) {
  Doc doc;
  doc.id = id;
  doc.source = source;
  doc.text(diagon::testing::kBody, {"all", source});
  doc.keyword(diagon::testing::kTag, source);
  return doc;
}

// Reads all live documents, and looks each up in every way.
Contents contents(const Snapshot& snapshot) {
  Contents out;
  for (size_t s = 0; s < snapshot.size(); ++s) {
    const LiveSegment& segment = snapshot.segment(s);
    DocId live = 0;
    for (DocId d = 0; d < segment.reader->max_doc(); ++d) {
      if (!segment.is_live(d)) continue;
      ++live;
      const std::string id(segment.reader->doc_id(d));
      const std::string source = source_of(*segment.reader, d);
      EXPECT_TRUE(out.emplace(id, source).second) << id << " twice";
      EXPECT_EQ(snapshot.find_id(id), std::pair(s, d));
      EXPECT_GE(snapshot.doc_freq(diagon::testing::kTag, source), 1U);
    }
    EXPECT_EQ(live, segment.live_count);
    EXPECT_GT(live, 0U);
  }
  EXPECT_EQ(snapshot.live_count(), out.size());
  EXPECT_GE(snapshot.max_doc(), out.size());
  return out;
}

// The names that the folder of a commit has, and no others: also files of segments that only
// snapshots hold.
std::set<std::string> expected_files(const std::string& folder,
                                     const std::set<uint64_t>& held = {}) {
  std::set<std::string> names = {"manifest", "write.lock"};
  const Manifest manifest = read_manifest(folder);
  const auto name = [](const std::string& path) {
    return std::filesystem::path(path).filename().string();
  };
  for (const uint64_t number : held)
    for (const char* extension : kSegmentExtensions)
      names.insert(name(segment_file(folder, number, extension)));
  for (const ManifestSegment& s : manifest.segments) {
    for (const char* extension : kSegmentExtensions)
      names.insert(name(segment_file(folder, s.number, extension)));
    if (s.live_generation != 0) names.insert(name(live_file(folder, s.number, s.live_generation)));
  }
  return names;
}

std::set<std::string> files(const std::string& folder) {
  const auto names = directory::list(folder);
  return {names.begin(), names.end()};
}

void random_operations(uint64_t ram_bytes, uint32_t seed) {
  std::mt19937 random(seed);
  const TempFolder folder;
  auto writer = open_writer(folder.path(), ram_bytes);
  Contents now, committed;
  std::string user_data;
  std::vector<std::pair<std::shared_ptr<const Snapshot>, Contents>> snapshots;
  std::set<uint64_t> held;  // segments of snapshots of this writer
  const auto hold = [&] {
    const Snapshot& snapshot = *snapshots.back().first;
    for (size_t i = 0; i < snapshot.size(); ++i) held.insert(snapshot.segment(i).reader->number());
  };
  const auto random_id = [&] { return "id" + std::to_string(random() % 60); };
  for (int step = 0; step < 300; ++step) {
    switch (random() % 12) {
      case 0:
        snapshots.emplace_back(writer->refresh(), now);
        hold();
        EXPECT_EQ(writer->buffered_docs(), 0U);
        break;
      case 1: {
        user_data = "commit " + std::to_string(step);
        snapshots.emplace_back(writer->commit(user_data), now);
        committed = now;
        EXPECT_EQ(writer->user_data(), user_data);
        EXPECT_EQ(snapshots.back().first->user_data(), user_data);
        hold();
        EXPECT_EQ(files(folder.path()), expected_files(folder.path(), held));
        break;
      }
      case 2: {  // what is not committed is lost
        if (random() % 3 != 0) break;
        writer.reset();
        writer = open_writer(folder.path(), ram_bytes);
        now = committed;
        EXPECT_EQ(writer->user_data(), user_data);
        EXPECT_EQ(files(folder.path()), expected_files(folder.path()));
        held.clear();
        snapshots.emplace_back(writer->refresh(), now);
        hold();
        break;
      }
      case 3:
      case 4: {
        const std::string id = random_id();
        writer->delete_document(id);
        now.erase(id);
        break;
      }
      default: {
        std::vector<Doc> docs;
        for (size_t n = random() % 8; n != 0; --n) {
          docs.push_back(make_doc(random_id(), std::to_string(step) + "." + std::to_string(n)));
          now[docs.back().id] = docs.back().source;
        }
        add(*writer, docs);
      }
    }
    if (step % 10 != 0) continue;
    const auto opened = Snapshot::open(folder.path());
    ASSERT_EQ(contents(*opened), committed) << "step " << step;
    ASSERT_EQ(opened->user_data(), user_data);
  }
  writer.reset();
  for (const auto& [snapshot, expected] : snapshots) {
    EXPECT_EQ(contents(*snapshot), expected);
    snapshot->verify_all();
  }
}

TEST(IndexWriter, EqualsAMap) {
  random_operations(64 << 20, 1);
  random_operations(150'000, 2);
}

TEST(IndexWriter, EqualsAMapWithASegmentABatch) { random_operations(1, 3); }

TEST(IndexWriter, SnapshotsStayAsTheyWere) {
  const TempFolder folder;
  const auto writer = open_writer(folder.path());
  add(*writer, {make_doc("a", "1"), make_doc("b", "1"), make_doc("a", "2")});
  const auto first = writer->refresh();
  writer->delete_document("b");
  add(*writer, {make_doc("c", "3"), make_doc("a", "3")});
  EXPECT_EQ(contents(*first), (Contents{{"a", "2"}, {"b", "1"}}));
  const auto second = writer->commit("");
  EXPECT_EQ(contents(*first), (Contents{{"a", "2"}, {"b", "1"}}));
  EXPECT_EQ(contents(*second), (Contents{{"a", "3"}, {"c", "3"}}));
  EXPECT_EQ(second->size(), 1U);  // nothing of the first segment is left
  EXPECT_EQ(first->find_id("c"), std::nullopt);
  EXPECT_EQ(second->find_id("b"), std::nullopt);
  std::vector<DocId> all;
  first->segment(0).reader->find_id("a", all);
  EXPECT_EQ(all, (std::vector<DocId>{0, 2}));  // the replaced one, too
  EXPECT_GT(first->segment(0).reader->bytes_on_disk(), 300U);
}

TEST(IndexWriter, DeletesInTheBufferAndOfNothing) {
  const TempFolder folder;
  const auto writer = open_writer(folder.path());
  writer->delete_document("none");
  add(*writer, {make_doc("a", "1")});
  EXPECT_EQ(writer->buffered_docs(), 1U);
  writer->delete_document("a");
  EXPECT_EQ(writer->refresh()->size(), 0U);
  add(*writer, {make_doc("a", "2")});
  EXPECT_GT(writer->ram_bytes(), 0U);
  EXPECT_EQ(contents(*writer->commit("")), (Contents{{"a", "2"}}));
  add(*writer, {});
  EXPECT_EQ(contents(*writer->commit("")), (Contents{{"a", "2"}}));
}

TEST(IndexWriter, KeepsLiveFilesOfTheCommit) {
  const TempFolder folder;
  auto writer = open_writer(folder.path());
  std::vector<Doc> docs;
  for (int i = 0; i < 130; ++i) docs.push_back(make_doc(std::to_string(i), "x"));
  add(*writer, docs);
  writer->commit("");
  Contents expected;
  for (int i = 0; i < 130; ++i) expected[std::to_string(i)] = "x";
  for (int i = 0; i < 130; i += 13) {
    writer->delete_document(std::to_string(i));
    expected.erase(std::to_string(i));
    writer->commit("");
    EXPECT_EQ(files(folder.path()).size(), 9U);  // one file of live documents
    EXPECT_EQ(contents(*Snapshot::open(folder.path())), expected);
  }
  const uint64_t generation = read_manifest(folder.path()).segments[0].live_generation;
  writer->commit("again");  // writes no new one
  EXPECT_EQ(read_manifest(folder.path()).segments[0].live_generation, generation);
}

TEST(IndexWriter, Lock) {
  const TempFolder folder;
  auto writer = open_writer(folder / "a/b");
  EXPECT_EQ(code_of([&] { open_writer(folder / "a/b"); }), ErrorCode::kLocked);
  writer.reset();
  EXPECT_NO_THROW(open_writer(folder / "a/b"));
}

TEST(IndexWriter, Folders) {
  const TempFolder folder;
  EXPECT_EQ(code_of([&] { Snapshot::open(folder.path()); }), ErrorCode::kNotFound);
  write_bytes(folder / "notes.txt", {1});
  EXPECT_EQ(code_of([&] { open_writer(folder.path()); }), ErrorCode::kNotFound);
  EXPECT_EQ(files(folder.path()), (std::set<std::string>{"notes.txt"}));
  for (const uint64_t ram : {uint64_t{0}, (uint64_t{2} << 30) + 1})
    EXPECT_EQ(code_of([&] {
                IndexWriter::open(folder / "x", {ram, 1, {}});
              }),
              ErrorCode::kInvalidArgument);
}

TEST(IndexWriter, RemovesWhatACrashLeft) {
  const TempFolder folder;
  write_bytes(folder / "manifest.tmp", {1});  // of an index that was never made
  auto writer = open_writer(folder.path());
  add(*writer, {make_doc("a", "1"), make_doc("b", "1")});
  writer->commit("");
  writer->delete_document("a");
  writer->commit("");
  writer.reset();
  const auto good = files(folder.path());
  for (const char* name : {"seg-000000ff.meta", "seg-00000001.99.live",
                           "seg-123456789abcdef0.stored", "seg-00000001.columns.tmp"})
    write_bytes(folder / name, {1});
  write_bytes(folder / "notes.txt", {1});  // not ours
  writer = open_writer(folder.path());
  auto expected = good;
  expected.insert("notes.txt");
  EXPECT_EQ(files(folder.path()), expected);
  EXPECT_EQ(contents(*writer->refresh()), (Contents{{"b", "1"}}));
}

TEST(IndexWriter, ALostManifestIsNotReplaced) {
  const TempFolder folder;
  auto writer = open_writer(folder.path());
  add(*writer, {make_doc("a", "1")});
  writer->commit("");
  writer.reset();
  const std::string moved = folder.path() + ".manifest";
  directory::rename_file(folder / "manifest", moved);
  const auto left = files(folder.path());
  EXPECT_EQ(code_of([&] { Snapshot::open(folder.path()); }), ErrorCode::kNotFound);
  EXPECT_EQ(code_of([&] { open_writer(folder.path()); }), ErrorCode::kCorrupt);
  EXPECT_EQ(files(folder.path()), left);
  // Put back, it names all that was there.
  directory::rename_file(moved, folder / "manifest");
  EXPECT_EQ(contents(*open_writer(folder.path())->refresh()), (Contents{{"a", "1"}}));
}

TEST(IndexWriter, MissingFilesAreDamage) {
  const TempFolder folder;
  auto writer = open_writer(folder.path());
  add(*writer, {make_doc("a", "1")});
  writer->commit("");
  writer.reset();
  directory::remove_file(segment_file(folder.path(), 1, "columns"));
  EXPECT_EQ(code_of([&] { Snapshot::open(folder.path()); }), ErrorCode::kCorrupt);
  EXPECT_EQ(code_of([&] { open_writer(folder.path()); }), ErrorCode::kCorrupt);
}

TEST(IndexWriter, SegmentNames) {
  uint64_t number = 0;
  EXPECT_EQ(segment_file("f", 26, "meta"), "f/seg-0000001a.meta");
  EXPECT_EQ(live_file("f", UINT64_MAX, 12), "f/seg-ffffffffffffffff.12.live");
  EXPECT_TRUE(parse_segment_file("seg-ffffffffffffffff.12.live", number));
  EXPECT_EQ(number, UINT64_MAX);
  EXPECT_TRUE(parse_segment_file("seg-0000001a.meta", number));
  EXPECT_EQ(number, 26U);
  for (const char* name : {"manifest", "seg-1.meta", "seg-0000001a", "seg-0000001x.meta",
                           "seg-10000000000000000.meta", "segments.meta"})
    EXPECT_FALSE(parse_segment_file(name, number)) << name;
}

}  // namespace
}  // namespace diagon::index
