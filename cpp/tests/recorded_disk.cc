#include "tests/recorded_disk.h"

#include <fcntl.h>

namespace diagon::testing {
namespace {

namespace fs = std::filesystem;

// What a disk writes in one piece.
constexpr uint64_t kSector = 512;

bool one_in(std::mt19937& random, uint32_t n) { return random() % n == 0; }

}  // namespace

RecordedDisk::RecordedDisk(std::string root) : root_(std::move(root)) {
  for (const auto& entry : fs::recursive_directory_iterator(root_)) {
    const std::string name = entry.path().lexically_relative(root_).string();
    names_[name] = ++last_inode_;
    if (entry.is_directory()) {
      folders_.insert(last_inode_);
    } else {
      first_files_[last_inode_] = read_bytes(entry.path().string());
    }
  }
  first_names_ = names_;
}

bool RecordedDisk::inside(const std::string& path, std::string& name) const {
  name = fs::path(path).lexically_relative(root_).lexically_normal().string();
  return !name.empty() && !name.starts_with("..");
}

void RecordedDisk::bind(const std::string& name, Inode inode) {
  names_[name] = inode;
  record({What::kName, name, inode, 0, {}, 0});
}

void RecordedDisk::record(Operation operation) {
  operation.elsewhere = std::this_thread::get_id() != made_by_;
  log_.push_back(std::move(operation));
}

int RecordedDisk::before(Event& event) {
  if (event.call == Call::kFtruncate) ADD_FAILURE() << "ftruncate has no rules here";
  if (event.call == Call::kClose) {
    // Before the number can be another thread's.
    const std::lock_guard guard(mutex_);
    descriptors_.erase(event.fd);
  }
  return 0;
}

void RecordedDisk::after(const Event& event, long result) {
  const std::lock_guard guard(mutex_);
  std::string name;
  std::string to;
  switch (event.call) {
    case Call::kOpen: {
      if (!inside(event.path, name)) return;
      Descriptor& descriptor = descriptors_[static_cast<int>(result)];
      descriptor = {};
      const Inode known = names_.contains(name) ? names_[name] : kNone;
      if (name == "." || folders_.contains(known)) {
        descriptor.folder = name;
        return;
      }
      if ((event.flags & O_CREAT) != 0 && known == kNone) bind(name, ++last_inode_);
      descriptor.inode = names_[name];
      return;
    }
    case Call::kWrite: {
      const auto at = descriptors_.find(event.fd);
      if (at == descriptors_.end()) return;
      const auto* data = static_cast<const uint8_t*>(event.data);
      record(
          {What::kWrite, "", at->second.inode, at->second.offset, Bytes(data, data + result), 0});
      at->second.offset += static_cast<uint64_t>(result);
      return;
    }
    case Call::kFsync: {
      const auto at = descriptors_.find(event.fd);
      if (at == descriptors_.end()) return;
      const bool folder = !at->second.folder.empty();
      record({folder ? What::kSyncFolder : What::kSyncFile,
              at->second.folder,
              at->second.inode,
              0,
              {},
              0});
      return;
    }
    case Call::kRename:
    case Call::kLink:
      if (!inside(event.path, name) || !inside(event.to, to)) return;
      bind(to, names_[name]);
      if (event.call == Call::kRename) bind(name, kNone);
      return;
    case Call::kUnlink:
      if (inside(event.path, name)) bind(name, kNone);
      return;
    case Call::kMkdir:
      if (!inside(event.path, name)) return;
      folders_.insert(++last_inode_);
      bind(name, last_inode_);
      return;
    default:
      return;
  }
}

void RecordedDisk::mark(int what) {
  const std::lock_guard guard(mutex_);
  record({What::kMark, "", kNone, 0, {}, what});
}

bool RecordedDisk::is_of_another_thread(size_t operations) const {
  return operations != 0 && log_[operations - 1].elsewhere;
}

size_t RecordedDisk::marks(int what, size_t operations) const {
  const auto end = log_.begin() + static_cast<ptrdiff_t>(operations);
  return static_cast<size_t>(std::count_if(log_.begin(), end, [&](const Operation& o) {
    return o.what == What::kMark && o.mark == what;
  }));
}

void RecordedDisk::cut(size_t operations, std::mt19937& random, const std::string& into) const {
  std::map<std::string, std::vector<Inode>> names;  // what each may be, the sure one first
  for (const auto& [name, inode] : first_names_) names[name] = {inode};
  std::map<Inode, File> files;
  for (const auto& [inode, bytes] : first_files_) files[inode].sure = bytes;
  for (size_t i = 0; i < operations; ++i) {
    const Operation& o = log_[i];
    switch (o.what) {
      case What::kName: {
        auto& history = names[o.name];
        if (history.empty()) history.push_back(kNone);
        history.push_back(o.inode);
        break;
      }
      case What::kWrite:
        files[o.inode].pending.push_back({o.offset, &o.bytes});
        break;
      case What::kSyncFile: {
        File& file = files[o.inode];
        for (const Pending& p : file.pending) {
          file.sure.resize(std::max<size_t>(file.sure.size(), p.offset + p.bytes->size()));
          std::copy(p.bytes->begin(), p.bytes->end(),
                    file.sure.begin() + static_cast<ptrdiff_t>(p.offset));
        }
        file.pending.clear();
        break;
      }
      case What::kSyncFolder:
        for (auto& [name, history] : names) {
          const std::string folder = fs::path(name).parent_path().string();
          if ((folder.empty() ? "." : folder) == o.name) history = {history.back()};
        }
        break;
      case What::kMark:
        break;
    }
  }
  // All that was done, only what is sure, or anything between.
  const size_t way = random() % 6;
  for (const auto& [name, history] : names) {
    const Inode inode = way == 0   ? history.back()
                        : way == 1 ? history.front()
                                   : history[random() % history.size()];
    const fs::path path = fs::path(into) / name;
    if (inode == kNone || !fs::exists(path.parent_path())) continue;
    if (folders_.contains(inode)) {
      fs::create_directory(path);
    } else {
      write_bytes(path.string(), left_of(files[inode], random));
    }
  }
}

Bytes RecordedDisk::left_of(const File& file, std::mt19937& random) const {
  Bytes out = file.sure;
  uint64_t end = out.size();
  const size_t way = random() % 4;  // nothing more, everything, or some pieces
  const size_t most = way == 0 ? 0 : way == 1 ? 16 : 1 + random() % 15;
  for (const Pending& p : file.pending) {
    end = std::max<uint64_t>(end, p.offset + p.bytes->size());
    for (size_t at = 0; at < p.bytes->size();) {
      size_t len = std::min<size_t>(kSector - (p.offset + at) % kSector, p.bytes->size() - at);
      const size_t next = at + len;
      if (random() % 16 < most) {
        if (most != 16 && one_in(random, 16)) len = random() % len;  // torn
        out.resize(std::max<size_t>(out.size(), p.offset + at + len));
        std::copy_n(p.bytes->begin() + static_cast<ptrdiff_t>(at), len,
                    out.begin() + static_cast<ptrdiff_t>(p.offset + at));
      }
      at = next;
    }
  }
  // The length may be there before the bytes, and the bytes before the length.
  if (one_in(random, 4)) out.resize(end);
  if (one_in(random, 8)) out.resize(file.sure.size() + random() % (end - file.sure.size() + 1));
  return out;
}

}  // namespace diagon::testing
