// Arbitrary bytes as postings, terms, a column or stored documents: decoded, or kCorrupt.
#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <string>
#include <vector>

#include "diagon/docvalues/column.h"
#include "diagon/postings/postings.h"
#include "diagon/stored/stored.h"
#include "diagon/termdict/termdict.h"
#include "diagon/util/bytes.h"
#include "fuzz_folder.h"

namespace diagon::fuzz {
namespace {

using directory::FileKind;
using directory::MappedFile;

constexpr directory::SegmentId kId = {1};

std::shared_ptr<const MappedFile> mapped(const std::string& path, const uint8_t* data,
                                         size_t size) {
  directory::FileWriter file(path, FileKind::kStored, kId);
  file.append(data, size);
  file.finish();
  return MappedFile::open(path, FileKind::kStored, &kId);
}

void read_postings(ByteReader& in, const std::shared_ptr<const MappedFile>& file) {
  postings::TermMeta meta;
  const uint8_t flags = in.u8();
  meta.doc_freq = in.varint32();
  meta.postings_offset = in.u8();
  meta.postings_bytes = in.varint();
  meta.positions_offset = in.varint();
  meta.positions_bytes = in.varint();
  const DocId max_doc = in.varint32();
  const bool freqs = (flags & 1) != 0;
  const auto positions = (flags & 2) != 0 ? file : nullptr;
  postings::PostingsCursor cursor(file, positions, meta, freqs, max_doc);
  while (cursor.next_block()) {
    const uint32_t* each = cursor.freqs();
    uint64_t sum = 0;
    for (uint32_t i = 0; i < cursor.size(); ++i) {
      if (cursor.docs()[i] >= max_doc) std::abort();
      sum += each[i];
      if (positions != nullptr && freqs) sum += cursor.positions(i).size();
    }
    if (sum == 0) std::abort();
  }
  for (DocId target = 1; target < max_doc / 2; target *= 2) {
    if (cursor.seek(target) && cursor.last_doc() < target) std::abort();
  }
}

void read_terms(ByteReader& in, const std::shared_ptr<const MappedFile>& file) {
  termdict::FieldTermsMeta meta;
  meta.term_count = in.varint();
  meta.offset = in.varint();
  meta.bytes = in.varint();
  const termdict::FieldTerms terms(file, meta);
  terms.lookup("needle");
  termdict::FieldTerms::Iterator at(terms, "");
  while (at.next()) terms.lookup(at.term());
}

docvalues::NumericMeta numeric_meta(ByteReader& in) {
  docvalues::NumericMeta meta;
  meta.count = in.varint();
  meta.offset = in.varint();
  meta.bytes = in.varint();
  return meta;
}

void read_column(ByteReader& in, const std::shared_ptr<const MappedFile>& file) {
  docvalues::ColumnMeta meta;
  meta.kind = static_cast<schema::ColumnKind>(in.u8());
  const uint8_t flags = in.u8();
  meta.multi = (flags & 1) != 0;
  meta.whole_doubles = (flags & 2) != 0;
  meta.docs_with_value = in.varint32();
  meta.presence_offset = in.varint();
  meta.presence_bytes = in.varint();
  meta.starts = numeric_meta(in);
  meta.values = numeric_meta(in);
  meta.string_starts = numeric_meta(in);
  meta.string_offset = in.varint();
  meta.string_bytes = in.varint();
  const DocId max_doc = in.varint32() % 100'000;
  const docvalues::ColumnReader column(file, meta, max_doc);
  const bool strings = column.kind() == schema::ColumnKind::kStrings;
  for (DocId doc = 0; doc < max_doc; ++doc) {
    const auto [from, to] = column.range(doc);
    for (uint32_t value = from; value < to; ++value) {
      if (strings) {
        column.string(value);
      } else {
        column.values().get(value);
      }
    }
  }
  for (uint32_t i = 0; i < column.string_count(); ++i) column.string(i);
  if (!strings) {
    std::vector<int64_t> values(docvalues::kColumnBlock);
    std::vector<uint64_t> bits(docvalues::kColumnBlock / 64);
    for (uint64_t block = 0; block < column.values().block_count(); ++block) {
      column.values().decode_block(block, values.data());
      column.values().match_block(block, -5, 1'000, bits.data());
    }
  } else if (column.string_count() != 0) {
    column.lower_bound("m");
  }
}

void read_stored(ByteReader& in, const std::shared_ptr<const MappedFile>& file) {
  stored::StoredMeta meta;
  meta.doc_count = in.varint32();
  meta.block_count = in.varint32();
  meta.index_offset = in.varint();
  meta.index_bytes = in.varint();
  const stored::StoredReader reader(file, meta);
  std::vector<uint8_t> out;
  for (DocId doc = 0; doc < std::min<uint32_t>(meta.doc_count, 2'000); ++doc) {
    out.clear();
    reader.get(doc, out);
  }
}

// False if something says that it is damaged.
bool decodes(const uint8_t* data, size_t size) {
  static const Folder folder;
  static const std::string path = folder.path() + "/file";
  if (size < 2) return false;
  try {
    // The numbers that say where things are come first, and are part of the payload, too.
    const auto file = mapped(path, data + 1, size - 1);
    ByteReader in(data + 1, size - 1, path);
    switch (data[0] % 4) {
      case 0:
        read_postings(in, file);
        break;
      case 1:
        read_terms(in, file);
        break;
      case 2:
        read_column(in, file);
        break;
      default:
        read_stored(in, file);
    }
  } catch (const Error& e) {
    if (e.code() != ErrorCode::kCorrupt) std::abort();
    return false;
  }
  return true;
}

// What is written by the engine itself, as inputs to begin with. Its payload starts at kAt, behind
// the numbers that say where things are.
constexpr uint64_t kAt = 64;

class Seed {
 public:
  explicit Seed(uint8_t kind) { bytes_.u8(kind); }
  ByteWriter& numbers() { return bytes_; }
  void save(const std::string& path, const std::string& payload_file) {
    const auto file = MappedFile::open(payload_file, FileKind::kStored, &kId);
    while (bytes_.size() < kAt + 1) bytes_.u8(0);
    if (bytes_.size() != kAt + 1) std::abort();
    bytes_.raw(file->touch(0, file->size()), static_cast<size_t>(file->size()));
    if (!decodes(bytes_.data(), bytes_.size())) std::abort();
    std::ofstream out(path, std::ios::binary);
    out.write(reinterpret_cast<const char*>(bytes_.data()),
              static_cast<std::streamsize>(bytes_.size()));
  }

 private:
  ByteWriter bytes_;
};

void seed_postings(const std::string& path, const std::string& scratch, uint32_t count,
                   bool freqs) {
  std::vector<DocId> docs;
  std::vector<uint32_t> counts;
  std::vector<uint32_t> positions;
  std::vector<uint8_t> norms;
  for (uint32_t i = 0; i < count; ++i) {
    docs.push_back(i * 3 + i % 2);
    if (!freqs) continue;
    counts.push_back(1 + i % 3);
    norms.push_back(static_cast<uint8_t>(1 + i % 40));
    for (uint32_t p = 0; p < counts.back(); ++p) positions.push_back(p * 7 + i % 5);
  }
  Seed seed(0);
  postings::TermMeta meta;
  {
    directory::FileWriter file(scratch, FileKind::kStored, kId);
    directory::FileWriter other(scratch + ".positions", FileKind::kStored, kId);
    meta = postings::PostingsWriter(file, &other).write(docs, counts, positions, norms);
    other.finish();
    // Both in one file, since an input is one.
    const auto written = MappedFile::open(scratch + ".positions", FileKind::kStored, &kId);
    meta.positions_offset += file.offset();
    file.append(written->touch(0, written->size()), static_cast<size_t>(written->size()));
    file.finish();
  }
  seed.numbers().u8(freqs ? 3 : 0);
  seed.numbers().varint(count);
  seed.numbers().u8(static_cast<uint8_t>(meta.postings_offset + kAt));
  for (const uint64_t number : {meta.postings_bytes, meta.positions_offset + kAt,
                                meta.positions_bytes, uint64_t{count} * 4})
    seed.numbers().varint(number);
  seed.save(path, scratch);
}

void seed_terms(const std::string& path, const std::string& scratch) {
  directory::FileWriter file(scratch, FileKind::kStored, kId);
  // Offsets of terms are of the file, which has the numbers before it in an input.
  const std::vector<uint8_t> before(kAt);
  file.append(before);
  termdict::TermDictWriter writer(file);
  writer.begin_field();
  postings::TermMeta meta;
  for (int i = 100; i < 180; ++i) {
    meta.doc_freq = static_cast<uint32_t>(i);
    meta.total_term_freq = static_cast<uint64_t>(i + i % 3);
    meta.postings_bytes = 10;
    meta.positions_bytes = 5;
    writer.add("term" + std::to_string(i * i), meta);
    meta.postings_offset += 10;
    meta.positions_offset += 5;
  }
  const termdict::FieldTermsMeta field = writer.end_field(50);
  file.finish();
  const auto written = MappedFile::open(scratch, FileKind::kStored, &kId);
  directory::FileWriter rest(scratch + ".rest", FileKind::kStored, kId);
  rest.append(written->touch(kAt, written->size() - kAt),
              static_cast<size_t>(written->size() - kAt));
  rest.finish();
  Seed seed(1);
  for (const uint64_t number : {field.term_count, field.offset, field.bytes})
    seed.numbers().varint(number);
  seed.save(path, scratch + ".rest");
}

void seed_column(const std::string& path, const std::string& scratch, schema::ColumnKind kind,
                 uint32_t values) {
  constexpr DocId kDocs = 1'500;
  docvalues::ColumnMeta meta;
  {
    docvalues::ColumnWriter column(kind);
    for (DocId doc = 0; doc < kDocs; doc += 2) {
      for (uint32_t i = 0; i < values; ++i) {
        if (kind == schema::ColumnKind::kOrdinals || kind == schema::ColumnKind::kStrings) {
          column.add_string(doc, "value" + std::to_string((doc + i) % 50));
        } else {
          column.add_number(doc, uint64_t{doc} * 77 + i);
        }
      }
    }
    directory::FileWriter file(scratch, FileKind::kStored, kId);
    meta = column.write(file, kDocs);
    file.finish();
  }
  Seed seed(2);
  ByteWriter& numbers = seed.numbers();
  numbers.u8(static_cast<uint8_t>(kind));
  numbers.u8(static_cast<uint8_t>((meta.multi ? 1 : 0) | (meta.whole_doubles ? 2 : 0)));
  numbers.varint(meta.docs_with_value);
  numbers.varint(meta.presence_offset + kAt);
  numbers.varint(meta.presence_bytes);
  for (const docvalues::NumericMeta& array : {meta.starts, meta.values, meta.string_starts}) {
    numbers.varint(array.count);
    numbers.varint(array.count == 0 ? 0 : array.offset + kAt);
    numbers.varint(array.bytes);
  }
  numbers.varint(meta.string_offset + kAt);
  numbers.varint(meta.string_bytes);
  numbers.varint(kDocs);
  seed.save(path, scratch);
}

void make_seeds(const std::string& into) {
  const Folder folder;
  const std::string scratch = folder.path() + "/seed";
  for (const uint32_t count : {1u, 5u, 128u, 300u, 1'000u}) {
    const std::string name = into + "/postings-" + std::to_string(count);
    seed_postings(name, scratch, count, false);
    seed_postings(name + "-freqs", scratch, count, true);
  }
  seed_terms(into + "/terms", scratch);
  for (uint8_t kind = 1; kind <= 5; ++kind)
    for (const uint32_t values : {1u, 3u})
      seed_column(into + "/column-" + std::to_string(kind) + "-" + std::to_string(values), scratch,
                  static_cast<schema::ColumnKind>(kind), values);
}

}  // namespace
}  // namespace diagon::fuzz

// DIAGON_FUZZ_SEEDS=FOLDER writes inputs to begin with.
extern "C" int LLVMFuzzerInitialize(int*, char***) {
  if (const char* folder = std::getenv("DIAGON_FUZZ_SEEDS")) diagon::fuzz::make_seeds(folder);
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  diagon::fuzz::decodes(data, size);
  return 0;
}
