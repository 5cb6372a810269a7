// The part of a query on the way to its UDF leaves, in one segment.
//
// Subtrees without a UDF are native scorers. Every other node is a boolean combination or a leaf.
// Candidates come from the tree with each leaf at its permissive value; what the native parts say
// of each candidate is kept as bits and scores of a batch, and the tree is then evaluated in
// three-valued logic (true, false, unknown) as the leaves become known. Truth may depend on a score
// (function_score with a minimum): it is then unknown until no leaf can change the score any more.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "diagon/search/compound_scorers.h"
#include "diagon/search/score_function.h"
#include "diagon/search/scorer.h"
#include "diagon/search/weight.h"

namespace diagon::search {

inline constexpr uint32_t kBatchWords = kBatchCapacity / 64;
using BatchBits = std::array<uint64_t, kBatchWords>;
using BatchScores = std::array<double, kBatchCapacity>;

// Used by one thread.
class TruthTree {
 public:
  // `leaf_count`: leaves have numbers below it. Throws kInvalidArgument if a leaf's number is not,
  // or comes twice; kCorrupt.
  TruthTree(const PreparedQuery& prepared, size_t segment, uint32_t leaf_count,
            const Interrupt& interrupt = {});

  // --- candidates, a window at a time ---
  // As Scorer::lower_bound, of the candidates.
  DocId lower_bound(DocId target) { return lower_bound(0, target); }
  // Candidates among `live` (which has window.words() words), into `out`.
  void candidates(const Window& window, const uint64_t* live, uint64_t* out);
  // Bounds of the score with every leaf true. See Scorer.
  double max_score(DocId from, DocId to) { return max_score(0, from, to); }
  DocId max_score_end(DocId from) { return max_score_end(0, from); }

  // --- a batch of candidates ---
  void begin_batch();
  // Appends candidates of the latest window, given as bits and as numbers in the window, to the
  // batch.
  void append(const Window& window, const uint64_t* docs, const uint16_t* numbers, uint32_t count);
  uint32_t batch_size() const noexcept { return size_; }

  // Candidates whose truth or score this leaf can still change, less `dropped` ones.
  void needed(uint32_t leaf, const BatchBits& dropped, BatchBits& out);
  // Says what a leaf's value is for the documents in `known`.
  void resolve(uint32_t leaf, const BatchBits& known, const BatchBits& value);
  // The same for a leaf that is a function of a function_score: one value and one state for each
  // document in `known`, in their order. Values are finite and not negative.
  void resolve_scores(uint32_t leaf, const BatchBits& known, std::span<const double> values,
                      std::span<const UdfState> states);
  // Whether a leaf is a function of a function_score.
  bool is_function(uint32_t leaf) const noexcept {
    return leaf < leaf_functions_.size() && leaf_functions_[leaf] != UINT32_MAX;
  }
  // Candidates that surely match, and those about which a leaf is still to be asked.
  void outcome(BatchBits& matching, BatchBits& undecided);
  // Scores bottom-up in double precision, in clause order, with leaves that are unknown at
  // `optimistic` (true: an upper bound). `without`: a leaf that counts as 0 (or UINT32_MAX).
  // REQUIRES: prepared with scores.
  const BatchScores& scores(bool optimistic, uint32_t without);
  // What a leaf that wants a score is given: a filter the score without itself, a function that of
  // the query it scores. Null if the tree has no scores.
  const BatchScores* scores_for(uint32_t leaf);
  bool with_scores() const noexcept { return with_scores_; }
  // The native score and nothing else: the whole query is one native scorer.
  bool is_native() const noexcept { return nodes_[0].kind == Node::Kind::kNative; }

 private:
  // How a node's score is made.
  enum class Combine : uint8_t { kSum, kDisMax, kBoosting, kFunctionScore };
  // A function of a kFunctionScore that is a user's: what is known of it for the batch.
  struct UdfFunction {
    uint32_t leaf = 0;
    uint32_t function = 0;    // its place among the node's functions
    BatchBits known{};        // it was asked
    BatchBits excluded{};     // it failed, and the document doesn't match
    BatchBits not_applied{};  // it failed, and the document matches as if there were no function
  };
  struct Node {
    // kBool stands for every node on the way to a leaf: as far as truth goes, all are boolean.
    enum class Kind : uint8_t { kNative, kLeaf, kBool } kind = Kind::kNative;
    Combine combine = Combine::kSum;
    Occur occur = Occur::kMust;  // in the parent
    bool scored = false;         // it adds to its parent's score
    double constant = 0;         // kLeaf: its score; kBool: added first (constant_score)
    uint32_t leaf = 0;
    uint32_t minimum_should_match = 0;
    ScorerPtr scorer;                        // kNative
    std::vector<uint32_t> children;          // kBool: in clause order
    std::vector<uint32_t> required_natives;  // kBool: cheapest first
    // kBool: nodes whose truth counts for the score alone. Of kFunctionScore, one for each function
    // with a filter.
    std::vector<uint32_t> modifiers;
    bool wants_score = false;  // somebody asks for its score
    float factor = 0;          // kDisMax, kBoosting
    // kFunctionScore
    const FunctionScore* spec = nullptr;
    std::vector<ScoreFunction> functions;
    std::vector<uint32_t> filters;  // of each function: its node; 0: none
    std::vector<double> values;     // kBatchCapacity for each function
    std::vector<UdfFunction> udfs;
    // Of the latest window.
    std::array<uint64_t, kWindowWords> upper{};  // may match
    std::array<uint64_t, kWindowWords> lower{};  // surely matches, whatever the leaves say
    // Of the batch.
    BatchBits matched{};  // kNative: matches; kBool: may match by its native parts
    BatchBits is_true{}, is_false{};
    BatchBits enough{};          // kBool with minimum_should_match: so many of its clauses are true
    BatchBits known{}, value{};  // kLeaf
    std::vector<double> native_scores;  // kNative, scored
    std::vector<double> sums;           // kBool
    std::vector<BestAndOthers> bests;   // kDisMax
    bool has_minimum() const noexcept { return spec != nullptr && spec->has_min_score; }
  };

  struct Build;
  uint32_t build(const Build& build, const Weight& weight, Occur occur, bool adds);
  void add_leaf(uint32_t leaf, uint32_t node);
  void build_inner(const Build& build, const Weight& weight, Node& node);
  DocId lower_bound(uint32_t node, DocId target);
  double max_score(uint32_t node, DocId from, DocId to);
  DocId max_score_end(uint32_t node, DocId from);
  void evaluate(uint32_t node, const Window& window, const uint64_t* mask);
  void clear_window(uint32_t node);
  void evaluate_bool(Node& node, const Window& window, const uint64_t* mask);
  void append_node(uint32_t node, const Window& window, const uint64_t* docs,
                   const uint16_t* numbers, uint32_t count);
  void update_truth(uint32_t node);
  void update_bool(Node& node);
  // For a function score with a minimum: which documents reach it.
  void apply_minimum(Node& node);
  // For a function score with users' functions: what their failures make of the documents, which
  // are unknown until all were asked.
  void apply_failures(Node& node);
  // Documents for which a function is known to count, or known not to.
  BatchBits applies(const Node& node, const UdfFunction& udf) const;
  BatchBits applies_not(const Node& node, const UdfFunction& udf) const;
  // Documents about which the node's functions are to be asked, if its truth matters for `truth`
  // and its score for `score`.
  void descend_functions(const Node& node, const BatchBits& truth, const BatchBits& score,
                         uint32_t leaf, BatchBits& out);
  // Documents whose score no open leaf can change any more.
  BatchBits settled(const Node& node) const;
  void descend(uint32_t node, const BatchBits& truth, const BatchBits& score, uint32_t leaf,
               BatchBits& out);
  // --- truth_tree_scores.cc ---
  double max_score_of_functions(Node& node, double query_score, DocId from, DocId to);
  void append_values(Node& node, const Window& window, const uint16_t* numbers, uint32_t count);
  // Fills in `sums` of a kBool, and of those below it.
  void score_node(Node& node, bool optimistic, uint32_t without);
  void score_sum(Node& node, bool optimistic, uint32_t without);
  void score_dis_max(Node& node, bool optimistic);
  void score_boosting(Node& node, bool optimistic);
  void score_functions(Node& node, bool optimistic);
  // Calls `visit(i, score)` for the batch's documents for which the child is (or, optimistic, may
  // be) true.
  template <typename Visit>
  void each_score(const Node& child, bool optimistic, Visit&& visit) const;

  std::vector<Node> nodes_;  // [0] is the root
  std::vector<uint32_t> leaf_nodes_;
  std::vector<uint32_t> leaf_functions_;  // of each leaf: its place among its node's `udfs`
  bool with_scores_;
  uint32_t size_ = 0;
  bool truth_is_stale_ = true;
  DocId max_doc_;
  std::vector<double> window_scores_;
  std::vector<DocId> window_docs_, batch_docs_;
  std::vector<FunctionBound> bounds_;
  // Stacks of optional clauses' bits, grown once and reused.
  std::vector<uint64_t> optional_uppers_, optional_lowers_, batch_true_, batch_possible_;
  BatchScores result_;
};

}  // namespace diagon::search
