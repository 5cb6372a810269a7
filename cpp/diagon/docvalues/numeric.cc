#include "diagon/docvalues/numeric.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cassert>
#include <tuple>
#include <vector>

#include "diagon/docvalues/numeric_blocks.h"
#include "diagon/kernels/kernels.h"
#include "diagon/util/bits.h"
#include "diagon/util/bytes.h"
#include "diagon/util/error.h"

namespace diagon::docvalues {
namespace {

uint32_t code_for(uint64_t range) {
  if (range == 0) return 0;
  if (range <= UINT8_MAX) return 1;
  if (range <= UINT16_MAX) return 2;
  if (range <= UINT32_MAX) return 3;
  return 4;
}

uint64_t above(int64_t value, int64_t min) {
  return static_cast<uint64_t>(value) - static_cast<uint64_t>(min);
}

uint64_t padded(uint64_t len) { return (len + 7) / 8 * 8; }

template <typename T>
void decode(const uint8_t* data, uint32_t count, int64_t min, int64_t* out) noexcept {
  for (uint32_t i = 0; i < count; ++i) out[i] = value_at<T>(data, i, min);
}

template <typename T>
void gather_run(const uint8_t* data, const uint32_t* indices, size_t count, int64_t min,
                int64_t* out) noexcept {
  for (size_t j = 0; j < count; ++j) out[j] = value_at<T>(data, indices[j] % kColumnBlock, min);
}

template <typename T>
void put(std::vector<uint8_t>& out, std::span<const int64_t> values, int64_t min) {
  out.assign(static_cast<size_t>(padded(values.size() * sizeof(T))), 0);
  for (size_t i = 0; i < values.size(); ++i)
    store(out.data() + i * sizeof(T), static_cast<T>(above(values[i], min)));
}

// A closed range as a block's values are stored: less its minimum.
struct StoredRange {
  enum class Kind : uint8_t { kNone, kAll, kSome } kind;
  uint64_t lo = 0;
  uint64_t hi = 0;
};

StoredRange stored_range(int64_t min, int64_t max, int64_t lo, int64_t hi) noexcept {
  if (lo > hi || lo > max || hi < min) return {StoredRange::Kind::kNone};
  if (lo <= min && hi >= max) return {StoredRange::Kind::kAll};
  return {StoredRange::Kind::kSome, above(std::max(lo, min), min), above(std::min(hi, max), min)};
}

template <typename T>
uint32_t select_run(const uint8_t* data, const uint32_t* indices, uint32_t count,
                    const StoredRange& range, uint32_t* out) noexcept {
  const auto lo = static_cast<T>(range.lo);
  const auto width = static_cast<T>(range.hi - range.lo);
  uint32_t kept = 0;
  for (uint32_t j = 0; j < count; ++j) {
    const uint32_t index = indices[j];
    out[kept] = index;
    kept += static_cast<T>(load<T>(data + index % kColumnBlock * sizeof(T)) - lo) <= width ? 1 : 0;
  }
  return kept;
}

}  // namespace

NumericMeta write_numeric(directory::FileWriter& file, std::span<const int64_t> values) {
  return write_numeric(file, values.size(), [&](uint64_t first, std::span<int64_t> out) {
    std::copy_n(values.begin() + static_cast<ptrdiff_t>(first), out.size(), out.begin());
  });
}

NumericMeta write_numeric(directory::FileWriter& file, uint64_t count,
                          const std::function<void(uint64_t, std::span<int64_t>)>& fill) {
  file.align(8);
  NumericMeta meta;
  meta.count = count;
  meta.offset = file.offset();
  const uint64_t blocks = (count + kColumnBlock - 1) / kColumnBlock;
  std::array<int64_t, kColumnBlock> values;
  const auto block_of = [&](uint64_t b) {
    const std::span<int64_t> block(values.data(), values_in(b, count));
    fill(b * kColumnBlock, block);
    return block;
  };
  ByteWriter headers;
  std::vector<uint32_t> codes(blocks);
  uint64_t offset = blocks * kHeaderBytes;
  for (uint64_t b = 0; b < blocks; ++b) {
    const auto block = block_of(b);
    const auto [min, max] = std::minmax_element(block.begin(), block.end());
    codes[b] = code_for(above(*max, *min));
    headers.fixed(*min);
    headers.fixed(*max);
    headers.fixed(offset | codes[b]);
    offset += padded(block.size() * kWidths[codes[b]]);
  }
  file.append(headers.bytes());
  std::vector<uint8_t> data;
  for (uint64_t b = 0; b < blocks; ++b) {
    const auto block = block_of(b);
    const auto min = load<int64_t>(headers.data() + kHeaderBytes * b);
    switch (codes[b]) {
      case 0:
        continue;
      case 1:
        put<uint8_t>(data, block, min);
        break;
      case 2:
        put<uint16_t>(data, block, min);
        break;
      case 3:
        put<uint32_t>(data, block, min);
        break;
      default:
        put<uint64_t>(data, block, min);
    }
    file.append(data);
  }
  meta.bytes = file.offset() - meta.offset;
  return meta;
}

NumericReader::NumericReader(std::shared_ptr<const directory::MappedFile> file,
                             const NumericMeta& meta)
    : file_(std::move(file)), meta_(meta) {
  const std::string& path = file_->path();
  const uint64_t blocks = meta_.count / kColumnBlock + (meta_.count % kColumnBlock != 0 ? 1 : 0);
  if (meta_.offset > file_->size() || meta_.bytes > file_->size() - meta_.offset)
    throw_corrupt(path, "an array of numbers out of the file");
  if (blocks > meta_.bytes / kHeaderBytes)
    throw_corrupt(path, "an array of numbers with more values than its bytes hold");
  headers_ = file_->touch(meta_.offset, blocks * kHeaderBytes);
  for (uint64_t b = 0; b < blocks; ++b) {
    const BlockHeader header = header_at(headers_, b);
    if (header.code >= kWidths.size()) throw_corrupt(path, "the width of numbers");
    const uint64_t len = uint64_t{values_in(b, meta_.count)} * kWidths[header.code];
    if (header.offset > meta_.bytes || len > meta_.bytes - header.offset)
      throw_corrupt(path, "a block of numbers out of its array");
    const int64_t max = block_max(b);
    if (header.min > max)
      throw_corrupt(path, "a block of numbers with its minimum over its maximum");
    min_ = std::min(min_, header.min);
    max_ = std::max(max_, max);
  }
}

int64_t NumericReader::block_min(uint64_t block) const noexcept {
  return load<int64_t>(headers_ + kHeaderBytes * block);
}

int64_t NumericReader::block_max(uint64_t block) const noexcept {
  return load<int64_t>(headers_ + kHeaderBytes * block + 8);
}

int64_t NumericReader::get(uint64_t i) const {
  assert(i < meta_.count);
  const BlockHeader header = header_at(headers_, i / kColumnBlock);
  const uint32_t width = kWidths[header.code];
  const uint8_t* at = file_->touch(meta_.offset + header.offset + i % kColumnBlock * width, width);
  switch (header.code) {
    case 0:
      return header.min;
    case 1:
      return value_at<uint8_t>(at, 0, header.min);
    case 2:
      return value_at<uint16_t>(at, 0, header.min);
    case 3:
      return value_at<uint32_t>(at, 0, header.min);
    default:
      return value_at<uint64_t>(at, 0, header.min);
  }
}

std::pair<int64_t, int64_t> NumericReader::get_pair(uint64_t i) const {
  assert(i + 1 < meta_.count);
  const uint64_t in_block = i % kColumnBlock;
  if (in_block == kColumnBlock - 1) return {get(i), get(i + 1)};
  // One header, one check and one branch for both.
  const BlockHeader header = header_at(headers_, i / kColumnBlock);
  const uint32_t width = kWidths[header.code];
  const uint8_t* at =
      file_->touch(meta_.offset + header.offset + in_block * width, 2 * uint64_t{width});
  switch (header.code) {
    case 0:
      return {header.min, header.min};
    case 1:
      return {value_at<uint8_t>(at, 0, header.min), value_at<uint8_t>(at, 1, header.min)};
    case 2:
      return {value_at<uint16_t>(at, 0, header.min), value_at<uint16_t>(at, 1, header.min)};
    case 3:
      return {value_at<uint32_t>(at, 0, header.min), value_at<uint32_t>(at, 1, header.min)};
    default:
      return {value_at<uint64_t>(at, 0, header.min), value_at<uint64_t>(at, 1, header.min)};
  }
}

void NumericReader::gather_pairs(std::span<const uint32_t> indices, int64_t* from,
                                 int64_t* to) const {
  for (size_t j = 0; j < indices.size(); ++j) std::tie(from[j], to[j]) = get_pair(indices[j]);
}

void NumericReader::gather(std::span<const uint32_t> indices, int64_t* out) const {
  size_t from = 0;
  while (from < indices.size()) {
    const uint32_t block = indices[from] / kColumnBlock;
    assert(block < block_count());
    size_t to = from + 1;
    while (to < indices.size() && indices[to] / kColumnBlock == block) ++to;
    const BlockHeader header = header_at(headers_, block);
    const uint64_t len = uint64_t{values_in(block, meta_.count)} * kWidths[header.code];
    const uint8_t* data = file_->touch(meta_.offset + header.offset, len);
    const uint32_t* run = indices.data() + from;
    switch (header.code) {
      case 0:
        std::fill_n(out + from, to - from, header.min);
        break;
      case 1:
        gather_run<uint8_t>(data, run, to - from, header.min, out + from);
        break;
      case 2:
        gather_run<uint16_t>(data, run, to - from, header.min, out + from);
        break;
      case 3:
        gather_run<uint32_t>(data, run, to - from, header.min, out + from);
        break;
      default:
        gather_run<uint64_t>(data, run, to - from, header.min, out + from);
    }
    from = to;
  }
}

uint32_t NumericReader::select(uint32_t* indices, uint32_t n, int64_t lo, int64_t hi) const {
  uint32_t kept = 0;
  uint32_t from = 0;
  while (from < n) {
    const uint32_t block = indices[from] / kColumnBlock;
    assert(block < block_count());
    uint32_t to = from + 1;
    while (to < n && indices[to] / kColumnBlock == block) ++to;
    const BlockHeader header = header_at(headers_, block);
    const StoredRange range = stored_range(header.min, block_max(block), lo, hi);
    const uint32_t* run = indices + from;
    const uint32_t count = to - from;
    from = to;
    if (range.kind == StoredRange::Kind::kNone) continue;
    if (range.kind == StoredRange::Kind::kAll || header.code == 0) {
      std::copy_n(run, count, indices + kept);
      kept += count;
      continue;
    }
    const uint64_t len = uint64_t{values_in(block, meta_.count)} * kWidths[header.code];
    const uint8_t* data = file_->touch(meta_.offset + header.offset, len);
    uint32_t* out = indices + kept;
    switch (header.code) {
      case 1:
        kept += select_run<uint8_t>(data, run, count, range, out);
        break;
      case 2:
        kept += select_run<uint16_t>(data, run, count, range, out);
        break;
      case 3:
        kept += select_run<uint32_t>(data, run, count, range, out);
        break;
      default:
        kept += select_run<uint64_t>(data, run, count, range, out);
    }
  }
  return kept;
}

void NumericReader::match_block(uint64_t block, int64_t lo, int64_t hi, uint64_t* out) const {
  constexpr size_t kWords = kColumnBlock / 64;
  const BlockHeader header = header_at(headers_, block);
  const StoredRange range = stored_range(header.min, block_max(block), lo, hi);
  const uint32_t count = values_in(block, meta_.count);
  if (range.kind == StoredRange::Kind::kNone) {
    std::fill_n(out, kWords, uint64_t{0});
    return;
  }
  if (range.kind == StoredRange::Kind::kAll || header.code == 0) {
    bits::fill(out, kWords, count);
    return;
  }
  const uint64_t len = uint64_t{count} * kWidths[header.code];
  const uint8_t* data = file_->touch(meta_.offset + header.offset, len);
  std::array<uint8_t, kColumnBlock * sizeof(uint64_t)> padded_data;
  if (count < kColumnBlock) {
    std::copy_n(data, len, padded_data.begin());
    std::fill(padded_data.begin() + static_cast<ptrdiff_t>(len), padded_data.end(), uint8_t{0});
    data = padded_data.data();
  }
  const kernels::Kernels& run = kernels::best();
  switch (header.code) {
    case 1:
      run.range8(data, kColumnBlock, static_cast<uint8_t>(range.lo), static_cast<uint8_t>(range.hi),
                 out);
      break;
    case 2:
      run.range16(data, kColumnBlock, static_cast<uint16_t>(range.lo),
                  static_cast<uint16_t>(range.hi), out);
      break;
    case 3:
      run.range32(data, kColumnBlock, static_cast<uint32_t>(range.lo),
                  static_cast<uint32_t>(range.hi), out);
      break;
    default:
      run.range64(data, kColumnBlock, range.lo, range.hi, out);
  }
  if (count < kColumnBlock) {
    std::array<uint64_t, kWords> valid;
    bits::fill(valid.data(), kWords, count);
    for (size_t w = 0; w < kWords; ++w) out[w] &= valid[w];
  }
}

uint32_t NumericReader::decode_block(uint64_t block, int64_t* out) const {
  assert(block < block_count());
  const uint32_t count = values_in(block, meta_.count);
  const BlockHeader header = header_at(headers_, block);
  const uint8_t* data =
      file_->touch(meta_.offset + header.offset, uint64_t{count} * kWidths[header.code]);
  switch (header.code) {
    case 0:
      std::fill_n(out, count, header.min);
      break;
    case 1:
      decode<uint8_t>(data, count, header.min, out);
      break;
    case 2:
      decode<uint16_t>(data, count, header.min, out);
      break;
    case 3:
      decode<uint32_t>(data, count, header.min, out);
      break;
    default:
      decode<uint64_t>(data, count, header.min, out);
  }
  return count;
}

}  // namespace diagon::docvalues
