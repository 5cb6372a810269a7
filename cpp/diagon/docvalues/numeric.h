// An array of 64-bit integers in blocks of 1,024, each with its minimum, maximum and the width of
// its values (0, 1, 2, 4 or 8 bytes above the minimum), so that one value is one load and a range
// can skip or accept whole blocks.
#pragma once

#include <bit>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <utility>

#include "diagon/directory/file.h"

namespace diagon::docvalues {

inline constexpr uint32_t kColumnBlock = 1024;

struct NumericMeta {
  uint64_t count = 0;
  uint64_t offset = 0;  // of the block headers, into the columns file
  uint64_t bytes = 0;   // headers and data
};

// Appends the array to the file.
NumericMeta write_numeric(directory::FileWriter& file, std::span<const int64_t> values);
// The same for an array that is not in RAM: `fill(first, out)` writes the values from index `first`
// on, as many as `out` has room for. Called for each block in order, and then once more for each.
NumericMeta write_numeric(directory::FileWriter& file, uint64_t count,
                          const std::function<void(uint64_t first, std::span<int64_t> out)>& fill);

// What gathered values become, 8 bytes each, or one.
enum class GatherAs : uint8_t { kI64, kF64, kSortableF64, kBool };

// Reads one. Const methods may be called from several threads at once.
class NumericReader {
 public:
  NumericReader() = default;
  // Checks that every block's header lies inside the array's bytes (the headers are read at once,
  // the data at first touch).
  NumericReader(std::shared_ptr<const directory::MappedFile> file, const NumericMeta& meta);

  uint64_t size() const noexcept { return meta_.count; }
  uint64_t block_count() const noexcept { return (meta_.count + kColumnBlock - 1) / kColumnBlock; }
  int64_t block_min(uint64_t block) const noexcept;
  int64_t block_max(uint64_t block) const noexcept;
  // The whole array's; INT64_MAX and INT64_MIN if it is empty.
  int64_t min() const noexcept { return min_; }
  int64_t max() const noexcept { return max_; }

  // REQUIRES: i < size(). Throws kCorrupt at the first touch of a damaged block.
  int64_t get(uint64_t i) const;
  // Values i and i + 1, for arrays of starts. REQUIRES: i + 1 < size(). Throws as get().
  std::pair<int64_t, int64_t> get_pair(uint64_t i) const;
  // from[j] and to[j] = values indices[j] and indices[j] + 1, in any order. REQUIRES: as
  // get_pair().
  void gather_pairs(std::span<const uint32_t> indices, int64_t* from, int64_t* to) const;
  // out[j] = value of indices[j]; indices in ascending order are fastest. REQUIRES: each < size().
  void gather(std::span<const uint32_t> indices, int64_t* out) const;
  // The same as bytes in another form, without a step between. Throws kInvalidArgument for an index
  // that is not below size(), kCorrupt.
  void gather_as(GatherAs as, std::span<const uint32_t> indices, uint8_t* out) const;
  // Keeps those of `n` ascending indices whose value is in [lo, hi], in order; returns how many.
  // REQUIRES: each < size(). Throws kCorrupt.
  uint32_t select(uint32_t* indices, uint32_t n, int64_t lo, int64_t hi) const;
  // Bit i of `out` (kColumnBlock / 64 words) = whether value i of the block is in [lo, hi]; bits
  // past the block's values are 0. Throws kCorrupt.
  void match_block(uint64_t block, int64_t lo, int64_t hi, uint64_t* out) const;
  // All values of a block into `out` (room for 1,024); returns how many.
  uint32_t decode_block(uint64_t block, int64_t* out) const;

 private:
  template <GatherAs kAs>
  void gather_each(std::span<const uint32_t> indices, uint8_t* out) const;

  std::shared_ptr<const directory::MappedFile> file_;
  NumericMeta meta_;
  const uint8_t* headers_ = nullptr;
  int64_t min_ = INT64_MAX;
  int64_t max_ = INT64_MIN;
};

// Doubles as integers in the same order (total order; -0.0 below 0.0), so that one codec serves
// both.
inline int64_t sortable_from_double(double v) noexcept {
  const auto bits = std::bit_cast<int64_t>(v);
  return bits ^ ((bits >> 63) & INT64_MAX);
}
inline double double_from_sortable(int64_t v) noexcept {
  return std::bit_cast<double>(v ^ ((v >> 63) & INT64_MAX));
}

}  // namespace diagon::docvalues
