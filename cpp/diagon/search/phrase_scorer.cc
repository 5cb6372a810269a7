#include "diagon/search/phrase_scorer.h"

#include <algorithm>
#include <cstring>

#include "diagon/kernels/kernels.h"

namespace diagon::search {

using kernels::kBatch;

PhraseScorer::PhraseScorer(std::vector<Term> terms, TermScoring scoring)
    : terms_(std::move(terms)), levels_(terms_.size()), scoring_(std::move(scoring)) {
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

uint32_t PhraseScorer::intersect_block(size_t level, const DocId* docs, uint32_t from, uint32_t end,
                                       uint32_t& found) {
  postings::PostingsCursor& cursor = terms_[level].cursor;
  if (!cursor.seek(docs[from])) return 0;
  const uint32_t to = docs[end - 1] <= cursor.last_doc()
                          ? end
                          : from + find_doc(docs + from, end - from, cursor.last_doc() + 1);
  Level& out = levels_[level];
  found = kernels::best().intersect(docs + from, to - from, cursor.docs(), cursor.size(), out.up,
                                    out.at);
  for (uint32_t i = 0; i < found; ++i) {
    out.up[i] = static_cast<uint16_t>(from + out.up[i]);
    out.docs[i] = docs[out.up[i]];
  }
  return to;
}

uint32_t PhraseScorer::most_frequent() {
  uint32_t least = UINT32_MAX;
  for (Term& term : terms_) least = std::min(least, term.cursor.freqs()[term.at]);
  return least;
}

uint32_t PhraseScorer::frequency(bool only_whether) {
  // A place counts once, also if a term stands twice at one position: the frequency is then not
  // above that of any of the terms, as max_score() takes for granted.
  starts_.clear();
  for (Term& term : terms_) {
    const std::span<const uint32_t> positions = term.cursor.positions(term.at);
    if (&term == &terms_[0]) {
      for (const uint32_t p : positions) {
        if (p < term.position) continue;
        const uint32_t start = p - term.position;
        if (starts_.empty() || starts_.back() != start) starts_.push_back(start);
      }
      continue;
    }
    size_t kept = 0;
    size_t j = 0;
    for (const uint32_t start : starts_) {
      const uint64_t want = uint64_t{start} + term.position;
      while (j < positions.size() && positions[j] < want) ++j;
      if (j == positions.size()) break;
      if (positions[j] != want) continue;
      if (only_whether && &term == &terms_.back()) return 1;
      starts_[kept++] = start;
    }
    starts_.resize(kept);
    if (kept == 0) return 0;
  }
  return static_cast<uint32_t>(starts_.size());
}

void PhraseScorer::match(const Window& window, const uint64_t* mask, uint64_t* out) {
  if (with_scores() && freqs_.empty()) freqs_.resize(kWindowDocs);
  uint64_t found[kWindowWords] = {};
  DocId docs[kBatch];
  uint32_t n = 0;
  const auto look = [&] {
    each_with_all_terms(docs, n, [&](DocId doc) {
      const uint32_t freq = frequency(!with_scores());
      if (freq == 0) return;
      bits::set(found, doc - window.base);
      if (with_scores()) freqs_[doc - window.base] = freq;
    });
    n = 0;
  };
  DocId next = window.base;
  while (next < window.end() && lead().seek(next)) {
    const DocId* block = lead().docs();
    const uint32_t size = lead().size();
    next = lead().last_doc() + 1;
    for (uint32_t i = find_doc(block, size, window.base); i < size && block[i] < window.end(); ++i)
      if (bits::test(mask, block[i] - window.base)) docs[n++] = block[i];
    look();
  }
  std::memcpy(out, found, window.words() * sizeof(uint64_t));
}

uint32_t PhraseScorer::refine(DocId* docs, uint32_t n) {
  uint32_t count = 0;
  for (uint32_t from = 0; from < n; from += kBatch) {
    // What is kept goes to places that were read already.
    each_with_all_terms(docs + from, std::min(n - from, kBatch), [&](DocId doc) {
      if (frequency(true) != 0) docs[count++] = doc;
    });
  }
  return count;
}

void PhraseScorer::add_scores(const Window& window, const uint64_t* docs, double* scores) {
  bits::for_each(docs, window.words(), [&](size_t i) {
    scores[i] += scoring_(window.base + static_cast<DocId>(i), freqs_[i]);
  });
}

void PhraseScorer::open_bounds() {
  for (Term& term : terms_) bounds_.push_back(scoring_.bounds(term.cursor));
}

std::vector<float> PhraseScorer::lead_bounds() {
  if (bounds_.empty()) open_bounds();
  std::vector<float> best = bounds_[0];
  for (size_t t = 1; t < terms_.size(); ++t) {
    const std::vector<float> other = bounds_beside(lead(), terms_[t].cursor, bounds_[t]);
    for (size_t b = 0; b < best.size(); ++b) best[b] = std::min(best[b], other[b]);
  }
  return best;
}

double PhraseScorer::max_score(DocId from, DocId to) {
  if (bounds_.empty()) open_bounds();
  // A phrase stands no more often in a document than each of its terms does.
  float best = scoring_.weight;
  for (size_t t = 0; t < terms_.size(); ++t) {
    const postings::PostingsCursor& cursor = terms_[t].cursor;
    float term = 0;
    for (uint32_t b = cursor.find_block(from); b < cursor.block_count(); ++b) {
      term = std::max(term, bounds_[t][b]);
      if (cursor.block_last_doc(b) >= to - 1) break;
    }
    best = std::min(best, term);
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
