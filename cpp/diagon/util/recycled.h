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
  // Without a destructor, so that it can be looked at until its thread has ended.
  struct Kept {
    void* memory[kKept];
    size_t count;
    bool over;
  };
  // Ends it: what is dropped by a thread's last objects is not kept.
  class End {
   public:
    End() = default;
    ~End() {
      while (kept_.count != 0) free_memory(kept_.memory[--kept_.count]);
      kept_.over = true;
    }
    End(const End&) = delete;
    End& operator=(const End&) = delete;
  };
  static constinit inline thread_local Kept kept_{};

  // Under a sanitizer nothing is kept, so that it sees what is used after it was dropped.
  static constexpr size_t limit() noexcept {
#ifdef __SANITIZE_ADDRESS__
    return 0;
#else
    return kKept;
#endif
  }
  static constexpr std::align_val_t alignment() noexcept { return std::align_val_t(alignof(T)); }
  static void free_memory(void* memory) noexcept { ::operator delete(memory, alignment()); }
  static void* allocate(size_t size) {
    return kept_.count != 0 && size == sizeof(T) ? kept_.memory[--kept_.count]
                                                 : ::operator new(size, alignment());
  }
  static void release(void* memory) noexcept {
    if (memory == nullptr || kept_.over || kept_.count == limit()) {
      free_memory(memory);
      return;
    }
    static thread_local End end;
    kept_.memory[kept_.count++] = memory;
  }
};

}  // namespace diagon
