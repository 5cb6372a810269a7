// The scorer of a boolean query.
#include "diagon/search/bool_scorer.h"
#include "diagon/search/simple_scorers.h"
#include "diagon/search/weight.h"

namespace diagon::search {

ScorerPtr PreparedQuery::bool_scorer(const Weight& weight, size_t segment,
                                     const Interrupt& interrupt) const {
  std::vector<BoolScorer::Child> children;
  bool any = false;
  for (size_t i = 0; i < weight.children.size(); ++i) {
    const Occur occur = weight.query->clauses[i].occur;
    children.push_back({occur, scorer(weight.children[i], segment, interrupt)});
    any |= occur == Occur::kMust || occur == Occur::kFilter ||
           (occur == Occur::kShould && weight.query->minimum_should_match > 0);
  }
  if (!any) {
    // Nothing demands anything: all documents but the prohibited ones.
    const DocId max_doc = snapshot_->segment(segment).reader->max_doc();
    children.insert(children.begin(),
                    {Occur::kFilter, std::make_unique<MatchAllScorer>(max_doc, 0.0f)});
  }
  return std::make_unique<BoolScorer>(std::move(children), weight.query->minimum_should_match,
                                      weight.scored);
}

}  // namespace diagon::search
