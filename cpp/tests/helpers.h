// What the tests of files share: folders, damage, and checksums made right again after it.
#pragma once

#include <gtest/gtest.h>
#include <stdlib.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <random>
#include <string>
#include <vector>

#include "diagon/codec/checksum.h"
#include "diagon/directory/file.h"
#include "diagon/util/bytes.h"
#include "diagon/util/error.h"

namespace diagon::testing {

using Bytes = std::vector<uint8_t>;

// A folder that is removed with all that is in it.
class TempFolder {
 public:
  TempFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "diagon-test-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) throw_io(name, "mkdtemp", errno);
    path_ = name;
  }
  ~TempFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TempFolder(const TempFolder&) = delete;
  TempFolder& operator=(const TempFolder&) = delete;
  std::string operator/(const std::string& name) const { return path_ + "/" + name; }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

inline Bytes read_bytes(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

inline void write_bytes(const std::string& path, const Bytes& bytes) {
  std::filesystem::remove(path);  // open mappings keep the old file
  std::ofstream out(path, std::ios::binary);
  out.write(reinterpret_cast<const char*>(bytes.data()),
            static_cast<std::streamsize>(bytes.size()));
}

inline constexpr size_t kHeader = 64;
inline constexpr size_t kFooter = 24;

// Where the payload ends, by the footer. REQUIRES: a whole file.
inline size_t payload_end(const Bytes& bytes) {
  return kHeader + load<uint64_t>(bytes.data() + bytes.size() - kFooter);
}

// Makes all checksums right, as an attacker would.
inline void reseal(Bytes& bytes) {
  store(bytes.data() + 60, codec::crc32c_scalar(0, bytes.data(), 60));
  const size_t end = payload_end(bytes);
  size_t entry = end;
  for (size_t at = kHeader; at < end; at += directory::kChecksumBlock, entry += 4) {
    const size_t len = std::min<size_t>(directory::kChecksumBlock, end - at);
    store(bytes.data() + entry, codec::crc32c_scalar(0, bytes.data() + at, len));
  }
  const size_t crc_at = bytes.size() - 12;
  store(bytes.data() + crc_at, codec::crc32c_scalar(0, bytes.data() + end, crc_at - end));
}

template <typename Call>
ErrorCode code_of(Call&& call) {
  try {
    call();
  } catch (const Error& error) {
    return error.code();
  }
  ADD_FAILURE() << "nothing was thrown";
  return ErrorCode::kInternal;
}

// Damages the file in many ways. `read` opens it, reads all of it, and returns what it read, in any
// form.
//
// With wrong checksums, `read` must throw kCorrupt (kUnsupportedFormat for the version) or return
// the same as undamaged. With checksums made right again, it may return anything or throw kCorrupt
// (kNotFound never); sanitizers see the rest.
template <typename Read>
void check_damage(const std::string& path, int rounds, Read&& read) {
  const Bytes good = read_bytes(path);
  const auto expected = read();
  std::mt19937 random(42);
  const auto below = [&](size_t n) {
    return std::uniform_int_distribution<size_t>(0, n - 1)(random);
  };
  const auto attempt = [&](const Bytes& bytes, bool sealed, const std::string& what) {
    write_bytes(path, bytes);
    try {
      const auto got = read();
      if (!sealed) {
        EXPECT_TRUE(got == expected) << "wrong answer after " << what;
      }
    } catch (const Error& error) {
      EXPECT_TRUE(error.code() == ErrorCode::kCorrupt ||
                  (!sealed && error.code() == ErrorCode::kUnsupportedFormat))
          << error.what();
      // Sealed damage may show only where another file disagrees.
      const std::string named = sealed ? std::filesystem::path(path).parent_path().string() : path;
      EXPECT_EQ(std::string(error.what()).rfind(named, 0), 0U) << error.what();
    }
  };
  for (int round = 0; round < rounds; ++round) {
    Bytes bytes = good;
    bytes.resize(below(good.size()));
    attempt(bytes, false, "a truncation to " + std::to_string(bytes.size()));

    bytes = good;
    const size_t at = below(good.size());
    bytes[at] = static_cast<uint8_t>(bytes[at] ^ 1u << below(8));
    attempt(bytes, false, "a flip in byte " + std::to_string(at));

    const size_t payload = payload_end(good) - kHeader;
    if (payload == 0) continue;
    bytes = good;
    for (size_t flips = 1 + below(3); flips != 0; --flips) {
      // Half of the damage near an end, where tables and counts are.
      size_t where = below(payload);
      if (below(2) == 0)
        where = below(2) == 0 ? below(std::min<size_t>(payload, 64))
                              : payload - 1 - below(std::min<size_t>(payload, 64));
      uint8_t& byte = bytes[kHeader + where];
      switch (below(4)) {
        case 0:
          byte = 0xff;
          break;
        case 1:
          byte = 0;
          break;
        default:
          byte = static_cast<uint8_t>(byte ^ 1u << below(8));
      }
    }
    reseal(bytes);
    attempt(bytes, true, "sealed damage");
  }
  write_bytes(path, good);
}

}  // namespace diagon::testing
