// Memory for large objects that every search makes and drops again: kept for the next one.
#pragma once

#include <cstddef>
#include <new>

namespace diagon {

// A base of a final class `T`, whose objects then live in memory that their thread keeps, up to
// `kKept` of them. The allocator is slow with what is large and aligned to a cache line: a short
// search spent a tenth of its time there. An object may be dropped by another thread than the one
// that made it: its memory then stays there.
template <typename T, size_t kKept = 8>
class Recycled {
 public:
  static void* operator new(size_t size) { return allocate(size); }
  static void* operator new(size_t size, std::align_val_t) { return allocate(size); }
  static void operator delete(void* memory) noexcept { release(memory); }
  static void operator delete(void* memory, std::align_val_t) noexcept { release(memory); }

 private:
  struct Kept {
    void* memory[kKept] = {};
    size_t count = 0;
    bool over = false;
    ~Kept() {
      while (count != 0) free_memory(memory[--count]);
      // What is made or dropped after the end of its thread's own objects is not kept.
      over = true;
    }
  };

  static constexpr std::align_val_t alignment() noexcept { return std::align_val_t(alignof(T)); }
  static void free_memory(void* memory) noexcept { ::operator delete(memory, alignment()); }
  static Kept& kept() noexcept {
    static thread_local Kept kept;
    return kept;
  }
  static void* allocate(size_t size) {
    Kept& kept = Recycled::kept();
    return kept.count != 0 && size == sizeof(T) ? kept.memory[--kept.count]
                                                : ::operator new(size, alignment());
  }
  static void release(void* memory) noexcept {
    Kept& kept = Recycled::kept();
    if (memory == nullptr || kept.over || kept.count == kKept) {
      free_memory(memory);
      return;
    }
    kept.memory[kept.count++] = memory;
  }
};

}  // namespace diagon
