// Real signals, as Go's runtime sends them, to whichever thread is there.
#include <signal.h>
#include <sys/time.h>

#include <atomic>
#include <iostream>
#include <thread>

#include "diagon/index/check.h"
#include "diagon/index/index_writer.h"
#include "diagon/search/top_docs.h"
#include "tests/contents.h"
#include "tests/queries.h"

namespace diagon::index {
namespace {

using namespace diagon::testing;  // NOLINT(google-build-using-namespace)

std::atomic<uint64_t> signals_seen{0};

// Some five thousand signals a second while it lives, with a handler that doesn't ask for calls to
// be started again.
class Signals {
 public:
  Signals() {
    signals_seen = 0;
    struct sigaction action {};
    action.sa_handler = [](int) { ++signals_seen; };
    EXPECT_EQ(::sigaction(SIGALRM, &action, &before_), 0);
    const itimerval often = {{0, 200}, {0, 200}};
    EXPECT_EQ(::setitimer(ITIMER_REAL, &often, nullptr), 0);
  }
  ~Signals() {
    const itimerval never{};
    EXPECT_EQ(::setitimer(ITIMER_REAL, &never, nullptr), 0);
    EXPECT_EQ(::sigaction(SIGALRM, &before_, nullptr), 0);
  }
  Signals(const Signals&) = delete;
  Signals& operator=(const Signals&) = delete;

 private:
  struct sigaction before_ {};
};

void write_and_search(const WriterMergeOptions& merges) {
  const Signals signals;
  const TempFolder folder;
  std::atomic<bool> done{false};
  std::atomic<uint64_t> searches{0};
  WriterOptions options;
  options.ram_buffer_bytes = 20'000;
  options.merges = merges;
  const auto writer = open_writer(folder.path(), options);
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
      add(*writer, {plain_doc(id, want[id])});
    }
    EXPECT_EQ(contents(*writer->commit("")), want);
  }
  done = true;
  searcher.join();
  EXPECT_TRUE(writer->wait_for_merges(std::chrono::minutes(1)));
  EXPECT_EQ(contents(*writer->commit("")), want);
  const MergeStats stats = writer->monitor()->stats();
  EXPECT_EQ(stats.failures, 0U) << stats.error;
  EXPECT_EQ(stats.merges > 5, merges.background);
  EXPECT_TRUE(check_index(folder.path()).sound());
  std::cout << "signals: " << signals_seen << ", searches: " << searches
            << ", merges: " << stats.merges << '\n';
}

TEST(Fault, SignalsDuringEverything) {
  WriterMergeOptions merges;
  merges.background = false;
  write_and_search(merges);
}

TEST(Fault, SignalsDuringMerges) { write_and_search(eager_merges()); }

}  // namespace
}  // namespace diagon::index
