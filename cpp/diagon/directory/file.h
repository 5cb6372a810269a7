// Immutable files of a segment: written once, checksummed per 64 KiB block, read through a mapping.
//
// docs/format.md writes the bytes down. A file is: header (magic, version, kind, segment id),
// payload, one CRC-32C a 64 KiB block of the payload, footer. Offsets in this interface are into
// the payload.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace diagon::directory {

inline constexpr uint16_t kFormatVersion = 1;
inline constexpr uint16_t kOldestReadableFormat = 1;
inline constexpr uint64_t kChecksumBlock = 64 * 1024;

// What a file holds, so that two swapped files are noticed.
enum class FileKind : uint16_t {
  kTerms = 1,
  kPostings = 2,
  kPositions = 3,
  kColumns = 4,
  kStored = 5,
  kMeta = 6,
  kLive = 7,
  kManifest = 8,
};

// Random, so that a file of another segment or index is noticed.
using SegmentId = std::array<uint8_t, 16>;
SegmentId random_segment_id();

// Writes a file from front to end. Used by one thread.
// The file appears under its name at once and is complete only after `finish`; the caller names it
// in a manifest later.
class FileWriter {
 public:
  // Replaces an existing file (a leftover of a crash). Throws kIo.
  FileWriter(std::string path, FileKind kind, const SegmentId& id);
  ~FileWriter();  // closes without finishing
  FileWriter(const FileWriter&) = delete;
  FileWriter& operator=(const FileWriter&) = delete;

  void append(const void* data, size_t len);
  void append(std::span<const uint8_t> bytes) { append(bytes.data(), bytes.size()); }
  // Zeros up to the next multiple of `alignment` (a power of two, at most 64).
  void align(size_t alignment);
  // Payload bytes so far.
  uint64_t offset() const noexcept { return offset_; }
  // Writes checksums and footer and closes the file; does not sync. Throws kIo. At most once.
  void finish();

 private:
  void flush();
  void write_all(const uint8_t* data, size_t len);
  void checksum(const uint8_t* data, size_t len);

  std::string path_;
  int fd_ = -1;
  uint64_t offset_ = 0;
  std::vector<uint8_t> buffer_;
  std::vector<uint32_t> checksums_;
  uint32_t block_crc_ = 0;
  uint64_t block_fill_ = 0;
};

// A file mapped for reading. Const methods may be called from several threads at once.
class MappedFile {
 public:
  // Checks header, footer and length; the payload's blocks are checked at first touch.
  // Throws kNotFound, kIo, kCorrupt, kUnsupportedFormat; the message names the file.
  static std::shared_ptr<const MappedFile> open(const std::string& path, FileKind kind,
                                                const SegmentId* expected_id);
  ~MappedFile();
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;

  // From the address of any payload byte on, so many bytes are mapped, the checksums and the footer
  // behind the payload among them: short values can be copied with fixed-size loads.
  static constexpr size_t kReadable = 28;

  uint64_t size() const noexcept { return size_; }
  const std::string& path() const noexcept { return path_; }
  const SegmentId& id() const noexcept { return id_; }

  // The address of payload bytes [offset, offset + len), verified. Costs one bit test a 64 KiB
  // block once verified. Throws kCorrupt if out of the file or if a checksum differs.
  const uint8_t* touch(uint64_t offset, uint64_t len) const {
    if (offset > size_ || len > size_ - offset) throw_range(offset, len);
    if (len != 0) {
      const uint64_t last = (offset + len - 1) / kChecksumBlock;
      for (uint64_t b = offset / kChecksumBlock; b <= last; ++b) {
        if ((verified_[b / 64].load(std::memory_order_acquire) >> (b % 64) & 1) == 0) verify(b);
      }
    }
    return payload_ + offset;
  }

  // A hint that the byte is read soon. Any offset.
  void prefetch(uint64_t offset) const noexcept {
    if (offset < size_) __builtin_prefetch(payload_ + offset);
  }

  // Verifies every block. Throws kCorrupt at the first damaged one.
  void verify_all() const;

 private:
  MappedFile() = default;
  void verify(uint64_t block) const;
  [[noreturn]] void throw_range(uint64_t offset, uint64_t len) const;

  std::string path_;
  SegmentId id_{};
  const uint8_t* mapping_ = nullptr;
  size_t mapping_len_ = 0;
  const uint8_t* payload_ = nullptr;
  const uint8_t* checksums_ = nullptr;  // u32 each, verified at open
  uint64_t size_ = 0;
  std::unique_ptr<std::atomic<uint64_t>[]> verified_;
};

}  // namespace diagon::directory
