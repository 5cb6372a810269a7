// A function of function_score, over one segment.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "diagon/index/segment_reader.h"
#include "diagon/search/function_score.h"
#include "diagon/search/numbers.h"

namespace diagon::search {

// Used by one thread; keeps the segment alive. `spec` must outlive it.
class ScoreFunction {
 public:
  // Throws kInvalidArgument if the field's column has values of another type.
  // `boost`: a further factor of its values.
  ScoreFunction(const FunctionSpec& spec, double boost,
                std::shared_ptr<const index::SegmentReader> segment);

  double weight() const noexcept { return weight_; }
  // Whether it surely counts for a document that its filter lets pass.
  bool always_applies() const noexcept { return !spec_.may_fail_open; }
  // out[i] = the value for docs[i], which are ascending. Throws kCorrupt.
  void evaluate(std::span<const DocId> docs, double* out);

  // No document in [from, to) has a higher value; infinite if one's may be NaN.
  double bound(DocId from, DocId to) const;
  // Where, after `from`, bound() could change.
  DocId bound_end(DocId from) const noexcept;

  // Why the document's value is NaN; empty if it isn't.
  std::string failure(DocId doc);

 private:
  double field_value(double value) const noexcept;
  double decayed(double distance) const noexcept;
  double hash(uint64_t value) const noexcept;
  void evaluate_random(std::span<const DocId> docs, double* out);
  void evaluate_geo(std::span<const DocId> docs, double* out);
  double distance(double value) const noexcept;
  bool blocks_bound() const noexcept;
  double bound_between(double lo, double hi) const noexcept;

  const FunctionSpec& spec_;
  double weight_;
  std::shared_ptr<const index::SegmentReader> segment_;
  Numbers numbers_;  // kFieldValue; kDecay, of points the latitudes
  Numbers lons_;
  double decay_scale_ = 1;  // see decayed()
  std::vector<double> distances_;
};

}  // namespace diagon::search
