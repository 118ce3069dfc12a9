// SPDX-License-Identifier: MIT
// What killed sessions left is removed, and never anything else.
#include <gtest/gtest.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <string>

#include "base/files.h"
#include "base/temporary_directory.h"
#include "bench/session/session_folders.h"
#include "traces/recorder/spool.h"

namespace heapwise::recorder_test {
namespace {

namespace fs = std::filesystem;

class SessionFolders : public testing::Test {
 protected:
  SessionFolders() : parent_(std::move(*TemporaryDirectory::make())) {}

  std::string make_folder(const std::string& name) {
    std::string path = parent_.path() + "/" + name;
    fs::create_directory(path);
    return path;
  }

  /// As a session that was killed: nobody holds the lock.
  std::string make_dead(const std::string& name) {
    std::string path = make_folder(name);
    EXPECT_TRUE(make_session_file(path));
    put(path + "/spool.12.3456", "events");
    return path;
  }

  static void put(const std::string& path, const std::string& text) {
    EXPECT_TRUE(write_file(path, text, true));
  }

  void clean() const { remove_dead_sessions(parent_.path()); }

  TemporaryDirectory parent_;
};

TEST_F(SessionFolders, OfKilledSessionsAreRemovedWithAllThatSessionsMake) {
  const std::string dead = make_dead("heapwise-a1B2c3");
  put(dead + "/new.12.3457", "");
  put(dead + "/spool.12.3456.hwt.part-77-0", "half a trace");
  put(dead + "/inherited.17.live.part-77-1", "half of what a process inherited");
  fs::create_symlink("/nowhere:/library.so", dead + "/" + spool::kLibraryLink);
  clean();
  EXPECT_FALSE(fs::exists(dead));
}

TEST_F(SessionFolders, OfLivingSessionsStay) {
  const std::string path = make_folder("heapwise-a1B2c3");
  const auto lock = make_session_file(path);
  ASSERT_TRUE(lock);
  clean();
  EXPECT_TRUE(fs::exists(path + "/session"));
}

TEST_F(SessionFolders, AreNotThoseThatAreOnlyCalledSo) {
  const std::string notes = make_folder("heapwise-notes");
  put(notes + "/thesis.txt", "precious");
  put(notes + "/session", "");
  const std::string backup = make_folder("heapwise-backup");
  put(backup + "/session", "today's\n");
  clean();
  EXPECT_EQ(read_file(notes + "/thesis.txt").value_or(""), "precious");
  EXPECT_EQ(read_file(backup + "/session").value_or(""), "today's\n");
}

TEST_F(SessionFolders, StayWholeWhereAnybodyPutSomethingIntoThem) {
  const std::string dead = make_dead("heapwise-a1B2c3");
  put(dead + "/thesis.txt", "precious");
  const std::string nested = make_dead("heapwise-a1B2c4");
  fs::create_directory(nested + "/spool.1.2");
  put(nested + "/spool.1.2/thesis.txt", "precious");
  clean();
  EXPECT_EQ(read_file(dead + "/thesis.txt").value_or(""), "precious");
  EXPECT_EQ(read_file(dead + "/spool.12.3456").value_or(""), "events");
  EXPECT_EQ(read_file(nested + "/spool.1.2/thesis.txt").value_or(""), "precious");
  EXPECT_TRUE(fs::exists(nested + "/session"));
}

TEST_F(SessionFolders, AreNotThoseThatCarryAnotherName) {
  const std::string copied = make_dead("heapwise-copied-there");
  const std::string other = make_dead("heapwise-a1B2-3");
  clean();
  EXPECT_TRUE(fs::exists(copied + "/spool.12.3456"));
  EXPECT_TRUE(fs::exists(other + "/spool.12.3456"));
}

TEST_F(SessionFolders, BehindALinkAreNotFollowed) {
  auto elsewhere = TemporaryDirectory::make();
  ASSERT_TRUE(elsewhere);
  ASSERT_TRUE(make_session_file(elsewhere->path()));
  fs::create_directory_symlink(elsewhere->path(), parent_.path() + "/heapwise-a1B2c3");
  clean();
  EXPECT_TRUE(fs::exists(elsewhere->path() + "/session"));
}

TEST_F(SessionFolders, OfOtherUsersStay) {
  if (geteuid() != 0) GTEST_SKIP() << "only root can make another user's";
  const std::string dead = make_dead("heapwise-a1B2c3");
  ASSERT_EQ(chown(dead.c_str(), 65534, 65534), 0);
  clean();
  EXPECT_TRUE(fs::exists(dead + "/session"));
}

}  // namespace
}  // namespace heapwise::recorder_test
