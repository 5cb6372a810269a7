#include <zstd.h>

#include <new>

#include "diagon/stored/format.h"
#include "diagon/stored/stored.h"
#include "diagon/util/error.h"

namespace diagon::stored {
namespace {

constexpr int kLevel = 3;

}  // namespace

// zstd's working memory, reused from block to block.
struct StoredWriter::Context {
  Context() : zstd(ZSTD_createCCtx()) {
    if (zstd == nullptr) throw std::bad_alloc();
  }
  ~Context() { ZSTD_freeCCtx(zstd); }
  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;
  ZSTD_CCtx* zstd;
};

StoredWriter::StoredWriter(directory::FileWriter& file)
    : file_(file), context_(std::make_unique<Context>()) {}

StoredWriter::~StoredWriter() = default;

void StoredWriter::add(std::span<const uint8_t> source) {
  if (source.size() > kMaxDocument) throw Error(ErrorCode::kTooLarge, "a document of over 64 MiB");
  raw_.insert(raw_.end(), source.begin(), source.end());
  lengths_.push_back(static_cast<uint32_t>(source.size()));
  ++meta_.doc_count;
  if (raw_.size() >= kStoredBlock || lengths_.size() == kMaxBlockDocs) flush_block();
}

StoredMeta StoredWriter::finish() {
  if (!lengths_.empty()) flush_block();
  index_.fixed(meta_.doc_count);
  index_.fixed(uint32_t{0});
  index_.fixed(file_.offset());
  meta_.index_offset = file_.offset();
  meta_.index_bytes = index_.size();
  file_.append(index_.bytes());
  return meta_;
}

void StoredWriter::add_block(const StoredBlock& block) {
  if (!lengths_.empty()) flush_block();
  meta_.doc_count += block.docs;
  begin_block(block.docs, block.raw_bytes);
  file_.append(block.bytes);
}

// REQUIRES: the block's documents are counted already.
void StoredWriter::begin_block(uint64_t docs, uint64_t raw_bytes) {
  index_.fixed(meta_.doc_count - static_cast<uint32_t>(docs));
  index_.fixed(static_cast<uint32_t>(raw_bytes));
  index_.fixed(file_.offset());
  ++meta_.block_count;
}

void StoredWriter::flush_block() {
  begin_block(lengths_.size(), raw_.size());
  ByteWriter lengths;
  for (const uint32_t length : lengths_) lengths.varint(length);
  packed_.resize(ZSTD_compressBound(raw_.size()));
  const size_t packed = ZSTD_compressCCtx(context_->zstd, packed_.data(), packed_.size(),
                                          raw_.data(), raw_.size(), kLevel);
  if (ZSTD_isError(packed) != 0)
    throw Error(ErrorCode::kInternal, std::string("zstd: ") + ZSTD_getErrorName(packed));
  file_.append(lengths.bytes());
  file_.append(packed_.data(), packed);
  raw_.clear();
  lengths_.clear();
}

}  // namespace diagon::stored
