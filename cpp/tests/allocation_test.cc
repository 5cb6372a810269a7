// The hot loop allocates nothing. Under sanitizers, which have an allocator of their own, the test
// is skipped.
#include <atomic>
#include <cstdlib>
#include <new>

#include "diagon/search/gather.h"
#include "diagon/search/sort_collector.h"
#include "tests/udf_driver.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define DIAGON_COUNTS_ALLOCATIONS 0
#else
#define DIAGON_COUNTS_ALLOCATIONS 1
#endif

namespace {
std::atomic<uint64_t> allocations{0};
}  // namespace

#if DIAGON_COUNTS_ALLOCATIONS
// For the whole test program; new[] and the nothrow forms call these. Not inlined, or else the
// compiler takes `free` for a mistake.
[[gnu::noinline]] void* operator new(std::size_t size) {
  ++allocations;
  if (void* p = std::malloc(size == 0 ? 1 : size)) return p;
  throw std::bad_alloc();
}
[[gnu::noinline]] void* operator new(std::size_t size, std::align_val_t alignment) {
  ++allocations;
  const std::size_t a = static_cast<std::size_t>(alignment);
  if (void* p = std::aligned_alloc(a, (size + a - 1) / a * a)) return p;
  throw std::bad_alloc();
}
[[gnu::noinline]] void operator delete(void* p) noexcept { std::free(p); }
[[gnu::noinline]] void operator delete(void* p, std::size_t) noexcept { std::free(p); }
[[gnu::noinline]] void operator delete(void* p, std::align_val_t) noexcept { std::free(p); }
[[gnu::noinline]] void operator delete(void* p, std::size_t, std::align_val_t) noexcept {
  std::free(p);
}
#endif

namespace diagon::search {
namespace {

using namespace diagon::testing;  // NOLINT(google-build-using-namespace)

Corpus& corpus() {
  static Corpus shared({9500}, 23, 5);
  return shared;
}

TEST(Allocation, HookCounts) {
  if (DIAGON_COUNTS_ALLOCATIONS == 0) GTEST_SKIP();
  const uint64_t before = allocations;
  std::vector<int> grown;
  grown.reserve(100);
  EXPECT_GT(allocations.load(), before);
}

TEST(Allocation, NoneInTheBatchLoop) {
  if (DIAGON_COUNTS_ALLOCATIONS == 0) GTEST_SKIP();
  using enum Occur;
  const std::shared_ptr<const Query> query =
      with(with(with(with(with(boolean(), kMust, term(kBody, "w0")), kShould,
                          phrase(kBody, {"w0", "w1"})),
                     kMustNot,
                     with(with(boolean(2), kShould, range_i64(kYear, -90, -80)), kShould, udf(0))),
                kShould, udf(1, 0.5f)),
           kMust,
           with(with(with(boolean(1), kShould, udf(2)), kShould, term(kTag, "t3")), kShould,
                with(boolean(), kMust, constant(udf(3)))));
  const auto prepared = corpus().prepare(query);
  HitStream stream(prepared, 0, 4, Interrupt());
  std::vector<uint32_t> docs(kBatchCapacity);
  std::vector<float> scores(kBatchCapacity);
  std::vector<uint8_t> values(kBatchCapacity);
  StreamState state = StreamState::kMore;
  uint64_t before = 0;
  int batches = 0;
  // Warm after half of the segment, so that all buffers have been as large as they get.
  while (state == StreamState::kMore) {
    if (stream.windows() == 2) before = allocations;
    const uint32_t size = stream.next_batch(1, 200, state);
    for (uint32_t leaf = 0; leaf < 4; ++leaf) {
      const uint32_t count = stream.needed(leaf, docs, scores);
      for (uint32_t i = 0; i < count; ++i) values[i] = udf_value(leaf, 0, docs[i]) ? 1 : 0;
      stream.resolve(leaf, std::span(values).first(count));
    }
    const uint32_t count = stream.accepted(docs, scores);
    if (count != 0) stream.set_bar(0.01f * static_cast<float>(batches));
    batches += size != 0 && stream.windows() > 2 ? 1 : 0;
  }
  EXPECT_EQ(allocations.load(), before);
  EXPECT_GT(batches, 3);
}

// Also where scores are combined, and hits sorted: by numbers, so that no strings are kept.
TEST(Allocation, NoneInSortedBatches) {
  if (DIAGON_COUNTS_ALLOCATIONS == 0) GTEST_SKIP();
  using enum Occur;
  auto best = make(QueryKind::kDisMax);
  best = with(with(std::move(best), kShould, term(kBody, "w0")), kShould, udf(0));
  auto demoted = make(QueryKind::kBoosting);
  demoted->factor = 0.5f;
  demoted = with(with(std::move(demoted), kMust, std::move(best)), kFilter, udf(1));
  auto spec = std::make_shared<FunctionScore>();
  spec->has_min_score = true;
  spec->functions.resize(2);
  spec->functions[0].filter = 1;
  spec->functions[1].kind = FunctionKind::kDecay;
  spec->functions[1].field = kYear;
  auto q = with(with(make(QueryKind::kFunctionScore), kMust, std::move(demoted)), kFilter,
                with(with(boolean(), kMust, term(kBody, "w1")), kFilter, udf(2)));
  q->function_score = std::move(spec);
  const std::shared_ptr<const Query> query = std::move(q);
  const auto prepared = corpus().prepare(query);
  SortKey year;
  year.kind = SortKind::kI64;
  year.field = kYear;
  year.descending = true;  // later documents are better
  SortKey score;
  score.kind = SortKind::kScore;
  SortOptions options;
  options.k = 50;
  SortCollector collector(corpus().snapshot, {year, score}, {}, options);
  collector.enter(0);
  HitStream stream(prepared, 0, 3, Interrupt());
  std::vector<uint32_t> docs(kBatchCapacity);
  std::vector<float> scores(kBatchCapacity);
  std::vector<uint8_t> values(kBatchCapacity);
  StreamState state = StreamState::kMore;
  uint64_t before = 0;
  int batches = 0;
  while (state == StreamState::kMore) {
    if (stream.windows() == 2) before = allocations;
    const uint32_t size = stream.next_batch(1, 200, state, &collector);
    for (uint32_t leaf = 0; leaf < 3; ++leaf) {
      const uint32_t count = stream.needed(leaf, docs, scores);
      for (uint32_t i = 0; i < count; ++i) values[i] = udf_value(leaf, 0, docs[i]) ? 1 : 0;
      stream.resolve(leaf, std::span(values).first(count));
    }
    const uint32_t count = stream.accepted(docs, scores);
    collector.collect(std::span(docs).first(count), std::span(scores).first(count));
    batches += size != 0 && stream.windows() > 2 ? 1 : 0;
  }
  EXPECT_EQ(allocations.load(), before);
  EXPECT_GT(batches, 3);
}

TEST(Allocation, NoneInGather) {
  if (DIAGON_COUNTS_ALLOCATIONS == 0) GTEST_SKIP();
  const auto& reader = corpus().snapshot->segment(0).reader;
  std::vector<uint32_t> all(kBatchCapacity);
  Bytes offsets(1 << 16), child_offsets(1 << 16), values(1 << 20), validity(1 << 16);
  const std::pair<FieldId, GatherType> columns[] = {
      {kYear, GatherType::kF64}, {kPrice, GatherType::kF64}, {kFlag, GatherType::kBool},
      {kTag, GatherType::kStr},  {kTitle, GatherType::kStr}, {kIdField, GatherType::kStr}};
  for (const auto& [field, type] : columns)
    for (const bool list : {false, true}) {
      Gatherer gatherer(reader, field, type, list, nullptr);
      const bool strings = type == GatherType::kStr;
      const size_t width = type == GatherType::kBool ? 1 : 8;
      uint64_t before = 0;
      for (int pass = 0; pass < 2; ++pass) {
        if (pass == 1) before = allocations;  // every batch was seen once
        for (DocId from = 0; from + kBatchCapacity <= reader->max_doc(); from += kBatchCapacity) {
          std::iota(all.begin(), all.end(), from);
          const GatherExtent extent = gatherer.measure(all);
          const size_t n = all.size();
          const auto head = [](Bytes& b, size_t size) { return std::span<uint8_t>(b).first(size); };
          gatherer.write(all,
                         {head(offsets, list || strings ? 4 * (n + 1) : 0),
                          head(child_offsets, list && strings ? 4 * (extent.items + 1) : 0),
                          head(values, strings ? extent.bytes : width * (list ? extent.items : n)),
                          head(validity, n / 8)});
        }
      }
      EXPECT_EQ(allocations.load(), before) << "field " << field;
    }
}

}  // namespace
}  // namespace diagon::search
