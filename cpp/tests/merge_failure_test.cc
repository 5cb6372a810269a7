// Each operation of a merge fails once: nothing is lost, the failure is told, and the merge is made
// in the end.
#include <atomic>
#include <cerrno>
#include <optional>
#include <set>
#include <string_view>
#include <thread>

#include "diagon/index/index_writer.h"
#include "tests/contents.h"
#include "tests/helpers.h"
#include "tests/system_calls.h"

namespace diagon::index {
namespace {

using namespace diagon::testing;  // NOLINT(google-build-using-namespace)
using std::chrono::milliseconds;

std::vector<Doc> make_docs() {
  std::vector<Doc> docs;
  for (int i = 0; i < 12; ++i) {
    Doc doc;
    doc.id = "id" + std::to_string(i);
    doc.source = "source " + std::to_string(i);
    doc.text(kBody, {"a", "b" + std::to_string(i), "a"});
    doc.keyword(kTag, "t" + std::to_string(i % 3));
    doc.numbers[kYear] = {static_cast<uint64_t>(i)};
    docs.push_back(doc);
  }
  return docs;
}

std::set<std::string> ids(const Snapshot& snapshot) {
  std::set<std::string> out;
  for (size_t s = 0; s < snapshot.size(); ++s)
    for (DocId d = 0; d < snapshot.segment(s).reader->max_doc(); ++d) {
      if (!snapshot.segment(s).is_live(d)) continue;
      const std::string id(snapshot.segment(s).reader->doc_id(d));
      EXPECT_EQ(source_of(*snapshot.segment(s).reader, d), "source " + id.substr(2));
      EXPECT_TRUE(out.insert(id).second);
    }
  return out;
}

WriterOptions options(bool background) {
  WriterOptions o;
  o.merges.background = background;
  o.merges.policy = {.segments_per_tier = 2, .floor_segment_bytes = 1};
  o.merges.retry_ms = 0;
  return o;
}

// Lets the n-th call of a kind fail, or from the n-th on all of them.
class Failing : public Observer {
 public:
  enum class Where { kAnyThread, kOtherThreads };
  Failing(Call call, int n, Where where = Where::kAnyThread, int error = EIO)
      : call_(call), left_(n), where_(where), error_(error) {}
  int before(Event& event) override {
    if (event.call != call_) return 0;
    if (where_ == Where::kOtherThreads && std::this_thread::get_id() == mine_) return 0;
    const int left = left_.fetch_sub(1);
    return left == 0 || (left < 0 && error_ == ENOSPC) ? error_ : 0;
  }
  bool reached() const { return left_ < 0; }

 private:
  Call call_;
  std::atomic<int> left_;
  Where where_;
  int error_;
  std::thread::id mine_ = std::this_thread::get_id();
};

class MergeFailure : public ::testing::TestWithParam<Call> {};

// Counts the operations of a forced merge and its commit, then lets each of them fail in turn.
TEST_P(MergeFailure, OfAForcedMerge) {
  if (!kCallsAreWatched) GTEST_SKIP();
  const Call call = GetParam();
  std::set<std::string> expected;
  for (const Doc& doc : make_docs())
    if (doc.id != "id4") expected.insert(doc.id);
  int failures = 0;
  for (int n = 0;; ++n) {
    SCOPED_TRACE(n);
    const TempFolder folder;
    auto writer = open_writer(folder.path(), options(false));
    for (const Doc& doc : make_docs()) {
      add(*writer, {doc});
      writer->refresh();
    }
    writer->delete_document("id4");
    writer->commit("first");
    const auto before = writer->refresh();
    Failing failing(call, n);
    bool told = false;
    {
      const Watch watch(failing);
      try {
        writer->force_merge({.max_segments = 2, .reorder = n % 2 == 0});
      } catch (const Error& e) {
        told = true;
        EXPECT_EQ(e.code(), ErrorCode::kIo) << e.what();
        EXPECT_TRUE(std::string_view(e.what()).starts_with(folder.path())) << e.what();
      }
    }
    const bool reached = failing.reached();
    EXPECT_TRUE(reached || !told);
    // What a descriptor that was only read says when it is closed is of no matter.
    if (reached && call != Call::kClose) {
      EXPECT_EQ(writer->monitor()->stats().failures, 1U);
      EXPECT_TRUE(writer->monitor()->stats().has_error);
    }
    EXPECT_EQ(ids(*before), expected);
    EXPECT_EQ(ids(*writer->refresh()), expected);
    EXPECT_EQ(ids(*Snapshot::open(folder.path())), expected);
    // And the next time it works.
    EXPECT_NO_THROW(writer->force_merge({}));
    const auto after = writer->commit("second");
    EXPECT_EQ(after->size(), 1U);
    EXPECT_EQ(ids(*after), expected);
    EXPECT_FALSE(writer->monitor()->stats().has_error);
    writer.reset();
    open_writer(folder.path());
    EXPECT_EQ(directory::list(folder.path()).size(), 8U);  // and no file is left over
    EXPECT_EQ(ids(*Snapshot::open(folder.path())), expected);
    if (!reached) break;
    ++failures;
  }
  EXPECT_GE(failures, 6);
  RecordProperty("failures", failures);
}

// Failures in the background are told and tried again, while documents come and go.
TEST_P(MergeFailure, InTheBackground) {
  if (!kCallsAreWatched) GTEST_SKIP();
  const Call call = GetParam();
  int failures = 0;
  for (int n = 0; n < 120; n += 2 + n / 3) {
    SCOPED_TRACE(n);
    const TempFolder folder;
    const auto writer = open_writer(folder.path(), options(true));
    std::set<std::string> expected;
    Failing failing(call, n, Failing::Where::kOtherThreads);
    std::optional<Watch> watch(std::in_place, failing);
    for (const Doc& doc : make_docs()) {
      add(*writer, {doc});
      expected.insert(doc.id);
      EXPECT_NO_THROW(writer->refresh());
    }
    EXPECT_NO_THROW(writer->delete_document("id3"));
    expected.erase("id3");
    EXPECT_EQ(ids(*writer->commit("")), expected);
    EXPECT_TRUE(writer->wait_for_merges(milliseconds(60'000)));
    watch.reset();
    if (failing.reached()) {
      EXPECT_LE(writer->monitor()->stats().failures, 1U);
      ++failures;
    }
    EXPECT_EQ(ids(*writer->commit("")), expected);
    EXPECT_TRUE(writer->wait_for_merges(milliseconds(60'000)));
    const auto snapshot = writer->commit("");
    EXPECT_LE(snapshot->size(), 8U);
    EXPECT_GT(writer->monitor()->stats().merges, 2U);
    EXPECT_FALSE(writer->monitor()->stats().has_error);
    EXPECT_EQ(ids(*snapshot), expected);
    EXPECT_EQ(ids(*Snapshot::open(folder.path())), expected);
  }
  EXPECT_GT(failures, 5);
}

INSTANTIATE_TEST_SUITE_P(All, MergeFailure,
                         ::testing::Values(Call::kOpen, Call::kWrite, Call::kFsync, Call::kClose,
                                           Call::kMmap, Call::kUnlink, Call::kStat),
                         [](const auto& tested) { return std::string(name_of(tested.param)); });

// The disk is full for a while: what is there is found, what comes is kept in RAM, and when there
// is room again all goes on.
TEST(MergeFailureOfAFullDisk, IsSurvived) {
  if (!kCallsAreWatched) GTEST_SKIP();
  const TempFolder folder;
  const auto writer = open_writer(folder.path(), options(true));
  std::set<std::string> expected;
  const std::vector<Doc> docs = make_docs();
  for (size_t i = 0; i < 8; ++i) {
    add(*writer, {docs[i]});
    expected.insert(docs[i].id);
    writer->refresh();
  }
  writer->wait_for_merges(milliseconds(60'000));
  writer->commit("");
  Failing failing(Call::kWrite, 0, Failing::Where::kAnyThread, ENOSPC);
  std::optional<Watch> watch(std::in_place, failing);
  add(*writer, {docs[8]});
  for (int i = 0; i < 3; ++i) EXPECT_EQ(code_of([&] { writer->refresh(); }), ErrorCode::kIo);
  EXPECT_EQ(code_of([&] { writer->commit(""); }), ErrorCode::kIo);
  EXPECT_EQ(code_of([&] { writer->force_merge({}); }), ErrorCode::kIo);
  EXPECT_EQ(ids(*Snapshot::open(folder.path())), expected);
  add(*writer, {docs[9]});
  EXPECT_EQ(writer->buffered_docs(), 2U);
  watch.reset();
  expected.insert(docs[8].id);
  expected.insert(docs[9].id);
  EXPECT_EQ(ids(*writer->commit("")), expected);
  EXPECT_NO_THROW(writer->force_merge({}));
  EXPECT_EQ(ids(*writer->commit("")), expected);
  EXPECT_EQ(writer->commit("")->size(), 1U);
  EXPECT_EQ(ids(*Snapshot::open(folder.path())), expected);
}

// While the disk refuses all that merges write, each failure is told and tried again, and all
// documents are where they were. Once it takes them, the merges are made without being asked for.
TEST(MergeErrors, AreToldAndTriedAgainAndLoseNothing) {
  if (!kCallsAreWatched) GTEST_SKIP();
  const TempFolder folder;
  WriterOptions o = options(true);
  o.merges.retry_ms = 1;
  const auto writer = open_writer(folder.path(), o);
  // Whether it comes to that, as the writer is used.
  const auto comes_to = [&](auto&& wanted) {
    const auto end = std::chrono::steady_clock::now() + milliseconds(60'000);
    for (uint64_t seen = 0; !wanted(writer->monitor()->stats());) {
      if (std::chrono::steady_clock::now() > end) break;
      writer->advance_merges();
      seen = writer->monitor()->wait(seen, milliseconds(1));
    }
    return wanted(writer->monitor()->stats());
  };
  Failing failing(Call::kWrite, 0, Failing::Where::kOtherThreads, ENOSPC);
  std::optional<Watch> watch(std::in_place, failing);
  std::set<std::string> expected;
  for (const Doc& doc : make_docs()) {
    add(*writer, {doc});
    expected.insert(doc.id);
    EXPECT_EQ(ids(*writer->commit("")), expected);
  }
  for (const uint64_t failures : {1U, 3U, 6U}) {
    EXPECT_TRUE(comes_to([&](const MergeStats& s) { return s.failures >= failures; }));
    const MergeStats stats = writer->monitor()->stats();
    EXPECT_EQ(stats.merges, 0U);
    EXPECT_TRUE(stats.has_error);
    EXPECT_EQ(stats.error_code, ErrorCode::kIo);
    EXPECT_TRUE(std::string_view(stats.error).starts_with(folder.path())) << stats.error;
    EXPECT_NE(stats.error.find("No space left"), std::string::npos) << stats.error;
    EXPECT_EQ(ids(*Snapshot::open(folder.path())), expected);
  }
  // Who asks for a merge is told by an exception.
  EXPECT_EQ(code_of([&] { writer->force_merge({}); }), ErrorCode::kIo);
  EXPECT_EQ(ids(*writer->commit("")), expected);
  EXPECT_EQ(writer->commit("")->size(), 12U);
  watch.reset();
  EXPECT_TRUE(comes_to([](const MergeStats& s) { return s.merges > 2 && !s.has_error; }));
  EXPECT_TRUE(writer->wait_for_merges(milliseconds(60'000)));
  EXPECT_LT(writer->commit("")->size(), 9U);
  EXPECT_EQ(ids(*Snapshot::open(folder.path())), expected);
  EXPECT_TRUE(writer->wait_for_merges(milliseconds(60'000)));
  writer->commit("");
  writer->collect_files();
  EXPECT_EQ(files_in(folder.path()), files_of_commit(folder.path()));
}

// A damaged segment is left alone; the others are merged, and what is lost is not hidden.
TEST(MergeFailureOfDamage, LeavesTheSegmentAlone) {
  const TempFolder folder;
  {
    const auto writer = open_writer(folder.path());
    for (const Doc& doc : make_docs()) {
      add(*writer, {doc});
      writer->refresh();
    }
    writer->commit("");
  }
  // Opening doesn't look at postings.
  const std::string path = segment_file(folder.path(), 1, "postings");
  Bytes bytes = read_bytes(path);
  bytes[kHeader] = static_cast<uint8_t>(bytes[kHeader] ^ 1);
  write_bytes(path, bytes);
  WriterOptions o = options(true);
  o.merges.retry_ms = 60'000;
  const auto writer = open_writer(folder.path(), o);
  writer->refresh();
  EXPECT_TRUE(writer->wait_for_merges(milliseconds(60'000)));
  const MergeStats stats = writer->monitor()->stats();
  EXPECT_GT(stats.merges, 0U);
  EXPECT_LE(stats.failures, 2U);
  EXPECT_EQ(code_of([&] { writer->force_merge({}); }), ErrorCode::kCorrupt);
  EXPECT_EQ(writer->monitor()->stats().error_code, ErrorCode::kCorrupt);
  EXPECT_TRUE(std::string_view(writer->monitor()->stats().error).starts_with(path));
  EXPECT_EQ(writer->commit("")->live_count(), 12U);
}

}  // namespace
}  // namespace diagon::index
