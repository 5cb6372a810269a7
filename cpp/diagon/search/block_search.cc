#include "diagon/search/block_search.h"

#include <algorithm>
#include <cmath>

namespace diagon::search {

uint32_t BlockSearch::keep_live(DocId* docs, uint32_t n) const noexcept {
  if (segment_.live == nullptr) return n;
  uint32_t kept = 0;
  for (uint32_t i = 0; i < n; ++i) {
    docs[kept] = docs[i];
    kept += live(docs[i]) ? 1 : 0;
  }
  return kept;
}

bool sums_are_exact(std::span<const float> weights) noexcept {
  float least = INFINITY;
  float most = 0;
  for (const float weight : weights) {
    if (weight == 0) continue;
    least = std::min(least, weight);
    most = std::max(most, weight);
  }
  return weights.size() <= 256 && (most == 0 || most / least < 0x1p19f);
}

std::unique_ptr<BlockSearch> make_block_search(const PreparedQuery& prepared, uint32_t segment,
                                               const Interrupt& interrupt) {
  const Weight& root = prepared.root();
  const index::LiveSegment& live = prepared.snapshot().segment(segment);
  const auto nothing = [&] {
    return std::make_unique<UnionSearch>(live, segment, std::vector<std::unique_ptr<TermScorer>>());
  };
  if (root.query->kind == QueryKind::kPhrase) {
    auto phrase = prepared.phrase_scorer(root, segment);
    if (phrase == nullptr) return nothing();
    return std::make_unique<PhraseSearch>(live, segment, std::move(phrase));
  }
  const bool is_bool = root.query->kind == QueryKind::kBool;
  if (!is_bool && root.query->kind != QueryKind::kTerm) return nullptr;
  const std::span<const Weight> clauses =
      is_bool ? std::span<const Weight>(root.children) : std::span<const Weight>(&root, 1);
  const auto occur = [&](size_t i) {
    return is_bool ? root.query->clauses[i].occur : Occur::kMust;
  };

  size_t should = 0;
  size_t terms = 0;
  std::vector<float> weights;
  for (size_t i = 0; i < clauses.size(); ++i) {
    const bool term = clauses[i].query->kind == QueryKind::kTerm;
    if (occur(i) == Occur::kMustNot || (clauses[i].scored && !term)) return nullptr;
    should += occur(i) == Occur::kShould ? 1 : 0;
    terms += term ? 1 : 0;
    if (clauses[i].scored) weights.push_back(clauses[i].term_weight);
  }
  if (terms == 0 || !sums_are_exact(weights)) return nullptr;
  // Bounds of 0 would leave out hits whose score is 0.
  if (std::ranges::find(weights, 0.0f) != weights.end()) return nullptr;
  if (should != 0) {
    if (should != clauses.size() || terms != should || root.query->minimum_should_match != 1)
      return nullptr;
    std::vector<std::unique_ptr<TermScorer>> scorers;
    for (const Weight& clause : clauses)
      if (auto scorer = prepared.term_scorer(clause, segment)) scorers.push_back(std::move(scorer));
    return std::make_unique<UnionSearch>(live, segment, std::move(scorers));
  }
  // A minimum of clauses that are not there: nothing matches.
  if (is_bool && root.query->minimum_should_match != 0) return nullptr;
  std::vector<AllSearch::Term> required;
  std::vector<ScorerPtr> filters;
  for (const Weight& clause : clauses) {
    if (clause.query->kind != QueryKind::kTerm) {
      filters.push_back(prepared.scorer(clause, segment, interrupt));
      continue;
    }
    auto scorer = prepared.term_scorer(clause, segment);
    if (scorer == nullptr) return nothing();
    required.push_back({std::move(scorer), clause.scored});
  }
  return std::make_unique<AllSearch>(live, segment, std::move(required), std::move(filters));
}

}  // namespace diagon::search
