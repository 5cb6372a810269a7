// Which documents can still be among the best: asked by those who look for candidates.
#pragma once

#include "diagon/search/scorer.h"

namespace diagon::search {

// Of one segment. Used by one thread.
class Competitive {
 public:
  virtual ~Competitive() = default;
  Competitive(const Competitive&) = delete;
  Competitive& operator=(const Competitive&) = delete;

  // No document in [target, returned) can; kNoMoreDocs if none can from target on.
  virtual DocId lower_bound(DocId target) = 0;
  // Takes documents that can't out of a window's bits.
  virtual void narrow(const Window& window, uint64_t* words) = 0;

 protected:
  Competitive() = default;
};

}  // namespace diagon::search
