// Scores of the nodes on the way to UDF leaves, and their bounds.
#include <algorithm>
#include <cmath>
#include <limits>

#include "diagon/search/truth_tree.h"

namespace diagon::search {

// --- of ranges of documents ---

double TruthTree::max_score(uint32_t index, DocId from, DocId to) {
  Node& node = nodes_[index];
  if (node.kind == Node::Kind::kNative) return node.scorer->max_score(from, to);
  double sum = node.constant;
  BestAndOthers best;
  for (const uint32_t child : node.children) {
    if (!nodes_[child].scored) continue;
    const double bound = max_score(child, from, to);
    sum += bound;
    best.add(bound);
  }
  switch (node.combine) {
    case Combine::kSum:
      return sum;
    case Combine::kDisMax:
      return with_slack(best.get(node.factor));
    case Combine::kBoosting:
      return std::max(sum, sum * node.factor);
    case Combine::kFunctionScore:
      return max_score_of_functions(node, sum, from, to);
  }
  return std::numeric_limits<double>::infinity();
}

double TruthTree::max_score_of_functions(Node& node, double query_score, DocId from, DocId to) {
  bounds_.resize(node.functions.size());
  for (size_t f = 0; f < node.functions.size(); ++f) {
    const bool surely = node.filters[f] == 0 && node.functions[f].always_applies();
    bounds_[f] = {node.functions[f].bound(from, to), surely ? Applies::kYes : Applies::kMaybe,
                  node.functions[f].weight()};
  }
  return combine_bound(*node.spec, query_score, bounds_);
}

DocId TruthTree::max_score_end(uint32_t index, DocId from) {
  Node& node = nodes_[index];
  if (node.kind == Node::Kind::kNative) return node.scorer->max_score_end(from);
  DocId end = kNoMoreDocs;
  for (const uint32_t child : node.children)
    if (nodes_[child].scored) end = std::min(end, max_score_end(child, from));
  for (const ScoreFunction& function : node.functions)
    end = std::min(end, function.bound_end(from));
  return end;
}

// --- of the batch ---

void TruthTree::append_values(Node& node, const Window& window, const uint16_t* numbers,
                              uint32_t count) {
  window_docs_.clear();
  for (uint32_t i = 0; i < count; ++i) window_docs_.push_back(window.base + numbers[i]);
  for (size_t f = 0; f < node.functions.size(); ++f)
    node.functions[f].evaluate(window_docs_, &node.values[f * kBatchCapacity + size_]);
}

template <typename Visit>
void TruthTree::each_score(const Node& child, bool optimistic, Visit&& visit) const {
  const double* scores = child.kind == Node::Kind::kNative ? child.native_scores.data()
                         : child.kind == Node::Kind::kBool ? child.sums.data()
                                                           : nullptr;
  for (uint32_t w = 0; w * 64 < size_; ++w) {
    uint64_t word = optimistic ? ~child.is_false[w] : child.is_true[w];
    if (size_ - w * 64 < 64) word &= (uint64_t{1} << (size_ - w * 64)) - 1;
    for (; word != 0; word &= word - 1) {
      const size_t i = w * 64 + static_cast<size_t>(std::countr_zero(word));
      visit(i, scores != nullptr ? scores[i] : child.constant);
    }
  }
}

void TruthTree::score_node(Node& node, bool optimistic, uint32_t without) {
  for (const uint32_t child : node.children)
    if (nodes_[child].scored && nodes_[child].kind == Node::Kind::kBool)
      score_node(nodes_[child], optimistic, without);
  switch (node.combine) {
    case Combine::kSum:
      return score_sum(node, optimistic, without);
    case Combine::kDisMax:
      return score_dis_max(node, optimistic);
    case Combine::kBoosting:
      score_sum(node, optimistic, without);
      return score_boosting(node, optimistic);
    case Combine::kFunctionScore:
      score_sum(node, optimistic, without);
      return score_functions(node, optimistic);
  }
}

void TruthTree::score_sum(Node& node, bool optimistic, uint32_t without) {
  std::fill_n(node.sums.begin(), size_, node.constant);
  for (const uint32_t c : node.children) {
    const Node& child = nodes_[c];
    if (!child.scored || (child.kind == Node::Kind::kLeaf && child.leaf == without)) continue;
    each_score(child, optimistic, [&](size_t i, double score) { node.sums[i] += score; });
  }
}

void TruthTree::score_dis_max(Node& node, bool optimistic) {
  std::fill_n(node.bests.begin(), size_, BestAndOthers());
  for (const uint32_t c : node.children)
    if (nodes_[c].scored)
      each_score(nodes_[c], optimistic, [&](size_t i, double score) { node.bests[i].add(score); });
  for (size_t i = 0; i < size_; ++i) {
    const double score = node.bests[i].get(node.factor);
    node.sums[i] = optimistic ? with_slack(score) : score;
  }
}

void TruthTree::score_boosting(Node& node, bool optimistic) {
  const Node& negative = nodes_[node.modifiers[0]];
  for (size_t i = 0; i < size_; ++i) {
    double& score = node.sums[i];
    if (bits::test(negative.is_true.data(), i))
      score *= node.factor;
    else if (optimistic && !bits::test(negative.is_false.data(), i))
      score = std::max(score, score * node.factor);
  }
}

void TruthTree::score_functions(Node& node, bool optimistic) {
  if (node.functions.empty()) return;
  bounds_.resize(node.functions.size());
  for (size_t i = 0; i < size_; ++i) {
    Factor factor;
    bool open = false;
    bool any = false;
    auto udf = node.udfs.begin();
    for (size_t f = 0; f < node.functions.size(); ++f) {
      const double value = node.values[f * kBatchCapacity + i];
      const Node* filter = node.filters[f] == 0 ? nullptr : &nodes_[node.filters[f]];
      Applies applies = Applies::kYes;
      if (filter != nullptr && !bits::test(filter->is_true.data(), i))
        applies = bits::test(filter->is_false.data(), i) ? Applies::kNo : Applies::kMaybe;
      double bound = value;
      if (udf != node.udfs.end() && udf->function == f) {
        if (bits::test(udf->not_applied.data(), i)) applies = Applies::kNo;
        if (!bits::test(udf->known.data(), i) && applies != Applies::kNo) {
          bound = node.functions[f].bound(0, max_doc_);
          applies = Applies::kMaybe;
        }
        ++udf;
      }
      if (applies == Applies::kYes) {
        factor.add(node.spec->score_mode, value, node.functions[f].weight());
        any = true;
      }
      open |= applies == Applies::kMaybe;
      // NaN fails the search, if the document turns out to be a hit: no bar is above it.
      bounds_[f] = {std::isnan(bound) ? std::numeric_limits<double>::infinity() : bound, applies,
                    node.functions[f].weight()};
    }
    double& score = node.sums[i];
    if (optimistic && open)
      score = combine_bound(*node.spec, score, bounds_);
    else if (node.spec->keeps_score && !any)
      score = kept_score(score, node.functions[0].weight());
    else
      score = combine(*node.spec, score, factor.get(node.spec->score_mode));
  }
}

const BatchScores* TruthTree::scores_for(uint32_t leaf) {
  if (!is_function(leaf)) return with_scores_ ? &scores(false, leaf) : nullptr;
  if (truth_is_stale_) update_truth(0);
  truth_is_stale_ = false;
  Node& query = nodes_[nodes_[leaf_nodes_[leaf]].children[0]];
  result_.fill(0);
  if (query.scored) {
    if (query.kind == Node::Kind::kBool) score_node(query, false, UINT32_MAX);
    each_score(query, false, [this](size_t i, double score) { result_[i] = score; });
  }
  return &result_;
}

const BatchScores& TruthTree::scores(bool optimistic, uint32_t without) {
  if (truth_is_stale_) update_truth(0);
  truth_is_stale_ = false;
  Node& root = nodes_[0];
  switch (root.kind) {
    case Node::Kind::kNative:
      std::copy_n(root.native_scores.begin(), size_, result_.begin());
      break;
    case Node::Kind::kLeaf:
      std::fill_n(result_.begin(), size_, root.leaf == without ? 0.0 : root.constant);
      break;
    case Node::Kind::kBool:
      score_node(root, optimistic, without);
      std::copy_n(root.sums.begin(), size_, result_.begin());
      break;
  }
  return result_;
}

}  // namespace diagon::search
