// What goes wrong while writing changes nothing: refused batches and fields, disks that refuse.
#include <cerrno>
#include <filesystem>
#include <set>

#include "diagon/index/index_writer.h"
#include "tests/documents.h"
#include "tests/helpers.h"
#include "tests/system_calls.h"

namespace diagon::index {
namespace {

using diagon::testing::add;
using diagon::testing::all_fields;
using diagon::testing::BatchBuilder;
using diagon::testing::code_of;
using diagon::testing::Doc;
using diagon::testing::open_writer;
using diagon::testing::source_of;
using diagon::testing::TempFolder;
using namespace diagon::testing;  // NOLINT(google-build-using-namespace): field numbers

Doc make_doc(const std::string& id) {
  Doc doc;
  doc.id = id;
  doc.source = "source of " + id;
  doc.text(kBody, {"a", "b", "c"});
  doc.text(kTitle, {"a", "b"});
  doc.keyword(kTag, "t");
  doc.numbers[kYear] = {1, 2};
  doc.numbers[kPrice] = {3};
  return doc;
}

std::vector<std::string> ids(const Snapshot& snapshot) {
  std::vector<std::string> out;
  for (size_t s = 0; s < snapshot.size(); ++s)
    for (DocId d = 0; d < snapshot.segment(s).reader->max_doc(); ++d)
      if (snapshot.segment(s).is_live(d)) out.emplace_back(snapshot.segment(s).reader->doc_id(d));
  return out;
}

// Fails one fsync from now on.
struct FsyncFailure : Observer {
  int to_go = -1;  // until then; negative: none fails
  int before(Event& event) override {
    const bool fails = event.call == Call::kFsync && to_go >= 0 && to_go-- == 0;
    return fails ? EIO : 0;
  }
};

struct Break {
  const char* what;
  std::function<void(BatchBuilder&)> change;  // of two documents' batch
  ErrorCode code = ErrorCode::kInvalidArgument;
};

const std::vector<Break>& breaks() {
  static const std::vector<Break> all = {
      {"a term past the bytes", [](auto& b) { b.tokens[9].offset = 1'000'000; }},
      {"a term that ends past the bytes", [](auto& b) { b.tokens[9].len = UINT32_MAX; }},
      {"a term of an unknown field", [](auto& b) { b.tokens[9].field = 10; }},
      {"a term of a field without postings", [](auto& b) { b.tokens[9].field = kYear; }},
      {"a term of `_id`", [](auto& b) { b.tokens[9].field = kIdField; }},
      {"a term that is too long",
       [](auto& b) {
         b.tokens[9].offset = b.put(std::string(kMaxTermBytes + 1, 'x'));
         b.tokens[9].len = kMaxTermBytes + 1;
       },
       ErrorCode::kTooLarge},
      {"positions out of order", [](auto& b) { b.tokens[6].position = 5; }},
      {"tokens that are not grouped", [](auto& b) { b.tokens[9].field = kBody; }},
      {"a length of an unknown field", [](auto& b) { b.lengths[3].field = 10; }},
      {"a length of a field without norms", [](auto& b) { b.lengths[3].field = kTag; }},
      {"a length over 2^31", [](auto& b) { b.lengths[3].tokens = 1u << 31; }},
      {"a number of an unknown field", [](auto& b) { b.numerics[5].field = UINT32_MAX; }},
      {"a number of a keyword", [](auto& b) { b.numerics[5].field = kTag; }},
      {"a number of a text", [](auto& b) { b.numerics[5].field = kBody; }},
      {"a string of a number", [](auto& b) { b.strings[1].field = kPrice; }},
      {"a string of `_id`", [](auto& b) { b.strings[1].field = kIdField; }},
      {"a string of an unknown field", [](auto& b) { b.strings[1].field = 99; }},
      {"a string past the bytes", [](auto& b) { b.strings[1].offset = 1'000'000; }},
      {"tokens past the end", [](auto& b) { ++b.docs[1].tokens_end; }},
      {"tokens that go back", [](auto& b) { b.docs[1].tokens_end = b.docs[0].tokens_end - 1; }},
      {"lengths past the end", [](auto& b) { ++b.docs[1].lengths_end; }},
      {"lengths that go back", [](auto& b) { b.docs[1].lengths_end = 0; }},
      {"numbers past the end", [](auto& b) { ++b.docs[1].numerics_end; }},
      {"numbers that go back", [](auto& b) { b.docs[1].numerics_end = 0; }},
      {"strings past the end", [](auto& b) { b.docs[1].strings_end = UINT32_MAX; }},
      {"strings that go back", [](auto& b) { b.docs[1].strings_end = 0; }},
      {"no id", [](auto& b) { b.docs[1].id_len = 0; }},
      {"an id past the bytes", [](auto& b) { b.docs[1].id_offset = 1'000'000; }},
      {"an id that is too long",
       [](auto& b) {
         b.docs[1].id_offset = b.put(std::string(kMaxTermBytes + 1, 'x'));
         b.docs[1].id_len = kMaxTermBytes + 1;
       },
       ErrorCode::kTooLarge},
      {"a source past the bytes", [](auto& b) { b.docs[1].source_len = 1'000'000; }},
      {"a source that is too large",
       [](auto& b) {
         b.docs[1].source_offset = b.put(std::string(stored::kMaxDocument + 1, 'x'));
         b.docs[1].source_len = stored::kMaxDocument + 1;
       },
       ErrorCode::kTooLarge},
  };
  return all;
}

TEST(IndexFailure, RefusedBatchesChangeNothing) {
  const TempFolder folder;
  const auto writer = open_writer(folder.path());
  add(*writer, {make_doc("a"), make_doc("b")});
  writer->refresh();
  add(*writer, {make_doc("c")});
  for (const Break& b : breaks()) {
    SCOPED_TRACE(b.what);
    BatchBuilder builder;
    builder.add(make_doc("a"));  // would replace
    builder.add(make_doc("new"));
    b.change(builder);
    EXPECT_EQ(code_of([&] { writer->add_documents(builder.batch()); }), b.code);
    EXPECT_EQ(writer->buffered_docs(), 1U);
  }
  const auto snapshot = writer->commit("");
  EXPECT_EQ(ids(*snapshot), (std::vector<std::string>{"a", "b", "c"}));
  EXPECT_EQ(snapshot->max_doc(), 3U);
}

TEST(IndexFailure, LongestTermsAndIds) {
  const TempFolder folder;
  const auto writer = open_writer(folder.path());
  Doc doc = make_doc(std::string(kMaxTermBytes, 'i'));
  const std::string term(kMaxTermBytes, 't');
  doc.tokens[kLabel].emplace_back(term, 0);
  doc.source.assign(3'000'000, 's');
  add(*writer, {doc});
  const auto snapshot = writer->commit("");
  EXPECT_EQ(snapshot->doc_freq(kLabel, term), 1U);
  EXPECT_TRUE(snapshot->find_id(doc.id).has_value());
  EXPECT_EQ(source_of(*snapshot->segment(0).reader, 0), doc.source);
}

TEST(IndexFailure, FieldRules) {
  using schema::ColumnKind;
  using schema::PostingsKind;
  const TempFolder folder;
  auto writer = IndexWriter::open(folder.path(), {});
  const auto refused = [&](const schema::Field& field) {
    EXPECT_EQ(code_of([&] { writer->define_field(field); }), ErrorCode::kInvalidArgument);
  };
  EXPECT_EQ(code_of([&] { add(*writer, {}); }), ErrorCode::kInvalidArgument);  // no field yet
  const auto fields = all_fields();
  refused(fields[1]);  // not the next number
  refused({0, "_id", PostingsKind::kNone, false, ColumnKind::kStrings});
  refused({0, "_id", PostingsKind::kDocs, true, ColumnKind::kStrings});
  refused({0, "_id", PostingsKind::kDocs, false, ColumnKind::kOrdinals});
  for (int twice = 0; twice < 2; ++twice)
    for (const auto& field : fields) writer->define_field(field);
  EXPECT_EQ(writer->field_count(), fields.size());
  refused({10, "new", PostingsKind::kDocs, true, ColumnKind::kNone});
  refused({10, "new", PostingsKind::kNone, true, ColumnKind::kNone});
  const std::vector<std::function<void(schema::Field&)>> changes = {
      [](auto& f) { f.name = "other"; }, [](auto& f) { f.postings = PostingsKind::kDocs; },
      [](auto& f) { f.norms = false; }, [](auto& f) { f.column = ColumnKind::kBool; }};
  for (const auto& change : changes) {
    schema::Field field = fields[kTitle];
    change(field);
    refused(field);
  }
  add(*writer, {make_doc("a")});
  writer->commit("");
  // What the index has counts, too.
  for (const auto& change : changes) {
    writer.reset();
    writer = IndexWriter::open(folder.path(), {});
    for (FieldId id = 0; id < kTitle; ++id) writer->define_field(fields[id]);
    schema::Field field = fields[kTitle];
    change(field);
    refused(field);
    EXPECT_NO_THROW(writer->define_field(fields[kTitle]));
  }
  // A new one may come at any time.
  for (FieldId id = kTitle + 1; id < fields.size(); ++id) writer->define_field(fields[id]);
  writer->define_field({10, "new", PostingsKind::kNone, false, ColumnKind::kI64});
  Doc doc = make_doc("b");
  doc.numbers[10] = {7};
  add(*writer, {doc});
  const auto snapshot = writer->commit("");
  EXPECT_EQ(snapshot->segment(0).reader->column(10), nullptr);
  EXPECT_EQ(snapshot->segment(0).reader->field(10), nullptr);
  EXPECT_EQ(snapshot->segment(1).reader->column(10)->values().get(0), 7);
}

TEST(IndexFailure, AFlushThatFailsIsTriedAgain) {
  const TempFolder folder;
  const auto writer = open_writer(folder.path());
  add(*writer, {make_doc("a")});
  std::filesystem::create_directory(folder / "seg-00000001.positions");  // in the way
  EXPECT_EQ(code_of([&] { writer->refresh(); }), ErrorCode::kIo);
  EXPECT_EQ(writer->buffered_docs(), 1U);
  add(*writer, {make_doc("b")});
  EXPECT_EQ(ids(*writer->refresh()), (std::vector<std::string>{"a", "b"}));
  std::filesystem::remove(folder / "seg-00000001.positions");
  EXPECT_EQ(ids(*writer->commit("")), (std::vector<std::string>{"a", "b"}));
}

TEST(IndexFailure, AFullBufferThatCannotBeFlushedKeepsItsDocuments) {
  const TempFolder folder;
  const auto writer = open_writer(folder.path(), 1);
  std::filesystem::create_directory(folder / "seg-00000001.stored");
  EXPECT_EQ(code_of([&] { add(*writer, {make_doc("a")}); }), ErrorCode::kIo);
  add(*writer, {make_doc("b")});
  EXPECT_EQ(writer->buffered_docs(), 0U);
  EXPECT_EQ(ids(*writer->refresh()), (std::vector<std::string>{"a", "b"}));
}

TEST(IndexFailure, AFailedCommitLeavesTheEarlierOne) {
  const TempFolder folder;
  auto writer = open_writer(folder.path());
  add(*writer, {make_doc("a"), make_doc("b")});
  writer->commit("first");
  writer->delete_document("a");
  add(*writer, {make_doc("c")});
  std::filesystem::create_directory(folder / "manifest.tmp");
  for (int i = 0; i < 2; ++i) EXPECT_EQ(code_of([&] { writer->commit("second"); }), ErrorCode::kIo);
  EXPECT_EQ(writer->user_data(), "first");
  const auto earlier = Snapshot::open(folder.path());
  EXPECT_EQ(ids(*earlier), (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(earlier->user_data(), "first");
  std::filesystem::remove(folder / "manifest.tmp");
  // The live documents of a commit that may have happened are not written over.
  const std::string live = live_file(folder.path(), 1, earlier->generation() + 1);
  ASSERT_TRUE(directory::exists(live));
  const auto before = std::filesystem::last_write_time(live);
  std::filesystem::create_directory(folder / "manifest.tmp");
  EXPECT_EQ(code_of([&] { writer->commit("third"); }), ErrorCode::kIo);
  EXPECT_EQ(std::filesystem::last_write_time(live), before);
  std::filesystem::remove(folder / "manifest.tmp");
  const auto later = writer->commit("fourth");
  EXPECT_EQ(ids(*later), (std::vector<std::string>{"b", "c"}));
  EXPECT_GT(later->generation(), earlier->generation());
  EXPECT_FALSE(directory::exists(live));
  EXPECT_EQ(ids(*Snapshot::open(folder.path())), (std::vector<std::string>{"b", "c"}));
}

// A second fsync of a file may succeed though its data are lost.
TEST(IndexFailure, AFailedSyncIsNeverTakenForASuccess) {
  FsyncFailure fsyncs;
  const Watch watch(fsyncs);
  int failures = 0;
  for (int n = 0;; ++n) {
    const TempFolder folder;
    auto writer = open_writer(folder.path());
    add(*writer, {make_doc("a")});
    writer->commit("first");
    add(*writer, {make_doc("b")});
    writer->delete_document("a");
    fsyncs.to_go = n;
    bool failed = false;
    try {
      writer->commit("second");
    } catch (const Error& e) {
      failed = e.code() == ErrorCode::kIo;
    }
    const bool reached = fsyncs.to_go < 0;
    fsyncs.to_go = -1;
    EXPECT_EQ(failed, reached);
    if (!reached) break;
    ++failures;
    for (int i = 0; i < 2; ++i)
      EXPECT_EQ(code_of([&] { writer->commit("third"); }), ErrorCode::kIo);
    writer.reset();
    writer = open_writer(folder.path());
    // Both are whole states; the manifest's own rename may have happened.
    const auto left = ids(*writer->refresh());
    EXPECT_TRUE(left == std::vector<std::string>{"a"} || left == std::vector<std::string>{"b"});
    add(*writer, {make_doc("c")});
    EXPECT_NO_THROW(writer->commit("fourth"));
  }
  EXPECT_GE(failures, 9);  // the segment's files, the live documents, the folder, the manifest
}

TEST(IndexFailure, NewFoldersAreSyncedIntoTheirParents) {
  FsyncFailure fsyncs;
  const Watch watch(fsyncs);
  const TempFolder folder;
  for (int n = 0; n < 3; ++n) {
    fsyncs.to_go = n;
    EXPECT_EQ(
        code_of([&] { directory::create_folder(folder / ("f" + std::to_string(n) + "/g/h")); }),
        ErrorCode::kIo);
  }
  fsyncs.to_go = 3;
  EXPECT_NO_THROW(directory::create_folder(folder / "i/g/h/"));
  EXPECT_EQ(fsyncs.to_go, 0);
  EXPECT_NO_THROW(directory::create_folder(folder / "i/g/h"));
  EXPECT_EQ(fsyncs.to_go, 0);
  fsyncs.to_go = -1;
  EXPECT_TRUE(directory::exists(folder / "i/g/h"));
}

TEST(IndexFailure, DeletesTakeRamToo) {
  const TempFolder folder;
  const auto writer = open_writer(folder.path(), 1 << 20);
  for (int i = 0; i < 40'000; ++i) {
    writer->delete_document("document number " + std::to_string(i));
    ASSERT_LT(writer->ram_bytes(), (1u << 20) + 1000);
  }
}

TEST(IndexFailure, DamageInAnOlderSegmentKeepsTheDeletes) {
  const TempFolder folder;
  auto writer = open_writer(folder.path());
  // So many terms that the first 64 KiB are not looked at when the segment is opened.
  std::mt19937 random(1);
  std::set<std::string> names;
  while (names.size() < 3000) {
    std::string id(50, ' ');
    for (char& c : id) c = static_cast<char>('a' + random() % 26);
    names.insert(id);
  }
  std::vector<Doc> docs;
  for (const std::string& id : names) docs.push_back(make_doc(id));
  add(*writer, docs);
  writer->commit("");
  writer.reset();
  const std::string path = segment_file(folder.path(), 1, "terms");
  const Bytes good = read_bytes(path);
  Bytes bad = good;
  bad[kHeader] = static_cast<uint8_t>(bad[kHeader] ^ 1);
  write_bytes(path, bad);
  writer = open_writer(folder.path());
  writer->delete_document(*names.begin());
  add(*writer, {make_doc("b")});
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(code_of([&] { writer->commit(""); }), ErrorCode::kCorrupt);
    EXPECT_EQ(writer->buffered_docs(), 1U);
  }
  EXPECT_EQ(code_of([&] { Snapshot::open(folder.path())->verify_all(); }), ErrorCode::kCorrupt);
  write_bytes(path, good);
  const auto snapshot = Snapshot::open(folder.path());
  snapshot->verify_all();
  EXPECT_EQ(snapshot->live_count(), names.size());
}

}  // namespace
}  // namespace diagon::index
