// A power cut in the middle of a repair: the index is as it was, or repaired; and what was dropped
// is still somewhere.
#include <filesystem>
#include <iostream>

#include "diagon/index/check.h"
#include "tests/documents.h"
#include "tests/recorded_disk.h"

namespace diagon::index {
namespace {

using namespace diagon::testing;  // NOLINT(google-build-using-namespace)

Doc make_doc(int number) {
  Doc doc;
  doc.id = std::to_string(number);
  doc.source = "source of " + doc.id;
  doc.text(kBody, {"all", doc.id});
  return doc;
}

// Two segments of three documents, the first of them damaged.
void make_damaged(const std::string& folder) {
  {
    const auto writer = open_writer(folder);
    for (int segment = 0; segment < 2; ++segment) {
      add(*writer, {make_doc(segment * 3), make_doc(segment * 3 + 1), make_doc(segment * 3 + 2)});
      writer->refresh();
    }
    writer->delete_document("1");
    writer->commit("the mapping");
  }
  const std::string path = segment_file(folder, 1, "stored");
  Bytes bytes = read_bytes(path);
  bytes[kHeader] = static_cast<uint8_t>(bytes[kHeader] ^ 1);
  write_bytes(path, bytes);
}

// Whether the file is below the folder, under any name and as it was.
bool is_kept(const std::string& folder, const Bytes& bytes) {
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder))
    if (entry.is_regular_file() && read_bytes(entry.path().string()) == bytes) return true;
  return false;
}

TEST(RepairCrash, NothingIsDestroyed) {
  const TempFolder root;
  const std::string folder = root / "index";
  make_damaged(folder);
  std::vector<Bytes> dropped;
  for (const char* extension : kSegmentExtensions)
    dropped.push_back(read_bytes(segment_file(folder, 1, extension)));
  dropped.push_back(read_bytes(live_file(folder, 1, 1)));
  RecordedDisk disk(root.path());
  {
    const Watch watch(disk);
    EXPECT_EQ(repair_index(folder).lost_docs, 2U);
  }
  std::mt19937 random(3);
  size_t repaired = 0;
  size_t cuts = 0;
  for (size_t cut = 0; cut <= disk.size(); ++cut) {
    for (int again = 0; again < 8; ++again, ++cuts) {
      SCOPED_TRACE(cut);
      const TempFolder left;
      disk.cut(cut, random, left.path());
      const std::string index = left / "index";
      const IndexReport report = check_index(index);
      if (report.sound()) {
        ++repaired;
        EXPECT_EQ(report.segments.size(), 1U);
      } else {
        ASSERT_EQ(report.segments.size(), 2U);
        EXPECT_NE(report.segments[0].damage.find(".stored"), std::string::npos);
      }
      EXPECT_TRUE(report.segments.back().sound());
      for (const Bytes& bytes : dropped) EXPECT_TRUE(is_kept(left.path(), bytes));
      // And is repaired at the next attempt.
      repair_index(index);
      EXPECT_TRUE(check_index(index).sound());
      EXPECT_EQ(Snapshot::open(index)->live_count(), 3U);
      for (const Bytes& bytes : dropped) EXPECT_TRUE(is_kept(left.path(), bytes));
    }
  }
  std::cout << "power cuts during a repair: " << cuts << ", repaired by then: " << repaired << '\n';
  EXPECT_GT(repaired, 8U);
  EXPECT_LT(repaired, cuts - 8);
}

}  // namespace
}  // namespace diagon::index
