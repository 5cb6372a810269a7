// Damage to the files that hold an index together: manifest, segment meta, live documents.
#include <sstream>

#include "diagon/search/top_docs.h"
#include "tests/queries.h"

namespace diagon::index {
namespace {

using namespace diagon::testing;  // NOLINT(google-build-using-namespace)

void dump_column(std::ostream& out, const docvalues::ColumnReader& column) {
  const bool ordered = column.kind() == schema::ColumnKind::kStrings;
  for (DocId d = 0; d < column.max_doc(); ++d) {
    const auto [from, to] = column.range(d);
    for (uint32_t v = from; v < to; ++v) {
      if (ordered)
        out << column.string(v);
      else
        out << column.values().get(v);
      out << ',';
    }
    out << ';';
  }
  for (uint32_t i = 0; !ordered && i < column.string_count(); ++i) out << column.string(i) << ',';
}

void dump_terms(std::ostream& out, const SegmentReader& reader, const FieldMeta& field) {
  const bool positions = field.field.postings == schema::PostingsKind::kFreqsPositions;
  termdict::FieldTerms::Iterator terms(*reader.terms(field.field.id), "");
  while (terms.next()) {
    out << terms.term() << ':';
    auto cursor = reader.postings(field.field.id, terms.meta());
    while (cursor.next_block())
      for (uint32_t i = 0; i < cursor.size(); ++i) {
        out << cursor.docs()[i] << '*' << cursor.freqs()[i] << ' ';
        if (!positions) continue;
        for (const uint32_t p : cursor.positions(i)) out << p << ' ';
      }
  }
}

// All that an index says.
std::string dump(const std::string& folder) {
  std::ostringstream out;
  const auto snapshot = Snapshot::open(folder);
  out << snapshot->user_data();
  for (size_t s = 0; s < snapshot->size(); ++s) {
    const LiveSegment& segment = snapshot->segment(s);
    const SegmentReader& reader = *segment.reader;
    for (const FieldMeta& field : reader.meta().fields) {
      const FieldId id = field.field.id;
      out << field.field.name;
      if (reader.terms(id) != nullptr) dump_terms(out, reader, field);
      if (reader.column(id) != nullptr) dump_column(out, *reader.column(id));
      const NormsView norms = reader.norms(id);
      for (DocId d = 0; norms.norms != nullptr && d < reader.max_doc(); ++d)
        out << bits::test(norms.presence, d) << int{norms.norms[d]};
    }
    for (DocId d = 0; d < reader.max_doc(); ++d)
      out << segment.is_live(d) << reader.doc_id(d) << source_of(reader, d);
    std::vector<DocId> found;
    reader.find_id("id3", found);
    for (const DocId d : found) out << d;
  }
  // Searches, too, stay inside.
  auto q = with(with(boolean(), Occur::kShould, term(kBody, "w0")), Occur::kShould,
                phrase(kBody, {"w0", "w1"}));
  q = with(with(std::move(q), Occur::kShould, range_str(kTag, "[t1", "t7]")), Occur::kShould,
           make(QueryKind::kExists, kLabel));
  const search::PreparedQuery prepared(snapshot, std::move(q), true);
  const auto top = search_top(prepared, {.k = 20, .count_up_to = 10}, Interrupt());
  out << top.count;
  for (const search::Hit& hit : top.hits) out << hit.segment << hit.doc << hit.score;
  return out.str();
}

struct IndexDamage : ::testing::Test {
  IndexDamage() : corpus({90, 20}, 5, 0) {
    const auto writer = open_writer(folder.path());
    add(*writer, {corpus.docs.begin(), corpus.docs.begin() + 90});
    writer->refresh();
    add(*writer, {corpus.docs.begin() + 90, corpus.docs.end()});
    for (int i = 0; i < 30; i += 3) writer->delete_document("id" + std::to_string(i));
    writer->commit("the mapping");
  }
  void check(const std::string& path, int rounds) {
    ASSERT_TRUE(directory::exists(path));
    check_damage(path, rounds, [&] { return dump(folder.path()); });
  }
  Corpus corpus;
  TempFolder folder;
};

TEST_F(IndexDamage, Manifest) { check(folder / "manifest", 150); }

TEST_F(IndexDamage, SegmentMeta) {
  check(segment_file(folder.path(), 1, "meta"), 400);
  check(segment_file(folder.path(), 2, "meta"), 100);
}

TEST_F(IndexDamage, LiveDocuments) { check(live_file(folder.path(), 1, 1), 150); }

TEST_F(IndexDamage, TheOtherFiles) {
  for (const char* extension : {"terms", "postings", "positions", "columns", "stored"}) {
    SCOPED_TRACE(extension);
    check(segment_file(folder.path(), 1, extension), 40);
  }
}

TEST_F(IndexDamage, SwappedFilesAreNoticed) {
  const std::string one = segment_file(folder.path(), 1, "columns");
  const std::string two = segment_file(folder.path(), 2, "columns");
  const Bytes bytes = read_bytes(one);
  write_bytes(one, read_bytes(two));
  EXPECT_EQ(code_of([&] { dump(folder.path()); }), ErrorCode::kCorrupt);
  write_bytes(one, read_bytes(segment_file(folder.path(), 1, "terms")));
  EXPECT_EQ(code_of([&] { dump(folder.path()); }), ErrorCode::kCorrupt);
  write_bytes(one, bytes);
  EXPECT_NO_THROW(dump(folder.path()));
}

TEST_F(IndexDamage, ManifestsThatContradictTheSegments) {
  const Manifest good = read_manifest(folder.path());
  const auto refused = [&](auto change) {
    Manifest m = good;
    change(m);
    write_manifest(folder.path(), m);
    EXPECT_EQ(code_of([&] { dump(folder.path()); }), ErrorCode::kCorrupt);
  };
  refused([](Manifest& m) { ++m.segments[0].max_doc; });
  refused([](Manifest& m) { --m.segments[0].live_count; });
  refused([](Manifest& m) { m.segments[0].live_generation = 0; });
  refused([](Manifest& m) { m.segments[0].live_generation = 7; });
  refused([](Manifest& m) { m.segments[0].number = 9; });
  refused([](Manifest& m) { m.segments[0].number = 2; });
  refused([](Manifest& m) { m.segments[0].id[3] ^= 1; });
  refused([](Manifest& m) { m.segments[0].live_count = 91; });
  write_manifest(folder.path(), good);
  EXPECT_NO_THROW(dump(folder.path()));
}

}  // namespace
}  // namespace diagon::index
