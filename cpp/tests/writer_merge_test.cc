// A writer's merges: whatever is merged when, the documents are the same.
#include <filesystem>
#include <set>
#include <thread>

#include "diagon/index/index_writer.h"
#include "tests/contents.h"
#include "tests/helpers.h"

namespace diagon::index {
namespace {

using namespace diagon::testing;  // NOLINT(google-build-using-namespace)
using std::chrono::milliseconds;

WriterOptions options(bool background, uint32_t threads = 1) {
  WriterOptions o;
  o.merges.background = background;
  o.merges.policy = {.segments_per_tier = 3, .floor_segment_bytes = 1};
  o.merges.threads = threads;
  o.merges.retry_ms = 1;
  return o;
}

uint64_t deleted_docs(const Snapshot& snapshot) {
  return snapshot.max_doc() - snapshot.live_count();
}

void random_operations(const WriterOptions& writer_options, uint32_t seed, int steps) {
  std::mt19937 random(seed);
  const TempFolder folder;
  auto writer = open_writer(folder.path(), writer_options);
  Contents now, committed;
  std::vector<std::pair<std::shared_ptr<const Snapshot>, Contents>> snapshots;
  const auto random_id = [&] { return "id" + std::to_string(random() % 80); };
  uint64_t merges = 0;
  for (int step = 0; step < steps; ++step) {
    switch (random() % 14) {
      case 0:
      case 1:
        snapshots.emplace_back(writer->refresh(), now);
        break;
      case 2:
        snapshots.emplace_back(writer->commit("x"), now);
        committed = now;
        break;
      case 3:
        if (random() % 4 != 0) break;
        merges += writer->monitor()->stats().merges;
        writer.reset();  // in the middle of a merge, maybe
        writer = open_writer(folder.path(), writer_options);
        now = committed;
        break;
      case 4: {
        if (random() % 3 != 0) break;
        const uint32_t most = static_cast<uint32_t>(1 + random() % 3);
        writer->force_merge({.max_segments = most, .reorder = random() % 2 == 0});
        const auto snapshot = writer->refresh();
        EXPECT_LE(snapshot->size(), most);
        if (most == 1) {
          EXPECT_EQ(deleted_docs(*snapshot), 0U);
        }
        snapshots.emplace_back(snapshot, now);
        break;
      }
      case 5:
        if (random() % 3 != 0) break;
        writer->force_merge({.expunge_percent = 0});
        EXPECT_EQ(deleted_docs(*writer->refresh()), 0U);
        break;
      case 6: {
        const std::string id = random_id();
        writer->delete_document(id);
        now.erase(id);
        break;
      }
      default: {
        std::vector<Doc> docs;
        for (size_t n = random() % 8; n != 0; --n) {
          docs.push_back(plain_doc(random_id(), std::to_string(step) + "." + std::to_string(n)));
          now[docs.back().id] = docs.back().source;
        }
        add(*writer, docs);
      }
    }
    if (step % 10 == 0) {
      ASSERT_EQ(contents(*Snapshot::open(folder.path())), committed) << "step " << step;
    }
    if (snapshots.size() > 5) snapshots.erase(snapshots.begin());
  }
  merges += writer->monitor()->stats().merges;
  EXPECT_GT(merges, 10U);
  EXPECT_EQ(writer->monitor()->stats().failures, 0U);
  writer.reset();
  for (const auto& [snapshot, expected] : snapshots) {
    EXPECT_EQ(contents(*snapshot), expected);
    snapshot->verify_all();
  }
}

TEST(WriterMerge, EqualsAMap) {
  WriterOptions o = options(true);
  random_operations(o, 1, 250);
  o.ram_buffer_bytes = 1;  // a segment a batch
  random_operations(o, 2, 250);
  o.merges.threads = 3;
  o.merges.reorder_min_docs = 1;
  random_operations(o, 3, 250);
}

TEST(WriterMerge, ForcedMergesNeedNoBackground) { random_operations(options(false), 4, 250); }

// A segment a document.
void add_segments(IndexWriter& writer, int from, int to) {
  for (int i = from; i < to; ++i) {
    add(writer, {plain_doc(std::to_string(i), "v1")});
    writer.refresh();
  }
}

TEST(WriterMerge, BackgroundKeepsSegmentsFew) {
  const TempFolder folder;
  const auto writer = open_writer(folder.path(), options(true));
  add_segments(*writer, 0, 100);
  EXPECT_TRUE(writer->wait_for_merges(milliseconds(60'000)));
  const auto snapshot = writer->commit("");
  EXPECT_LE(snapshot->size(), 12U);
  EXPECT_EQ(contents(*snapshot).size(), 100U);
  const MergeStats stats = writer->monitor()->stats();
  EXPECT_GE(stats.merges, 30U);
  EXPECT_GT(stats.documents, 100U);
  EXPECT_GT(stats.bytes, 0U);
  EXPECT_EQ(stats.running + stats.queued + stats.failures, 0U);
  EXPECT_FALSE(stats.has_error);
}

TEST(WriterMerge, DeletesDuringAMergeAreCarriedOver) {
  const TempFolder folder;
  const auto writer = open_writer(folder.path(), options(false));
  add_segments(*writer, 0, 20);
  Contents expected;
  for (int i = 0; i < 20; ++i) expected[std::to_string(i)] = "v1";
  // Between the start and the end of the merge, documents go and are replaced.
  writer->begin_forced_merge({.reorder = true});
  EXPECT_FALSE(writer->advance_forced_merge());
  for (const int i : {0, 7, 19}) {
    writer->delete_document(std::to_string(i));
    expected.erase(std::to_string(i));
  }
  add(*writer, {plain_doc("3", "v2"), plain_doc("12", "v2")});
  expected["3"] = expected["12"] = "v2";
  EXPECT_EQ(contents(*writer->refresh()), expected);  // merged or not
  for (uint64_t seen = 0; !writer->advance_forced_merge();)
    seen = writer->monitor()->wait(seen, milliseconds(1000));
  const auto snapshot = writer->commit("");
  EXPECT_EQ(contents(*snapshot), expected);
  EXPECT_EQ(snapshot->size(), 2U);  // what came later is a segment of its own
  EXPECT_EQ(contents(*Snapshot::open(folder.path())), expected);
  EXPECT_LE(deleted_docs(*snapshot), 5U);
}

TEST(WriterMerge, AllThatWasMergedIsDeletedMeanwhile) {
  const TempFolder folder;
  const auto writer = open_writer(folder.path(), options(false));
  add_segments(*writer, 0, 5);
  writer->begin_forced_merge({});
  EXPECT_FALSE(writer->advance_forced_merge());
  for (int i = 0; i < 5; ++i) writer->delete_document(std::to_string(i));
  writer->commit("");
  for (uint64_t seen = 0; !writer->advance_forced_merge();)
    seen = writer->monitor()->wait(seen, milliseconds(1000));
  EXPECT_EQ(writer->commit("")->size(), 0U);
  writer->commit("");
  EXPECT_EQ(directory::list(folder.path()), (std::vector<std::string>{"manifest", "write.lock"}));
}

TEST(WriterMerge, FilesGoWhenNobodyNeedsThem) {
  const TempFolder folder;
  const auto writer = open_writer(folder.path(), options(false));
  add_segments(*writer, 0, 3);
  auto before = writer->commit("");
  const auto exists = [&](uint64_t segment) {
    int n = 0;
    for (const char* extension : kSegmentExtensions)
      n += directory::exists(segment_file(folder.path(), segment, extension)) ? 1 : 0;
    EXPECT_TRUE(n == 0 || n == 6);
    return n == 6;
  };
  writer->force_merge({});
  writer->refresh();
  EXPECT_TRUE(exists(1) && exists(4));  // 1 to 3 are of the commit
  writer->commit("");
  EXPECT_TRUE(exists(1) && exists(3));  // and of a snapshot
  EXPECT_EQ(contents(*before).size(), 3U);
  before.reset();
  writer->collect_files();
  EXPECT_FALSE(exists(1) || exists(2) || exists(3));
  // Of segments that no commit ever named.
  add_segments(*writer, 3, 5);
  writer->force_merge({});
  writer->refresh();
  EXPECT_FALSE(exists(5) || exists(6));
  EXPECT_TRUE(exists(4) && exists(7));
  writer->commit("");
  EXPECT_FALSE(exists(4));
  EXPECT_EQ(contents(*Snapshot::open(folder.path())).size(), 5U);
}

TEST(WriterMerge, NamesDoNotCollideAfterReopening) {
  const TempFolder folder;
  std::vector<std::shared_ptr<const Snapshot>> snapshots;
  Contents expected;
  for (int round = 0; round < 5; ++round) {
    const auto writer = open_writer(folder.path(), options(false));
    // Not committed, so that the next writer may use the numbers again.
    add(*writer, {plain_doc("lost" + std::to_string(round), "x")});
    snapshots.push_back(writer->refresh());
    add(*writer, {plain_doc("lost too", "x")});
    writer->force_merge({});
    snapshots.push_back(writer->refresh());
    if (round % 2 == 0) continue;
    writer->delete_document("lost too");
    writer->delete_document("lost" + std::to_string(round));
    add(*writer, {plain_doc("kept" + std::to_string(round), "y")});
    expected["kept" + std::to_string(round)] = "y";
    writer->commit("");
  }
  EXPECT_EQ(contents(*Snapshot::open(folder.path())), expected);
  for (size_t i = 0; i < snapshots.size(); ++i) {
    EXPECT_TRUE(snapshots[i]->find_id("lost" + std::to_string(i / 2)).has_value());
    snapshots[i]->verify_all();
  }
  snapshots.clear();
  EXPECT_EQ(contents(*Snapshot::open(folder.path())), expected);
}

// With a buffer that is always full, and merges that can't keep up.
TEST(WriterMerge, AddingWaitsForMerges) {
  const TempFolder folder;
  WriterOptions o = options(true);
  o.ram_buffer_bytes = 1;
  o.merges.policy.segments_per_tier = 2;
  o.merges.max_pending = 1;
  const auto writer = open_writer(folder.path(), o);
  for (int i = 0; i < 200; ++i) add(*writer, {plain_doc(std::to_string(i), "x")});
  EXPECT_GT(writer->monitor()->stats().stalls, 0U);
  const auto snapshot = writer->refresh();
  EXPECT_LE(snapshot->size(), 40U);
  EXPECT_EQ(snapshot->live_count(), 200U);
  // A wait has an end.
  o.merges.max_stall_ms = 0;
  const TempFolder other;
  const auto hasty = open_writer(other.path(), o);
  for (int i = 0; i < 50; ++i) add(*hasty, {plain_doc(std::to_string(i), "x")});
  EXPECT_EQ(hasty->refresh()->live_count(), 50U);
}

TEST(WriterMerge, ClosingStopsMerges) {
  const TempFolder folder;
  for (int round = 0; round < 20; ++round) {
    const auto writer = open_writer(folder.path(), options(true, 2));
    add_segments(*writer, round * 30, round * 30 + 30);
    writer->commit("");
    // Closed wherever the merges are.
    std::this_thread::sleep_for(milliseconds(round % 3));
  }
  EXPECT_EQ(contents(*Snapshot::open(folder.path())).size(), 600U);
  open_writer(folder.path());
  const Manifest manifest = read_manifest(folder.path());
  size_t files = 2;
  for (const ManifestSegment& s : manifest.segments) files += s.live_generation == 0 ? 6 : 7;
  EXPECT_EQ(directory::list(folder.path()).size(), files);
}

TEST(WriterMerge, StatisticsChangeOnlyWhenMerged) {
  const TempFolder folder;
  const auto writer = open_writer(folder.path(), options(false));
  add_segments(*writer, 0, 4);
  writer->delete_document("1");
  auto snapshot = writer->refresh();
  EXPECT_EQ(snapshot->size(), 3U);  // a segment without documents goes
  add(*writer, {plain_doc("a", "v1"), plain_doc("b", "v1")});
  writer->refresh();
  writer->delete_document("a");
  snapshot = writer->refresh();
  EXPECT_EQ(snapshot->live_count(), 4U);
  EXPECT_EQ(snapshot->doc_freq(kBody, "all"), 5U);
  EXPECT_EQ(snapshot->field_stats(kBody).doc_count, 5U);
  EXPECT_EQ(snapshot->field_stats(kBody).sum_total_term_freq, 10U);
  writer->force_merge({});
  snapshot = writer->refresh();
  EXPECT_EQ(snapshot->doc_freq(kBody, "all"), 4U);
  EXPECT_EQ(snapshot->field_stats(kBody).doc_count, 4U);
  EXPECT_EQ(snapshot->field_stats(kBody).sum_total_term_freq, 8U);
}

TEST(WriterMerge, RefusesOptions) {
  const TempFolder folder;
  const auto refused = [&](const std::function<void(WriterOptions&)>& change) {
    WriterOptions o;
    change(o);
    EXPECT_EQ(code_of([&] { IndexWriter::open(folder.path(), o); }), ErrorCode::kInvalidArgument);
  };
  refused([](WriterOptions& o) { o.merges.threads = 0; });
  refused([](WriterOptions& o) { o.merges.threads = 17; });
  refused([](WriterOptions& o) { o.merges.max_pending = 0; });
  refused([](WriterOptions& o) { o.merges.policy.segments_per_tier = 1; });
  const auto writer = open_writer(folder.path());
  EXPECT_EQ(code_of([&] { writer->force_merge({.max_segments = 0}); }),
            ErrorCode::kInvalidArgument);
  EXPECT_EQ(code_of([&] { writer->force_merge({.expunge_percent = 101}); }),
            ErrorCode::kInvalidArgument);
  EXPECT_NO_THROW(writer->force_merge({}));  // of nothing
}

}  // namespace
}  // namespace diagon::index
