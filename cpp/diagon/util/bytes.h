// Little-endian numbers and varints to and from byte buffers. The reader stays inside its buffer
// for any bytes.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "diagon/util/error.h"

static_assert(std::endian::native == std::endian::little,
              "index files are little-endian and mapped as they are");

namespace diagon {

// Unaligned load and store of a plain number.
template <typename T>
inline T load(const uint8_t* at) noexcept {
  T value;
  std::memcpy(&value, at, sizeof(T));
  return value;
}
template <typename T>
inline void store(uint8_t* at, T value) noexcept {
  std::memcpy(at, &value, sizeof(T));
}

// Signed numbers as unsigned ones with small magnitudes small.
inline uint64_t zigzag(int64_t v) noexcept {
  return (static_cast<uint64_t>(v) << 1) ^ static_cast<uint64_t>(v >> 63);
}
inline int64_t unzigzag(uint64_t v) noexcept {
  return static_cast<int64_t>(v >> 1) ^ -static_cast<int64_t>(v & 1);
}

// Appends to a growing buffer.
class ByteWriter {
 public:
  void u8(uint8_t v) { bytes_.push_back(v); }
  template <typename T>
  void fixed(T v) {
    const size_t at = bytes_.size();
    bytes_.resize(at + sizeof(T));
    store(bytes_.data() + at, v);
  }
  void varint(uint64_t v) {
    while (v >= 0x80) {
      bytes_.push_back(static_cast<uint8_t>(v | 0x80));
      v >>= 7;
    }
    bytes_.push_back(static_cast<uint8_t>(v));
  }
  void raw(const void* data, size_t len) {
    if (len == 0) return;
    const size_t at = bytes_.size();
    bytes_.resize(at + len);
    std::memcpy(bytes_.data() + at, data, len);
  }
  // Length as varint, then the bytes.
  void string(std::string_view s) {
    varint(s.size());
    raw(s.data(), s.size());
  }
  size_t size() const noexcept { return bytes_.size(); }
  const uint8_t* data() const noexcept { return bytes_.data(); }
  uint8_t* data() noexcept { return bytes_.data(); }
  std::span<const uint8_t> bytes() const noexcept { return bytes_; }
  void clear() noexcept { bytes_.clear(); }

 private:
  std::vector<uint8_t> bytes_;
};

// Reads from a borrowed buffer. Throws kCorrupt, naming `file`, past its end or for a varint over
// 64 bits.
class ByteReader {
 public:
  // `file` is for messages and must outlive the reader.
  ByteReader(const uint8_t* begin, size_t len, const std::string& file)
      : at_(begin), begin_(begin), end_(begin + len), file_(&file) {}

  uint8_t u8() {
    need(1);
    return *at_++;
  }
  template <typename T>
  T fixed() {
    need(sizeof(T));
    const T v = load<T>(at_);
    at_ += sizeof(T);
    return v;
  }
  uint64_t varint() {
    uint64_t v = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
      const uint8_t b = u8();
      v |= static_cast<uint64_t>(b & 0x7f) << shift;
      if (b < 0x80) {
        if (shift == 63 && b > 1) break;
        return v;
      }
    }
    throw_corrupt(*file_, "a number over 64 bits");
  }
  // A varint that must fit 32 bits.
  uint32_t varint32() {
    const uint64_t v = varint();
    if (v > UINT32_MAX) throw_corrupt(*file_, "a number over 32 bits");
    return static_cast<uint32_t>(v);
  }
  const uint8_t* raw(size_t len) {
    need(len);
    const uint8_t* p = at_;
    at_ += len;
    return p;
  }
  std::string_view string() {
    const uint64_t len = varint();
    if (len > remaining()) throw_corrupt(*file_, "a string past the end");
    return {reinterpret_cast<const char*>(raw(static_cast<size_t>(len))), static_cast<size_t>(len)};
  }
  size_t remaining() const noexcept { return static_cast<size_t>(end_ - at_); }
  size_t position() const noexcept { return static_cast<size_t>(at_ - begin_); }
  const uint8_t* here() const noexcept { return at_; }

 private:
  void need(size_t n) const {
    if (n > remaining()) throw_corrupt(*file_, "it ends too early");
  }
  const uint8_t* at_;
  const uint8_t* begin_;
  const uint8_t* end_;
  const std::string* file_;
};

}  // namespace diagon
