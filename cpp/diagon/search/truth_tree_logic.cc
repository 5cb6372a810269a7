// Three-valued logic over a batch: what is known, and whom a leaf has still to be asked about.
#include <bit>
#include <cmath>

#include "diagon/search/bool_scorer.h"
#include "diagon/search/truth_tree.h"

namespace diagon::search {
namespace {

template <typename Combine>
void each_word(BatchBits& out, const BatchBits& a, Combine combine) {
  for (uint32_t w = 0; w < kBatchWords; ++w) out[w] = combine(out[w], a[w]);
}

void and_into(BatchBits& out, const BatchBits& a) {
  each_word(out, a, [](uint64_t x, uint64_t y) { return x & y; });
}
void or_into(BatchBits& out, const BatchBits& a) {
  each_word(out, a, [](uint64_t x, uint64_t y) { return x | y; });
}

}  // namespace

void TruthTree::update_truth(uint32_t index) {
  Node& node = nodes_[index];
  if (node.kind == Node::Kind::kNative) {
    node.is_true = node.matched;
    for (uint32_t w = 0; w < kBatchWords; ++w) node.is_false[w] = ~node.matched[w];
    return;
  }
  if (node.kind == Node::Kind::kLeaf) {
    for (uint32_t w = 0; w < kBatchWords; ++w) {
      node.is_true[w] = node.known[w] & node.value[w];
      node.is_false[w] = node.known[w] & ~node.value[w];
    }
    return;
  }
  update_bool(node);
  if (node.wants_score)
    for (const uint32_t modifier : node.modifiers) update_truth(modifier);
  if (!node.udfs.empty()) apply_failures(node);
  if (node.has_minimum()) apply_minimum(node);
}

BatchBits TruthTree::applies(const Node& node, const UdfFunction& udf) const {
  BatchBits all;
  all.fill(~uint64_t{0});
  const uint32_t filter = node.filters[udf.function];
  return filter == 0 ? all : nodes_[filter].is_true;
}

BatchBits TruthTree::applies_not(const Node& node, const UdfFunction& udf) const {
  const uint32_t filter = node.filters[udf.function];
  return filter == 0 ? BatchBits{} : nodes_[filter].is_false;
}

void TruthTree::apply_failures(Node& node) {
  for (const UdfFunction& udf : node.udfs) {
    const BatchBits not_asked = applies_not(node, udf);
    for (uint32_t w = 0; w < kBatchWords; ++w) {
      node.is_true[w] &= (udf.known[w] & ~udf.excluded[w]) | not_asked[w];
      node.is_false[w] |= udf.excluded[w];
    }
  }
}

void TruthTree::update_bool(Node& node) {
  node.is_true = node.matched;
  for (uint32_t w = 0; w < kBatchWords; ++w) node.is_false[w] = ~node.matched[w];
  const size_t begin = batch_true_.size();
  size_t count = 0;
  for (const uint32_t c : node.children) {
    update_truth(c);
    const Node& child = nodes_[c];
    switch (child.occur) {
      case Occur::kMust:
      case Occur::kFilter:
        // A native one matches wherever `matched` says that this node may.
        if (child.kind == Node::Kind::kNative) break;
        and_into(node.is_true, child.is_true);
        or_into(node.is_false, child.is_false);
        break;
      case Occur::kMustNot:
        if (child.kind == Node::Kind::kNative) break;
        and_into(node.is_true, child.is_false);
        or_into(node.is_false, child.is_true);
        break;
      case Occur::kShould:
        if (node.minimum_should_match == 0) break;
        batch_true_.insert(batch_true_.end(), child.is_true.begin(), child.is_true.end());
        for (const uint64_t word : child.is_false) batch_possible_.push_back(~word);
        ++count;
        break;
    }
  }
  if (node.minimum_should_match == 0) return;
  node.enough.fill(~uint64_t{0});
  and_at_least(node.minimum_should_match, batch_true_.data() + begin, count, kBatchWords,
               kBatchWords, node.enough.data());
  and_into(node.is_true, node.enough);
  BatchBits possible;
  possible.fill(~uint64_t{0});
  and_at_least(node.minimum_should_match, batch_possible_.data() + begin, count, kBatchWords,
               kBatchWords, possible.data());
  for (uint32_t w = 0; w < kBatchWords; ++w) node.is_false[w] |= ~possible[w];
  batch_true_.resize(begin);
  batch_possible_.resize(begin);
}

BatchBits TruthTree::settled(const Node& node) const {
  BatchBits settled;
  settled.fill(~uint64_t{0});
  if (node.kind == Node::Kind::kNative) return settled;
  if (node.kind == Node::Kind::kLeaf) return node.known;
  for (const uint32_t c : node.children) {
    const Node& child = nodes_[c];
    if (!child.scored) continue;
    const BatchBits inside = this->settled(child);
    for (uint32_t w = 0; w < kBatchWords; ++w)
      settled[w] &= child.is_false[w] | (child.is_true[w] & inside[w]);
  }
  for (const uint32_t m : node.modifiers)
    for (uint32_t w = 0; w < kBatchWords; ++w)
      settled[w] &= nodes_[m].is_true[w] | nodes_[m].is_false[w];
  for (const UdfFunction& udf : node.udfs) {
    const BatchBits not_asked = applies_not(node, udf);
    for (uint32_t w = 0; w < kBatchWords; ++w) settled[w] &= udf.known[w] | not_asked[w];
  }
  return settled;
}

void TruthTree::apply_minimum(Node& node) {
  score_node(node, false, UINT32_MAX);
  const BatchBits settled = this->settled(node);
  for (uint32_t w = 0; w * 64 < size_; ++w) {
    uint64_t passes = 0;
    uint64_t known = node.is_true[w] & settled[w];
    if (size_ - w * 64 < 64) known &= (uint64_t{1} << (size_ - w * 64)) - 1;
    for (uint64_t word = known; word != 0; word &= word - 1) {
      const size_t i = static_cast<size_t>(std::countr_zero(word));
      const double score = node.sums[w * 64 + i];
      if (std::isnan(score)) throw_no_score_to_compare(node.functions, batch_docs_[w * 64 + i]);
      passes |= uint64_t{node.spec->passes(score)} << i;
    }
    // Where a function failed and its clause says that the document matches, it does.
    for (const UdfFunction& udf : node.udfs) passes |= known & udf.not_applied[w];
    node.is_true[w] = passes;
    node.is_false[w] |= known & ~passes;
  }
}

void TruthTree::needed(uint32_t leaf, const BatchBits& dropped, BatchBits& out) {
  if (truth_is_stale_) update_truth(0);
  truth_is_stale_ = false;
  const Node& root = nodes_[0];
  BatchBits truth;
  BatchBits score;
  bits::fill(truth.data(), kBatchWords, size_);
  for (uint32_t w = 0; w < kBatchWords; ++w) {
    truth[w] &= ~dropped[w];
    score[w] = with_scores_ ? truth[w] & ~root.is_false[w] : 0;
    truth[w] &= ~(root.is_true[w] | root.is_false[w]);
  }
  out.fill(0);
  descend(0, truth, score, leaf, out);
}

void TruthTree::descend(uint32_t index, const BatchBits& truth, const BatchBits& score,
                        uint32_t leaf, BatchBits& out) {
  const Node& node = nodes_[index];
  if (node.kind == Node::Kind::kNative) return;
  if (node.kind == Node::Kind::kLeaf) {
    if (node.leaf != leaf) return;
    for (uint32_t w = 0; w < kBatchWords; ++w) out[w] |= (truth[w] | score[w]) & ~node.known[w];
    return;
  }
  if (!node.udfs.empty()) descend_functions(node, truth, score, leaf, out);
  BatchBits own_score = score;
  // Whether it reaches its minimum is a matter of its score, and functions are given that of the
  // query.
  if (node.has_minimum() || !node.udfs.empty())
    for (uint32_t w = 0; w < kBatchWords; ++w)
      own_score[w] |= truth[w] & ~(node.is_true[w] | node.is_false[w]);
  for (const uint32_t m : node.modifiers) {
    const Node& child = nodes_[m];
    if (child.kind == Node::Kind::kNative) continue;
    BatchBits child_truth;
    for (uint32_t w = 0; w < kBatchWords; ++w)
      child_truth[w] = own_score[w] & ~node.is_false[w] & ~(child.is_true[w] | child.is_false[w]);
    descend(m, child_truth, {}, leaf, out);
  }
  for (const uint32_t c : node.children) {
    const Node& child = nodes_[c];
    if (child.kind == Node::Kind::kNative) continue;
    BatchBits child_truth;
    BatchBits child_score;
    for (uint32_t w = 0; w < kBatchWords; ++w) {
      child_truth[w] = truth[w] & ~(node.is_true[w] | node.is_false[w]);
      if (child.occur == Occur::kShould)
        child_truth[w] &= node.minimum_should_match != 0 ? ~node.enough[w] : 0;
      // A clause's score counts where the clause is true, so its truth matters wherever its score
      // does.
      child_score[w] = child.scored ? own_score[w] & ~node.is_false[w] & ~child.is_false[w] : 0;
      child_truth[w] = (child_truth[w] | child_score[w]) & ~(child.is_true[w] | child.is_false[w]);
    }
    descend(c, child_truth, child_score, leaf, out);
  }
}

void TruthTree::descend_functions(const Node& node, const BatchBits& truth, const BatchBits& score,
                                  uint32_t leaf, BatchBits& out) {
  for (const UdfFunction& udf : node.udfs) {
    if (udf.leaf != leaf) continue;
    const BatchBits counts = applies(node, udf);
    // Not before it is known that the query matches, and with which score, if that counts.
    const Node& query = nodes_[node.children[0]];
    BatchBits ready;
    ready.fill(~uint64_t{0});
    if (query.scored) ready = settled(query);
    for (uint32_t w = 0; w < kBatchWords; ++w) {
      const uint64_t matters = (truth[w] & ~node.is_true[w]) | score[w];
      out[w] |=
          matters & ~node.is_false[w] & query.is_true[w] & ready[w] & counts[w] & ~udf.known[w];
    }
  }
}

void TruthTree::outcome(BatchBits& matching, BatchBits& undecided) {
  if (truth_is_stale_) update_truth(0);
  truth_is_stale_ = false;
  BatchBits all;
  bits::fill(all.data(), kBatchWords, size_);
  for (uint32_t w = 0; w < kBatchWords; ++w) {
    matching[w] = all[w] & nodes_[0].is_true[w];
    undecided[w] = all[w] & ~(nodes_[0].is_true[w] | nodes_[0].is_false[w]);
  }
}

}  // namespace diagon::search
