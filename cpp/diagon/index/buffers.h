// Documents in RAM that are not a segment yet, in one buffer or several, so that several threads
// can add at once. Any number of threads may use it.
//
// A document's id says which buffer it goes to. So a document replaces an earlier one of its id
// within one buffer, and the buffers can become segments in any order.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "diagon/index/buffer.h"
#include "diagon/index/document.h"
#include "diagon/schema/field.h"

namespace diagon::index {

// What one of them held.
struct TakenBuffer {
  Buffer buffer;
  // Of documents that were deleted, maybe from segments, beside the ids of the buffer.
  std::unordered_set<std::string> deletes;
  uint64_t ram_bytes = 0;  // roughly, once it is taken
};

class Buffers {
 public:
  // REQUIRES: count > 0.
  explicit Buffers(uint32_t count);

  size_t count() const noexcept { return parts_.size(); }

  // Adds documents; each replaces the one of the same id. Checks the whole batch first (ranges,
  // known fields, order, sizes) and throws kInvalidArgument or kTooLarge without having added
  // anything. `fields`: by id. After any other exception (memory ran out in the middle of a
  // document) the buffer in which it was adds nothing any more and can't be taken.
  void add(const DocumentBatch& batch, const std::vector<schema::Field>& fields);
  // Deletes the document of that id if it is there, and keeps the id for the segments.
  void remove(std::string_view id);

  // The one that takes the most memory.
  size_t largest() const noexcept;
  // Moves what a buffer holds to `taken`, and leaves it empty; false if there was nothing. Throws
  // kOutOfMemory if memory ran out in the middle of a document.
  bool take(size_t place, TakenBuffer& taken);

  // Those taken are not counted.
  uint32_t doc_count() const noexcept;
  // Roughly.
  uint64_t ram_bytes() const noexcept;

 private:
  struct Part {
    std::mutex mutex;
    TakenBuffer held;         // guarded by the mutex, as is the next
    size_t delete_bytes = 0;  // of RAM that the deletes take, roughly
    // Of the above, for others to look at.
    std::atomic<uint64_t> ram_bytes{0};
    std::atomic<uint32_t> doc_count{0};

    void note_size() noexcept;
  };
  size_t part_of(std::string_view id) const noexcept;
  void add_to_all(const DocumentBatch& batch, const std::vector<schema::Field>& fields);

  std::vector<std::unique_ptr<Part>> parts_;
};

}  // namespace diagon::index
