#include <algorithm>

#include "diagon/search/multi_value.h"
#include "diagon/search/sort_search.h"
#include "tests/udf_driver.h"

namespace diagon::search {
namespace {

using namespace diagon::testing;  // NOLINT(google-build-using-namespace)

Corpus& corpus() {
  static Corpus shared({5000, 6000, 100, 1}, 23, 5);
  return shared;
}

SortKey key(SortKind kind, FieldId field = kNoField, bool descending = false) {
  SortKey k;
  k.kind = kind;
  k.field = field;
  k.descending = descending;
  k.mode = descending ? MultiValueMode::kMax : MultiValueMode::kMin;
  return k;
}

// A document's value of a key, from what was indexed.
struct Plain {
  int missing = 0;  // -1 before all, 1 behind all
  double number = 0;
  std::string string;
};

Plain plain(const SortKey& k, const Doc& doc, uint64_t number, float score) {
  Plain value;
  if (k.kind == SortKind::kScore) value.number = score;
  if (k.kind == SortKind::kDoc) value.number = static_cast<double>(number);
  if (k.kind == SortKind::kString) {
    const auto at = doc.strings.find(k.field);
    std::vector<std::string> all;
    if (k.field == kIdField) all = {doc.id};
    if (at != doc.strings.end()) all = at->second;
    std::ranges::sort(all);
    if (!all.empty()) value.string = k.mode == MultiValueMode::kMax ? all.back() : all.front();
    if (all.empty() && k.has_missing) value.string = k.missing_string;
    if (all.empty() && !k.has_missing) value.missing = k.missing_first ? -1 : 1;
  }
  if (k.kind == SortKind::kI64 || k.kind == SortKind::kF64) {
    const auto at = doc.numbers.find(k.field);
    if (at == doc.numbers.end()) {
      value.missing = k.missing_first ? -1 : 1;
      return value;
    }
    std::vector<double> all;
    for (const uint64_t bits : at->second)
      all.push_back(k.kind == SortKind::kI64 ? static_cast<double>(static_cast<int64_t>(bits))
                                             : std::bit_cast<double>(bits));
    std::ranges::sort(all);
    value.number = k.mode == MultiValueMode::kMax ? all.back() : all.front();
  }
  return value;
}

struct Row {
  Hit hit;
  std::vector<Plain> values;
};

bool before(const std::vector<SortKey>& keys, const Row& a, const Row& b) {
  for (size_t k = 0; k < keys.size(); ++k) {
    const Plain& x = a.values[k];
    const Plain& y = b.values[k];
    if (x.missing != y.missing) return x.missing < y.missing;
    if (x.missing != 0) continue;
    int order = x.number < y.number ? -1 : x.number > y.number ? 1 : x.string.compare(y.string);
    if (keys[k].descending) order = -order;
    if (order != 0) return order < 0;
  }
  return a.hit.segment != b.hit.segment ? a.hit.segment < b.hit.segment : a.hit.doc < b.hit.doc;
}

std::vector<Row> rows(const std::vector<SortKey>& keys, const Query& query) {
  std::vector<Row> all;
  std::vector<uint64_t> bases{0};
  for (size_t s = 0; s < corpus().snapshot->size(); ++s)
    bases.push_back(bases.back() + corpus().snapshot->segment(s).reader->max_doc());
  for (const Hit& hit : exhaustive(*corpus().naive, query, true)) {
    Row row{hit, {}};
    for (const SortKey& k : keys)
      row.values.push_back(plain(k, corpus().naive->doc(hit.segment, hit.doc),
                                 bases[hit.segment] + hit.doc, hit.score));
    all.push_back(std::move(row));
  }
  std::ranges::sort(all, [&](const Row& a, const Row& b) { return before(keys, a, b); });
  return all;
}

// Returns how many windows were looked at.
uint64_t check(const std::vector<SortKey>& keys, const std::shared_ptr<const Query>& query,
               uint32_t k, uint64_t count_up_to) {
  const auto want = rows(keys, *query);
  SortOptions options;
  options.k = k;
  options.count_up_to = count_up_to;
  std::vector<SortValue> after;
  uint64_t windows = 0;
  size_t seen = 0;
  // Page by page; equals of a page's last hit are behind it only in a total order.
  const bool total = keys.back().kind == SortKind::kDoc;
  for (int page = 0; page < (total ? 4 : 1); ++page) {
    SortCollector collector(corpus().snapshot, keys, after, options);
    const auto prepared = corpus().prepare(query, collector.needs_scores());
    windows += search_sorted(*prepared, collector, Interrupt()).windows;
    const uint32_t n = collector.finish();
    EXPECT_EQ(n, std::min<size_t>(k, want.size() - seen));
    for (uint32_t i = 0; i < n; ++i) {
      EXPECT_EQ(collector.segment(i), want[seen + i].hit.segment) << i;
      EXPECT_EQ(collector.doc(i), want[seen + i].hit.doc) << i;
    }
    if (collector.count() <= count_up_to) {
      EXPECT_EQ(collector.count(), want.size());
    }
    EXPECT_LE(collector.count(), want.size());
    seen += n;
    if (n < k || ::testing::Test::HasFailure()) break;
    after.clear();
    for (size_t v = 0; v < keys.size(); ++v) after.push_back(collector.value(n - 1, v));
  }
  return windows;
}

TEST(Sort, EveryKind) {
  const std::shared_ptr<const Query> query = term(kBody, "w1");
  const std::vector<SortKey> firsts = {key(SortKind::kScore, kNoField, true),
                                       key(SortKind::kScore),
                                       key(SortKind::kDoc),
                                       key(SortKind::kDoc, kNoField, true),
                                       key(SortKind::kI64, kYear),
                                       key(SortKind::kI64, kYear, true),
                                       key(SortKind::kI64, kFlag),
                                       key(SortKind::kF64, kWeight),
                                       key(SortKind::kF64, kWeight, true),
                                       key(SortKind::kString, kTag),
                                       key(SortKind::kString, kTag, true),
                                       key(SortKind::kString, kIdField, true),
                                       key(SortKind::kI64, 77)};
  for (size_t i = 0; i < firsts.size(); ++i) {
    SCOPED_TRACE(i);
    for (const bool first : {false, true}) {
      SortKey k = firsts[i];
      k.missing_first = first;
      for (const uint32_t wanted : {1U, 10U, 300U}) {
        for (const uint64_t up_to : {UINT64_MAX, uint64_t{0}}) {
          check({k}, query, wanted, up_to);
          check({k, key(SortKind::kDoc)}, query, wanted, up_to);
          check({k, key(SortKind::kString, kTag), key(SortKind::kDoc)}, query, wanted, up_to);
          if (HasFailure()) return;
        }
      }
    }
  }
}

TEST(Sort, StringsInPlaceOfMissingOnes) {
  const std::shared_ptr<const Query> query = make(QueryKind::kMatchAll);
  for (const char* missing : {"", "t1", "t10x", "zz"}) {
    SortKey k = key(SortKind::kString, kTag);
    k.has_missing = true;
    k.missing_string = missing;
    for (const bool descending : {false, true}) {
      k.descending = descending;
      check({k}, query, 50, 0);
      check({k, key(SortKind::kDoc)}, query, 400, 0);
      if (HasFailure()) return;
    }
  }
}

TEST(Sort, SkipsByBlocks) {
  const std::shared_ptr<const Query> query = make(QueryKind::kMatchAll);
  for (const SortKey& k : {key(SortKind::kDoc), key(SortKind::kI64, 77)})
    EXPECT_LT(check({k}, query, 10, 0), check({k}, query, 10, UINT64_MAX));
  // Years grow with the documents, and every second segment has one value a document.
  Corpus years({1, 9000}, 3, 0);
  SortOptions options;
  uint64_t windows[2];
  for (size_t i = 0; i < 2; ++i) {
    options.count_up_to = i == 0 ? UINT64_MAX : 0;
    SortCollector collector(years.snapshot, {key(SortKind::kI64, kYear)}, {}, options);
    windows[i] = search_sorted(*years.prepare(query, false), collector, Interrupt()).windows;
    EXPECT_EQ(collector.finish(), 10U);
  }
  EXPECT_LT(windows[1], windows[0]);
}

TEST(Sort, SkipsByScore) {
  auto q = with(with(boolean(), Occur::kShould, term(kBody, "early", 50.0f)), Occur::kShould,
                term(kBody, "rare2"));
  q->minimum_should_match = 1;
  const std::shared_ptr<const Query> query = std::move(q);
  const std::vector<SortKey> keys = {key(SortKind::kScore, kNoField, true), key(SortKind::kDoc)};
  EXPECT_LE(check(keys, query, 10, 0), check(keys, query, 10, UINT64_MAX));
}

TEST(Sort, Interruption) {
  const std::shared_ptr<const Query> query = make(QueryKind::kMatchAll);
  const auto flag = std::make_shared<CancelFlag>();
  flag->cancel();
  SortCollector collector(corpus().snapshot, {key(SortKind::kDoc)}, {}, {});
  const Interrupt cancelled(flag, Interrupt::Clock::time_point::max());
  EXPECT_EQ(search_sorted(*corpus().prepare(query), collector, cancelled).stop, Stop::kCancelled);
  EXPECT_EQ(collector.finish(), 0U);
}

TEST(Sort, ArgumentsThatAreRefused) {
  const auto refused = [](std::vector<SortKey> keys, std::vector<SortValue> after, uint32_t k) {
    SortOptions options;
    options.k = k;
    EXPECT_EQ(diagon::testing::code_of([&] {
                SortCollector collector(corpus().snapshot, std::move(keys), std::move(after),
                                        options);
                collector.enter(0);
              }),
              ErrorCode::kInvalidArgument);
  };
  refused({}, {}, 10);
  refused({key(SortKind::kDoc)}, {}, 0);
  refused({key(SortKind::kDoc)}, {{}, {}}, 10);
  refused({key(SortKind::kI64, kTag)}, {}, 10);
  refused({key(SortKind::kString, kYear)}, {}, 10);
  SortKey mean = key(SortKind::kString, kTag);
  mean.mode = MultiValueMode::kAvg;
  refused({mean}, {}, 10);
}

TEST(Sort, SeveralValues) {
  const auto of = [](MultiValueMode mode, std::vector<int64_t> v) { return select(mode, v); };
  EXPECT_EQ(of(MultiValueMode::kAvg, {1, 2}), 2);
  EXPECT_EQ(of(MultiValueMode::kAvg, {-1, -2}), -1);
  EXPECT_EQ(of(MultiValueMode::kMedian, {9, 1, 4}), 4);
  EXPECT_EQ(of(MultiValueMode::kSum, {INT64_MAX, 1}), INT64_MIN);
  EXPECT_EQ(round_half_up(0.49999999999999994), 0);
  EXPECT_EQ(round_half_up(1e300), INT64_MAX);
  EXPECT_EQ(round_half_up(-1e300), INT64_MIN);
}

}  // namespace
}  // namespace diagon::search
