// `_source` of each document, compressed by zstd in blocks of about 16 KiB.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "diagon/directory/file.h"
#include "diagon/docvalues/numeric.h"
#include "diagon/util/bytes.h"
#include "diagon/util/types.h"

namespace diagon::stored {

inline constexpr size_t kStoredBlock = 16 * 1024;
// The largest document.
inline constexpr uint64_t kMaxDocument = 64 * 1024 * 1024;

struct StoredMeta {
  uint32_t doc_count = 0;
  uint32_t block_count = 0;
  uint64_t index_offset = 0;  // of the table: per block its first document, offset and raw length
  uint64_t index_bytes = 0;
};

// Writes documents in order. Used by one thread.
class StoredWriter {
 public:
  explicit StoredWriter(directory::FileWriter& file);
  ~StoredWriter();
  StoredWriter(const StoredWriter&) = delete;
  StoredWriter& operator=(const StoredWriter&) = delete;
  // Throws kTooLarge for a document over kMaxDocument.
  void add(std::span<const uint8_t> source);
  StoredMeta finish();

 private:
  void flush_block();
  struct Context;
  directory::FileWriter& file_;
  std::unique_ptr<Context> context_;
  std::vector<uint8_t> raw_, packed_;
  std::vector<uint32_t> lengths_;
  ByteWriter index_;
  StoredMeta meta_;
};

// Const methods may be called from several threads at once.
class StoredReader {
 public:
  StoredReader(std::shared_ptr<const directory::MappedFile> file, const StoredMeta& meta);
  // Appends the document's source to `out`. REQUIRES: doc < doc_count. Throws kCorrupt.
  // A block is never taken to be larger than what its own table says, nor that larger than 64 MiB +
  // the block size.
  void get(DocId doc, std::vector<uint8_t>& out) const;
  // Of its file, for messages.
  const std::string& path() const noexcept { return file_->path(); }

 private:
  // One entry of the table.
  struct Block {
    uint32_t first_doc;
    uint32_t raw_bytes;
    uint64_t offset;
  };
  Block entry(uint32_t block) const noexcept;
  uint32_t find_block(DocId doc) const;

  std::shared_ptr<const directory::MappedFile> file_;
  StoredMeta meta_;
  const uint8_t* index_ = nullptr;
  uint64_t serial_ = 0;  // tells readers apart in the cache that each thread has
};

}  // namespace diagon::stored
