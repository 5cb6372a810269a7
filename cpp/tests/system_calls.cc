// Stands in place of the C library's functions in the test program, and calls them.
#include "tests/system_calls.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdarg>
#include <cstdio>
#include <type_traits>

namespace {

using diagon::testing::Call;
using diagon::testing::Event;
using diagon::testing::Observer;

std::atomic<Observer*> installed{nullptr};

// The next function of that name in the program: the C library's, or a sanitizer's before it.
template <typename Function>
Function* next(const char* name) {
  return reinterpret_cast<Function*>(::dlsym(RTLD_NEXT, name));
}

// `happen` makes the call that the event describes; `failed` is what it returns when it fails.
template <typename Result, typename Happen>
Result observed(Event event, Result failed, Happen&& happen) {
  Observer* observer = installed.load();
  if (observer == nullptr) return happen(event);
  if (const int error = observer->before(event); error != 0) {
    // Whatever close says, Linux has closed it.
    if (event.call == Call::kClose) happen(event);
    errno = error;
    return failed;
  }
  const Result result = happen(event);
  if (result == failed) return result;
  const int error = errno;
  long number = 0;
  if constexpr (!std::is_pointer_v<Result>) number = static_cast<long>(result);
  observer->after(event, number);
  errno = error;
  return result;
}

Event of_fd(Call call, int fd) {
  Event event{call};
  event.fd = fd;
  return event;
}

Event of_path(Call call, const char* path, const char* to = nullptr) {
  Event event{call};
  event.path = path;
  event.to = to;
  return event;
}

}  // namespace

extern "C" {

int open(const char* path, int flags, ...) {
  mode_t mode = 0;
  if ((flags & (O_CREAT | O_TMPFILE)) != 0) {
    va_list rest;
    va_start(rest, flags);
    mode = va_arg(rest, mode_t);
    va_end(rest);
  }
  Event event = of_path(Call::kOpen, path);
  event.flags = flags;
  return observed(event, -1, [&](const Event&) {
    static auto* const call = next<int(const char*, int, ...)>("open");
    return call(path, flags, mode);
  });
}

// Of the C++ library, for folders.
int openat(int at, const char* path, int flags, ...) {
  mode_t mode = 0;
  if ((flags & (O_CREAT | O_TMPFILE)) != 0) {
    va_list rest;
    va_start(rest, flags);
    mode = va_arg(rest, mode_t);
    va_end(rest);
  }
  Event event = of_path(Call::kOpenAt, path);
  event.flags = flags;
  return observed(event, -1, [&](const Event&) {
    static auto* const call = next<int(int, const char*, int, ...)>("openat");
    return call(at, path, flags, mode);
  });
}

ssize_t write(int fd, const void* data, size_t len) {
  Event event = of_fd(Call::kWrite, fd);
  event.data = data;
  event.len = len;
  return observed(event, ssize_t{-1}, [&](const Event& e) {
    static auto* const call = next<ssize_t(int, const void*, size_t)>("write");
    return call(fd, data, e.len);
  });
}

int fsync(int fd) {
  return observed(of_fd(Call::kFsync, fd), -1, [&](const Event&) {
    static auto* const call = next<int(int)>("fsync");
    return call(fd);
  });
}

int close(int fd) {
  return observed(of_fd(Call::kClose, fd), -1, [&](const Event&) {
    static auto* const call = next<int(int)>("close");
    return call(fd);
  });
}

int rename(const char* from, const char* to) noexcept {
  return observed(of_path(Call::kRename, from, to), -1, [&](const Event&) {
    static auto* const call = next<int(const char*, const char*)>("rename");
    return call(from, to);
  });
}

int unlink(const char* path) noexcept {
  return observed(of_path(Call::kUnlink, path), -1, [&](const Event&) {
    static auto* const call = next<int(const char*)>("unlink");
    return call(path);
  });
}

int link(const char* from, const char* to) noexcept {
  return observed(of_path(Call::kLink, from, to), -1, [&](const Event&) {
    static auto* const call = next<int(const char*, const char*)>("link");
    return call(from, to);
  });
}

int mkdir(const char* path, mode_t mode) noexcept {
  return observed(of_path(Call::kMkdir, path), -1, [&](const Event&) {
    static auto* const call = next<int(const char*, mode_t)>("mkdir");
    return call(path, mode);
  });
}

int ftruncate(int fd, off_t len) noexcept {
  Event event = of_fd(Call::kFtruncate, fd);
  event.len = static_cast<size_t>(len);
  return observed(event, -1, [&](const Event&) {
    static auto* const call = next<int(int, off_t)>("ftruncate");
    return call(fd, len);
  });
}

void* mmap(void* at, size_t len, int protection, int flags, int fd, off_t offset) noexcept {
  static auto* const call = next<void*(void*, size_t, int, int, int, off_t)>("mmap");
  if (fd < 0) return call(at, len, protection, flags, fd, offset);  // memory, not a file
  return observed(of_fd(Call::kMmap, fd), MAP_FAILED,
                  [&](const Event&) { return call(at, len, protection, flags, fd, offset); });
}

int flock(int fd, int operation) noexcept {
  return observed(of_fd(Call::kFlock, fd), -1, [&](const Event&) {
    static auto* const call = next<int(int, int)>("flock");
    return call(fd, operation);
  });
}

int fstat(int fd, struct stat* out) noexcept {
  return observed(of_fd(Call::kStat, fd), -1, [&](const Event&) {
    static auto* const call = next<int(int, struct stat*)>("fstat");
    return call(fd, out);
  });
}

int stat(const char* path, struct stat* out) noexcept {
  return observed(of_path(Call::kStat, path), -1, [&](const Event&) {
    static auto* const call = next<int(const char*, struct stat*)>("stat");
    return call(path, out);
  });
}

ssize_t getrandom(void* out, size_t len, unsigned flags) {
  Event event{Call::kGetrandom};
  event.len = len;
  return observed(event, ssize_t{-1}, [&](const Event& e) {
    static auto* const call = next<ssize_t(void*, size_t, unsigned)>("getrandom");
    return call(out, e.len, flags);
  });
}

}  // extern "C"

namespace diagon::testing {

const char* name_of(Call call) {
  static constexpr const char* kNames[] = {"open",   "openat", "write", "fsync",    "close",
                                           "rename", "unlink", "link",  "mkdir",    "ftruncate",
                                           "mmap",   "flock",  "stat",  "getrandom"};
  return kNames[static_cast<size_t>(call)];
}

Watch::Watch(Observer& observer) { installed = &observer; }
Watch::~Watch() { installed = nullptr; }

}  // namespace diagon::testing
