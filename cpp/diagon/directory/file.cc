#include "diagon/directory/file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "diagon/codec/checksum.h"
#include "diagon/directory/folder.h"
#include "diagon/util/bits.h"
#include "diagon/util/bytes.h"
#include "diagon/util/error.h"

namespace diagon::directory {
namespace {

// Line ends in the magic numbers show a transfer in text mode at once, as in PNG.
constexpr std::array<uint8_t, 8> kHeaderMagic = {'D', 'I', 'A', 'G', 'O', 'N', '\r', '\n'};
constexpr std::array<uint8_t, 8> kFooterMagic = {'\r', '\n', 'N', 'O', 'G', 'A', 'I', 'D'};

constexpr size_t kHeaderBytes = 64;
constexpr size_t kHeaderVersion = 8;
constexpr size_t kHeaderKind = 10;
constexpr size_t kHeaderId = 16;
constexpr size_t kHeaderCrc = 60;

constexpr size_t kFooterBytes = 24;
constexpr size_t kFooterPayload = 0;
constexpr size_t kFooterCrc =
    12;  // of the table of checksums and the footer's bytes before this one
constexpr size_t kFooterMagicAt = 16;
static_assert(MappedFile::kReadable <= sizeof(uint32_t) + kFooterBytes,
              "a payload of one byte has one checksum and the footer behind it");

constexpr size_t kWriteBuffer = 256 * 1024;

constexpr uint64_t blocks_of(uint64_t payload) {
  return payload / kChecksumBlock + (payload % kChecksumBlock != 0 ? 1 : 0);
}

template <typename Call>
auto retry(Call&& call) {
  for (;;) {
    const auto result = call();
    if (result != -1 || errno != EINTR) return result;
  }
}

class Closer {
 public:
  explicit Closer(int fd) : fd_(fd) {}
  ~Closer() { ::close(fd_); }
  Closer(const Closer&) = delete;
  Closer& operator=(const Closer&) = delete;

 private:
  int fd_;
};

}  // namespace

SegmentId random_segment_id() {
  SegmentId id;
  size_t filled = 0;
  while (filled < id.size()) {
    const ssize_t n = ::getrandom(id.data() + filled, id.size() - filled, 0);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) throw_io("the system's random numbers", "getrandom", errno);
    filled += static_cast<size_t>(n);
  }
  return id;
}

FileWriter::FileWriter(std::string path, FileKind kind, const SegmentId& id)
    : path_(std::move(path)) {
  std::array<uint8_t, kHeaderBytes> header{};
  std::copy(kHeaderMagic.begin(), kHeaderMagic.end(), header.begin());
  store(header.data() + kHeaderVersion, kFormatVersion);
  store(header.data() + kHeaderKind, static_cast<uint16_t>(kind));
  std::copy(id.begin(), id.end(), header.begin() + kHeaderId);
  store(header.data() + kHeaderCrc, codec::crc32c(0, header.data(), kHeaderCrc));
  buffer_.reserve(kWriteBuffer);
  buffer_.assign(header.begin(), header.end());
  // A leftover is unlinked and not truncated, since truncation would pull the pages from under its
  // readers.
  remove_file(path_);
  fd_ = retry([&] { return ::open(path_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644); });
  if (fd_ < 0) throw_io(path_, "create", errno);
}

FileWriter::~FileWriter() {
  if (fd_ >= 0) ::close(fd_);
}

void FileWriter::append(const void* data, size_t len) {
  if (len == 0) return;
  const auto* bytes = static_cast<const uint8_t*>(data);
  checksum(bytes, len);
  offset_ += len;
  if (len > kWriteBuffer - buffer_.size()) flush();
  if (len >= kWriteBuffer) {
    write_all(bytes, len);
  } else {
    buffer_.insert(buffer_.end(), bytes, bytes + len);
  }
}

void FileWriter::align(size_t alignment) {
  static constexpr std::array<uint8_t, 64> kZeros{};
  append(kZeros.data(), (alignment - offset_ % alignment) % alignment);
}

void FileWriter::finish() {
  if (fd_ < 0) throw Error(ErrorCode::kInternal, path_ + ": finished twice");
  if (block_fill_ != 0) checksums_.push_back(block_crc_);
  std::array<uint8_t, kFooterBytes> footer{};
  store(footer.data() + kFooterPayload, offset_);
  const size_t table_bytes = checksums_.size() * sizeof(uint32_t);
  const uint32_t table_crc = codec::crc32c(0, checksums_.data(), table_bytes);
  store(footer.data() + kFooterCrc, codec::crc32c(table_crc, footer.data(), kFooterCrc));
  std::copy(kFooterMagic.begin(), kFooterMagic.end(), footer.begin() + kFooterMagicAt);
  flush();
  write_all(reinterpret_cast<const uint8_t*>(checksums_.data()), table_bytes);
  write_all(footer.data(), footer.size());
  // After EINTR the descriptor is closed all the same on Linux.
  const int closed = ::close(std::exchange(fd_, -1));
  if (closed != 0 && errno != EINTR) throw_io(path_, "close", errno);
}

void FileWriter::flush() {
  write_all(buffer_.data(), buffer_.size());
  buffer_.clear();
}

void FileWriter::write_all(const uint8_t* data, size_t len) {
  while (len != 0) {
    const ssize_t n = retry([&] { return ::write(fd_, data, len); });
    if (n < 0) throw_io(path_, "write", errno);
    data += n;
    len -= static_cast<size_t>(n);
  }
}

void FileWriter::checksum(const uint8_t* data, size_t len) {
  while (len != 0) {
    const size_t n = std::min<size_t>(len, kChecksumBlock - block_fill_);
    block_crc_ = codec::crc32c(block_crc_, data, n);
    block_fill_ += n;
    data += n;
    len -= n;
    if (block_fill_ == kChecksumBlock) {
      checksums_.push_back(block_crc_);
      block_crc_ = 0;
      block_fill_ = 0;
    }
  }
}

std::shared_ptr<const MappedFile> MappedFile::open(const std::string& path, FileKind kind,
                                                   const SegmentId* expected_id) {
  const std::shared_ptr<MappedFile> file(new MappedFile());
  file->path_ = path;
  const int fd = retry([&] { return ::open(path.c_str(), O_RDONLY | O_CLOEXEC); });
  if (fd < 0 && errno == ENOENT) throw Error(ErrorCode::kNotFound, path + ": no such file");
  if (fd < 0) throw_io(path, "open", errno);
  const Closer closer(fd);
  struct stat status;
  if (::fstat(fd, &status) != 0) throw_io(path, "stat", errno);
  if (!S_ISREG(status.st_mode)) throw_corrupt(path, "not a file");
  const auto length = static_cast<uint64_t>(status.st_size);
  if (length < kHeaderBytes + kFooterBytes) throw_corrupt(path, "too short");
  void* mapping = ::mmap(nullptr, static_cast<size_t>(length), PROT_READ, MAP_PRIVATE, fd, 0);
  if (mapping == MAP_FAILED) throw_io(path, "mmap", errno);
  file->mapping_ = static_cast<const uint8_t*>(mapping);
  file->mapping_len_ = static_cast<size_t>(length);

  const uint8_t* header = file->mapping_;
  if (!std::equal(kHeaderMagic.begin(), kHeaderMagic.end(), header))
    throw_corrupt(path, "not a file of this engine (its first bytes differ)");
  if (load<uint32_t>(header + kHeaderCrc) != codec::crc32c(0, header, kHeaderCrc))
    throw_corrupt(path, "the header's checksum differs");
  const auto version = load<uint16_t>(header + kHeaderVersion);
  if (version < kOldestReadableFormat || version > kFormatVersion)
    throw Error(ErrorCode::kUnsupportedFormat,
                path + ": format " + std::to_string(version) +
                    " (readable: " + std::to_string(kOldestReadableFormat) + " to " +
                    std::to_string(kFormatVersion) + ")");
  const auto actual_kind = load<uint16_t>(header + kHeaderKind);
  if (actual_kind != static_cast<uint16_t>(kind))
    throw_corrupt(path, "of kind " + std::to_string(actual_kind) + ", expected " +
                            std::to_string(static_cast<uint16_t>(kind)));
  std::copy_n(header + kHeaderId, file->id_.size(), file->id_.begin());
  if (expected_id != nullptr && file->id_ != *expected_id)
    throw_corrupt(path, "of another segment (its id differs)");

  const uint8_t* footer = file->mapping_ + length - kFooterBytes;
  if (!std::equal(kFooterMagic.begin(), kFooterMagic.end(), footer + kFooterMagicAt))
    throw_corrupt(path, "it ends too early (its last bytes differ)");
  const auto payload = load<uint64_t>(footer + kFooterPayload);
  const uint64_t inner = length - kHeaderBytes - kFooterBytes;
  if (payload > inner || inner - payload != blocks_of(payload) * sizeof(uint32_t))
    throw_corrupt(path, "its length is not what its footer says");
  file->size_ = payload;
  file->payload_ = file->mapping_ + kHeaderBytes;
  file->checksums_ = file->payload_ + payload;
  const auto table_bytes = static_cast<size_t>(footer - file->checksums_);
  if (load<uint32_t>(footer + kFooterCrc) !=
      codec::crc32c(0, file->checksums_, table_bytes + kFooterCrc))
    throw_corrupt(path, "the footer's checksum differs");
  file->verified_ = std::make_unique<std::atomic<uint64_t>[]>(bits::words_for(blocks_of(payload)));
  return file;
}

MappedFile::~MappedFile() {
  if (mapping_ != nullptr) ::munmap(const_cast<uint8_t*>(mapping_), mapping_len_);
}

void MappedFile::verify_all() const {
  for (uint64_t b = 0; b < blocks_of(size_); ++b) verify(b);
}

void MappedFile::verify(uint64_t block) const {
  const uint64_t from = block * kChecksumBlock;
  const auto len = static_cast<size_t>(std::min(kChecksumBlock, size_ - from));
  const auto expected = load<uint32_t>(checksums_ + block * sizeof(uint32_t));
  if (codec::crc32c(0, payload_ + from, len) != expected)
    throw_corrupt(path_, "the checksum of bytes " + std::to_string(kHeaderBytes + from) + " to " +
                             std::to_string(kHeaderBytes + from + len) + " differs");
  verified_[block / 64].fetch_or(uint64_t{1} << (block % 64), std::memory_order_release);
}

void MappedFile::throw_range(uint64_t offset, uint64_t len) const {
  throw_corrupt(path_, "it refers to " + std::to_string(len) + " bytes at " +
                           std::to_string(offset) + " of a payload of " + std::to_string(size_));
}

}  // namespace diagon::directory
