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

// A block as it stands in the file.
struct StoredBlock {
  DocId first_doc = 0;
  uint32_t docs = 0;
  uint64_t raw_bytes = 0;          // of its documents before compression
  std::span<const uint8_t> bytes;  // in the mapped file: the documents' lengths and the frame
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
  // Adds the documents of a block of another file as they are. Documents that were added before and
  // don't fill a block are written as a short one.
  void add_block(const StoredBlock& block);
  // Bytes that don't fill a block yet.
  size_t pending_bytes() const noexcept { return raw_.size(); }
  uint32_t block_count() const noexcept { return meta_.block_count; }
  StoredMeta finish();

 private:
  void begin_block(uint64_t docs, uint64_t raw_bytes);
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
  // Bytes of the document's source. REQUIRES and Throws as get().
  uint32_t length(DocId doc) const;
  // The block in which a document is. REQUIRES: doc < doc_count. Throws kCorrupt for one whose
  // table or lengths contradict each other; the frame is not looked into.
  StoredBlock block_of(DocId doc) const;
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
  // Throws kCorrupt for a document past the end.
  uint32_t find_block(DocId doc) const;
  StoredBlock open_block(uint32_t block) const;

  std::shared_ptr<const directory::MappedFile> file_;
  StoredMeta meta_;
  const uint8_t* index_ = nullptr;
  uint64_t serial_ = 0;  // tells readers apart in the cache that each thread has
};

}  // namespace diagon::stored
