#include "diagon/search/sort_collector.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "diagon/util/error.h"

namespace diagon::search {

SortCollector::SortCollector(std::shared_ptr<const index::Snapshot> snapshot,
                             std::vector<SortKey> keys, std::vector<SortValue> after,
                             const SortOptions& options)
    : snapshot_(std::move(snapshot)),
      keys_(std::move(keys)),
      after_values_(std::move(after)),
      options_(options),
      needs_scores_(options.has_min_score || options.track_scores || options.with_scores) {
  if (keys_.empty() || options.k == 0) throw_invalid("a sort needs keys, and hits to be sorted");
  if (!after_values_.empty() && after_values_.size() != keys_.size())
    throw_invalid("a hit to begin after needs a value for each sort key");
  for (const SortKey& key : keys_) {
    needs_scores_ |= key.kind == SortKind::kScore;
    if (is_string(key) && key.mode != MultiValueMode::kMin && key.mode != MultiValueMode::kMax)
      throw_invalid("strings have neither a sum nor a mean");
    if (!(key.unit > 0)) throw_invalid("a unit of length must be above 0");
  }
  after_.codes.resize(after_values_.size());
  after_.strings.resize(after_values_.size());
  bar_.codes.resize(keys_.size());
  bar_.strings.resize(keys_.size());
  heap_.reserve(options.k);
}

void SortCollector::enter(uint32_t segment) {
  if (segment >= snapshot_->size()) throw_invalid("no such segment");
  segment_ = segment;
  segment_keys_.clear();
  for (const SortKey& key : keys_) segment_keys_.emplace_back(key, *snapshot_, segment);
  for (size_t k = 0; k < after_values_.size(); ++k) {
    const SortValue& value = after_values_[k];
    if (!is_string(keys_[k])) {
      after_.codes[k] = value.present ? code_of(keys_[k], value) : segment_keys_[k].missing_code();
    } else if (value.present) {
      after_.codes[k] = segment_keys_[k].code_of_string(value.string);
      after_.strings[k] = value.string;
    } else {
      // Behind which a value that stands for a missing one has its place, too.
      after_.codes[k] = segment_keys_[k].missing_code();
      after_.strings[k] = keys_[k].missing_string;
    }
  }
  if (heap_.size() == options_.k) set_bar();
}

void SortCollector::give(size_t key, const GivenValues& values) {
  if (key >= segment_keys_.size() || !is_given(keys_[key]))
    throw_invalid("this sort key takes no values");
  segment_keys_[key].give(values);
}

int64_t SortCollector::code(size_t key, DocId doc, float score) {
  int64_t code = 0;
  segment_keys_[key].codes({&doc, 1}, &score, &code);
  return code;
}

int SortCollector::compare(DocId doc, float score, int64_t first, const Mark& mark) {
  for (size_t k = 0; k < keys_.size(); ++k) {
    const int64_t own = k == 0 ? first : code(k, doc, score);
    if (own != mark.codes[k]) return own < mark.codes[k] ? -1 : 1;
    if (segment_keys_[k].exact(own)) continue;
    const int order = search::compare(keys_[k], segment_keys_[k].string(doc), mark.strings[k]);
    if (order != 0) return order;
  }
  return 0;
}

void SortCollector::collect(std::span<const DocId> docs, std::span<const float> scores) {
  if (needs_scores_ && scores.size() != docs.size())
    throw_invalid("a score is needed for each document");
  first_codes_.resize(docs.size());
  segment_keys_.at(0).codes(docs, scores.data(), first_codes_.data());
  for (size_t i = 0; i < docs.size(); ++i) {
    const float score = needs_scores_ ? scores[i] : 0;
    if (options_.has_min_score && score < options_.min_score) continue;
    max_score_ = count_ == 0 ? score : std::max(max_score_, score);
    ++count_;
    const int64_t first = first_codes_[i];
    const bool full = heap_.size() == options_.k;
    if (full && first > bar_.codes[0]) continue;
    if (!after_.codes.empty() && compare(docs[i], score, first, after_) <= 0) continue;
    // Among equals the earlier one stays.
    if (full && compare(docs[i], score, first, bar_) >= 0) continue;
    insert(docs[i], score);
  }
}

void SortCollector::insert(DocId doc, float score) {
  const auto before = [this](uint32_t a, uint32_t b) { return better(a, b); };
  uint32_t slot = static_cast<uint32_t>(heap_.size());
  if (heap_.size() == options_.k) {
    std::pop_heap(heap_.begin(), heap_.end(), before);
    slot = heap_.back();
  } else {
    heap_.push_back(slot);
    entries_.emplace_back();
    codes_.resize(codes_.size() + keys_.size());
    strings_.resize(strings_.size() + keys_.size());
  }
  entries_[slot] = {segment_, doc, score};
  for (size_t k = 0; k < keys_.size(); ++k) {
    codes_[slot * keys_.size() + k] = code(k, doc, score);
    if (is_string(keys_[k])) strings_[slot * keys_.size() + k] = segment_keys_[k].string(doc);
  }
  std::push_heap(heap_.begin(), heap_.end(), before);
  if (heap_.size() == options_.k) set_bar();
}

// Strings of different segments are compared as they are; a missing one by where it stands.
bool SortCollector::better(uint32_t a, uint32_t b) const {
  const Entry& first = entries_[a];
  const Entry& second = entries_[b];
  for (size_t k = 0; k < keys_.size(); ++k) {
    const size_t at = a * keys_.size() + k;
    const size_t bt = b * keys_.size() + k;
    if (!is_string(keys_[k])) {
      if (codes_[at] != codes_[bt]) return codes_[at] < codes_[bt];
      continue;
    }
    const auto place = [](int64_t code) {
      return code == kBestCode ? -1 : code == kWorstCode ? 1 : 0;
    };
    if (place(codes_[at]) != place(codes_[bt])) return place(codes_[at]) < place(codes_[bt]);
    if (place(codes_[at]) != 0) continue;
    const int order = search::compare(keys_[k], strings_[at], strings_[bt]);
    if (order != 0) return order < 0;
  }
  return first.segment != second.segment ? first.segment < second.segment : first.doc < second.doc;
}

void SortCollector::set_bar() {
  const uint32_t worst = heap_.front();
  for (size_t k = 0; k < keys_.size(); ++k) {
    const size_t at = worst * keys_.size() + k;
    bar_.codes[k] = codes_[at];
    if (!is_string(keys_[k])) continue;
    bar_.strings[k] = strings_[at];
    if (entries_[worst].segment != segment_ && codes_[at] != kBestCode && codes_[at] != kWorstCode)
      bar_.codes[k] = segment_keys_[k].code_of_string(strings_[at]);
  }
}

// --- skipping ---

bool SortCollector::may_skip() const noexcept {
  return count_ > options_.count_up_to && !options_.track_scores;
}

std::pair<int64_t, int64_t> SortCollector::wanted() const noexcept {
  // With one key, equals of either end are out: hits come in ascending order of documents.
  const bool strict = keys_.size() == 1 && segment_keys_[0].all_exact();
  int64_t lo = kBestCode;
  int64_t hi = kWorstCode;
  if (!after_.codes.empty()) {
    lo = after_.codes[0];
    if (strict && lo == kWorstCode) return {1, 0};
    lo += strict ? 1 : 0;
  }
  if (heap_.size() == options_.k) {
    hi = bar_.codes[0];
    if (strict && hi == kBestCode) return {1, 0};
    hi -= strict ? 1 : 0;
  }
  return {lo, hi};
}

DocId SortCollector::lower_bound(DocId target) {
  if (!may_skip()) return target;
  const auto [lo, hi] = wanted();
  return segment_keys_[0].lower_bound(target, lo, hi);
}

void SortCollector::narrow(const Window& window, uint64_t* words) {
  if (!may_skip()) return;
  const auto [lo, hi] = wanted();
  segment_keys_[0].narrow(window, lo, hi, words);
}

bool SortCollector::admits_score(float bound) const noexcept {
  float bar = 0;
  return !score_bar(bar) || !(bound <= bar);
}

bool SortCollector::score_bar(float& bar) const noexcept {
  const SortKey& first = keys_[0];
  if (first.kind != SortKind::kScore || !first.descending || !may_skip() ||
      heap_.size() != options_.k)
    return false;
  bar = static_cast<float>(value_of(first, bar_.codes[0]).f64);
  // Further keys decide between hits of the same score.
  if (keys_.size() > 1) bar = std::nextafter(bar, -std::numeric_limits<float>::infinity());
  return true;
}

// --- the hits ---

uint32_t SortCollector::finish() {
  std::ranges::sort(heap_, [this](uint32_t a, uint32_t b) { return better(a, b); });
  return static_cast<uint32_t>(heap_.size());
}

SortValue SortCollector::value(uint32_t hit, size_t key) const {
  const size_t at = heap_[hit] * keys_.size() + key;
  if (!is_string(keys_[key])) return value_of(keys_[key], codes_[at]);
  SortValue value;
  value.present = codes_[at] != kBestCode && codes_[at] != kWorstCode;
  value.string = strings_[at];
  return value;
}

}  // namespace diagon::search
