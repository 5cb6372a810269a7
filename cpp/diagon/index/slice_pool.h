// Many byte streams that grow side by side in one arena, as an inverted index in RAM needs them.
//
// A stream is a chain of slices; each slice is larger than the one before, so that rare terms take
// few bytes and frequent ones few links. (The idea is that of Lucene's ByteBlockPool.)
#pragma once

#include <cstdint>
#include <cstring>
#include <memory>
#include <vector>

namespace diagon::index {

class SlicePool {
 public:
  // A stream's beginning and end; plain data, kept by the caller.
  struct Stream {
    uint32_t head = kNone;  // address of the first slice
    uint32_t at = 0;        // address of the next byte
    uint32_t end = 0;       // address of the last byte of the slice (where the link stands)
    uint8_t level = 0;
  };
  static constexpr uint32_t kNone = UINT32_MAX;

  void append(Stream& stream, uint8_t byte) {
    if (stream.at == stream.end) grow(stream);
    *address(stream.at++) = byte;
  }
  void append_varint(Stream& stream, uint32_t v) {
    while (v >= 0x80) {
      append(stream, static_cast<uint8_t>(v | 0x80));
      v >>= 7;
    }
    append(stream, static_cast<uint8_t>(v));
  }

  size_t ram_bytes() const noexcept { return blocks_.size() * kBlockBytes; }
  void clear() {
    blocks_.clear();
    used_ = kBlockBytes;
  }

  // Reads a stream from its start. REQUIRES: the stream is not appended to meanwhile.
  class Reader {
   public:
    Reader(const SlicePool& pool, const Stream& stream);
    uint32_t varint() {
      uint32_t v = 0;
      for (unsigned shift = 0;; shift += 7) {
        const uint8_t b = byte();
        v |= static_cast<uint32_t>(b & 0x7f) << shift;
        if (b < 0x80) return v;
      }
    }

   private:
    uint8_t byte() {
      if (at_ == end_) follow();
      return *pool_.address(at_++);
    }
    void follow();
    const SlicePool& pool_;
    uint32_t at_ = 0;
    uint32_t end_ = 0;
    uint8_t level_ = 0;
  };

 private:
  static constexpr uint32_t kBlockBytes = 1u << 15;
  static uint32_t slice_bytes(uint8_t level) noexcept;
  uint32_t allocate(uint32_t bytes);
  void grow(Stream& stream);
  uint8_t* address(uint32_t a) const noexcept {
    return blocks_[a / kBlockBytes].get() + a % kBlockBytes;
  }

  std::vector<std::unique_ptr<uint8_t[]>> blocks_;
  uint32_t used_ = kBlockBytes;  // of the last block
};

}  // namespace diagon::index
