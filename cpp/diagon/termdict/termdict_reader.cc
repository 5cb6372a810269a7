#include <cassert>

#include "diagon/termdict/entry.h"
#include "diagon/termdict/termdict.h"

namespace diagon::termdict {
namespace {

// Length of the common start.
size_t shared_bytes(std::string_view a, std::string_view b) noexcept {
  const size_t most = std::min(a.size(), b.size());
  size_t i = 0;
  while (i < most && a[i] == b[i]) ++i;
  return i;
}

ByteReader reader_of(std::string_view bytes, const std::string& file) {
  return {reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size(), file};
}

}  // namespace

FieldTerms::FieldTerms(std::shared_ptr<const directory::MappedFile> file,
                       const FieldTermsMeta& meta)
    : file_(std::move(file)), meta_(meta) {
  // A term takes more than a byte, so that the sums below cannot overflow.
  if (meta_.term_count > file_->size()) throw_corrupt(file_->path(), "more terms than bytes");
  const uint64_t n = block_count();
  if (meta_.bytes != (n == 0 ? 0 : 8 * (2 * n + 1)))
    throw_corrupt(file_->path(), "a field's table of blocks has another size than its terms need");
  keys_ = file_->touch(meta_.offset, meta_.bytes);
  offsets_ = keys_ + 8 * n;
}

uint64_t FieldTerms::block_count() const noexcept {
  return (meta_.term_count + kTermBlock - 1) / kTermBlock;
}

uint32_t FieldTerms::terms_in_block(uint64_t b) const noexcept {
  return static_cast<uint32_t>(std::min<uint64_t>(kTermBlock, meta_.term_count - b * kTermBlock));
}

std::string_view FieldTerms::block_bytes(uint64_t b) const {
  assert(b < block_count());
  const auto from = load<uint64_t>(offsets_ + 8 * b);
  const auto to = load<uint64_t>(offsets_ + 8 * (b + 1));
  if (from > to) throw_corrupt(file_->path(), "a block of terms that ends before it starts");
  const uint8_t* bytes = file_->touch(from, to - from);
  return {reinterpret_cast<const char*>(bytes), static_cast<size_t>(to - from)};
}

std::string_view FieldTerms::first_term(uint64_t b) const {
  ByteReader in = reader_of(block_bytes(b), file_->path());
  const TermPart part = read_term(in, file_->path());
  if (part.shared != 0) throw_corrupt(file_->path(), "the first term of a block");
  return part.rest;
}

uint64_t FieldTerms::find_block(std::string_view term) const {
  const uint64_t key = term_key(term);
  // The first block whose first term is > `term` is in [from, to].
  uint64_t from = 0;
  uint64_t to = block_count();
  while (from < to) {
    const uint64_t middle = from + (to - from) / 2;
    const auto other = load<uint64_t>(keys_ + 8 * middle);
    const bool greater = other != key ? other > key : first_term(middle) > term;
    if (greater) {
      to = middle;
    } else {
      from = middle + 1;
    }
  }
  return from == 0 ? 0 : from - 1;
}

std::optional<postings::TermMeta> FieldTerms::lookup(std::string_view term) const {
  if (meta_.term_count == 0) return std::nullopt;
  const std::string& path = file_->path();
  const uint64_t block = find_block(term);
  ByteReader in = reader_of(block_bytes(block), path);
  postings::TermMeta meta;
  // Every term before the wanted one is less; `matched` is what the last one read has in common
  // with it. Only terms that share exactly that much with their neighbour have to be compared.
  size_t matched = 0;
  for (uint32_t left = terms_in_block(block); left != 0; --left) {
    const TermPart part = read_term(in, path);
    read_meta(in, path, meta);
    if (part.shared > matched) continue;
    if (part.shared < matched) return std::nullopt;
    const std::string_view wanted = term.substr(matched);
    const size_t more = shared_bytes(part.rest, wanted);
    matched += more;
    if (more == part.rest.size()) {
      if (more == wanted.size()) return meta;
    } else if (more == wanted.size() ||
               static_cast<uint8_t>(part.rest[more]) > static_cast<uint8_t>(wanted[more])) {
      return std::nullopt;
    }
  }
  return std::nullopt;
}

std::pair<uint64_t, bool> FieldTerms::rank(std::string_view term) const {
  Iterator at(*this, term);
  if (!at.next()) return {meta_.term_count, false};
  return {at.number(), at.term() == term};
}

void FieldTerms::append_term(uint64_t i, std::string& out) const {
  const std::string& path = file_->path();
  if (i >= meta_.term_count) throw_corrupt(path, "a term that is not there");
  const size_t start = out.size();
  ByteReader in = reader_of(block_bytes(i / kTermBlock), path);
  postings::TermMeta meta;
  for (uint64_t left = i % kTermBlock + 1; left != 0; --left) {
    const TermPart part = read_term(in, path);
    if (part.shared > out.size() - start) throw_corrupt(path, "terms out of order");
    out.resize(start + part.shared);
    out.append(part.rest);
    if (left != 1) read_meta(in, path, meta);
  }
}

FieldTerms::Iterator::Iterator(const FieldTerms& terms, std::string_view from) : terms_(terms) {
  if (terms_.meta_.term_count == 0) return;
  block_ = terms_.find_block(from);
  read_to(from);
}

void FieldTerms::Iterator::read_to(std::string_view target) {
  while (read_entry()) {
    if (term_ < target) continue;
    pending_ = true;
    return;
  }
}

void FieldTerms::Iterator::seek(std::string_view target) {
  // In the open block if the next one begins behind the target. By the blocks' keys alone that may
  // be taken to be so where it isn't; then the walk goes through the next block's first terms.
  const bool is_last = block_ == terms_.block_count();
  if (!is_last && load<uint64_t>(terms_.keys_ + 8 * block_) <= term_key(target)) {
    const uint64_t block = terms_.find_block(target);
    if (block >= block_) {
      block_ = block;
      left_in_block_ = 0;
      at_ = end_;
    }
  }
  read_to(target);
}

uint64_t FieldTerms::Iterator::number() const noexcept {
  const uint64_t block = block_ - 1;
  return block * kTermBlock + terms_.terms_in_block(block) - left_in_block_ - 1;
}

bool FieldTerms::Iterator::next() {
  if (pending_) {
    pending_ = false;
    return true;
  }
  return read_entry();
}

bool FieldTerms::Iterator::read_entry() {
  const std::string& path = terms_.file_->path();
  const bool first = left_in_block_ == 0;
  if (first) {
    if (at_ != end_) throw_corrupt(path, "bytes after a block of terms");
    if (block_ == terms_.block_count()) return false;
    const std::string_view bytes = terms_.block_bytes(block_);
    at_ = reinterpret_cast<const uint8_t*>(bytes.data());
    end_ = at_ + bytes.size();
    left_in_block_ = terms_.terms_in_block(block_++);
    meta_ = {};
  }
  ByteReader in(at_, static_cast<size_t>(end_ - at_), path);
  const TermPart part = read_term(in, path);
  read_meta(in, path, meta_);
  if (first) {
    if (part.shared != 0 || (started_ && part.rest <= term_))
      throw_corrupt(path, "terms out of order");
    term_.assign(part.rest);
  } else {
    // Greater than the term before, of which it shares all that it can.
    if (part.shared > term_.size() || part.rest.empty() ||
        (part.shared < term_.size() &&
         static_cast<uint8_t>(part.rest[0]) <= static_cast<uint8_t>(term_[part.shared])))
      throw_corrupt(path, "terms out of order");
    term_.resize(part.shared);
    term_.append(part.rest);
  }
  started_ = true;
  at_ = in.here();
  --left_in_block_;
  return true;
}

}  // namespace diagon::termdict
