// Every system call of indexing, committing and opening fails once, and the disk is full: nothing
// that was committed is lost, nothing is half there, and the writer goes on.
#include <fcntl.h>
#include <signal.h>
#include <sys/time.h>

#include <atomic>
#include <cerrno>
#include <filesystem>
#include <iostream>
#include <set>
#include <thread>

#include "diagon/index/check.h"
#include "diagon/index/index_writer.h"
#include "diagon/search/top_docs.h"
#include "tests/queries.h"
#include "tests/system_calls.h"

namespace diagon::index {
namespace {

using namespace diagon::testing;  // NOLINT(google-build-using-namespace)

using Contents = std::map<std::string, std::string>;  // id -> source

Doc make_doc(const std::string& id, const std::string& source) {
  Doc doc;
  doc.id = id;
  doc.source = source;
  doc.text(kBody, {"all", source});
  doc.keyword(kTag, source);
  return doc;
}

Contents contents(const Snapshot& snapshot) {
  Contents out;
  for (size_t s = 0; s < snapshot.size(); ++s)
    for (DocId d = 0; d < snapshot.segment(s).reader->max_doc(); ++d)
      if (snapshot.segment(s).is_live(d))
        out[std::string(snapshot.segment(s).reader->doc_id(d))] =
            source_of(*snapshot.segment(s).reader, d);
  return out;
}

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
  Host(std::string folder, const OneFault& fault) : folder_(std::move(folder)), fault_(fault) {}

  void run() {
    open();
    add_all({{"a", "1"}, {"b", "1"}});
    refresh();
    commit();
    read();
    add_all({{"b", "2"}, {"c", "2"}});
    remove("a");
    commit();
    read();
    writer_.reset();
    open();
    add_all({{"d", "3"}});
    refresh();
    remove("c");
    commit();
    read();
    EXPECT_EQ(committed_, (Contents{{"b", "2"}, {"d", "3"}}));
    writer_.reset();
    open();  // what a fault left is cleared up now
    const auto step = [&] { EXPECT_EQ(names(), named()); };
    if (fails(step)) step();
  }

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

  void open() {
    const auto step = [&] { writer_ = open_writer(folder_); };
    if (fails(step)) step();
    EXPECT_EQ(contents(*writer_->refresh()), committed_);
  }
  void add_all(const Contents& docs) {
    for (const auto& [id, source] : docs) {
      // Documents are added also if a full buffer can't be written.
      fails([&, &i = id, &s = source] { add(*writer_, {make_doc(i, s)}); });
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
    writer_.reset();
    writer_ = open_writer(folder_);
    const Contents found = contents(*writer_->refresh());
    EXPECT_TRUE(found == committed_ || found == now_);
    for (const auto& [id, source] : found) writer_->delete_document(id);
    for (const auto& [id, source] : now_) add(*writer_, {make_doc(id, source)});
    writer_->commit("the mapping");
  }
  void read() {
    const auto step = [&] {
      EXPECT_EQ(contents(*Snapshot::open(folder_)), committed_);
      EXPECT_TRUE(check_index(folder_).sound());
    };
    if (fails(step)) step();
  }

  std::set<std::string> names() const {
    const auto list = directory::list(folder_);
    return {list.begin(), list.end()};
  }
  // The names that a commit needs.
  std::set<std::string> named() const {
    std::set<std::string> out = {"manifest", "write.lock"};
    for (const ManifestSegment& s : read_manifest(folder_).segments) {
      const auto put = [&](const std::string& path) {
        out.insert(std::filesystem::path(path).filename().string());
      };
      for (const char* extension : kSegmentExtensions)
        put(segment_file(folder_, s.number, extension));
      if (s.live_generation != 0) put(live_file(folder_, s.number, s.live_generation));
    }
    return out;
  }

  std::string folder_;
  const OneFault& fault_;
  std::unique_ptr<IndexWriter> writer_;
  Contents now_, committed_;
  int failures_ = 0;
};

TEST(Fault, EveryCallFailsOnce) {
  static constexpr int kErrors[] = {EIO, ENOSPC, EMFILE, EACCES};
  int total = 0;
  for (const Call call : kAllCalls) {
    int n = 0;
    for (;; ++n) {
      SCOPED_TRACE(std::string(name_of(call)) + " number " + std::to_string(n));
      const TempFolder folder;
      OneFault fault(call, n, kErrors[static_cast<size_t>(n) % std::size(kErrors)]);
      {
        const Watch watch(fault);
        Host(folder / "index", fault).run();
      }
      if (!fault.happened() || HasFailure()) break;
    }
    std::cout << name_of(call) << ": " << n << " failed once\n";
    total += n;
  }
  EXPECT_GT(total, 200);
}

// From one moment on there is no room, until there is.
struct FullDisk : Observer {
  std::atomic<int64_t> room{INT64_MAX};
  int before(Event& event) override {
    if (event.call == Call::kOpen && (event.flags & O_CREAT) != 0 && room <= 0) return ENOSPC;
    if (event.call != Call::kWrite) return 0;
    if (room <= 0) return ENOSPC;
    // The last write before is cut short.
    event.len = std::min<size_t>(event.len, static_cast<size_t>(room.load()));
    room -= static_cast<int64_t>(event.len);
    return 0;
  }
};

TEST(Fault, AFullDiskIsSurvived) {
  int refused = 0;
  for (int64_t room = 0; room < 9000; room += 250) {
    SCOPED_TRACE(room);
    const TempFolder folder;
    FullDisk disk;
    const Watch watch(disk);
    const auto writer = open_writer(folder / "index", 1'000);
    add(*writer, {make_doc("a", "1")});
    writer->commit("");
    Contents want = {{"a", "1"}};
    disk.room = room;
    bool full = false;
    const auto attempt = [&](auto&& step) {
      try {
        step();
      } catch (const Error& e) {
        EXPECT_EQ(e.code(), ErrorCode::kIo) << e.what();
        EXPECT_NE(std::string(e.what()).find("No space left"), std::string::npos) << e.what();
        full = true;
      }
    };
    Contents committed = want;
    for (int i = 0; i < 4; ++i) {
      const std::string id = "b" + std::to_string(i);
      attempt([&] { add(*writer, {make_doc(id, "2")}); });
      want[id] = "2";
      full = false;
      attempt([&] { writer->commit(""); });
      if (!full) committed = want;
      // Searches go on.
      EXPECT_EQ(contents(*Snapshot::open(folder / "index")), committed);
      refused += full ? 1 : 0;
    }
    disk.room = INT64_MAX;
    EXPECT_EQ(contents(*writer->commit("")), want);
    EXPECT_TRUE(check_index(folder / "index").sound());
  }
  std::cout << "full disks: " << refused << " commits refused\n";
  EXPECT_GT(refused, 20);
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
  const TempFolder folder;
  Interruptions interruptions;
  OneFault none(Call::kOpen, INT32_MAX, 0);
  {
    const Watch watch(interruptions);
    Host(folder / "index", none).run();
  }
  std::cout << "interrupted calls: " << interruptions.count << '\n';
  EXPECT_GT(interruptions.count, 200);
}

std::atomic<uint64_t> signals_seen{0};

// Real signals, as Go's runtime sends them, to whichever thread is there.
TEST(Fault, SignalsDuringEverything) {
  struct sigaction action {};
  action.sa_handler = [](int) { ++signals_seen; };  // without SA_RESTART
  struct sigaction before {};
  ASSERT_EQ(::sigaction(SIGALRM, &action, &before), 0);
  const itimerval often = {{0, 200}, {0, 200}};
  const itimerval never{};
  ASSERT_EQ(::setitimer(ITIMER_REAL, &often, nullptr), 0);
  const TempFolder folder;
  std::atomic<bool> done{false};
  std::atomic<uint64_t> searches{0};
  {
    const auto writer = open_writer(folder.path(), 20'000);
    writer->commit("");
    std::thread searcher([&] {
      while (!done) {
        const auto snapshot = Snapshot::open(folder.path());
        const search::PreparedQuery prepared(snapshot, term(kBody, "all"), true);
        EXPECT_EQ(search_top(prepared, {.k = 10}, Interrupt()).count, snapshot->live_count());
        ++searches;
      }
    });
    Contents want;
    for (int round = 0; round < 30 || signals_seen < 1'000 || searches < 30; ++round) {
      for (int i = 0; i < 5; ++i) {
        const std::string id = std::to_string((round * 5 + i) % 40);
        want[id] = std::to_string(round);
        add(*writer, {make_doc(id, want[id])});
      }
      EXPECT_EQ(contents(*writer->commit("")), want);
    }
    done = true;
    searcher.join();
  }
  EXPECT_EQ(::setitimer(ITIMER_REAL, &never, nullptr), 0);
  EXPECT_EQ(::sigaction(SIGALRM, &before, nullptr), 0);
  EXPECT_TRUE(check_index(folder.path()).sound());
  std::cout << "signals: " << signals_seen << ", searches: " << searches << '\n';
}

}  // namespace
}  // namespace diagon::index
