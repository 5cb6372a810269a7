// A disk that forgets: what is done to a folder is recorded, and can be played into another folder
// as a power cut at any moment may have left it.
//
// The rules are the strict ones: of a file, only what an fsync of it covered is sure; of the names
// in a folder, only what an fsync of the folder covered. Of all the rest, each piece is there, not
// there, or torn, in any combination, whatever the order in which it was written.
#pragma once

#include <deque>
#include <map>
#include <mutex>
#include <random>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "tests/helpers.h"
#include "tests/system_calls.h"

namespace diagon::testing {

class RecordedDisk : public Observer {
 public:
  // What is below `root` now is taken for sure.
  explicit RecordedDisk(std::string root);

  int before(Event& event) override;
  void after(const Event& event, long result) override;

  // A remark among the operations.
  void mark(int what);
  size_t size() const { return log_.size(); }
  // How often that remark is among the first `operations`.
  size_t marks(int what, size_t operations) const;
  // Whether another thread than the one that made this disk did the last of the first `operations`.
  bool is_of_another_thread(size_t operations) const;

  // Makes `into` (an empty folder) what a power cut after the first `operations` left.
  void cut(size_t operations, std::mt19937& random, const std::string& into) const;

 private:
  using Inode = size_t;
  static constexpr Inode kNone = 0;
  enum class What { kName, kWrite, kSyncFile, kSyncFolder, kMark };
  struct Operation {
    What what;
    std::string name;  // kName: of a file or folder, relative to the root; kSyncFolder: the folder
    Inode inode = kNone;  // kName: what it names from now on
    uint64_t offset = 0;
    Bytes bytes;
    int mark = 0;
    bool elsewhere = false;  // in another thread than the disk was made in
  };
  struct Descriptor {
    Inode inode = kNone;
    std::string folder;  // of a folder
    uint64_t offset = 0;
  };
  struct Pending {
    uint64_t offset;
    const Bytes* bytes;
  };
  struct File {
    Bytes sure;
    std::vector<Pending> pending;
  };

  bool inside(const std::string& path, std::string& name) const;
  void bind(const std::string& name, Inode inode);
  void record(Operation operation);
  Bytes left_of(const File& file, std::mt19937& random) const;

  std::string root_;
  std::thread::id made_by_ = std::this_thread::get_id();
  mutable std::mutex mutex_;
  std::deque<Operation> log_;  // its elements stay where they are
  std::map<std::string, Inode> names_, first_names_;
  std::map<Inode, Bytes> first_files_;
  std::set<Inode> folders_;
  std::map<int, Descriptor> descriptors_;
  Inode last_inode_ = kNone;
};

}  // namespace diagon::testing
