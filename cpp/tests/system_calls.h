// The system calls of the engine, in the hands of a test: each can be watched, failed or cut short.
#pragma once

#include <cstddef>
#include <cstdint>

namespace diagon::testing {

enum class Call : uint8_t {
  kOpen,
  kOpenAt,
  kWrite,
  kFsync,
  kClose,
  kRename,
  kUnlink,
  kLink,
  kMkdir,
  kFtruncate,
  kMmap,
  kFlock,
  kStat,
  kGetrandom,
};
inline constexpr Call kAllCalls[] = {Call::kOpen,  Call::kOpenAt,    Call::kWrite,  Call::kFsync,
                                     Call::kClose, Call::kRename,    Call::kUnlink, Call::kLink,
                                     Call::kMkdir, Call::kFtruncate, Call::kMmap,   Call::kFlock,
                                     Call::kStat,  Call::kGetrandom};
const char* name_of(Call call);

struct Event {
  Call call;
  int fd = -1;                 // of calls on descriptors
  const char* path = nullptr;  // of calls on names
  const char* to = nullptr;    // rename, link
  const void* data = nullptr;  // write
  size_t len = 0;              // write, getrandom; `before` may make it smaller
  int flags = 0;               // open
};

// Told of each call while it is installed, in whatever thread makes it.
class Observer {
 public:
  virtual ~Observer() = default;
  // Returns 0 to let the call happen, or the errno with which it fails instead.
  virtual int before(Event&) { return 0; }
  // With what a call that happened returned.
  virtual void after(const Event&, long) {}
};

// Installs an observer for as long as it lives. One at a time.
class Watch {
 public:
  explicit Watch(Observer& observer);
  ~Watch();
  Watch(const Watch&) = delete;
  Watch& operator=(const Watch&) = delete;
};

}  // namespace diagon::testing
