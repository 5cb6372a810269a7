#include "diagon/index/slice_pool.h"

#include <algorithm>

#include "diagon/util/bytes.h"
#include "diagon/util/error.h"

namespace diagon::index {
namespace {

constexpr uint32_t kSliceBytes[] = {12, 24, 48, 96, 192, 384, 768, 1536, 3072};
constexpr uint8_t kLastLevel = static_cast<uint8_t>(std::size(kSliceBytes) - 1);
constexpr uint32_t kLinkBytes = 4;

}  // namespace

uint32_t SlicePool::slice_bytes(uint8_t level) noexcept { return kSliceBytes[level]; }

uint32_t SlicePool::allocate(uint32_t bytes) {
  if (kBlockBytes - used_ < bytes) {
    if (blocks_.size() >= UINT32_MAX / kBlockBytes)
      throw Error(ErrorCode::kTooLarge, "the RAM buffer of the writer is over 4 GiB");
    blocks_.push_back(std::make_unique<uint8_t[]>(kBlockBytes));
    used_ = 0;
  }
  const uint32_t at = static_cast<uint32_t>(blocks_.size() - 1) * kBlockBytes + used_;
  used_ += bytes;
  return at;
}

void SlicePool::grow(Stream& stream) {
  const bool first = stream.head == kNone;
  const uint8_t level =
      first ? uint8_t{0} : std::min<uint8_t>(static_cast<uint8_t>(stream.level + 1), kLastLevel);
  const uint32_t slice = allocate(slice_bytes(level));
  if (first)
    stream.head = slice;
  else
    store(address(stream.end), slice);
  stream.at = slice;
  stream.end = slice + slice_bytes(level) - kLinkBytes;
  stream.level = level;
}

SlicePool::Reader::Reader(const SlicePool& pool, const Stream& stream) : pool_(pool) {
  if (stream.head == kNone) return;
  at_ = stream.head;
  end_ = at_ + slice_bytes(0) - kLinkBytes;
}

void SlicePool::Reader::follow() {
  const uint32_t slice = load<uint32_t>(pool_.address(end_));
  level_ = std::min<uint8_t>(static_cast<uint8_t>(level_ + 1), kLastLevel);
  at_ = slice;
  end_ = slice + slice_bytes(level_) - kLinkBytes;
}

}  // namespace diagon::index
