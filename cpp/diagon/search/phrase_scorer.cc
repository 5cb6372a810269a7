#include "diagon/search/phrase_scorer.h"

#include <algorithm>

#include "diagon/search/term_scorer.h"

namespace diagon::search {

PhraseScorer::PhraseScorer(std::vector<Term> terms, std::shared_ptr<const NormTable> table,
                           const uint8_t* norms, float weight, bool with_scores)
    : terms_(std::move(terms)),
      indices_(terms_.size()),
      table_(std::move(table)),
      norms_(norms),
      weight_(weight),
      with_scores_(with_scores),
      freqs_(with_scores ? kWindowDocs : 0) {
  std::stable_sort(terms_.begin(), terms_.end(), [](const Term& a, const Term& b) {
    return a.cursor.doc_freq() < b.cursor.doc_freq();
  });
}

uint64_t PhraseScorer::cost() const noexcept { return terms_[0].cursor.doc_freq(); }

DocId PhraseScorer::lower_bound(DocId target) {
  for (Term& term : terms_) {
    if (!term.cursor.seek(target)) return kNoMoreDocs;
    target = term.cursor.docs()[find_doc(term.cursor.docs(), term.cursor.size(), target)];
  }
  return target;
}

void PhraseScorer::match(const Window& window, const uint64_t* mask, uint64_t* out) {
  for (uint32_t w = 0; w < window.words(); ++w) {
    uint64_t candidates = mask[w];
    uint64_t found = 0;
    while (candidates != 0) {
      const uint32_t bit = static_cast<uint32_t>(std::countr_zero(candidates));
      const DocId doc = window.base + w * 64 + bit;
      candidates &= candidates - 1;
      bool all = true;
      for (size_t t = 0; t < terms_.size() && all; ++t) {
        postings::PostingsCursor& cursor = terms_[t].cursor;
        if (!cursor.seek(doc)) {
          all = false;
          candidates = 0;  // no document from here on has the term
          break;
        }
        indices_[t] = find_doc(cursor.docs(), cursor.size(), doc);
        const DocId next = cursor.docs()[indices_[t]];
        if (next == doc) continue;
        all = false;
        // Candidates before the term's next document can't match.
        const DocId word_base = window.base + w * 64;
        if (next >= word_base + 64)
          candidates = 0;
        else
          candidates &= ~uint64_t{0} << (next - word_base);
      }
      if (!all) continue;
      const uint32_t freq = phrase_freq();
      if (freq == 0) continue;
      found |= uint64_t{1} << bit;
      if (with_scores_) freqs_[doc - window.base] = freq;
    }
    out[w] = found;
  }
}

uint32_t PhraseScorer::phrase_freq() {
  // A place counts once, also if a term stands twice at one position: the frequency is then not
  // above that of any of the terms, as max_score() takes for granted.
  starts_.clear();
  for (const uint32_t p : terms_[0].cursor.positions(indices_[0])) {
    if (p < terms_[0].position) continue;
    const uint32_t start = p - terms_[0].position;
    if (starts_.empty() || starts_.back() != start) starts_.push_back(start);
  }
  for (size_t t = 1; t < terms_.size() && !starts_.empty(); ++t) {
    const std::span<const uint32_t> positions = terms_[t].cursor.positions(indices_[t]);
    size_t kept = 0;
    size_t j = 0;
    for (const uint32_t start : starts_) {
      const uint64_t want = uint64_t{start} + terms_[t].position;
      while (j < positions.size() && positions[j] < want) ++j;
      if (j == positions.size()) break;
      if (positions[j] == want) starts_[kept++] = start;
    }
    starts_.resize(kept);
  }
  return static_cast<uint32_t>(starts_.size());
}

void PhraseScorer::add_scores(const Window& window, const uint64_t* docs, double* scores) {
  bits::for_each(docs, window.words(), [&](size_t i) {
    const uint8_t norm = norms_ == nullptr ? 1 : norms_[window.base + i];
    scores[i] += bm25(weight_, static_cast<float>(freqs_[i]), (*table_)[norm]);
  });
}

double PhraseScorer::max_score(DocId from, DocId to) {
  // A phrase stands no more often in a document than each of its terms does.
  float best = weight_;
  for (Term& term : terms_) {
    impacts_.clear();
    for (uint32_t b = term.cursor.find_block(from); b < term.cursor.block_count(); ++b) {
      term.cursor.block_impacts(b, impacts_);
      if (term.cursor.block_last_doc(b) >= to - 1) break;
    }
    best = std::min(best, max_impact_score(impacts_, *table_, weight_));
  }
  return best;
}

DocId PhraseScorer::max_score_end(DocId from) {
  DocId end = kNoMoreDocs;
  for (Term& term : terms_) {
    const uint32_t b = term.cursor.find_block(from);
    if (b < term.cursor.block_count()) end = std::min(end, term.cursor.block_last_doc(b) + 1);
  }
  return end;
}

}  // namespace diagon::search
