// A disk that is full for a while: commits are refused or whole, searches go on, and what was added
// is there once there is room.
#include <fcntl.h>

#include <atomic>
#include <cerrno>
#include <iostream>

#include "diagon/index/check.h"
#include "diagon/index/index_writer.h"
#include "tests/contents.h"
#include "tests/helpers.h"
#include "tests/system_calls.h"

namespace diagon::index {
namespace {

using namespace diagon::testing;  // NOLINT(google-build-using-namespace)

// From one moment on there is no room, until there is.
struct FullDisk : Observer {
  std::atomic<int64_t> room{INT64_MAX};
  int before(Event& event) override {
    if (event.call == Call::kOpen && (event.flags & O_CREAT) != 0 && room <= 0) return ENOSPC;
    if (event.call != Call::kWrite) return 0;
    if (room <= 0) return ENOSPC;
    // The last write before is cut short.
    event.len = std::min<size_t>(event.len, static_cast<size_t>(room.load()));
    room -= static_cast<int64_t>(event.len);
    return 0;
  }
};

struct Tally {
  int refused = 0;      // commits
  uint64_t merges = 0;  // that were made
  uint64_t failed = 0;  // merges, and told
};

// A host that adds and commits while there is room for so many bytes, and for more afterwards.
void fill(int64_t room, bool merging, Tally& tally) {
  const TempFolder root;
  const std::string folder = root / "index";
  FullDisk disk;
  const Watch watch(disk);
  WriterOptions options;
  options.ram_buffer_bytes = 1'000;
  options.merges = eager_merges();
  options.merges.background = merging;
  const auto writer = open_writer(folder, options);
  add(*writer, {plain_doc("a", "1")});
  writer->commit("");
  Contents want = {{"a", "1"}};
  Contents committed = want;
  disk.room = room;
  bool full = false;
  const auto attempt = [&](auto&& step) {
    try {
      step();
    } catch (const Error& e) {
      EXPECT_EQ(e.code(), ErrorCode::kIo) << e.what();
      EXPECT_NE(std::string(e.what()).find("No space left"), std::string::npos) << e.what();
      full = true;
    }
  };
  for (int i = 0; i < (merging ? 8 : 4); ++i) {
    const std::string id = "b" + std::to_string(i);
    attempt([&] { add(*writer, {plain_doc(id, "2")}); });
    want[id] = "2";
    full = false;
    attempt([&] { writer->commit(""); });
    if (!full) committed = want;
    // Searches go on.
    EXPECT_EQ(contents(*Snapshot::open(folder)), committed);
    tally.refused += full ? 1 : 0;
    writer->wait_for_merges(std::chrono::milliseconds(2));
  }
  const MergeStats stats = writer->monitor()->stats();
  tally.failed += stats.failures;
  if (stats.has_error) {
    EXPECT_EQ(stats.error_code, ErrorCode::kIo) << stats.error;
    EXPECT_NE(stats.error.find("No space left"), std::string::npos) << stats.error;
  }
  disk.room = INT64_MAX;
  EXPECT_EQ(contents(*writer->commit("")), want);
  // Merges that failed are made now.
  EXPECT_TRUE(writer->wait_for_merges(std::chrono::minutes(1)));
  EXPECT_EQ(contents(*writer->commit("")), want);
  EXPECT_FALSE(writer->monitor()->stats().has_error);
  tally.merges += writer->monitor()->stats().merges;
  EXPECT_TRUE(check_index(folder).sound());
  EXPECT_TRUE(writer->wait_for_merges(std::chrono::minutes(1)));
  EXPECT_EQ(contents(*writer->commit("")), want);
  EXPECT_EQ(files_in(folder), files_of_commit(folder));
}

TEST(Fault, AFullDiskIsSurvived) {
  if (!kCallsAreWatched) GTEST_SKIP();
  Tally tally;
  for (int64_t room = 0; room < 9000; room += 250) {
    SCOPED_TRACE(room);
    fill(room, false, tally);
  }
  std::cout << "full disks: " << tally.refused << " commits refused\n";
  EXPECT_GT(tally.refused, 20);
}

TEST(Fault, AFullDiskIsSurvivedByMerges) {
  if (!kCallsAreWatched) GTEST_SKIP();
  Tally tally;
  for (int64_t room = 0; room < 40'000; room += 500) {
    SCOPED_TRACE(room);
    fill(room, true, tally);
  }
  std::cout << "full disks: " << tally.refused << " commits refused, " << tally.failed
            << " merges failed, " << tally.merges << " made\n";
  EXPECT_GT(tally.refused, 20);
  EXPECT_GT(tally.failed, 20U);
  EXPECT_GT(tally.merges, 80U);
}

}  // namespace
}  // namespace diagon::index
