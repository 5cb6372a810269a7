// Operations on an index's folder. All survive EINTR (hosts such as Go's runtime send signals) and
// throw kIo with the path.
#pragma once

#include <string>
#include <vector>

#include "diagon/util/error.h"

namespace diagon::directory {

// Thrown where an fsync failed: the system may have dropped what was to be written, and a later
// fsync of the same file would succeed all the same.
class SyncError : public Error {
 public:
  using Error::Error;
};

// Creates the folder (and its parents) if it is missing; each is durable in its parent.
void create_folder(const std::string& path);
bool exists(const std::string& path);
// Names in the folder, sorted, without "." and "..".
std::vector<std::string> list(const std::string& folder);
// fsync of a file's data or of a folder's entries. A failure is final: the caller must not take a
// later success for it.
void sync_file(const std::string& path);
void sync_folder(const std::string& path);
void rename_file(const std::string& from, const std::string& to);
// A file that is missing already is no error.
void remove_file(const std::string& path);

// Exclusive for as long as it lives: an advisory lock (flock) on `path`, which is created if it is
// missing and never removed.
class FolderLock {
 public:
  // Throws kLocked if another process or another FolderLock of this one holds it.
  explicit FolderLock(const std::string& path);
  ~FolderLock();
  FolderLock(const FolderLock&) = delete;
  FolderLock& operator=(const FolderLock&) = delete;

 private:
  int fd_ = -1;
};

}  // namespace diagon::directory
