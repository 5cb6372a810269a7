#include "diagon/directory/folder.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <system_error>
#include <utility>

#include "diagon/util/error.h"

namespace diagon::directory {
namespace {

template <typename Call>
int retry(Call&& call) {
  for (;;) {
    const int result = call();
    if (result != -1 || errno != EINTR) return result;
  }
}

void sync(const std::string& path, int flags) {
  const int fd = retry([&] { return ::open(path.c_str(), flags | O_RDONLY | O_CLOEXEC); });
  if (fd < 0) throw_io(path, "open", errno);
  const int result = retry([&] { return ::fsync(fd); });
  const int why = errno;
  ::close(fd);
  if (result != 0)
    throw SyncError(ErrorCode::kIo, path + ": fsync: " + std::generic_category().message(why));
}

}  // namespace

void create_folder(const std::string& path) {
  namespace fs = std::filesystem;
  std::error_code error;
  fs::path at = fs::absolute(path, error);
  if (error) throw_io(path, "mkdir", error.value());
  std::vector<fs::path> missing;
  for (; !fs::is_directory(at, error) && at.has_relative_path(); at = at.parent_path())
    missing.push_back(at);
  for (; !missing.empty(); missing.pop_back()) {
    const fs::path& folder = missing.back();
    if (!folder.has_filename()) continue;  // of "a/b/", which is "a/b" once more
    fs::create_directory(folder, error);
    if (error) throw_io(folder.string(), "mkdir", error.value());
    sync_folder(folder.parent_path().string());
  }
}

bool exists(const std::string& path) {
  struct stat status;
  if (retry([&] { return ::stat(path.c_str(), &status); }) == 0) return true;
  if (errno == ENOENT || errno == ENOTDIR) return false;
  throw_io(path, "stat", errno);
}

std::vector<std::string> list(const std::string& folder) {
  std::vector<std::string> names;
  std::error_code error;
  std::filesystem::directory_iterator at(folder, error);
  while (!error && at != std::filesystem::directory_iterator()) {
    names.push_back(at->path().filename().string());
    at.increment(error);
  }
  if (error) throw_io(folder, "list", error.value());
  std::sort(names.begin(), names.end());
  return names;
}

void sync_file(const std::string& path) { sync(path, 0); }

void sync_folder(const std::string& path) { sync(path, O_DIRECTORY); }

void rename_file(const std::string& from, const std::string& to) {
  if (retry([&] { return ::rename(from.c_str(), to.c_str()); }) != 0)
    throw_io(from, ("rename to " + to).c_str(), errno);
}

void remove_file(const std::string& path) {
  if (retry([&] { return ::unlink(path.c_str()); }) != 0 && errno != ENOENT)
    throw_io(path, "unlink", errno);
}

FolderLock::FolderLock(const std::string& path) {
  fd_ = retry([&] { return ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644); });
  if (fd_ < 0) throw_io(path, "open", errno);
  if (retry([&] { return ::flock(fd_, LOCK_EX | LOCK_NB); }) == 0) return;
  const int why = errno;
  ::close(std::exchange(fd_, -1));
  if (why == EWOULDBLOCK)
    throw Error(ErrorCode::kLocked, path + ": held by another writer of this index");
  throw_io(path, "flock", why);
}

FolderLock::~FolderLock() {
  if (fd_ < 0) return;
  // Closing is not enough: a process that another thread has just started has the descriptor, too,
  // until it runs its program, and would hold the lock for that long.
  retry([&] { return ::flock(fd_, LOCK_UN); });
  ::close(fd_);
}

}  // namespace diagon::directory
