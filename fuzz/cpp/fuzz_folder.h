// A folder for as long as the fuzzer runs. In memory where there is such a place.
#pragma once

#include <stdlib.h>

#include <filesystem>
#include <string>

namespace diagon::fuzz {

inline std::string make_folder() {
  const char* base = std::filesystem::exists("/dev/shm") ? "/dev/shm" : "/tmp";
  std::string name = std::string(base) + "/diagon-fuzz-XXXXXX";
  if (::mkdtemp(name.data()) == nullptr) ::abort();
  return name;
}

// Removed at the end, also of a run that found something.
class Folder {
 public:
  Folder() : path_(make_folder()) {}
  ~Folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

}  // namespace diagon::fuzz
