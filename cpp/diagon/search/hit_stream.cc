#include "diagon/search/hit_stream.h"

#include <algorithm>
#include <cmath>

#include "diagon/search/live_window.h"
#include "diagon/util/error.h"

namespace diagon::search {

HitStream::HitStream(std::shared_ptr<const PreparedQuery> prepared, size_t segment,
                     uint32_t leaf_count, Interrupt interrupt)
    : prepared_(std::move(prepared)),
      segment_number_(segment),
      segment_(prepared_->snapshot().segment(segment)),
      tree_(*prepared_, segment, leaf_count, interrupt),
      interrupt_(std::move(interrupt)),
      max_doc_(segment_.reader->max_doc()),
      leaf_count_(leaf_count) {
  numbers_.reserve(kWindowDocs);
  docs_.reserve(kBatchCapacity);
  states_.reserve(kBatchCapacity);
  dropped_.fill(0);
}

bool HitStream::next_window(Competitive* best) {
  position_ = tree_.lower_bound(position_);
  if (position_ >= max_doc_) return false;
  if (best != nullptr) {
    const DocId next = best->lower_bound(position_);
    if (next > position_) {
      position_ = next;
      numbers_.clear();
      return next < max_doc_;
    }
  }
  if (has_bar_ && tree_.with_scores()) {
    const DocId end = std::min(tree_.max_score_end(position_), max_doc_);
    if (!competitive(tree_.max_score(position_, end))) {
      position_ = end;
      numbers_.clear();
      return true;
    }
  }
  window_ = window_at(position_, max_doc_);
  uint64_t live[kWindowWords];
  uint64_t found[kWindowWords];
  live_window(segment_, window_, position_, live);
  if (best != nullptr) best->narrow(window_, live);
  tree_.candidates(window_, live, found);
  numbers_.clear();
  bits::for_each(found, window_.words(),
                 [this](size_t i) { numbers_.push_back(static_cast<uint16_t>(i)); });
  position_ = window_.end();
  return true;
}

void HitStream::narrow_rest(Competitive& best) {
  uint64_t rest[kWindowWords] = {};
  for (size_t i = taken_; i < numbers_.size(); ++i) bits::set(rest, numbers_[i]);
  best.narrow(window_, rest);
  std::erase_if(numbers_, [&](uint16_t i) { return !bits::test(rest, i); });
  taken_ = 0;
}

void HitStream::take(uint32_t capacity) {
  const size_t count = std::min<size_t>(numbers_.size() - taken_, capacity - docs_.size());
  if (count == 0) return;
  const uint16_t* numbers = numbers_.data() + taken_;
  uint64_t docs[kWindowWords] = {};
  for (size_t i = 0; i < count; ++i) {
    bits::set(docs, numbers[i]);
    docs_.push_back(window_.base + numbers[i]);
  }
  tree_.append(window_, docs, numbers, static_cast<uint32_t>(count));
  taken_ += count;
}

void HitStream::drop_below_bar() {
  dropped_.fill(0);
  if (!has_bar_ || !tree_.with_scores() || docs_.empty()) return;
  const BatchScores& bounds = tree_.scores(true, UINT32_MAX);
  for (size_t i = 0; i < docs_.size(); ++i)
    dropped_[i / 64] |= uint64_t{!competitive(bounds[i])} << (i % 64);
}

uint32_t HitStream::next_batch(uint32_t budget, uint32_t capacity, StreamState& state,
                               Competitive* best) {
  if (capacity == 0 || budget == 0) throw_invalid("a batch needs a capacity and a budget above 0");
  capacity = std::min(capacity, kBatchCapacity);
  docs_.clear();
  asked_leaf_ = UINT32_MAX;
  tree_.begin_batch();
  state = StreamState::kMore;
  if (best != nullptr && taken_ < numbers_.size()) narrow_rest(*best);
  while (true) {
    take(capacity);
    if (docs_.size() == capacity) break;
    if (budget-- == 0) break;
    if (interrupt_.poll() != Stop::kNo) {
      docs_.clear();
      tree_.begin_batch();
      state = StreamState::kInterrupted;
      return 0;
    }
    taken_ = 0;
    ++windows_;
    if (!next_window(best)) {
      numbers_.clear();
      state = StreamState::kExhausted;
      break;
    }
  }
  drop_below_bar();
  candidates_ += docs_.size();
  return static_cast<uint32_t>(docs_.size());
}

uint32_t HitStream::needed(uint32_t leaf, std::span<uint32_t> docs, std::span<float> scores) {
  if (leaf >= leaf_count_) throw_invalid("no such UDF leaf");
  if (docs.size() < docs_.size() || (!scores.empty() && scores.size() < docs_.size()))
    throw_invalid("a buffer is shorter than the batch");
  tree_.needed(leaf, dropped_, asked_);
  asked_leaf_ = leaf;
  uint32_t count = 0;
  const BatchScores* all = nullptr;
  if (!scores.empty()) all = tree_.scores_for(leaf);
  bits::for_each(asked_.data(), kBatchWords, [&](size_t i) {
    if (!scores.empty()) scores[count] = all == nullptr ? 0.0f : static_cast<float>((*all)[i]);
    docs[count++] = docs_[i];
  });
  return count;
}

void HitStream::check_answer(uint32_t leaf, size_t count) const {
  if (leaf != asked_leaf_) throw_invalid("this leaf was not the last one asked about");
  if (count != bits::count(asked_.data(), kBatchWords))
    throw_invalid("a leaf must be resolved for as many documents as needed it");
}

void HitStream::resolve_scores(uint32_t leaf, std::span<const double> values,
                               std::span<const uint8_t> states) {
  check_answer(leaf, values.size());
  check_answer(leaf, states.size());
  if (!tree_.is_function(leaf)) throw_invalid("this leaf is no function of a function_score");
  states_.clear();
  for (size_t i = 0; i < states.size(); ++i) {
    if (states[i] > static_cast<uint8_t>(UdfState::kNotApplied) || !std::isfinite(values[i]) ||
        values[i] < 0)
      throw_invalid("a function's value is not a score");
    states_.push_back(static_cast<UdfState>(states[i]));
  }
  tree_.resolve_scores(leaf, asked_, values, states_);
  asked_leaf_ = UINT32_MAX;
}

void HitStream::resolve(uint32_t leaf, std::span<const uint8_t> values) {
  check_answer(leaf, values.size());
  if (tree_.is_function(leaf)) throw_invalid("this leaf is a function of a function_score");
  BatchBits value{};
  size_t next = 0;
  bits::for_each(asked_.data(), kBatchWords, [&](size_t i) {
    if (values[next++] != 0) bits::set(value.data(), i);
  });
  tree_.resolve(leaf, asked_, value);
  asked_leaf_ = UINT32_MAX;
}

uint32_t HitStream::accepted(std::span<uint32_t> docs, std::span<float> scores) {
  if (docs.size() < docs_.size() || scores.size() < docs_.size())
    throw_invalid("a buffer is shorter than the batch");
  BatchBits open;
  for (uint32_t leaf = 0; leaf < leaf_count_; ++leaf) {
    tree_.needed(leaf, dropped_, open);
    if (bits::any(open.data(), kBatchWords)) throw_invalid("a UDF leaf is still to be asked");
  }
  BatchBits matching;
  BatchBits undecided;
  tree_.outcome(matching, undecided);
  const BatchScores* all = tree_.with_scores() ? &tree_.scores(false, UINT32_MAX) : nullptr;
  uint32_t count = 0;
  for (uint32_t w = 0; w < kBatchWords; ++w) {
    matching[w] &= ~dropped_[w];
    if ((undecided[w] & ~dropped_[w]) != 0)
      throw Error(ErrorCode::kInternal, "no leaf is to be asked, and a candidate is undecided");
  }
  bits::for_each(matching.data(), kBatchWords, [&](size_t i) {
    const double score = all == nullptr ? 0.0 : (*all)[i];
    if (std::isnan(score)) prepared_->throw_no_score(segment_number_, docs_[i]);
    scores[count] = static_cast<float>(score);
    docs[count++] = docs_[i];
  });
  return count;
}

}  // namespace diagon::search
