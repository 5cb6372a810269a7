#include "diagon/stored/stored.h"

#include <thread>

#include "tests/helpers.h"

namespace diagon::stored {
namespace {

using diagon::testing::Bytes;
using diagon::testing::check_damage;
using diagon::testing::code_of;
using diagon::testing::TempFolder;
using directory::FileKind;
using directory::FileWriter;
using directory::MappedFile;

constexpr directory::SegmentId kId = {6};

// Text-like documents of up to `longest` bytes.
std::vector<Bytes> random_docs(size_t count, size_t longest, std::mt19937& random) {
  std::vector<Bytes> docs(count);
  for (Bytes& doc : docs) {
    doc.resize(random() % (longest + 1));
    for (uint8_t& b : doc) b = static_cast<uint8_t>("aaaeinrst{\"}"[random() % 12]);
  }
  return docs;
}

StoredMeta write(const std::string& path, const std::vector<Bytes>& docs) {
  FileWriter file(path, FileKind::kStored, kId);
  StoredWriter writer(file);
  for (const Bytes& doc : docs) writer.add(doc);
  const StoredMeta meta = writer.finish();
  file.finish();
  return meta;
}

StoredReader open(const std::string& path, const StoredMeta& meta) {
  return {MappedFile::open(path, FileKind::kStored, &kId), meta};
}

std::vector<Bytes> read_all(const StoredReader& reader, size_t count) {
  std::vector<Bytes> docs(count);
  for (DocId doc = 0; doc < count; ++doc) reader.get(doc, docs[doc]);
  return docs;
}

TEST(Stored, RoundTripOfManyShapes) {
  const TempFolder folder;
  std::mt19937 random(1);
  for (const size_t count : {0, 1, 2, 100, 1024, 1025, 3000}) {
    for (const size_t longest : {0, 1, 50, 2000, 100000}) {
      if (count * longest > 10000000) continue;
      const auto docs = random_docs(count, longest, random);
      const StoredMeta meta = write(folder / "f", docs);
      EXPECT_EQ(meta.doc_count, count);
      const StoredReader reader = open(folder / "f", meta);
      EXPECT_TRUE(read_all(reader, count) == docs);
      for (int i = 0; i < 100 && count != 0; ++i) {
        const size_t doc = random() % count;
        Bytes out = {'>'};
        reader.get(static_cast<DocId>(doc), out);
        EXPECT_TRUE(out.size() == docs[doc].size() + 1 &&
                    std::equal(docs[doc].begin(), docs[doc].end(), out.begin() + 1));
      }
      Bytes out;
      EXPECT_EQ(code_of([&] { reader.get(static_cast<DocId>(count), out); }), ErrorCode::kCorrupt);
    }
  }
}

TEST(Stored, TheLargestDocument) {
  const TempFolder folder;
  std::vector<Bytes> docs = {Bytes(kStoredBlock - 1, 'a'), Bytes(64 * 1024 * 1024, 'b'),
                             Bytes(3, 'c')};
  const StoredMeta meta = write(folder / "f", docs);
  EXPECT_EQ(meta.block_count, 2U);
  EXPECT_TRUE(read_all(open(folder / "f", meta), 3) == docs);
  docs[1].push_back('b');
  EXPECT_EQ(code_of([&] { write(folder / "f", docs); }), ErrorCode::kTooLarge);
}

TEST(Stored, ReadersDoNotMixTheirBlocks) {
  const TempFolder folder;
  std::mt19937 random(2);
  const auto a = random_docs(50, 100, random);
  const auto b = random_docs(50, 100, random);
  const StoredReader first = open(folder / "a", write(folder / "a", a));
  const StoredReader second = open(folder / "b", write(folder / "b", b));
  for (DocId doc = 0; doc < 50; ++doc) {
    Bytes out;
    first.get(doc, out);
    EXPECT_EQ(out, a[doc]);
    out.clear();
    second.get(doc, out);
    EXPECT_EQ(out, b[doc]);
  }
}

TEST(Stored, ThreadsMayShareAReader) {
  const TempFolder folder;
  std::mt19937 random(3);
  const auto docs = random_docs(1000, 500, random);
  const StoredReader reader = open(folder / "f", write(folder / "f", docs));
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&] { EXPECT_TRUE(read_all(reader, docs.size()) == docs); });
  for (std::thread& t : threads) t.join();
}

TEST(Stored, HostileMetas) {
  const TempFolder folder;
  std::mt19937 random(4);
  const StoredMeta good = write(folder / "f", random_docs(500, 300, random));
  for (const uint64_t value : {uint64_t{0}, uint64_t{1}, uint64_t{499}, uint64_t{501},
                               uint64_t{UINT32_MAX}, UINT64_MAX - 15, UINT64_MAX}) {
    for (int member = 0; member < 4; ++member) {
      StoredMeta meta = good;
      if (member == 0) meta.doc_count = static_cast<uint32_t>(value);
      if (member == 1) meta.block_count = static_cast<uint32_t>(value);
      if (member == 2) meta.index_offset = value;
      if (member == 3) meta.index_bytes = value;
      try {
        read_all(open(folder / "f", meta), 500);
      } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::kCorrupt);
      }
    }
  }
}

TEST(Stored, Damage) {
  const TempFolder folder;
  std::mt19937 random(5);
  for (const size_t count : {1, 30, 400}) {
    const StoredMeta meta = write(folder / "f", random_docs(count, 300, random));
    check_damage(folder / "f", 400, [&] { return read_all(open(folder / "f", meta), count); });
  }
}

}  // namespace
}  // namespace diagon::stored
