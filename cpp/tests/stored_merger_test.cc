#include "diagon/stored/stored_merger.h"

#include <algorithm>
#include <memory>
#include <random>

#include "diagon/util/bits.h"
#include "tests/helpers.h"

namespace diagon::stored {
namespace {

using namespace diagon::testing;  // NOLINT(google-build-using-namespace)

constexpr directory::SegmentId kId = {7};

struct Part {
  std::vector<std::string> docs;
  std::vector<uint64_t> live;
  std::shared_ptr<const StoredReader> reader;
};

std::shared_ptr<const StoredReader> open(const std::string& path, const StoredMeta& meta) {
  return std::make_shared<StoredReader>(
      directory::MappedFile::open(path, directory::FileKind::kStored, &kId), meta);
}

class StoredMerger : public ::testing::Test {
 protected:
  // A file of documents of up to `most` bytes; each is deleted with that probability.
  Part make(size_t count, size_t most, uint32_t delete_percent) {
    Part part;
    const std::string path = folder_ / ("part" + std::to_string(parts_++));
    directory::FileWriter file(path, directory::FileKind::kStored, kId);
    StoredWriter writer(file);
    part.live.resize(bits::words_for(count));
    for (size_t i = 0; i < count; ++i) {
      std::string doc(random_() % (most + 1), ' ');
      for (char& c : doc) c = static_cast<char>('a' + random_() % 8);
      writer.add({reinterpret_cast<const uint8_t*>(doc.data()), doc.size()});
      part.docs.push_back(doc);
      if (random_() % 100 >= delete_percent) bits::set(part.live.data(), i);
    }
    const StoredMeta meta = writer.finish();
    file.finish();
    part.reader = open(path, meta);
    return part;
  }

  // Merges, compares every document, and returns the reader of the result.
  std::shared_ptr<const StoredReader> merge(const std::vector<Part>& parts, bool shuffle = false) {
    std::vector<DocOrder::Segment> segments;
    std::vector<const StoredReader*> readers;
    for (const Part& part : parts) {
      segments.push_back({static_cast<DocId>(part.docs.size()), part.live.data()});
      readers.push_back(part.reader.get());
    }
    DocOrder order(segments);
    if (shuffle) {
      std::vector<DocId> permutation(order.size());
      for (DocId d = 0; d < order.size(); ++d) permutation[d] = d;
      std::shuffle(permutation.begin(), permutation.end(), random_);
      order.reorder(permutation);
    }
    const std::string path = folder_ / ("merged" + std::to_string(parts_++));
    directory::FileWriter file(path, directory::FileKind::kStored, kId);
    meta_ = merge_stored(file, readers, order, CancelFlag());
    file.finish();
    EXPECT_EQ(meta_.doc_count, order.size());
    const auto reader = open(path, meta_);
    for (DocId d = 0; d < order.size(); ++d) {
      const auto [segment, doc] = order.source(d);
      const std::string& want = parts[segment].docs[doc];
      std::vector<uint8_t> got;
      reader->get(d, got);
      EXPECT_EQ(reader->length(d), want.size());
      EXPECT_TRUE(std::equal(got.begin(), got.end(), want.begin(), want.end())) << d;
    }
    return reader;
  }

  uint32_t blocks() const { return meta_.block_count; }

  TempFolder folder_;
  std::mt19937 random_{5};
  int parts_ = 0;
  StoredMeta meta_;
};

TEST_F(StoredMerger, KeepsEveryDocument) {
  for (const size_t most : {0u, 3u, 700u, 40'000u}) {
    for (const uint32_t delete_percent : {0u, 1u, 50u, 100u}) {
      for (const bool shuffle : {false, true}) {
        SCOPED_TRACE(std::to_string(most) + " bytes, " + std::to_string(delete_percent) + " %");
        const size_t count = most > 10'000 ? 30 : 1500;
        merge({make(count, most, delete_percent), make(0, most, 0), make(1, most, 0),
               make(count / 2, most, delete_percent)},
              shuffle);
      }
    }
  }
}

TEST_F(StoredMerger, CopiesBlocksThatStayWhole) {
  const Part part = make(1000, 1000, 0);
  const auto reader = merge({part, make(3, 10, 0)});
  uint32_t same = 0;
  for (DocId d = 0; d < 1000; ++d) {
    const StoredBlock before = part.reader->block_of(d);
    if (before.first_doc != d) continue;
    const StoredBlock after = reader->block_of(d);
    same += std::ranges::equal(before.bytes, after.bytes) ? 1 : 0;
  }
  EXPECT_GE(same + 1, blocks());  // but for the last one
}

// However many segments with short last blocks are merged, again and again, blocks stay full.
TEST_F(StoredMerger, ShortBlocksStayFew) {
  std::vector<Part> parts;
  for (int i = 0; i < 300; ++i) parts.push_back(make(1, 1000, 0));
  merge(parts);
  EXPECT_LE(blocks(), 300u * 500 / kStoredBlock + 4);
  parts.clear();
  for (int i = 0; i < 40; ++i) parts.push_back(make(70, 1000, 0));  // two full blocks and a bit
  merge(parts);
  EXPECT_LE(blocks(), 40u * 70 * 500 / kStoredBlock * 3 / 2);
  // One document in a hundred is deleted, so that some blocks have to be written anew.
  const Part large = make(20'000, 1000, 1);
  merge({large});
  EXPECT_LE(blocks(), 20'000u * 500 / kStoredBlock * 11 / 10);
}

TEST_F(StoredMerger, StopsWhenAsked) {
  const Part part = make(10, 10, 0);
  const DocOrder::Segment segments[] = {{10, nullptr}};
  const StoredReader* readers[] = {part.reader.get()};
  directory::FileWriter file(folder_ / "x", directory::FileKind::kStored, kId);
  CancelFlag stop;
  stop.cancel();
  EXPECT_EQ(code_of([&] { merge_stored(file, readers, DocOrder(segments), stop); }),
            ErrorCode::kCancelled);
}

}  // namespace
}  // namespace diagon::stored
