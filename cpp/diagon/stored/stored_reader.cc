#include <zstd.h>

#include <atomic>
#include <cassert>
#include <new>

#include "diagon/stored/format.h"
#include "diagon/stored/stored.h"
#include "diagon/util/error.h"

namespace diagon::stored {
namespace {

// What one thread keeps: zstd's working memory, and the block that it read last, since merges and
// result pages ask for neighbours.
struct Scratch {
  Scratch() : zstd(ZSTD_createDCtx()) {
    if (zstd == nullptr) throw std::bad_alloc();
  }
  ~Scratch() { ZSTD_freeDCtx(zstd); }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;

  ZSTD_DCtx* zstd;
  uint64_t serial = 0;  // of the block's reader; 0: no block
  uint32_t block = 0;
  std::vector<uint8_t> raw;
  std::vector<uint64_t> starts;  // of its documents, and the end
};

// A larger block is dropped after its use.
constexpr size_t kKept = 256 * 1024;

Scratch& scratch() {
  thread_local Scratch mine;
  return mine;
}

// Whether a frame of this many bytes can hold that much: zstd's blocks (RFC 8878) take 3 bytes at
// least and hold 128 KiB at most.
bool plausible(uint64_t raw_bytes, size_t frame_bytes) {
  return raw_bytes <= (uint64_t{frame_bytes} / 3 + 1) * 128 * 1024;
}

void decompress(Scratch& mine, const uint8_t* frame, size_t frame_bytes, uint64_t raw_bytes,
                const std::string& file) {
  if (raw_bytes > kMaxRawBytes || !plausible(raw_bytes, frame_bytes) ||
      ZSTD_getFrameContentSize(frame, frame_bytes) != raw_bytes)
    throw_corrupt(file, "the length of a block of documents");
  mine.raw.resize(static_cast<size_t>(raw_bytes));
  const size_t got =
      ZSTD_decompressDCtx(mine.zstd, mine.raw.data(), mine.raw.size(), frame, frame_bytes);
  if (ZSTD_isError(got) != 0)
    throw_corrupt(file, std::string("a block of documents: ") + ZSTD_getErrorName(got));
  if (got != raw_bytes) throw_corrupt(file, "a block of documents of another length");
}

std::atomic<uint64_t> next_serial{1};

}  // namespace

StoredReader::StoredReader(std::shared_ptr<const directory::MappedFile> file,
                           const StoredMeta& meta)
    : file_(std::move(file)), meta_(meta), serial_(next_serial.fetch_add(1)) {
  const std::string& path = file_->path();
  if (meta_.index_bytes != kEntryBytes * (uint64_t{meta_.block_count} + 1))
    throw_corrupt(path, "the size of the table of documents");
  index_ = file_->touch(meta_.index_offset, meta_.index_bytes);
  if (entry(0).first_doc != 0 || entry(meta_.block_count).first_doc != meta_.doc_count)
    throw_corrupt(path, "the number of documents");
}

StoredReader::Block StoredReader::entry(uint32_t block) const noexcept {
  const uint8_t* at = index_ + kEntryBytes * block;
  return {load<uint32_t>(at), load<uint32_t>(at + 4), load<uint64_t>(at + 8)};
}

uint32_t StoredReader::find_block(DocId doc) const {
  if (doc >= meta_.doc_count || meta_.block_count == 0)
    throw_corrupt(file_->path(), "a document past the end");
  // The first block after the document's is in [from, to].
  uint32_t from = 1;
  uint32_t to = meta_.block_count;
  while (from < to) {
    const uint32_t middle = from + (to - from) / 2;
    if (entry(middle).first_doc <= doc) {
      from = middle + 1;
    } else {
      to = middle;
    }
  }
  const uint32_t block = from - 1;
  if (entry(block).first_doc > doc || entry(block + 1).first_doc <= doc)
    throw_corrupt(file_->path(), "the table of documents");
  return block;
}

StoredBlock StoredReader::open_block(uint32_t block) const {
  const Block here = entry(block);
  const Block next = entry(block + 1);
  if (here.offset > next.offset) throw_corrupt(file_->path(), "the table of documents");
  const uint64_t bytes = next.offset - here.offset;
  const uint32_t docs = next.first_doc - here.first_doc;
  if (docs > bytes) throw_corrupt(file_->path(), "more documents than bytes");
  return {here.first_doc,
          docs,
          here.raw_bytes,
          {file_->touch(here.offset, bytes), static_cast<size_t>(bytes)}};
}

StoredBlock StoredReader::block_of(DocId doc) const {
  const StoredBlock block = open_block(find_block(doc));
  ByteReader in(block.bytes.data(), block.bytes.size(), file_->path());
  uint64_t sum = 0;
  for (uint32_t i = 0; i < block.docs; ++i) sum += in.varint32();
  if (sum != block.raw_bytes || sum > kMaxRawBytes || block.docs > kMaxBlockDocs ||
      ZSTD_getFrameContentSize(in.here(), in.remaining()) != sum)
    throw_corrupt(file_->path(), "the lengths of documents");
  return block;
}

uint32_t StoredReader::length(DocId doc) const {
  const StoredBlock block = open_block(find_block(doc));
  ByteReader in(block.bytes.data(), block.bytes.size(), file_->path());
  for (DocId before = block.first_doc; before < doc; ++before) in.varint32();
  return in.varint32();
}

void StoredReader::get(DocId doc, std::vector<uint8_t>& out) const {
  const std::string& path = file_->path();
  const uint32_t block = find_block(doc);
  Scratch& mine = scratch();
  if (mine.serial != serial_ || mine.block != block) {
    mine.serial = 0;
    const StoredBlock here = open_block(block);
    ByteReader in(here.bytes.data(), here.bytes.size(), path);
    uint64_t sum = 0;
    mine.starts.assign(1, 0);
    for (uint32_t i = 0; i < here.docs; ++i) mine.starts.push_back(sum += in.varint32());
    if (sum != here.raw_bytes) throw_corrupt(path, "the lengths of documents");
    decompress(mine, in.here(), in.remaining(), sum, path);
    mine.block = block;
    mine.serial = serial_;
  }
  const size_t i = doc - entry(block).first_doc;
  const uint8_t* raw = mine.raw.data();
  out.insert(out.end(), raw + mine.starts[i], raw + mine.starts[i + 1]);
  if (mine.raw.capacity() > kKept || mine.starts.capacity() * sizeof(uint64_t) > kKept) {
    mine.serial = 0;
    mine.raw = {};
    mine.starts = {};
  }
}

}  // namespace diagon::stored
