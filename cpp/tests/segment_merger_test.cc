// A merged segment has the bytes that a flush of its documents would have written.
#include "diagon/index/segment_merger.h"

#include <numeric>

#include "diagon/index/buffer.h"
#include "diagon/util/bits.h"
#include "tests/queries.h"

namespace diagon::index {
namespace {

using namespace diagon::testing;  // NOLINT(google-build-using-namespace)

std::vector<LiveSegment> segments_of(const Snapshot& snapshot) {
  std::vector<LiveSegment> segments;
  for (size_t s = 0; s < snapshot.size(); ++s) segments.push_back(snapshot.segment(s));
  return segments;
}

std::shared_ptr<const SegmentReader> merged(const TempFolder& folder, const Snapshot& snapshot,
                                            const MergeOptions& options) {
  const directory::SegmentId id = directory::random_segment_id();
  merge_segments(folder.path(), 1, id, segments_of(snapshot), options, CancelFlag());
  return SegmentReader::open(folder.path(), 1, id);
}

// Sources are numbers, indices into `docs`.
std::vector<Doc> documents_of(const SegmentReader& reader, const std::vector<Doc>& docs) {
  std::vector<Doc> out;
  for (DocId d = 0; d < reader.max_doc(); ++d)
    out.push_back(docs.at(std::stoul(source_of(reader, d))));
  return out;
}

// What a flush writes of these documents.
void write_flushed(const TempFolder& folder, const std::vector<Doc>& docs) {
  Buffer buffer;
  BatchBuilder builder;
  for (const Doc& doc : docs) builder.add(doc);
  const DocumentBatch batch = builder.batch();
  std::vector<uint32_t> all(batch.docs.size());
  std::iota(all.begin(), all.end(), 0);
  buffer.add(batch, all, all_fields());
  buffer.write(folder.path(), 1, {}, all_fields());
}

Bytes payload(const TempFolder& folder, const char* extension) {
  Bytes bytes = read_bytes(segment_file(folder.path(), 1, extension));
  bytes.resize(payload_end(bytes));
  bytes.erase(bytes.begin(), bytes.begin() + kHeader);
  return bytes;
}

void expect_as_flushed(const TempFolder& folder, const std::vector<Doc>& docs) {
  const TempFolder other;
  write_flushed(other, docs);
  for (const char* extension : {"terms", "postings", "positions", "columns"})
    EXPECT_TRUE(payload(folder, extension) == payload(other, extension)) << extension;
  // The meta file differs in where the stored documents' table is, which comes first.
  const auto fields = [](const TempFolder& from) {
    const Bytes bytes = payload(from, "meta");
    const std::string path = "meta";
    ByteReader in(bytes.data(), bytes.size(), path);
    EXPECT_EQ(in.varint(), in.varint());
    for (int i = 0; i < 3; ++i) in.varint();
    return Bytes(in.here(), in.here() + in.remaining());
  };
  EXPECT_TRUE(fields(folder) == fields(other));
}

TEST(SegmentMerger, EqualsAFlush) {
  struct Case {
    std::vector<uint32_t> sizes;
    uint32_t delete_percent;
  };
  uint32_t seed = 1;
  for (const Case& c : std::vector<Case>{{{1, 1}, 0},
                                         {{300}, 30},
                                         {{700, 20, 1300}, 0},
                                         {{700, 20, 1300, 5}, 25},
                                         {{40, 40, 40, 40, 40, 40, 40}, 90}}) {
    const Corpus corpus(c.sizes, seed++, c.delete_percent);
    for (const bool reorder : {false, true}) {
      SCOPED_TRACE(std::to_string(seed) + (reorder ? " reordered" : ""));
      const TempFolder folder;
      const auto reader = merged(folder, *corpus.snapshot, {reorder});
      reader->verify_all();
      ASSERT_EQ(reader->max_doc(), corpus.snapshot->live_count());
      const std::vector<Doc> docs = documents_of(*reader, corpus.docs);
      std::set<std::string> ids;
      for (DocId d = 0; d < reader->max_doc(); ++d) {
        EXPECT_EQ(reader->doc_id(d), docs[d].id);
        EXPECT_TRUE(corpus.snapshot->find_id(docs[d].id).has_value());
        ids.insert(docs[d].id);
      }
      EXPECT_EQ(ids.size(), docs.size());
      if (!reorder) {  // in their old order
        const auto number = [](const Doc& doc) { return std::stoul(doc.source); };
        EXPECT_TRUE(std::ranges::is_sorted(docs, {}, number));
      }
      expect_as_flushed(folder, docs);
    }
  }
}

TEST(SegmentMerger, MergesOfMergesEqualAFlush) {
  const Corpus corpus({100, 200, 300, 50}, 5, 10);
  const auto segments = segments_of(*corpus.snapshot);
  const TempFolder first, second, all;
  const directory::SegmentId id = {};
  const std::span<const LiveSegment> span(segments);
  merge_segments(first.path(), 1, id, span.first(2), {}, CancelFlag());
  merge_segments(second.path(), 1, id, span.subspan(2), {true}, CancelFlag());
  std::vector<LiveSegment> halves;
  for (const TempFolder* folder : {&first, &second}) {
    const auto reader = SegmentReader::open(folder->path(), 1, id);
    halves.push_back({reader, nullptr, reader->max_doc()});
  }
  merge_segments(all.path(), 1, id, halves, {}, CancelFlag());
  const auto reader = SegmentReader::open(all.path(), 1, id);
  expect_as_flushed(all, documents_of(*reader, corpus.docs));
}

TEST(SegmentMerger, TellsWhereDocumentsWent) {
  const Corpus corpus({200, 100}, 6, 20);
  for (const bool reorder : {false, true}) {
    const TempFolder folder;
    const auto segments = segments_of(*corpus.snapshot);
    const DocOrder order = merge_segments(folder.path(), 1, {}, segments, {reorder}, CancelFlag());
    const auto reader = SegmentReader::open(folder.path(), 1, {});
    ASSERT_EQ(order.size(), reader->max_doc());
    for (size_t s = 0; s < segments.size(); ++s) {
      for (DocId d = 0; d < segments[s].reader->max_doc(); ++d) {
        const DocId target = order.target(s, d);
        ASSERT_EQ(target == kNoMoreDocs, !segments[s].is_live(d));
        if (target == kNoMoreDocs) continue;
        EXPECT_EQ(reader->doc_id(target), segments[s].reader->doc_id(d));
        EXPECT_EQ(order.source(target), (DocOrder::Source{s, d}));
      }
    }
  }
}

// Fields come and go with the segments; the merged one has them all.
TEST(SegmentMerger, FieldsOfSomeSegmentsOnly) {
  const TempFolder folder, out;
  auto writer = IndexWriter::open(folder.path(), {});
  const auto fields = all_fields();
  std::vector<Doc> docs;
  for (FieldId id = 0; id < fields.size(); ++id) {
    writer->define_field(fields[id]);
    docs.emplace_back();
    Doc& doc = docs.back();
    doc.id = "d" + std::to_string(id);
    doc.source = std::to_string(id);
    if (id == kBody) doc.text(kBody, {"a", "b"});
    if (id == kTag) doc.keyword(kTag, "t");
    if (id == kPrice) doc.numbers[kPrice] = {std::bit_cast<uint64_t>(0.5)};
    if (id == kWeight) doc.numbers[kWeight] = {std::bit_cast<uint64_t>(2.0)};
    if (id == kTitle) doc.strings[kTitle] = {"x", "y"};
    add(*writer, {doc});
    writer->refresh();
  }
  const auto reader = merged(out, *writer->refresh(), {});
  expect_as_flushed(out, documents_of(*reader, docs));
}

// A column's form follows from what is left in it.
TEST(SegmentMerger, ColumnsForgetWhatIsDeleted) {
  const TempFolder folder, out;
  const auto writer = open_writer(folder.path());
  std::vector<Doc> docs(4);
  for (size_t i = 0; i < docs.size(); ++i) {
    docs[i].id = docs[i].source = std::to_string(i);
    docs[i].keyword(kTag, "tag" + std::to_string(i));
    docs[i].numbers[kPrice] = {std::bit_cast<uint64_t>(i == 0 ? 0.5 : static_cast<double>(i))};
    docs[i].numbers[kYear] = {i};
    docs[i].strings[kTitle] = {"title"};
  }
  docs[1].numbers[kYear] = {1, 2};
  docs[1].strings[kTitle] = {"one", "two"};
  add(*writer, {docs[0], docs[1]});
  writer->refresh();
  add(*writer, {docs[2], docs[3]});
  writer->delete_document("0");
  writer->delete_document("1");
  const auto snapshot = writer->refresh();
  EXPECT_FALSE(snapshot->segment(0).live_count != 0 && snapshot->size() == 2);
  add(*writer, {docs[0], docs[1]});
  writer->refresh();
  writer->delete_document("0");
  const auto last = writer->refresh();
  const auto reader = merged(out, *last, {});
  ASSERT_EQ(reader->max_doc(), 3U);
  EXPECT_TRUE(reader->column(kPrice)->whole_doubles());
  EXPECT_TRUE(reader->column(kYear)->multi());
  EXPECT_EQ(reader->column(kTag)->string_count(), 3U);
  EXPECT_FALSE(reader->terms(kTag)->lookup("tag0").has_value());
  expect_as_flushed(out, documents_of(*reader, docs));
}

TEST(SegmentMerger, StopsWhenAsked) {
  const Corpus corpus({500, 300}, 7, 0);
  CancelFlag stop;
  stop.cancel();
  for (const bool reorder : {false, true}) {
    const TempFolder folder;
    EXPECT_EQ(code_of([&] {
                merge_segments(folder.path(), 1, {}, segments_of(*corpus.snapshot), {reorder},
                               stop);
              }),
              ErrorCode::kCancelled);
    remove_segment(folder.path(), 1);
    EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
  }
}

TEST(SegmentMerger, DamagedInputsAreTold) {
  const Corpus corpus({400, 300}, 8, 10);
  const TempFolder folder;
  std::vector<std::vector<std::string>> seen;
  const LiveSegment& first = corpus.snapshot->segment(0);
  const directory::SegmentId id = first.reader->id();
  for (const char* extension : {"terms", "postings", "positions", "columns", "stored"}) {
    const std::string path = segment_file(corpus.folder.path(), first.reader->number(), extension);
    // All that a merge reads: its files, byte by byte.
    check_damage(path, 60, [&] {
      const auto reader = SegmentReader::open(corpus.folder.path(), first.reader->number(), id);
      LiveSegment damaged = first;
      damaged.reader = reader;
      const LiveSegment inputs[] = {damaged, corpus.snapshot->segment(1)};
      merge_segments(folder.path(), 1, {}, inputs, {}, CancelFlag());
      std::vector<Bytes> files;
      for (const char* written : {"terms", "postings", "positions", "columns", "stored"})
        files.push_back(payload(folder, written));
      return files;
    });
  }
}

TEST(DocOrder, MapsThereAndBack) {
  const uint64_t live[] = {0b10110};
  const DocOrder::Segment segments[] = {{0, nullptr}, {5, live}, {0, nullptr}, {3, nullptr}};
  DocOrder order(segments);
  ASSERT_EQ(order.size(), 6U);
  EXPECT_EQ(order.segment_count(), 4U);
  EXPECT_TRUE(order.keeps_order());
  EXPECT_EQ(order.source(0), (DocOrder::Source{1, 1}));
  EXPECT_EQ(order.source(3), (DocOrder::Source{3, 0}));
  EXPECT_EQ(order.target(1, 0), kNoMoreDocs);
  EXPECT_EQ(order.target(1, 4), 2U);
  EXPECT_EQ(order.target(3, 2), 5U);
  const DocId backwards[] = {5, 4, 3, 2, 1, 0};
  order.reorder(backwards);
  EXPECT_FALSE(order.keeps_order());
  EXPECT_EQ(order.source(0), (DocOrder::Source{3, 2}));
  EXPECT_EQ(order.target(1, 4), 3U);
  order.reorder(backwards);
  EXPECT_TRUE(order.keeps_order());
  const DocOrder::Segment large[] = {{kNoMoreDocs - 1, nullptr}, {1, nullptr}};
  EXPECT_EQ(code_of([&] { DocOrder unused(large); }), ErrorCode::kTooLarge);
}

}  // namespace
}  // namespace diagon::index
