#include "diagon/search/filtered_search.h"

#include <algorithm>
#include <cmath>

#include "diagon/util/error.h"

namespace diagon::search {

using kernels::kBatch;

namespace {

// The clauses of a query that fits: itself, if it is a function.
std::span<const Weight> clauses_of(const Weight& root) noexcept {
  return root.query->kind == QueryKind::kUdf ? std::span(&root, 1) : std::span(root.children);
}

Occur occur_of(const Weight& root, size_t clause) noexcept {
  return root.query->kind == QueryKind::kUdf ? Occur::kMust : root.query->clauses[clause].occur;
}

}  // namespace

uint32_t FilteredSearch::functions(const PreparedQuery& prepared) noexcept {
  const Weight& root = prepared.root();
  if (root.query->kind == QueryKind::kUdf) return 1;
  if (root.query->kind != QueryKind::kBool || root.query->minimum_should_match != 0) return 0;
  uint32_t count = 0;
  for (size_t i = 0; i < root.children.size(); ++i) {
    const Weight& child = root.children[i];
    if (occur_of(root, i) == Occur::kShould) return 0;
    if (child.has_udf && child.query->kind != QueryKind::kUdf) return 0;
    count += child.has_udf ? 1 : 0;
  }
  return count;
}

FilteredSearch::FilteredSearch(std::shared_ptr<const PreparedQuery> prepared, uint32_t k,
                               uint64_t count_up_to, Interrupt interrupt)
    : prepared_(std::move(prepared)),
      count_up_to_(count_up_to),
      interrupt_(std::move(interrupt)),
      top_(k),
      docs_(kBatchCapacity + 2 * kBatch) {
  if (functions(*prepared_) == 0)
    throw_invalid("a query of another shape than a conjunction of functions");
}

void FilteredSearch::enter(uint32_t segment) {
  if (segment >= prepared_->snapshot().size()) throw_invalid("no such segment");
  const Weight& root = prepared_->root();
  const std::span<const Weight> clauses = clauses_of(root);
  std::vector<const Weight*> required;
  std::vector<const Weight*> prohibited;
  std::vector<const Weight*> scored;
  for (size_t i = 0; i < clauses.size(); ++i) {
    const Occur occur = occur_of(root, i);
    if (!clauses[i].has_udf)
      (occur == Occur::kMustNot ? prohibited : required).push_back(&clauses[i]);
    if (occur == Occur::kMust && top_.wanted() != 0) scored.push_back(&clauses[i]);
  }
  segment_ = segment;
  size_ = 0;
  pending_ = 0;
  source_.emplace(*prepared_, segment, required, prohibited, interrupt_);
  scores_.emplace(*prepared_, segment, scored, interrupt_);
}

void FilteredSearch::accept(std::span<const uint8_t> passed) {
  uint32_t kept = 0;
  for (uint32_t i = 0; i < size_; ++i) {
    const DocId doc = docs_[i];
    docs_[kept] = doc;
    kept += passed[i] != 0 ? 1 : 0;
  }
  size_ = 0;
  count_ += kept;
  if (top_.wanted() != 0) rank({docs_.data(), kept});
}

void FilteredSearch::rank(std::span<const DocId> docs) {
  for (size_t at = 0; at < docs.size();) {
    size_t end = docs.size();
    if (top_.full()) {
      const DocId from = docs[at];
      const DocId to = scores_->max_score_end(from);
      if (docs.back() >= to)
        end = at + find_doc(docs.data() + at, static_cast<uint32_t>(docs.size() - at), to);
      const double bound = scores_->max_score(from, docs[end - 1] + 1);
      if (!top_.admits(static_cast<float>(bound), segment_, from)) {
        at = end;
        continue;
      }
    }
    end = std::min(end, at + (kBatch - pending_));
    std::copy(docs.data() + at, docs.data() + end, pending_docs_ + pending_);
    pending_ += static_cast<uint32_t>(end - at);
    if (pending_ == kBatch || !top_.full()) rank_pending();
    at = end;
  }
  rank_pending();
}

void FilteredSearch::rank_pending() {
  double sums[kBatch];
  scores_->score(pending_docs_, pending_, sums);
  for (uint32_t i = 0; i < pending_; ++i) {
    if (std::isnan(sums[i])) prepared_->throw_no_score(segment_, pending_docs_[i]);
    const auto score = static_cast<float>(sums[i]);
    if (!(score < top_.bar())) top_.add({segment_, pending_docs_[i], score});
  }
  pending_ = 0;
}

bool FilteredSearch::skip_low() {
  while (may_skip()) {
    if (top_.wanted() == 0) return false;
    const DocId from = source_->lower_bound(source_->position());
    if (from == kNoMoreDocs) return false;
    source_->skip_to(from);
    const DocId end = scores_->max_score_end(from);
    if (top_.admits(static_cast<float>(scores_->max_score(from, end)), segment_, from)) return true;
    if (end == kNoMoreDocs) return false;
    source_->skip_to(end);
  }
  return true;
}

uint32_t FilteredSearch::next(std::span<const uint8_t> passed, uint32_t wanted,
                              std::span<DocId> docs, StreamState& state) {
  if (!source_ || passed.size() != size_)
    throw_invalid("a batch must be answered for each of its documents");
  if (docs.size() < kBatchCapacity) throw_invalid("a buffer is shorter than a batch");
  accept(passed);
  // A block may come on top.
  wanted = std::clamp(wanted, uint32_t{1}, kBatchCapacity - kBatch + 1);
  state = StreamState::kMore;
  while (size_ < wanted) {
    if (interrupt_.poll() != Stop::kNo) {
      size_ = 0;
      state = StreamState::kInterrupted;
      return 0;
    }
    if (source_->position() == kNoMoreDocs || !skip_low()) {
      state = StreamState::kExhausted;
      break;
    }
    ++looked_at_;
    size_ += source_->next({docs_.data() + size_, std::max(wanted - size_, kBatch)});
  }
  std::copy_n(docs_.data(), size_, docs.data());
  candidates_ += size_;
  return size_;
}

}  // namespace diagon::search
