// Several threads add and delete at once; what they leave must equal what one thread would.
#include "diagon/index/buffers.h"

#include <atomic>
#include <map>
#include <random>
#include <thread>

#include "diagon/index/snapshot.h"
#include "tests/documents.h"
#include "tests/helpers.h"
#include "tests/queries.h"

namespace diagon::index {
namespace {

using namespace diagon::testing;  // NOLINT(google-build-using-namespace)

constexpr int kThreads = 4;
constexpr int kIdsPerThread = 150;

Doc make_doc(const std::string& id, const std::string& source) {
  Doc doc;
  doc.id = id;
  doc.source = source;
  doc.text(kBody, {"all", "v" + source});
  doc.keyword(kTag, id);
  return doc;
}

std::map<std::string, std::string> content(const Snapshot& snapshot) {
  std::map<std::string, std::string> found;
  for (size_t i = 0; i < snapshot.size(); ++i) {
    const LiveSegment& segment = snapshot.segment(i);
    for (DocId doc = 0; doc < segment.reader->max_doc(); ++doc) {
      if (!segment.is_live(doc)) continue;
      const std::string id(segment.reader->doc_id(doc));
      EXPECT_TRUE(found.emplace(id, source_of(*segment.reader, doc)).second) << id << " twice";
    }
  }
  return found;
}

// Each thread adds, replaces and deletes documents of its own, many at a time and one by one.
std::map<std::string, std::string> change(IndexWriter& writer, int thread, uint64_t seed) {
  std::map<std::string, std::string> expected;
  std::mt19937_64 random(seed);
  const auto below = [&](uint64_t n) { return random() % n; };
  for (int round = 0; round < 60; ++round) {
    std::vector<Doc> docs;
    for (uint64_t n = 1 + below(20); n > 0; --n) {
      const std::string id =
          "t" + std::to_string(thread) + "-" + std::to_string(below(kIdsPerThread));
      docs.push_back(make_doc(id, std::to_string(round) + "." + std::to_string(n)));
      expected[id] = docs.back().source;
    }
    add(writer, docs);
    for (uint64_t n = below(4); n > 0; --n) {
      const std::string id =
          "t" + std::to_string(thread) + "-" + std::to_string(below(kIdsPerThread));
      writer.delete_document(id);
      expected.erase(id);
    }
  }
  return expected;
}

// `step`: what the main thread does over and over meanwhile.
template <typename Step>
void change_at_once(const WriterOptions& options, Step step) {
  const TempFolder folder;
  auto writer = open_writer(folder.path(), options);
  std::vector<std::map<std::string, std::string>> expected(kThreads);
  std::atomic<int> running{kThreads};
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t)
    threads.emplace_back([&, t] {
      expected[t] = change(*writer, t, 100 + static_cast<uint64_t>(t));
      --running;
    });
  while (running > 0) {
    step(*writer);
    std::this_thread::yield();
  }
  for (std::thread& thread : threads) thread.join();
  std::map<std::string, std::string> all;
  for (const auto& part : expected) all.insert(part.begin(), part.end());
  EXPECT_EQ(content(*writer->commit("")), all);
  EXPECT_EQ(writer->buffered_docs(), 0U);
  writer.reset();
  EXPECT_EQ(content(*Snapshot::open(folder.path())), all);
}

WriterOptions options_of(uint32_t buffers, bool merges) {
  WriterOptions options;
  options.ram_buffer_bytes = 200'000;  // flushes come while others add
  options.buffers = buffers;
  options.merges.background = merges;
  options.merges.policy.segments_per_tier = 2;
  options.merges.policy.floor_segment_bytes = 1;
  return options;
}

TEST(Buffers, ThreadsAddAtOnce) {
  for (const uint32_t buffers : {1, 3})
    for (const bool merges : {false, true})
      change_at_once(options_of(buffers, merges), [](IndexWriter&) {});
}

TEST(Buffers, ThreadsAddWhileOthersRefreshAndCommit) {
  for (const uint32_t buffers : {1, 3})
    for (const bool merges : {false, true}) {
      int n = 0;
      change_at_once(options_of(buffers, merges), [&n](IndexWriter& writer) {
        // A snapshot has each document once.
        content(++n % 3 == 0 ? *writer.commit("") : *writer.refresh());
      });
    }
}

TEST(Buffers, ADocumentReplacesItselfInWhateverBufferItIs) {
  const TempFolder folder;
  auto writer = open_writer(folder.path(), options_of(8, false));
  std::vector<Doc> docs;
  for (int i = 0; i < 100; ++i)
    docs.push_back(make_doc("d" + std::to_string(i % 40), "x" + std::to_string(i)));
  add(*writer, docs);
  writer->delete_document("d3");
  const auto snapshot = writer->refresh();
  EXPECT_GT(snapshot->size(), 4U);
  EXPECT_LE(snapshot->size(), 8U);
  const auto found = content(*snapshot);
  EXPECT_EQ(found.size(), 39U);
  EXPECT_EQ(found.at("d19"), "x99");
  EXPECT_EQ(found.at("d20"), "x60");
}

TEST(Buffers, TheLargestIsFlushedAndTheOthersStay) {
  const TempFolder folder;
  WriterOptions options = options_of(4, false);
  auto writer = open_writer(folder.path(), options);
  std::vector<Doc> docs;
  for (int i = 0; i < 400; ++i) docs.push_back(make_doc("d" + std::to_string(i), "x"));
  while (writer->ram_bytes() < options.ram_buffer_bytes) {
    const uint64_t before = writer->ram_bytes();
    add(*writer, docs);
    if (writer->ram_bytes() < before) break;
  }
  EXPECT_GT(writer->buffered_docs(), 0U);
  EXPECT_GT(writer->ram_bytes(), options.ram_buffer_bytes / 2);
}

TEST(Buffers, HaveLimits) {
  const TempFolder folder;
  for (const uint32_t buffers : {0U, 65U})
    EXPECT_EQ(code_of([&] { open_writer(folder / "i", options_of(buffers, false)); }),
              ErrorCode::kInvalidArgument);
}

}  // namespace
}  // namespace diagon::index
