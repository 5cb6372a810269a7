// Power cuts at any moment: every commit that was acknowledged is there, whole; one that was not is
// there as a whole or not at all. DIAGON_POWER_CUTS says how many cuts are tried.
#include <fcntl.h>

#include <cstdlib>
#include <iostream>

#include "diagon/index/check.h"
#include "diagon/index/index_writer.h"
#include "tests/documents.h"
#include "tests/recorded_disk.h"

namespace diagon::index {
namespace {

using namespace diagon::testing;  // NOLINT(google-build-using-namespace)

using Contents = std::map<std::string, std::string>;  // id -> source

constexpr int kBegins = 1;
constexpr int kAcknowledged = 2;

int cuts_to_try() {
  const char* asked = std::getenv("DIAGON_POWER_CUTS");
  return asked == nullptr ? 100 : std::atoi(asked);
}

Doc make_doc(const std::string& id, const std::string& source) {
  Doc doc;
  doc.id = id;
  doc.source = source;
  doc.text(kBody, {"all", source});
  doc.keyword(kTag, source);
  doc.numbers[kYear] = {source.size()};
  return doc;
}

Contents contents(const Snapshot& snapshot) {
  Contents out;
  for (size_t s = 0; s < snapshot.size(); ++s)
    for (DocId d = 0; d < snapshot.segment(s).reader->max_doc(); ++d)
      if (snapshot.segment(s).is_live(d))
        out[std::string(snapshot.segment(s).reader->doc_id(d))] =
            source_of(*snapshot.segment(s).reader, d);
  return out;
}

// A writer's day: commits, and what lies between. `states[n]` is what n commits of it make.
struct Workload {
  std::mt19937& random;
  RecordedDisk& disk;
  std::vector<Contents> states;

  void run(const std::string& folder) {
    Contents now = states.back();
    auto writer = open(folder);
    for (size_t commits = 1 + random() % 5; commits != 0; --commits) {
      for (size_t steps = 1 + random() % 5; steps != 0; --steps) change(*writer, now);
      states.push_back(now);
      disk.mark(kBegins);
      writer->commit("the mapping");
      disk.mark(kAcknowledged);
      if (random() % 4 == 0) {
        writer.reset();
        writer = open(folder);
      }
    }
    for (size_t steps = random() % 3; steps != 0; --steps) change(*writer, now);  // lost
  }

  std::unique_ptr<IndexWriter> open(const std::string& folder) {
    static constexpr uint64_t kRam[] = {1, 30'000, 64u << 20};
    return open_writer(folder, kRam[random() % 3]);
  }

  void change(IndexWriter& writer, Contents& now) {
    const auto id = [&] { return "id" + std::to_string(random() % 40); };
    switch (random() % 5) {
      case 0:
        writer.refresh();
        return;
      case 1: {
        const std::string gone = id();
        writer.delete_document(gone);
        now.erase(gone);
        return;
      }
      default: {
        std::vector<Doc> docs;
        for (size_t n = random() % 12; n != 0; --n) {
          docs.push_back(make_doc(id(), "version " + std::to_string(random())));
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
    add(*writer, {make_doc("after", "the cut")});
    found["after"] = "the cut";
    writer->commit("the mapping");
    if (contents(*Snapshot::open(folder)) != found) return "a later commit is not what it was";
    if (!check_index(folder).sound()) return "a later commit is damaged";
  } catch (const Error& e) {
    return e.what();
  }
  return "";
}

// Cuts the power again and again, and goes on with what is left each time.
template <typename Disk>
std::vector<std::string> cut_and_go_on(uint32_t seed, int cuts) {
  std::mt19937 random(seed);
  std::vector<std::string> wrong;
  auto root = std::make_unique<TempFolder>();
  Contents committed;
  bool existed = false;
  while (cuts > 0) {
    Disk disk(root->path());
    Workload work{random, disk, {committed}};
    {
      const Watch watch(disk);
      work.run(*root / "index");
    }
    for (int i = 0; i < 4 && cuts > 0; ++i, --cuts) {
      const size_t cut = random() % (disk.size() + 1);
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

TEST(PowerCut, EveryAcknowledgedCommitSurvives) {
  const int cuts = cuts_to_try();
  int tried = 0;
  for (uint32_t seed = 1; tried < cuts; ++seed) {
    const int now = std::min(40, cuts - tried);
    for (const std::string& wrong : cut_and_go_on<RecordedDisk>(seed, now)) ADD_FAILURE() << wrong;
    tried += now;
  }
  std::cout << "power cuts: " << tried << '\n';
}

// The rules can be broken: a disk that takes no fsync for files, or none for folders, loses
// commits.
template <bool kFolders>
struct ForgetfulDisk : RecordedDisk {
  using RecordedDisk::RecordedDisk;
  void after(const Event& event, long result) override {
    if (event.call == Call::kOpen && (event.flags & O_DIRECTORY) != 0) folder = result;
    const bool of_folder = event.fd == folder;
    if (event.call == Call::kFsync && of_folder == kFolders) return;
    if (event.call == Call::kClose && of_folder) folder = -1;
    RecordedDisk::after(event, result);
  }
  long folder = -1;
};

TEST(PowerCut, AMissingFsyncWouldBeNoticed) {
  size_t files = 0;
  size_t folders = 0;
  for (uint32_t seed = 1; seed <= 10; ++seed) {
    files += cut_and_go_on<ForgetfulDisk<false>>(seed, 8).size();
    folders += cut_and_go_on<ForgetfulDisk<true>>(seed, 8).size();
  }
  EXPECT_GT(files, 2U);
  EXPECT_GT(folders, 2U);
}

}  // namespace
}  // namespace diagon::index
