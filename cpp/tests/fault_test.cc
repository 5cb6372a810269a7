// Every system call of indexing, merging, committing and opening fails once: nothing that was
// committed is lost, nothing is half there, and the writer goes on.
#include <atomic>
#include <cerrno>
#include <iostream>

#include "diagon/index/check.h"
#include "diagon/index/index_writer.h"
#include "tests/contents.h"
#include "tests/helpers.h"
#include "tests/system_calls.h"

namespace diagon::index {
namespace {

using namespace diagon::testing;  // NOLINT(google-build-using-namespace)

enum class Merges { kNone, kForced, kBackground };

// Fails the nth call of one kind, once.
struct OneFault : Observer {
  OneFault(Call which, int nth, int with) : call(which), to_go(nth), error(with) {}
  Call call;
  std::atomic<int> to_go;
  int error;
  int before(Event& event) override { return event.call == call && to_go-- == 0 ? error : 0; }
  bool happened() const { return to_go < 0; }
};

// What a host does, and what it may expect when a call fails.
class Host {
 public:
  Host(std::string folder, const OneFault& fault, Merges merges, uint32_t buffers = 1)
      : folder_(std::move(folder)), fault_(fault), merges_(merges), buffers_(buffers) {}

  void run() {
    open();
    // Enough segments for a merge in the background.
    for (int i = 0; merges_ == Merges::kBackground && i < 5; ++i) {
      add_all({{"e" + std::to_string(i), "0"}});
      refresh();
    }
    add_all({{"a", "1"}, {"b", "1"}});
    refresh();
    commit();
    read();
    add_all({{"b", "2"}, {"c", "2"}});
    remove("a");
    merge(false);
    commit();
    read();
    wait_for_merges();
    close();
    open();
    add_all({{"d", "3"}});
    refresh();
    remove("c");
    merge(true);
    commit();
    read();
    EXPECT_EQ(committed_.at("b"), "2");
    EXPECT_EQ(committed_.at("d"), "3");
    EXPECT_FALSE(committed_.contains("a") || committed_.contains("c"));
    // Merges that failed are made in the end.
    wait_for_merges();
    commit();
    read();
    close();
    merges_ = Merges::kNone;
    open();  // what a fault left is cleared up now
    const auto step = [&] { EXPECT_EQ(files_in(folder_), files_of_commit(folder_)); };
    if (fails(step)) step();
  }

  uint64_t merged() const { return merged_; }
  // Failures that the monitor told of: of merges, and of removing files.
  uint64_t told() const { return told_; }
  // Calls that threw.
  int failures() const { return failures_; }

 private:
  // Whether it failed, as it may once.
  template <typename Step>
  bool fails(const Step& step) {
    try {
      step();
      return false;
    } catch (const Error& e) {
      EXPECT_EQ(e.code(), ErrorCode::kIo) << e.what();
      EXPECT_TRUE(fault_.happened()) << e.what();
      EXPECT_EQ(failures_++, 0) << e.what();
      return true;
    }
  }

  std::unique_ptr<IndexWriter> opened() const {
    WriterOptions options;
    options.merges = eager_merges();
    options.merges.background = merges_ == Merges::kBackground;
    options.buffers = buffers_;
    return open_writer(folder_, options);
  }
  void open() {
    const auto step = [&] { writer_ = opened(); };
    if (fails(step)) step();
    EXPECT_EQ(contents(*writer_->refresh()), committed_);
  }
  void close() {
    const MergeStats stats = writer_->monitor()->stats();
    merged_ += stats.merges;
    told_ += stats.failures;
    writer_.reset();
  }
  void add_all(const Contents& docs) {
    for (const auto& [id, source] : docs) {
      // Documents are added also if a full buffer can't be written.
      fails([&, &i = id, &s = source] { add(*writer_, {plain_doc(i, s)}); });
      now_[id] = source;
    }
  }
  void remove(const std::string& id) {
    fails([&] { writer_->delete_document(id); });
    now_.erase(id);
  }
  void refresh() {
    std::shared_ptr<const Snapshot> snapshot;
    const auto step = [&] { snapshot = writer_->refresh(); };
    if (fails(step)) step();
    EXPECT_EQ(contents(*snapshot), now_);
  }
  void merge(bool reorder) {
    if (merges_ != Merges::kForced) return;
    const auto step = [&] { writer_->force_merge({.max_segments = 1, .reorder = reorder}); };
    if (fails(step)) step();
    refresh();
  }
  void wait_for_merges() { EXPECT_TRUE(writer_->wait_for_merges(std::chrono::minutes(1))); }
  void commit() {
    const auto step = [&] { writer_->commit("the mapping"); };
    if (fails(step)) {
      const Contents found = contents(*Snapshot::open(folder_));
      EXPECT_TRUE(found == committed_ || found == now_);
      if (fault_.call == Call::kFsync) {
        EXPECT_EQ(code_of(step), ErrorCode::kIo);
        go_on_after_reopening();
      } else {
        step();
      }
    }
    committed_ = now_;
  }
  // After a failed fsync what was not committed is done again.
  void go_on_after_reopening() {
    close();
    writer_ = opened();
    const Contents found = contents(*writer_->refresh());
    EXPECT_TRUE(found == committed_ || found == now_);
    for (const auto& [id, source] : found) writer_->delete_document(id);
    for (const auto& [id, source] : now_) add(*writer_, {plain_doc(id, source)});
    writer_->commit("the mapping");
  }
  void read() {
    const auto step = [&] {
      EXPECT_EQ(contents(*Snapshot::open(folder_)), committed_);
      EXPECT_TRUE(check_index(folder_).sound());
    };
    if (fails(step)) step();
  }

  std::string folder_;
  const OneFault& fault_;
  Merges merges_;
  uint32_t buffers_;
  std::unique_ptr<IndexWriter> writer_;
  Contents now_, committed_;
  int failures_ = 0;
  uint64_t merged_ = 0;
  uint64_t told_ = 0;
};

// Lets each call of each kind fail, until there are no more; returns the failures.
int fail_each_call(Merges merges, uint32_t buffers = 1) {
  static constexpr int kErrors[] = {EIO, ENOSPC, EMFILE, EACCES};
  int total = 0;
  int told = 0;
  uint64_t merged = 0;
  for (const Call call : kAllCalls) {
    int n = 0;
    for (;; ++n) {
      SCOPED_TRACE(std::string(name_of(call)) + " number " + std::to_string(n));
      const TempFolder folder;
      OneFault fault(call, n, kErrors[static_cast<size_t>(n) % std::size(kErrors)]);
      Host host(folder / "index", fault, merges, buffers);
      {
        const Watch watch(fault);
        host.run();
      }
      merged += host.merged();
      EXPECT_EQ(host.merged() != 0, merges != Merges::kNone);
      EXPECT_LE(host.told(), fault.happened() ? 1U : 0U);
      // What is said when a descriptor that was only read is closed, or when a lock is let go or a
      // folder looked at that is there, is of no matter.
      const bool matters = call != Call::kClose && call != Call::kFlock && call != Call::kStat;
      if (fault.happened() && matters) {
        EXPECT_TRUE(host.told() != 0 || host.failures() != 0);
      }
      told += host.told() != 0 ? 1 : 0;
      if (!fault.happened() || ::testing::Test::HasFailure()) break;
    }
    std::cout << name_of(call) << ": " << n << " failed once\n";
    total += n;
  }
  std::cout << "calls that failed once: " << total << ", told by the monitor: " << told
            << "; merges: " << merged << '\n';
  if (merges != Merges::kNone) {
    EXPECT_GT(told, 40);
  }
  return total;
}

TEST(Fault, EveryCallFailsOnce) {
  if (!kCallsAreWatched) GTEST_SKIP();
  EXPECT_GT(fail_each_call(Merges::kNone), 200);
}

// Of segments that are written side by side one fails, and the others are there.
TEST(Fault, EveryCallFailsOnceWithSeveralBuffers) {
  if (!kCallsAreWatched) GTEST_SKIP();
  EXPECT_GT(fail_each_call(Merges::kNone, 3), 300);
}

TEST(Fault, EveryCallFailsOnceWithForcedMerges) {
  if (!kCallsAreWatched) GTEST_SKIP();
  EXPECT_GT(fail_each_call(Merges::kForced), 300);
}

TEST(Fault, EveryCallFailsOnceWithMergesInTheBackground) {
  if (!kCallsAreWatched) GTEST_SKIP();
  EXPECT_GT(fail_each_call(Merges::kBackground), 400);
}

// Each call is interrupted once before it happens, and writes take a part.
struct Interruptions : Observer {
  std::atomic<int> count{0};
  thread_local static inline bool again = false;
  int before(Event& event) override {
    switch (event.call) {
      case Call::kMmap:  // are not interrupted by Linux
      case Call::kStat:
      case Call::kMkdir:
      case Call::kOpenAt:
        return 0;
      default:
        break;
    }
    again = !again;
    if (again) {
      ++count;
      // A close that is interrupted is not tried again.
      if (event.call == Call::kClose) again = false;
      return EINTR;
    }
    if (event.call == Call::kWrite) event.len = 1 + event.len / 2;
    return 0;
  }
};

TEST(Fault, EveryCallIsInterruptedOnce) {
  if (!kCallsAreWatched) GTEST_SKIP();
  for (const Merges merges : {Merges::kNone, Merges::kForced, Merges::kBackground}) {
    const TempFolder folder;
    Interruptions interruptions;
    OneFault none(Call::kOpen, INT32_MAX, 0);
    Host host(folder / "index", none, merges);
    {
      const Watch watch(interruptions);
      host.run();
    }
    std::cout << "interrupted calls: " << interruptions.count << ", merges: " << host.merged()
              << '\n';
    EXPECT_GT(interruptions.count, 200);
    EXPECT_EQ(host.merged() != 0, merges != Merges::kNone);
    EXPECT_EQ(host.told(), 0U);
  }
}

}  // namespace
}  // namespace diagon::index
