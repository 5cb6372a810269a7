// Scorers of queries that stand for many terms.
#include <algorithm>

#include "diagon/search/postings_union.h"
#include "diagon/search/sloppy_phrase_scorer.h"
#include "diagon/search/weight.h"
#include "diagon/termdict/automaton.h"
#include "diagon/util/error.h"

namespace diagon::search {
namespace {

// Terms that are looked at between two looks at the clock.
constexpr uint32_t kTermsPerPoll = 1024;

// The phrase of a kSloppyPhrase.
std::vector<PhraseSlot> slots_of(const Query& query) {
  std::vector<PhraseSlot> slots;
  bool fits =
      query.terms.size() == query.positions.size() && query.terms.size() == query.slots.size();
  for (size_t t = 0; t < query.terms.size() && fits; ++t) {
    const size_t slot = query.slots[t];
    if (slot == slots.size()) slots.push_back({query.positions[t], {}});
    fits = slot + 1 == slots.size() && slots.back().position == query.positions[t];
    if (fits) slots.back().terms.push_back(query.terms[t]);
  }
  if (!fits || slots.size() < 2)
    throw_invalid("a phrase needs two places or more, and a position and terms for each");
  return slots;
}

}  // namespace

ScorerPtr PreparedQuery::multi_term_scorer(const Weight& weight, size_t segment,
                                           const Interrupt& interrupt) const {
  const Query& query = *weight.query;
  const index::SegmentReader& reader = *snapshot_->segment(segment).reader;
  PostingsUnion docs(reader.max_doc(), interrupt);
  if (const termdict::FieldTerms* terms = reader.terms(query.field)) {
    termdict::AcceptedTerms accepted(*terms, *query.automaton);
    uint32_t until_poll = 0;
    while (accepted.next(kTermsPerPoll)) {
      // Terms that aren't accepted are read from the dictionary alone, many in a row.
      if (accepted.accepted() == 0 || until_poll-- == 0) {
        throw_if_stopped(interrupt.poll());
        until_poll = kTermsPerPoll;
      }
      if (accepted.accepted() != 0) docs.add(reader.postings(query.field, accepted.meta()));
    }
  }
  return docs.scorer(weight.boost);
}

ScorerPtr PreparedQuery::term_range_scorer(const Weight& weight, size_t segment,
                                           const Interrupt& interrupt) const {
  const Query& query = *weight.query;
  const index::SegmentReader& reader = *snapshot_->segment(segment).reader;
  const termdict::FieldTerms* terms = reader.terms(query.field);
  if (terms == nullptr) return nullptr;
  PostingsUnion docs(reader.max_doc(), interrupt);
  termdict::FieldTerms::Iterator at(*terms, query.has_lo ? std::string_view(query.lo_str) : "");
  while (at.next()) {
    const std::string_view term = at.term();
    if (query.has_hi && (query.include_hi ? term > query.hi_str : term >= query.hi_str)) break;
    if (query.has_lo && !query.include_lo && term == query.lo_str) continue;
    docs.add(reader.postings(query.field, at.meta()));
  }
  return docs.scorer(weight.boost);
}

ScorerPtr PreparedQuery::sloppy_phrase_scorer(const Weight& weight, size_t segment) const {
  const Query& query = *weight.query;
  const std::vector<PhraseSlot> phrase = slots_of(query);
  const index::SegmentReader& reader = *snapshot_->segment(segment).reader;
  const index::FieldMeta* field = reader.field(query.field);
  if (field == nullptr) return nullptr;
  if (field->field.postings != schema::PostingsKind::kFreqsPositions)
    throw_invalid("the field `" + field->field.name + "` has no positions; a phrase needs them");
  std::vector<SloppyPhraseScorer::Slot> slots(phrase.size());
  for (size_t t = 0; t < query.terms.size(); ++t) {
    const postings::TermMeta& meta = weight.meta(segment, t);
    if (meta.doc_freq == 0) continue;
    slots[query.slots[t]].terms.push_back(std::make_unique<TermScorer>(
        [&] { return reader.postings(query.field, meta); }, TermScoring()));
  }
  const auto is_empty = [](const SloppyPhraseScorer::Slot& slot) { return slot.terms.empty(); };
  if (std::ranges::any_of(slots, is_empty)) return nullptr;
  return std::make_unique<SloppyPhraseScorer>(std::move(slots), phrase, query.slop,
                                              scoring(weight, segment));
}

}  // namespace diagon::search
