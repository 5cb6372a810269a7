#include "diagon/index/bisection.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <exception>
#include <span>
#include <thread>

namespace diagon::index {
namespace {

// A list of d documents in a half of n takes about d log2(n / (d + 1)) bits. step(d) is what the
// second factor's d log2(d + 1) grows by from d to d + 1.
constexpr uint32_t kTable = 4096;

std::array<float, kTable> make_steps() {
  std::array<float, kTable> steps;
  for (uint32_t d = 0; d < kTable; ++d)
    steps[d] = static_cast<float>((d + 1) * std::log2(d + 2.0) - d * std::log2(d + 1.0));
  return steps;
}

float step(uint32_t d) noexcept {
  static const std::array<float, kTable> table = make_steps();
  if (d < kTable) return table[d];
  constexpr float kLogE = 1.442695f;
  return std::log2(static_cast<float>(d) + 1.5f) + kLogE;
}

// One thread's arrays, by term.
class Bisector {
 public:
  Bisector(const ForwardIndex& index, std::vector<uint32_t>& terms, std::vector<uint32_t>& ends,
           const BisectionOptions& options, const CancelFlag& stop)
      : starts_(index.starts), terms_(terms), ends_(ends), options_(options), stop_(stop) {}

  // Orders the documents; they are ascending at first. `term_count`: their terms are below it.
  void run(std::span<DocId> docs, uint32_t term_count) {
    if (docs.size() <= options_.leaf_docs) return;
    term_count = keep_useful_terms(docs, term_count);
    if (term_count == 0) return;
    split(docs, term_count);
    const size_t half = docs.size() / 2;
    run(docs.first(half), term_count);
    run(docs.subspan(half), term_count);
  }

  // The first split alone; returns the number of terms that its halves have.
  uint32_t run_once(std::span<DocId> docs, uint32_t term_count) {
    term_count = keep_useful_terms(docs, term_count);
    if (term_count != 0) split(docs, term_count);
    return term_count;
  }

 private:
  struct Gain {
    float to_right;  // of a document in the left half with the term
    float to_left;
  };
  struct Ranked {
    float gain;
    uint32_t at;  // of the document in its half
  };

  std::span<uint32_t> terms_of(DocId doc) {
    return std::span(terms_).subspan(starts_[doc], ends_[doc] - starts_[doc]);
  }

  // Terms of one of the documents, or of all of them, say nothing about how to split them. The
  // others get new numbers without gaps, which keeps the arrays of small groups small.
  uint32_t keep_useful_terms(std::span<const DocId> docs, uint32_t term_count) {
    throw_if_cancelled(stop_);
    degrees_.assign(term_count, 0);
    for (const DocId doc : docs)
      for (const uint32_t term : terms_of(doc)) ++degrees_[term];
    uint32_t kept = 0;
    constexpr uint32_t kDropped = UINT32_MAX;
    for (uint32_t& degree : degrees_)
      degree = degree < 2 || degree == docs.size() ? kDropped : kept++;
    for (const DocId doc : docs) {
      uint32_t* out = terms_.data() + starts_[doc];
      for (const uint32_t term : terms_of(doc))
        if (degrees_[term] != kDropped) *out++ = degrees_[term];
      ends_[doc] = static_cast<uint32_t>(out - terms_.data());
    }
    return kept;
  }

  void split(std::span<DocId> docs, uint32_t term_count) {
    const std::span<DocId> left = docs.first(docs.size() / 2);
    const std::span<DocId> right = docs.subspan(docs.size() / 2);
    count(left, term_count, left_);
    count(right, term_count, right_);
    for (uint32_t round = 0; round < options_.max_rounds; ++round) {
      throw_if_cancelled(stop_);
      gains_.resize(term_count);
      for (uint32_t t = 0; t < term_count; ++t) {
        const uint32_t l = left_[t];
        const uint32_t r = right_[t];
        gains_[t] = {l == 0 ? 0 : step(r) - step(l - 1), r == 0 ? 0 : step(l) - step(r - 1)};
      }
      rank(left, left_ranks_, [](const Gain& gain) { return gain.to_right; });
      rank(right, right_ranks_, [](const Gain& gain) { return gain.to_left; });
      // Later rounds exchange only what is worth it, so that they come to an end.
      if (exchange(left, right, static_cast<float>(round)) == 0) break;
    }
    std::sort(left.begin(), left.end());
    std::sort(right.begin(), right.end());
  }

  void count(std::span<const DocId> docs, uint32_t term_count, std::vector<uint32_t>& degrees) {
    degrees.assign(term_count, 0);
    for (const DocId doc : docs)
      for (const uint32_t term : terms_of(doc)) ++degrees[term];
  }

  template <typename Side>
  void rank(std::span<const DocId> docs, std::vector<Ranked>& ranks, Side&& side) {
    ranks.clear();
    for (uint32_t i = 0; i < docs.size(); ++i) {
      float gain = 0;
      for (const uint32_t term : terms_of(docs[i])) gain += side(gains_[term]);
      ranks.push_back({gain, i});
    }
  }

  // Exchanges the documents that gain most, pair by pair, as long as a pair gains more than
  // `least`. Returns the number of pairs.
  size_t exchange(std::span<DocId> left, std::span<DocId> right, float least) {
    const auto better = [](const Ranked& a, const Ranked& b) {
      return a.gain != b.gain ? a.gain > b.gain : a.at < b.at;
    };
    // Only those can be of a pair that gain enough with the other half's best.
    const auto keep = [&](std::vector<Ranked>& ranks, float other_best) {
      std::erase_if(ranks, [&](const Ranked& r) { return r.gain + other_best <= least; });
    };
    const auto best = [&](const std::vector<Ranked>& ranks) {
      return std::min_element(ranks.begin(), ranks.end(), better)->gain;
    };
    const float left_best = best(left_ranks_);
    const float right_best = best(right_ranks_);
    keep(left_ranks_, right_best);
    keep(right_ranks_, left_best);
    std::sort(left_ranks_.begin(), left_ranks_.end(), better);
    std::sort(right_ranks_.begin(), right_ranks_.end(), better);
    const size_t most = std::min(left_ranks_.size(), right_ranks_.size());
    size_t pairs = 0;
    while (pairs < most && left_ranks_[pairs].gain + right_ranks_[pairs].gain > least) {
      DocId& a = left[left_ranks_[pairs].at];
      DocId& b = right[right_ranks_[pairs].at];
      for (const uint32_t term : terms_of(a)) --left_[term], ++right_[term];
      for (const uint32_t term : terms_of(b)) ++left_[term], --right_[term];
      std::swap(a, b);
      ++pairs;
    }
    return pairs;
  }

  const std::vector<uint32_t>& starts_;
  std::vector<uint32_t>& terms_;
  std::vector<uint32_t>& ends_;  // of each document's terms that are left
  const BisectionOptions& options_;
  const CancelFlag& stop_;
  std::vector<uint32_t> degrees_, left_, right_;  // by term: documents with it
  std::vector<Gain> gains_;
  std::vector<Ranked> left_ranks_, right_ranks_;
};

}  // namespace

std::vector<DocId> bisect(ForwardIndex index, const BisectionOptions& options,
                          const CancelFlag& stop) {
  std::vector<DocId> order(index.doc_count());
  for (DocId doc = 0; doc < order.size(); ++doc) order[doc] = doc;
  std::vector<uint32_t> ends(index.starts.begin() + 1, index.starts.end());
  Bisector first(index, index.terms, ends, options, stop);
  const std::span<DocId> docs(order);
  const size_t half = docs.size() / 2;
  if (options.threads < 2 || docs.size() <= options.leaf_docs) {
    first.run(docs, index.term_count);
    return order;
  }
  const uint32_t term_count = first.run_once(docs, index.term_count);
  Bisector second(index, index.terms, ends, options, stop);
  std::exception_ptr failure;
  std::thread beside([&] {
    try {
      second.run(docs.subspan(half), term_count);
    } catch (...) {
      failure = std::current_exception();
    }
  });
  try {
    first.run(docs.first(half), term_count);
  } catch (...) {
    beside.join();
    throw;
  }
  beside.join();
  if (failure) std::rethrow_exception(failure);
  return order;
}

double log_gap_cost(const ForwardIndex& index, const std::vector<DocId>& places) {
  std::vector<std::vector<DocId>> lists(index.term_count);
  for (DocId doc = 0; doc < index.doc_count(); ++doc)
    for (uint32_t i = index.starts[doc]; i < index.starts[doc + 1]; ++i)
      lists[index.terms[i]].push_back(places[doc]);
  double bits = 0;
  for (std::vector<DocId>& list : lists) {
    std::sort(list.begin(), list.end());
    for (size_t i = 1; i < list.size(); ++i) bits += std::log2(list[i] - list[i - 1] + 1.0);
  }
  return bits;
}

}  // namespace diagon::index
