#include "diagon/directory/folder.h"

#include <sys/wait.h>
#include <unistd.h>

#include <memory>
#include <optional>

#include "tests/helpers.h"

namespace diagon::directory {
namespace {

using diagon::testing::code_of;
using diagon::testing::TempFolder;
using diagon::testing::write_bytes;

TEST(Folder, CreatesListsRenamesAndRemoves) {
  const TempFolder temp;
  const std::string folder = temp / "a/b/c";
  EXPECT_FALSE(exists(folder));
  create_folder(folder);
  create_folder(folder);
  EXPECT_TRUE(exists(folder));
  write_bytes(folder + "/z", {1});
  write_bytes(folder + "/a", {2});
  create_folder(folder + "/m");
  EXPECT_EQ(list(folder), (std::vector<std::string>{"a", "m", "z"}));
  sync_file(folder + "/a");
  sync_folder(folder);
  rename_file(folder + "/a", folder + "/z");
  EXPECT_EQ(list(folder), (std::vector<std::string>{"m", "z"}));
  remove_file(folder + "/z");
  remove_file(folder + "/z");
  EXPECT_EQ(list(folder), (std::vector<std::string>{"m"}));
}

TEST(Folder, Failures) {
  const TempFolder temp;
  write_bytes(temp / "file", {1});
  EXPECT_FALSE(exists(temp / "file/below"));
  EXPECT_EQ(code_of([&] { create_folder(temp / "file/below"); }), ErrorCode::kIo);
  EXPECT_EQ(code_of([&] { create_folder(temp / "file"); }), ErrorCode::kIo);
  EXPECT_EQ(code_of([&] { list(temp / "none"); }), ErrorCode::kIo);
  EXPECT_EQ(code_of([&] { sync_file(temp / "none"); }), ErrorCode::kIo);
  EXPECT_EQ(code_of([&] { sync_folder(temp / "file"); }), ErrorCode::kIo);
  EXPECT_EQ(code_of([&] { rename_file(temp / "none", temp / "x"); }), ErrorCode::kIo);
  EXPECT_EQ(code_of([&] { remove_file(temp.path()); }), ErrorCode::kIo);
  EXPECT_EQ(code_of([&] { FolderLock lock(temp / "none/lock"); }), ErrorCode::kIo);
  EXPECT_EQ(code_of([&] { exists(temp / std::string(5000, 'x')); }), ErrorCode::kIo);
}

TEST(Folder, OneLockAtATime) {
  const TempFolder temp;
  std::optional<FolderLock> lock(temp / "lock");
  EXPECT_EQ(code_of([&] { FolderLock second(temp / "lock"); }), ErrorCode::kLocked);
  lock.reset();
  EXPECT_TRUE(exists(temp / "lock"));
  EXPECT_NO_THROW(FolderLock again(temp / "lock"));
}

TEST(Folder, ALockEndsThoughAnotherProcessHasItsDescriptor) {
  const TempFolder temp;
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  auto lock = std::make_unique<FolderLock>(temp / "lock");
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    char byte = 0;
    ::close(ends[1]);
    ::_exit(::read(ends[0], &byte, 1) == 0 ? 0 : 1);  // waits for the parent
  }
  lock.reset();
  EXPECT_NO_THROW(FolderLock again(temp / "lock"));
  ::close(ends[0]);
  ::close(ends[1]);
  int status = 1;
  EXPECT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
}

}  // namespace
}  // namespace diagon::directory
