// Values of chosen indices, as a user's function reads them: one pass from the file's bytes to the
// function's memory.
#include "diagon/docvalues/numeric.h"
#include "diagon/docvalues/numeric_blocks.h"
#include "diagon/util/bytes.h"
#include "diagon/util/error.h"

namespace diagon::docvalues {
namespace {

template <GatherAs kAs>
void put(uint8_t* out, size_t j, int64_t value) noexcept {
  if constexpr (kAs == GatherAs::kI64) store(out + 8 * j, value);
  if constexpr (kAs == GatherAs::kF64) store(out + 8 * j, static_cast<double>(value));
  if constexpr (kAs == GatherAs::kSortableF64) store(out + 8 * j, double_from_sortable(value));
  if constexpr (kAs == GatherAs::kBool) out[j] = value != 0 ? 1 : 0;
}

// What a block has of the indices from `from` on; returns where it ends. `begin`: the block's first
// index, `count`: its values; `data`: null if all are `min`.
template <GatherAs kAs, typename T>
size_t gather_run(const uint8_t* data, std::span<const uint32_t> indices, size_t from,
                  uint32_t begin, uint32_t count, int64_t min, uint8_t* out) noexcept {
  const size_t n = indices.size();
  if (n - from >= count && indices[from] == begin &&
      indices[from + count - 1] == begin + count - 1) {
    // The whole block, if the indices ascend.
    bool whole = true;
    for (uint32_t i = 0; i < count; ++i) whole &= indices[from + i] == begin + i;
    if (whole) {
      for (uint32_t i = 0; i < count; ++i) put<kAs>(out, from + i, value_at<T>(data, i, min));
      return from + count;
    }
  }
  for (; from < n; ++from) {
    const uint32_t i = indices[from] - begin;
    if (i >= count) break;
    put<kAs>(out, from, value_at<T>(data, i, min));
  }
  return from;
}

template <GatherAs kAs>
size_t gather_same(std::span<const uint32_t> indices, size_t from, uint32_t begin, uint32_t count,
                   int64_t min, uint8_t* out) noexcept {
  for (; from < indices.size() && indices[from] - begin < count; ++from) put<kAs>(out, from, min);
  return from;
}

}  // namespace

template <GatherAs kAs>
void NumericReader::gather_each(std::span<const uint32_t> indices, uint8_t* out) const {
  for (size_t at = 0; at < indices.size();) {
    const uint32_t block = indices[at] / kColumnBlock;
    if (indices[at] >= meta_.count) throw_invalid("the index of a value that is not there");
    const uint32_t begin = block * kColumnBlock;
    const uint32_t count = values_in(block, meta_.count);
    const BlockHeader header = header_at(headers_, block);
    const uint8_t* data =
        file_->touch(meta_.offset + header.offset, uint64_t{count} * kWidths[header.code]);
    switch (header.code) {
      case 0:
        at = gather_same<kAs>(indices, at, begin, count, header.min, out);
        break;
      case 1:
        at = gather_run<kAs, uint8_t>(data, indices, at, begin, count, header.min, out);
        break;
      case 2:
        at = gather_run<kAs, uint16_t>(data, indices, at, begin, count, header.min, out);
        break;
      case 3:
        at = gather_run<kAs, uint32_t>(data, indices, at, begin, count, header.min, out);
        break;
      default:
        at = gather_run<kAs, uint64_t>(data, indices, at, begin, count, header.min, out);
    }
  }
}

void NumericReader::gather_as(GatherAs as, std::span<const uint32_t> indices, uint8_t* out) const {
  switch (as) {
    case GatherAs::kI64:
      return gather_each<GatherAs::kI64>(indices, out);
    case GatherAs::kF64:
      return gather_each<GatherAs::kF64>(indices, out);
    case GatherAs::kSortableF64:
      return gather_each<GatherAs::kSortableF64>(indices, out);
    case GatherAs::kBool:
      return gather_each<GatherAs::kBool>(indices, out);
  }
}

}  // namespace diagon::docvalues
