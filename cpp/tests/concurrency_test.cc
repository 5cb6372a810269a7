// Readers search while a writer adds, deletes, refreshes and commits. Worth most under
// ThreadSanitizer.
#include <atomic>
#include <functional>
#include <mutex>
#include <thread>

#include "diagon/search/gather.h"
#include "diagon/search/top_docs.h"
#include "tests/udf_driver.h"

namespace diagon::search {
namespace {

using namespace diagon::testing;  // NOLINT(google-build-using-namespace)

constexpr int kDocs = 60;

// All documents of a version have its number in every place.
Doc make_doc(int id, int version) {
  Doc doc;
  doc.id = "id" + std::to_string(id);
  doc.source = std::to_string(version);
  doc.text(kBody, {"all", "v" + doc.source, "all"});
  doc.keyword(kTag, "v" + doc.source);
  doc.numbers[kYear] = {static_cast<uint64_t>(version)};
  return doc;
}

void add_version(index::IndexWriter& writer, int version) {
  std::vector<Doc> docs;
  for (int i = 0; i < kDocs; ++i)
    if (i % 7 != version % 7) docs.push_back(make_doc(i, version));
  add(writer, docs);
  for (int i = 0; i < kDocs; ++i)
    if (i % 7 == version % 7) writer.delete_document("id" + std::to_string(i));
}

// A snapshot has exactly the documents of one version.
void check_snapshot(const std::shared_ptr<const index::Snapshot>& snapshot) {
  if (snapshot->live_count() == 0) return;
  const PreparedQuery prepared(snapshot, term(kBody, "all"), true);
  const TopDocs top = search_top(prepared, {.k = kDocs}, Interrupt());
  ASSERT_EQ(top.count, snapshot->live_count());
  std::set<std::string> versions;
  for (const Hit& hit : top.hits) {
    const index::SegmentReader& reader = *snapshot->segment(hit.segment).reader;
    versions.insert(source_of(reader, hit.doc));
    ASSERT_TRUE(snapshot->find_id(reader.doc_id(hit.doc)).has_value());
  }
  ASSERT_EQ(versions.size(), 1U);
  const std::string version = *versions.begin();
  const auto prepared_tag = std::make_shared<const PreparedQuery>(
      snapshot,
      with(with(boolean(), Occur::kFilter, term(kTag, "v" + version)), Occur::kMust, udf(0)), true);
  Driver driver;
  driver.leaves = 1;
  for (const Hit& hit : driver.run(prepared_tag)) {
    const auto& reader = snapshot->segment(hit.segment).reader;
    Gatherer gatherer(reader, kYear, GatherType::kI64, false, nullptr);
    const uint32_t doc[] = {hit.doc};
    Bytes value(8);
    gatherer.measure(doc);
    gatherer.write(doc, {{}, {}, value, {}});
    ASSERT_EQ(std::to_string(load<int64_t>(value.data())), version);
  }
  snapshot->verify_all();
}

// Adds versions one after another; three readers look at every snapshot there is meanwhile, one of
// them as another process would. `step`: what else the writer does.
void write_while_reading(const index::WriterOptions& options,
                         const std::function<void(index::IndexWriter&, int version)>& step) {
  const TempFolder folder;
  auto writer = open_writer(folder.path(), options);
  std::mutex mutex;
  std::shared_ptr<const index::Snapshot> shared = writer->refresh();
  std::atomic<bool> done{false};
  std::atomic<uint64_t> checks{0};
  std::vector<std::thread> readers;
  for (int i = 0; i < 3; ++i)
    readers.emplace_back([&, i] {
      const auto monitor = writer->monitor();
      while (!done && !::testing::Test::HasFatalFailure()) {
        std::shared_ptr<const index::Snapshot> snapshot;
        if (i == 0) {
          snapshot = index::Snapshot::open(folder.path());
        } else {
          const std::lock_guard guard(mutex);
          snapshot = shared;
        }
        check_snapshot(snapshot);
        ASSERT_EQ(monitor->stats().failures, 0U);
        ++checks;
      }
    });
  for (int version = 1; version <= 40; ++version) {
    add_version(*writer, version);
    step(*writer, version);
    auto fresh = version % 4 == 0 ? writer->commit("") : writer->refresh();
    {
      const std::lock_guard guard(mutex);
      shared = std::move(fresh);
    }
    std::this_thread::yield();
  }
  done = true;
  for (std::thread& t : readers) t.join();
  EXPECT_GT(checks.load(), 3U);
  check_snapshot(shared);
}

TEST(Concurrency, ReadersDuringWrites) {
  index::WriterOptions options;
  options.ram_buffer_bytes = 100'000;
  options.merges.background = false;
  write_while_reading(options, [](index::IndexWriter&, int) {});
}

TEST(Concurrency, ReadersDuringMerges) {
  index::WriterOptions options;
  options.ram_buffer_bytes = 20'000;
  options.merges.policy = {.segments_per_tier = 2, .floor_segment_bytes = 1};
  options.merges.threads = 2;
  options.merges.reorder_min_docs = 30;
  uint64_t merges = 0;
  write_while_reading(options, [&](index::IndexWriter& writer, int version) {
    // In the middle of a version: nobody has seen its documents yet.
    if (version % 10 == 0) writer.force_merge({.max_segments = 1, .reorder = true});
    if (version % 10 == 5) writer.wait_for_merges(std::chrono::milliseconds(20));
    merges = writer.monitor()->stats().merges;
  });
  EXPECT_GT(merges, 4U);
}

TEST(Concurrency, ManySearchesOfOnePreparedQuery) {
  Corpus corpus({3000, 200}, 29, 5);
  const std::shared_ptr<const Query> query = QueryMaker(42).tree(3, 30, 3);
  const auto prepared = corpus.prepare(query);
  const auto want = exhaustive(*corpus.naive, *query, true);
  std::vector<std::thread> threads;
  for (uint32_t i = 0; i < 4; ++i)
    threads.emplace_back([&, i] {
      Driver driver;
      driver.leaves = 3;
      driver.capacity = 50 + i;
      expect_same(driver.run(prepared), want);
    });
  for (std::thread& t : threads) t.join();
}

TEST(Concurrency, CancelFromAnotherThread) {
  Corpus corpus({2000}, 31, 0);
  const auto prepared = corpus.prepare(std::shared_ptr<const Query>(term(kBody, "w0")));
  const auto flag = std::make_shared<CancelFlag>();
  const Interrupt interrupt(flag, Interrupt::Clock::time_point::max());
  std::thread canceller([flag] { flag->cancel(); });
  while (search_top(*prepared, {}, interrupt).stop == Stop::kNo) {
  }
  canceller.join();
  EXPECT_EQ(search_top(*prepared, {}, interrupt).stop, Stop::kCancelled);
}

}  // namespace
}  // namespace diagon::search
