#include "diagon/search/truth_tree.h"

#include <algorithm>
#include <cstring>

#include "diagon/search/bool_scorer.h"
#include "diagon/util/error.h"

namespace diagon::search {
namespace {

bool is_required(Occur occur) { return occur == Occur::kMust || occur == Occur::kFilter; }

// Whether it adds to the score of any document; a leaf below one that doesn't need not be decided
// for a score's sake.
bool can_add(const Weight& weight) {
  if (!weight.scored) return false;
  switch (weight.query->kind) {
    case QueryKind::kBool:
    case QueryKind::kDisMax:
    case QueryKind::kBoosting:
      return std::any_of(weight.children.begin(), weight.children.end(), can_add);
    case QueryKind::kFunctionScore:
      return true;
    default:
      return weight.boost != 0;
  }
}

}  // namespace

// What building needs everywhere.
struct TruthTree::Build {
  const PreparedQuery& prepared;
  size_t segment;
  const Interrupt& interrupt;
};

TruthTree::TruthTree(const PreparedQuery& prepared, size_t segment, uint32_t leaf_count,
                     const Interrupt& interrupt)
    : leaf_nodes_(leaf_count, UINT32_MAX),
      leaf_functions_(leaf_count, UINT32_MAX),
      with_scores_(prepared.with_scores()),
      max_doc_(prepared.snapshot().segment(segment).reader->max_doc()) {
  build({prepared, segment, interrupt}, prepared.root(), Occur::kMust, with_scores_);
  window_scores_.resize(kWindowDocs);
  window_docs_.reserve(kBatchCapacity);
  batch_docs_.reserve(kBatchCapacity);
}

uint32_t TruthTree::build(const Build& build, const Weight& weight, Occur occur, bool adds) {
  const uint32_t index = static_cast<uint32_t>(nodes_.size());
  nodes_.emplace_back();
  Node node;
  node.occur = occur;
  node.scored = adds && can_add(weight);
  node.wants_score = weight.scored;
  if (!weight.has_udf) {
    node.kind = Node::Kind::kNative;
    node.scorer = build.prepared.scorer(weight, build.segment, build.interrupt);
    if (weight.scored) node.native_scores.resize(kBatchCapacity);
  } else if (weight.query->kind == QueryKind::kUdf) {
    node.kind = Node::Kind::kLeaf;
    node.leaf = weight.query->leaf;
    node.constant = weight.boost;
    add_leaf(node.leaf, index);
  } else {
    node.kind = Node::Kind::kBool;
    if (weight.scored) node.sums.resize(kBatchCapacity);
    build_inner(build, weight, node);
    for (size_t u = 0; u < node.udfs.size(); ++u) {
      add_leaf(node.udfs[u].leaf, index);
      leaf_functions_[node.udfs[u].leaf] = static_cast<uint32_t>(u);
    }
    for (const uint32_t child : node.children)
      if (nodes_[child].kind == Node::Kind::kNative && is_required(nodes_[child].occur))
        node.required_natives.push_back(child);
    std::stable_sort(node.required_natives.begin(), node.required_natives.end(),
                     [this](uint32_t a, uint32_t b) {
                       return nodes_[a].scorer->cost() < nodes_[b].scorer->cost();
                     });
  }
  nodes_[index] = std::move(node);
  return index;
}

void TruthTree::add_leaf(uint32_t leaf, uint32_t node) {
  if (leaf >= leaf_nodes_.size()) throw_invalid("a UDF leaf's number is out of range");
  if (leaf_nodes_[leaf] != UINT32_MAX) throw_invalid("a UDF leaf's number comes twice");
  leaf_nodes_[leaf] = node;
}

void TruthTree::build_inner(const Build& build, const Weight& weight, Node& node) {
  const Query& query = *weight.query;
  const auto child = [&](size_t i, Occur occur) {
    node.children.push_back(
        this->build(build, weight.children[i], occur, weight.takes_score_of(i)));
  };
  const auto modifier = [&](size_t i) {
    node.modifiers.push_back(this->build(build, weight.children[i], Occur::kFilter, false));
  };
  node.factor = query.factor;
  switch (query.kind) {
    case QueryKind::kConstant:
      node.constant = weight.boost;
      child(0, Occur::kFilter);
      break;
    case QueryKind::kDisMax:
      node.combine = Combine::kDisMax;
      node.minimum_should_match = 1;
      if (weight.scored) node.bests.resize(kBatchCapacity);
      for (size_t i = 0; i < weight.children.size(); ++i) child(i, Occur::kShould);
      break;
    case QueryKind::kBoosting:
      node.combine = Combine::kBoosting;
      child(0, Occur::kMust);
      modifier(1);
      break;
    case QueryKind::kFunctionScore:
      node.combine = Combine::kFunctionScore;
      node.spec = query.function_score.get();
      child(0, Occur::kMust);
      if (!weight.scored) break;
      node.functions = build.prepared.score_functions(weight, build.segment);
      node.values.resize(node.functions.size() * kBatchCapacity);
      for (const FunctionSpec& function : node.spec->functions) {
        if (function.filter != 0) modifier(function.filter);
        node.filters.push_back(function.filter == 0 ? 0 : node.modifiers.back());
        if (function.kind == FunctionKind::kUdf)
          node.udfs.push_back(
              {.leaf = function.leaf, .function = static_cast<uint32_t>(node.filters.size() - 1)});
      }
      break;
    default:
      node.minimum_should_match = query.minimum_should_match;
      for (size_t i = 0; i < weight.children.size(); ++i) child(i, query.clauses[i].occur);
  }
}

// --- candidates ---

DocId TruthTree::lower_bound(uint32_t index, DocId target) {
  Node& node = nodes_[index];
  if (target >= max_doc_) return kNoMoreDocs;
  if (node.kind == Node::Kind::kNative) return node.scorer->lower_bound(target);
  if (node.kind == Node::Kind::kLeaf) return target;
  for (const uint32_t child : node.children)
    if (is_required(nodes_[child].occur)) {
      target = lower_bound(child, target);
      if (target == kNoMoreDocs) return target;
    }
  if (node.minimum_should_match == 0) return target;
  DocId first = kNoMoreDocs;
  for (const uint32_t child : node.children)
    if (nodes_[child].occur == Occur::kShould) first = std::min(first, lower_bound(child, target));
  return first;
}

void TruthTree::candidates(const Window& window, const uint64_t* live, uint64_t* out) {
  evaluate(0, window, live);
  std::memcpy(out, nodes_[0].upper.data(), window.words() * sizeof(uint64_t));
}

void TruthTree::evaluate(uint32_t index, const Window& window, const uint64_t* mask) {
  Node& node = nodes_[index];
  const size_t bytes = window.words() * sizeof(uint64_t);
  switch (node.kind) {
    case Node::Kind::kNative:
      node.scorer->match(window, mask, node.upper.data());
      std::memcpy(node.lower.data(), node.upper.data(), bytes);
      break;
    case Node::Kind::kLeaf:
      std::memcpy(node.upper.data(), mask, bytes);
      std::memset(node.lower.data(), 0, bytes);
      break;
    case Node::Kind::kBool:
      evaluate_bool(node, window, mask);
      break;
  }
}

void TruthTree::clear_window(uint32_t index) {
  nodes_[index].upper.fill(0);
  nodes_[index].lower.fill(0);
  for (const uint32_t child : nodes_[index].children) clear_window(child);
  for (const uint32_t child : nodes_[index].modifiers) clear_window(child);
}

void TruthTree::evaluate_bool(Node& node, const Window& window, const uint64_t* mask) {
  const uint32_t words = window.words();
  uint64_t* upper = node.upper.data();
  uint64_t* lower = node.lower.data();
  std::memcpy(upper, mask, words * sizeof(uint64_t));
  for (const uint32_t child : node.required_natives) {
    evaluate(child, window, upper);
    std::memcpy(upper, nodes_[child].upper.data(), words * sizeof(uint64_t));
    if (!bits::any(upper, words)) break;
  }
  if (!bits::any(upper, words)) {
    // The children's bits of an earlier window must not be read.
    std::memset(lower, 0, words * sizeof(uint64_t));
    for (const uint32_t child : node.children) clear_window(child);
    for (const uint32_t child : node.modifiers) clear_window(child);
    return;
  }
  std::memcpy(lower, upper, words * sizeof(uint64_t));
  for (const uint32_t index : node.children) {
    Node& child = nodes_[index];
    if (child.occur == Occur::kMustNot) {
      evaluate(index, window, upper);
      for (uint32_t w = 0; w < words; ++w) {
        upper[w] &= ~child.lower[w];
        lower[w] &= ~child.upper[w];
      }
    } else if (is_required(child.occur) && child.kind != Node::Kind::kNative) {
      evaluate(index, window, upper);
      for (uint32_t w = 0; w < words; ++w) {
        upper[w] &= child.upper[w];
        lower[w] &= child.lower[w];
      }
    }
  }
  // Optional clauses last, since they are looked at for what is left only.
  std::vector<uint64_t>& uppers = optional_uppers_;
  std::vector<uint64_t>& lowers = optional_lowers_;
  const size_t begin = uppers.size();
  size_t count = 0;
  for (const uint32_t index : node.children) {
    Node& child = nodes_[index];
    if (child.occur != Occur::kShould) continue;
    if (node.minimum_should_match == 0 && !child.scored) {
      clear_window(index);
      continue;
    }
    evaluate(index, window, upper);
    if (node.minimum_should_match == 0) continue;
    uppers.insert(uppers.end(), child.upper.begin(), child.upper.begin() + kWindowWords);
    lowers.insert(lowers.end(), child.lower.begin(), child.lower.begin() + kWindowWords);
    ++count;
  }
  if (node.minimum_should_match != 0) {
    and_at_least(node.minimum_should_match, uppers.data() + begin, count, kWindowWords, words,
                 upper);
    and_at_least(node.minimum_should_match, lowers.data() + begin, count, kWindowWords, words,
                 lower);
    uppers.resize(begin);
    lowers.resize(begin);
  }
  for (const uint32_t index : node.modifiers) {
    if (node.wants_score)
      evaluate(index, window, upper);
    else
      clear_window(index);
  }
  for (uint32_t w = 0; w < words; ++w) lower[w] &= upper[w];
  // Documents may be below the minimum, or a function may fail.
  if (node.has_minimum() || !node.udfs.empty()) std::memset(lower, 0, words * sizeof(uint64_t));
}

// --- a batch ---

void TruthTree::begin_batch() {
  size_ = 0;
  batch_docs_.clear();
  truth_is_stale_ = true;
  for (Node& node : nodes_) {
    node.matched.fill(0);
    node.known.fill(0);
    node.value.fill(0);
    for (UdfFunction& udf : node.udfs) {
      udf.known.fill(0);
      udf.excluded.fill(0);
      udf.not_applied.fill(0);
    }
  }
}

void TruthTree::append(const Window& window, const uint64_t* docs, const uint16_t* numbers,
                       uint32_t count) {
  for (uint32_t n = 0; n < nodes_.size(); ++n)
    if (nodes_[n].kind != Node::Kind::kLeaf) append_node(n, window, docs, numbers, count);
  for (uint32_t i = 0; i < count; ++i) batch_docs_.push_back(window.base + numbers[i]);
  size_ += count;
  truth_is_stale_ = true;
}

void TruthTree::append_node(uint32_t index, const Window& window, const uint64_t* docs,
                            const uint16_t* numbers, uint32_t count) {
  Node& node = nodes_[index];
  for (uint32_t i = 0; i < count; ++i)
    node.matched[(size_ + i) / 64] |= uint64_t{bits::test(node.upper.data(), numbers[i])}
                                      << ((size_ + i) % 64);
  if (!node.functions.empty()) append_values(node, window, numbers, count);
  if (node.kind != Node::Kind::kNative || !node.scored) return;
  uint64_t both[kWindowWords];
  for (uint32_t w = 0; w < window.words(); ++w) both[w] = docs[w] & node.upper[w];
  for (uint32_t i = 0; i < count; ++i) window_scores_[numbers[i]] = 0;
  node.scorer->add_scores(window, both, window_scores_.data());
  for (uint32_t i = 0; i < count; ++i) node.native_scores[size_ + i] = window_scores_[numbers[i]];
}

void TruthTree::resolve(uint32_t leaf, const BatchBits& known, const BatchBits& value) {
  const uint32_t index = leaf_nodes_.at(leaf);
  if (index == UINT32_MAX) return;  // not in the tree: nobody needs it
  Node& node = nodes_[index];
  for (uint32_t w = 0; w < kBatchWords; ++w) {
    node.value[w] = (node.value[w] & ~known[w]) | (value[w] & known[w]);
    node.known[w] |= known[w];
  }
  truth_is_stale_ = true;
}

void TruthTree::resolve_scores(uint32_t leaf, const BatchBits& known,
                               std::span<const double> values, std::span<const UdfState> states) {
  if (!is_function(leaf)) return;  // not in the tree: nobody needs it
  Node& node = nodes_[leaf_nodes_[leaf]];
  UdfFunction& udf = node.udfs[leaf_functions_[leaf]];
  const double weight = node.functions[udf.function].weight();
  double* out = &node.values[udf.function * kBatchCapacity];
  size_t next = 0;
  bits::for_each(known.data(), kBatchWords, [&](size_t i) {
    out[i] = values[next] * weight;
    if (states[next] == UdfState::kExcluded) bits::set(udf.excluded.data(), i);
    if (states[next] == UdfState::kNotApplied) bits::set(udf.not_applied.data(), i);
    ++next;
  });
  for (uint32_t w = 0; w < kBatchWords; ++w) udf.known[w] |= known[w];
  truth_is_stale_ = true;
}

}  // namespace diagon::search
