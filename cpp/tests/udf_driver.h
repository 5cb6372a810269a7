// Plays the caller of a HitStream: decides UDF leaves by a fixed rule, in any order.
#pragma once

#include <algorithm>
#include <numeric>
#include <random>
#include <vector>

#include "diagon/search/hit_stream.h"
#include "diagon/search/top_docs.h"
#include "tests/queries.h"

namespace diagon::testing {

using search::Hit;

// What a user's function says: the same for a leaf and document at any time.
inline bool udf_value(uint32_t leaf, size_t segment, DocId doc) {
  uint64_t h = (leaf + 1) * 0x9E3779B97F4A7C15u + segment * 0xC2B2AE3D27D4EB4Fu + doc;
  h = (h ^ (h >> 31)) * 0xBF58476D1CE4E5B9u;
  return (h >> 33) % 100 < 20 + 25 * (leaf % 4);
}

// All live documents that match, with their scores.
inline std::vector<Hit> exhaustive(const Naive& naive, const Query& query, bool with_scores) {
  std::vector<Hit> hits;
  for (uint32_t s = 0; s < naive.snapshot().size(); ++s)
    for (DocId d = 0; d < naive.snapshot().segment(s).reader->max_doc(); ++d) {
      if (!naive.is_live(s, d)) continue;
      const auto r = naive.evaluate(query, s, d, [&](uint32_t l) { return udf_value(l, s, d); });
      if (r.match) hits.push_back({s, d, with_scores ? static_cast<float>(r.score) : 0.0f});
    }
  return hits;
}

// The first k of them.
inline std::vector<Hit> best(std::vector<Hit> hits, size_t k) {
  std::sort(hits.begin(), hits.end(), search::better);
  hits.resize(std::min(k, hits.size()));
  return hits;
}

inline void expect_same(const std::vector<Hit>& got, const std::vector<Hit>& want) {
  ASSERT_EQ(got.size(), want.size());
  for (size_t i = 0; i < got.size(); ++i) {
    ASSERT_EQ(got[i].segment, want[i].segment) << i;
    ASSERT_EQ(got[i].doc, want[i].doc) << i;
    ASSERT_EQ(got[i].score, want[i].score) << "document " << got[i].doc;
  }
}

struct Driver {
  uint32_t leaves = 0;
  uint32_t budget = 3;
  uint32_t capacity = kBatchCapacity;
  size_t k = 0;  // with a bar: so many hits are wanted
  uint64_t asked = 0, candidates = 0, windows = 0;
  std::mt19937 random{1};

  // Accepted documents in the order in which they come.
  std::vector<Hit> run(const std::shared_ptr<const search::PreparedQuery>& prepared) {
    std::vector<Hit> hits;
    for (uint32_t s = 0; s < prepared->snapshot().size(); ++s) {
      search::HitStream stream(prepared, s, leaves, Interrupt());
      search::StreamState state = search::StreamState::kMore;
      while (state == search::StreamState::kMore) {
        if (k != 0 && hits.size() >= k) stream.set_bar(best(hits, k).back().score);
        const uint32_t size = stream.next_batch(budget, capacity, state);
        EXPECT_LE(size, capacity);
        EXPECT_NE(state, search::StreamState::kInterrupted);
        batch(stream, s, prepared->with_scores(), hits);
      }
      candidates += stream.candidates();
      windows += stream.windows();
    }
    return hits;
  }

 private:
  void batch(search::HitStream& stream, uint32_t segment, bool with_scores,
             std::vector<Hit>& hits) {
    std::vector<uint32_t> order(leaves);
    std::iota(order.begin(), order.end(), 0);
    std::shuffle(order.begin(), order.end(), random);
    std::vector<uint32_t> docs(kBatchCapacity);
    std::vector<float> scores(kBatchCapacity);
    std::vector<uint8_t> values;
    for (const uint32_t leaf : order) {
      const bool wants_scores = random() % 2 == 0;
      const uint32_t count =
          stream.needed(leaf, docs, wants_scores ? std::span(scores) : std::span<float>());
      EXPECT_TRUE(std::is_sorted(docs.begin(), docs.begin() + count));
      values.clear();
      for (uint32_t i = 0; i < count; ++i) {
        values.push_back(udf_value(leaf, segment, docs[i]) ? 1 : 0);
        if (!with_scores && wants_scores) {
          EXPECT_EQ(scores[i], 0);
        }
      }
      stream.resolve(leaf, values);
      asked += count;
    }
    const uint32_t count = stream.accepted(docs, scores);
    EXPECT_TRUE(std::is_sorted(docs.begin(), docs.begin() + count));
    for (uint32_t i = 0; i < count; ++i) hits.push_back({segment, docs[i], scores[i]});
  }
};

}  // namespace diagon::testing
