// Power cuts at any moment: every commit that was acknowledged is there, whole; one that was not is
// there as a whole or not at all. DIAGON_POWER_CUTS says how many cuts are tried, of each kind.
#include <fcntl.h>

#include <cstdlib>
#include <iostream>
#include <thread>

#include "diagon/index/check.h"
#include "diagon/index/index_writer.h"
#include "tests/contents.h"
#include "tests/recorded_disk.h"

namespace diagon::index {
namespace {

using namespace diagon::testing;  // NOLINT(google-build-using-namespace)

constexpr int kBegins = 1;
constexpr int kAcknowledged = 2;

int cuts_to_try() {
  const char* asked = std::getenv("DIAGON_POWER_CUTS");
  return asked == nullptr ? 100 : std::atoi(asked);
}

// What happened, to be sure that it did.
struct Tally {
  int cuts = 0;
  uint64_t merges = 0;  // that were finished
  int in_merges = 0;    // cuts right after an operation of a thread that merges
};

// A writer's day: commits, and what lies between. `states[n]` is what n commits of it make.
//
// Without merges in the background the same seed makes the same operations; with them, the same
// documents.
struct Workload {
  std::mt19937& random;
  RecordedDisk& disk;
  bool merging;
  Tally& tally;
  std::vector<Contents> states;

  void run(const std::string& folder) {
    Contents now = states.back();
    auto writer = open(folder);
    for (size_t commits = 1 + random() % 5; commits != 0; --commits) {
      for (size_t steps = 1 + random() % (merging ? 10 : 5); steps != 0; --steps)
        change(*writer, now);
      states.push_back(now);
      disk.mark(kBegins);
      writer->commit("the mapping");
      disk.mark(kAcknowledged);
      if (random() % 4 == 0) {
        close(writer);
        writer = open(folder);
      }
    }
    for (size_t steps = random() % 3; steps != 0; --steps) change(*writer, now);  // lost
    close(writer);
  }

  std::unique_ptr<IndexWriter> open(const std::string& folder) {
    static constexpr uint64_t kRam[] = {1, 30'000, 64u << 20};
    WriterOptions options;
    options.ram_buffer_bytes = kRam[random() % 3];
    options.buffers = 1 + static_cast<uint32_t>(random() % 3);
    options.merges.background = false;
    if (merging) {
      options.merges = eager_merges();
      options.merges.threads = 1 + random() % 2;
      options.merges.reorder_min_docs = random() % 2;
    }
    return open_writer(folder, options);
  }

  void close(std::unique_ptr<IndexWriter>& writer) {
    const MergeStats stats = writer->monitor()->stats();
    EXPECT_EQ(stats.failures, 0U) << stats.error;
    tally.merges += stats.merges;
    writer.reset();  // wherever its merges are
  }

  void change(IndexWriter& writer, Contents& now) {
    const auto id = [&] { return "id" + std::to_string(random() % 40); };
    switch (random() % (merging ? 7 : 5)) {
      case 0:
        writer.refresh();
        return;
      case 1: {
        const std::string gone = id();
        writer.delete_document(gone);
        now.erase(gone);
        return;
      }
      case 5:
        if (random() % 2 == 0) {
          writer.force_merge({.max_segments = static_cast<uint32_t>(1 + random() % 2),
                              .reorder = random() % 2 == 0});
        } else {
          writer.force_merge({.expunge_percent = 10});
        }
        return;
      case 6:
        writer.wait_for_merges(std::chrono::minutes(1));
        return;
      default: {
        std::vector<Doc> docs;
        for (size_t n = random() % 12; n != 0; --n) {
          docs.push_back(plain_doc(id(), "version " + std::to_string(random())));
          now[docs.back().id] = docs.back().source;
        }
        add(writer, docs);
      }
    }
  }
};

// What is wrong with the index that a cut left; empty: nothing. Sets `found` to what it holds.
std::string verify(const std::string& folder, const Workload& work, bool existed, size_t cut,
                   Contents& found) {
  const size_t acknowledged = work.disk.marks(kAcknowledged, cut);
  const size_t begun = work.disk.marks(kBegins, cut);
  try {
    try {
      if (!check_index(folder).sound()) return "it is damaged";
      found = contents(*Snapshot::open(folder));
    } catch (const Error& e) {
      // One that was never made needs not be there.
      if (e.code() != ErrorCode::kNotFound || existed || acknowledged != 0) throw;
      found.clear();
    }
    const bool known = found == work.states[acknowledged] || found == work.states[begun];
    if (!known) return "it has other documents than were committed";
    // And it goes on.
    const auto writer = open_writer(folder);
    if (contents(*writer->refresh()) != found) return "the writer has other documents";
    add(*writer, {plain_doc("after", "the cut")});
    found["after"] = "the cut";
    if (work.merging) writer->force_merge({.reorder = cut % 2 == 0});
    writer->commit("the mapping");
    if (contents(*Snapshot::open(folder)) != found) return "a later commit is not what it was";
    if (!check_index(folder).sound()) return "a later commit is damaged";
    writer->collect_files();
    if (files_in(folder) != files_of_commit(folder)) return "files are left over";
  } catch (const Error& e) {
    return e.what();
  }
  return "";
}

// Cuts the power again and again, and goes on with what is left each time.
template <typename Disk>
std::vector<std::string> cut_and_go_on(uint32_t seed, int cuts, bool merging, Tally& tally) {
  std::mt19937 random(seed);
  std::vector<std::string> wrong;
  auto root = std::make_unique<TempFolder>();
  Contents committed;
  bool existed = false;
  while (cuts > 0) {
    Disk disk(root->path());
    Workload work{random, disk, merging, tally, {committed}};
    {
      const Watch watch(disk);
      work.run(*root / "index");
    }
    for (int i = 0; i < 4 && cuts > 0; ++i, --cuts) {
      const size_t cut = random() % (disk.size() + 1);
      ++tally.cuts;
      tally.in_merges += disk.is_of_another_thread(cut) ? 1 : 0;
      auto left = std::make_unique<TempFolder>();
      disk.cut(cut, random, left->path());
      Contents found;
      const std::string what = verify(*left / "index", work, existed, cut, found);
      if (!what.empty()) {
        wrong.push_back("seed " + std::to_string(seed) + ", " + std::to_string(cut) + " of " +
                        std::to_string(disk.size()) + " operations: " + what);
        return wrong;
      }
      if (i == 3 || cuts == 1) {
        root = std::move(left);
        committed = found;
        existed = true;
      }
    }
  }
  return wrong;
}

Tally cut_at_random(bool merging) {
  const int cuts = cuts_to_try();
  Tally tally;
  for (uint32_t seed = 1; tally.cuts < cuts; ++seed) {
    const int now = std::min(40, cuts - tally.cuts);
    for (const std::string& wrong : cut_and_go_on<RecordedDisk>(seed, now, merging, tally)) {
      ADD_FAILURE() << wrong;
      return tally;
    }
  }
  return tally;
}

TEST(PowerCut, EveryAcknowledgedCommitSurvives) {
  if (!kCallsAreWatched) GTEST_SKIP();
  const Tally tally = cut_at_random(false);
  EXPECT_EQ(tally.merges, 0U);
  std::cout << "power cuts: " << tally.cuts << '\n';
}

TEST(PowerCut, EveryAcknowledgedCommitSurvivesMerges) {
  if (!kCallsAreWatched) GTEST_SKIP();
  const Tally tally = cut_at_random(true);
  std::cout << "power cuts with merges: " << tally.cuts << ", " << tally.in_merges
            << " of them in a merge; merges: " << tally.merges << '\n';
  EXPECT_GT(tally.in_merges, tally.cuts / 20);
  EXPECT_GT(tally.merges, static_cast<uint64_t>(tally.cuts / 4));
}

// The rules can be broken: a disk that takes no fsync for files, or none for folders, or none of
// threads that merge, loses commits.
enum class Forgets { kFiles, kFolders, kMerged };

template <Forgets kWhat>
struct ForgetfulDisk : RecordedDisk {
  using RecordedDisk::RecordedDisk;
  void after(const Event& event, long result) override {
    if (!forgets(event, result)) RecordedDisk::after(event, result);
  }
  bool forgets(const Event& event, long result) {
    if (kWhat == Forgets::kMerged)
      return event.call == Call::kFsync && std::this_thread::get_id() != mine;
    if (event.call == Call::kOpen && (event.flags & O_DIRECTORY) != 0) folder = result;
    const bool of_folder = event.fd == folder;
    if (event.call == Call::kClose && of_folder) folder = -1;
    return event.call == Call::kFsync && of_folder == (kWhat == Forgets::kFolders);
  }
  std::thread::id mine = std::this_thread::get_id();
  long folder = -1;
};

TEST(PowerCut, AMissingFsyncWouldBeNoticed) {
  if (!kCallsAreWatched) GTEST_SKIP();
  size_t files = 0;
  size_t folders = 0;
  size_t merged = 0;
  Tally tally;
  for (uint32_t seed = 1; seed <= 10; ++seed) {
    files += cut_and_go_on<ForgetfulDisk<Forgets::kFiles>>(seed, 8, false, tally).size();
    folders += cut_and_go_on<ForgetfulDisk<Forgets::kFolders>>(seed, 8, false, tally).size();
    merged += cut_and_go_on<ForgetfulDisk<Forgets::kMerged>>(seed, 8, true, tally).size();
  }
  EXPECT_GT(files, 2U);
  EXPECT_GT(folders, 2U);
  EXPECT_GT(merged, 2U);
}

}  // namespace
}  // namespace diagon::index
