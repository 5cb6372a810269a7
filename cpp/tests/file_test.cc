#include "diagon/directory/file.h"

#include <sys/stat.h>

#include <set>
#include <thread>

#include "tests/helpers.h"

namespace diagon::directory {
namespace {

using diagon::testing::Bytes;
using diagon::testing::check_damage;
using diagon::testing::code_of;
using diagon::testing::read_bytes;
using diagon::testing::reseal;
using diagon::testing::TempFolder;
using diagon::testing::write_bytes;

constexpr SegmentId kId = {1, 2, 3, 4};

Bytes random_bytes(size_t len) {
  std::mt19937 random(static_cast<uint32_t>(len));
  Bytes bytes(len);
  for (uint8_t& b : bytes) b = static_cast<uint8_t>(random());
  return bytes;
}

void write(const std::string& path, const Bytes& payload, size_t step) {
  FileWriter out(path, FileKind::kStored, kId);
  for (size_t at = 0; at < payload.size(); at += step) {
    out.append(payload.data() + at, std::min(step, payload.size() - at));
  }
  EXPECT_EQ(out.offset(), payload.size());
  out.finish();
}

Bytes contents(const MappedFile& file) {
  const uint8_t* at = file.touch(0, file.size());
  return {at, at + file.size()};
}

TEST(File, RoundTripsAtBlockBoundaries) {
  const TempFolder folder;
  const std::string path = folder / "f";
  for (const size_t len : {0, 1, 65535, 65536, 65537, 262143, 262144, 300000, 655360}) {
    for (const size_t step : {1000, 65536, 262144, 1000000}) {
      const Bytes payload = random_bytes(len);
      write(path, payload, step);
      const auto file = MappedFile::open(path, FileKind::kStored, &kId);
      EXPECT_EQ(file->size(), len);
      EXPECT_EQ(file->id(), kId);
      EXPECT_EQ(contents(*file), payload);
      file->verify_all();
    }
  }
}

TEST(File, AlignsAndChecksRanges) {
  const TempFolder folder;
  FileWriter out(folder / "f", FileKind::kStored, kId);
  out.align(8);
  EXPECT_EQ(out.offset(), 0U);
  out.append("x", 1);
  out.align(64);
  EXPECT_EQ(out.offset(), 64U);
  out.finish();
  EXPECT_EQ(code_of([&] { out.finish(); }), ErrorCode::kInternal);
  const auto file = MappedFile::open(folder / "f", FileKind::kStored, nullptr);
  EXPECT_EQ(reinterpret_cast<uintptr_t>(file->touch(0, 64)) % 64, 0U);
  EXPECT_NO_THROW(file->touch(64, 0));
  EXPECT_EQ(code_of([&] { file->touch(0, 65); }), ErrorCode::kCorrupt);
  EXPECT_EQ(code_of([&] { file->touch(65, 0); }), ErrorCode::kCorrupt);
  EXPECT_EQ(code_of([&] { file->touch(8, UINT64_MAX - 4); }), ErrorCode::kCorrupt);
  EXPECT_EQ(code_of([&] { file->touch(UINT64_MAX, 8); }), ErrorCode::kCorrupt);
}

TEST(File, NoticesSwappedFilesAndOtherVersions) {
  const TempFolder folder;
  const std::string path = folder / "f";
  write(path, random_bytes(100), 100);
  const SegmentId other = {9};
  EXPECT_EQ(code_of([&] { MappedFile::open(path, FileKind::kTerms, &kId); }), ErrorCode::kCorrupt);
  EXPECT_EQ(code_of([&] { MappedFile::open(path, FileKind::kStored, &other); }),
            ErrorCode::kCorrupt);
  EXPECT_EQ(code_of([&] { MappedFile::open(folder / "g", FileKind::kStored, &kId); }),
            ErrorCode::kNotFound);
  EXPECT_EQ(code_of([&] { MappedFile::open(folder.path(), FileKind::kStored, &kId); }),
            ErrorCode::kCorrupt);
  EXPECT_EQ(code_of([&] { FileWriter(folder / "no/f", FileKind::kTerms, kId); }), ErrorCode::kIo);
  Bytes bytes = read_bytes(path);
  for (const uint8_t version : std::initializer_list<uint8_t>{0, 2, 255}) {
    bytes[8] = version;
    reseal(bytes);
    write_bytes(path, bytes);
    EXPECT_EQ(code_of([&] { MappedFile::open(path, FileKind::kStored, &kId); }),
              ErrorCode::kUnsupportedFormat);
  }
}

TEST(File, EveryFlippedByteIsNoticed) {
  const TempFolder folder;
  const std::string path = folder / "f";
  write(path, random_bytes(70), 70);
  const Bytes good = read_bytes(path);
  for (size_t at = 0; at < good.size(); ++at) {
    Bytes bytes = good;
    bytes[at] ^= 0x10;
    write_bytes(path, bytes);
    const ErrorCode code =
        code_of([&] { MappedFile::open(path, FileKind::kStored, &kId)->verify_all(); });
    EXPECT_EQ(code, ErrorCode::kCorrupt) << at;
  }
  for (size_t len = 0; len < good.size(); ++len) {
    write_bytes(path, Bytes(good.begin(), good.begin() + static_cast<ptrdiff_t>(len)));
    EXPECT_EQ(code_of([&] { MappedFile::open(path, FileKind::kStored, &kId); }),
              ErrorCode::kCorrupt);
  }
  Bytes longer = good;
  longer.push_back(0);
  write_bytes(path, longer);
  EXPECT_EQ(code_of([&] { MappedFile::open(path, FileKind::kStored, &kId); }), ErrorCode::kCorrupt);
}

TEST(File, DamageOfLargeFiles) {
  const TempFolder folder;
  const std::string path = folder / "f";
  write(path, random_bytes(200000), 200000);
  check_damage(path, 100,
               [&] { return contents(*MappedFile::open(path, FileKind::kStored, &kId)); });
}

TEST(File, DamageIsFoundOnlyInItsBlock) {
  const TempFolder folder;
  const std::string path = folder / "f";
  write(path, random_bytes(200000), 200000);
  Bytes bytes = read_bytes(path);
  bytes[64 + 65536] ^= 1;
  write_bytes(path, bytes);
  const auto file = MappedFile::open(path, FileKind::kStored, &kId);
  EXPECT_NO_THROW(file->touch(0, 65536));
  EXPECT_NO_THROW(file->touch(131072, 1000));
  EXPECT_EQ(code_of([&] { file->touch(65535, 2); }), ErrorCode::kCorrupt);
  EXPECT_EQ(code_of([&] { file->verify_all(); }), ErrorCode::kCorrupt);
}

TEST(File, ReplacingAFileLeavesItsReaders) {
  const TempFolder folder;
  const std::string path = folder / "f";
  const Bytes payload = random_bytes(100000);
  write(path, payload, 5000);
  const auto file = MappedFile::open(path, FileKind::kStored, &kId);
  write(path, {}, 1);
  EXPECT_EQ(contents(*file), payload);
}

TEST(File, UnfinishedFilesAreDamaged) {
  const TempFolder folder;
  { FileWriter(folder / "f", FileKind::kStored, kId).append("abc", 3); }
  EXPECT_EQ(code_of([&] { MappedFile::open(folder / "f", FileKind::kStored, &kId); }),
            ErrorCode::kCorrupt);
}

TEST(File, ThreadsMayVerifyTheSameBlocks) {
  const TempFolder folder;
  const Bytes payload = random_bytes(1000000);
  write(folder / "f", payload, 100000);
  const auto file = MappedFile::open(folder / "f", FileKind::kStored, &kId);
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) threads.emplace_back([&] { EXPECT_EQ(contents(*file), payload); });
  for (std::thread& t : threads) t.join();
}

TEST(File, IdsDiffer) {
  std::set<SegmentId> ids;
  for (int i = 0; i < 100; ++i) ids.insert(random_segment_id());
  EXPECT_EQ(ids.size(), 100U);
}

}  // namespace
}  // namespace diagon::directory
