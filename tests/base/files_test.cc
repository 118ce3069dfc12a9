// SPDX-License-Identifier: MIT
#include "base/files.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "base/temporary_directory.h"

namespace heapwise {
namespace {

using ::testing::HasSubstr;

TEST(WriteFile, NeverReplacesWithoutBeingTold) {
  const auto folder = TemporaryDirectory::make();
  const std::string path = folder->path() + "/result.json";
  ASSERT_TRUE(write_file(path, "first", false));
  const auto second = write_file(path, "second", false);
  ASSERT_FALSE(second);
  EXPECT_THAT(second.error().what, HasSubstr(path));
  EXPECT_THAT(second.error().hint, HasSubstr("--force"));
  EXPECT_EQ(*read_file(path), "first");
  ASSERT_TRUE(write_file(path, "third", true));
  EXPECT_EQ(*read_file(path), "third");
}

TEST(WriteFile, LeavesDevicesAndLinksWhatTheyAre) {
  const auto folder = TemporaryDirectory::make();
  const std::string pipe = folder->path() + "/pipe", link = folder->path() + "/link";
  ASSERT_EQ(mkfifo(pipe.c_str(), 0600), 0);
  const Fd reader(open(pipe.c_str(), O_RDONLY | O_NONBLOCK));
  ASSERT_TRUE(write_file(pipe, "through", true));
  EXPECT_TRUE(is_stream(pipe));
  char text[8] = {};
  EXPECT_EQ(read(reader.get(), text, sizeof text), 7);
  EXPECT_STREQ(text, "through");

  ASSERT_TRUE(write_file(folder->path() + "/target", "old", false));
  ASSERT_EQ(symlink("target", link.c_str()), 0);
  ASSERT_TRUE(write_file(link, "new", true));
  EXPECT_EQ(*read_file(folder->path() + "/target"), "new");
  EXPECT_TRUE(std::filesystem::is_symlink(link));
}

TEST(WriteFile, LeavesTheRightsOfWhatItReplaces) {
  const auto folder = TemporaryDirectory::make();
  const std::string path = folder->path() + "/secret";
  ASSERT_TRUE(write_file(path, "old", false));
  ASSERT_EQ(chmod(path.c_str(), 0600), 0);
  ASSERT_TRUE(write_file(path, "new", true));
  EXPECT_EQ(*read_file(path), "new");
  EXPECT_EQ(std::filesystem::status(path).permissions(), std::filesystem::perms(0600));
}

TEST(WriteFile, LeavesNothingBehindWhenTheFolderIsMissing) {
  const auto folder = TemporaryDirectory::make();
  const auto written = write_file(folder->path() + "/no/such/file", "x", false);
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().code, ErrorCode::io);
  EXPECT_TRUE(std::filesystem::is_empty(folder->path()));
}

TEST(WriteFile, LeavesNoTemporaryFileBesideTheResult) {
  const auto folder = TemporaryDirectory::make();
  ASSERT_TRUE(write_file(folder->path() + "/a", "x", false));
  std::size_t files = 0;
  for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator(folder->path())) {
    ++files;
  }
  EXPECT_EQ(files, 1U);
}

TEST(KeepFile, TakesTheNextFreeNameAndReplacesNothing) {
  const auto folder = TemporaryDirectory::make();
  const std::string path = folder->path() + "/a.json";
  EXPECT_EQ(*keep_file(path, "1", false), path);
  EXPECT_EQ(*keep_file(path, "2", false), folder->path() + "/a-2.json");
  EXPECT_EQ(*keep_file(path, "3", false), folder->path() + "/a-3.json");
  EXPECT_EQ(*keep_file(path, "4", true), path);
  EXPECT_EQ(*read_file(path), "4");
  EXPECT_EQ(*read_file(folder->path() + "/a-2.json"), "2");
}

TEST(CheckFile, SaysBeforehandWhatWritingWouldFailOf) {
  const auto folder = TemporaryDirectory::make();
  const std::string place = folder->path();
  ASSERT_TRUE(write_file(place + "/there", "x", false));
  ASSERT_EQ(symlink("nowhere", (place + "/broken").c_str()), 0);
  EXPECT_TRUE(check_file(place + "/new", false));
  EXPECT_TRUE(check_file(place + "/there", true));
  for (const std::string& path :
       {std::string(), place, place + "/there", place + "/broken", place + "/no/such",
        place + "/there/below", place + "/" + std::string(250, 'x'), std::string("/dev/null")}) {
    const auto checked = check_file(path, path == place);
    ASSERT_FALSE(checked) << path;
    EXPECT_THAT(checked.error().what, HasSubstr(path));
    EXPECT_FALSE(checked.error().hint.empty()) << path;
  }
  EXPECT_TRUE(check_replaceable("/dev/null", false));
  EXPECT_TRUE(check_replaceable("-", false));
}

TEST(SamePlace, SeesThroughLinksAndDetours) {
  const auto folder = TemporaryDirectory::make();
  const std::string place = folder->path();
  ASSERT_TRUE(write_file(place + "/a", "x", false));
  ASSERT_EQ(symlink("a", (place + "/link").c_str()), 0);
  EXPECT_TRUE(same_place(place + "/a", place + "/link"));
  EXPECT_TRUE(same_place(place + "/new", place + "/./new"));
  EXPECT_FALSE(same_place(place + "/new", place + "/other"));
  EXPECT_FALSE(same_place(place + "/a", place + "/new"));
}

TEST(Numbered, PutsTheNumberInFrontOfTheEnding) {
  EXPECT_EQ(numbered("a/load.hwt", 1), "a/load.hwt");
  EXPECT_EQ(numbered("a/load.hwt", 2), "a/load-2.hwt");
  EXPECT_EQ(numbered("load", 3), "load-3");
}

TEST(ReadFile, NamesTheFileThatIsMissing) {
  const auto content = read_file("/no/such/file");
  ASSERT_FALSE(content);
  EXPECT_THAT(content.error().what, HasSubstr("/no/such/file"));
  EXPECT_THAT(content.error().what, HasSubstr("No such file"));
}

TEST(ReadAgain, GivesAllOfAFileHoweverLongAndWhereverItStands) {
  const auto folder = TemporaryDirectory::make();
  for (const std::size_t size : {0U, 4095U, 4096U, 100'000U}) {
    const std::string path = folder->path() + "/of-" + std::to_string(size);
    const std::string content(size, 'x');
    ASSERT_TRUE(write_file(path, content, false));
    const Fd file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
    lseek(file.get(), 7, SEEK_SET);
    EXPECT_EQ(read_again(file.get()), content);
    EXPECT_EQ(read_again(file.get()), content);
  }
  EXPECT_EQ(read_again(-1), "");
}

TEST(MappedFile, MapsAnEmptyFileToNothing) {
  const auto folder = TemporaryDirectory::make();
  ASSERT_TRUE(write_file(folder->path() + "/empty", "", false));
  const auto file = MappedFile::open(folder->path() + "/empty");
  ASSERT_TRUE(file);
  EXPECT_EQ(file->size(), 0U);
}

TEST(MappedFile, RefusesAFolder) {
  const auto file = MappedFile::open("/tmp");
  ASSERT_FALSE(file);
  EXPECT_THAT(file.error().what, HasSubstr("not a regular file"));
}

TEST(MappedFile, RefusesANamedPipeWithoutWaitingForIt) {
  const auto folder = TemporaryDirectory::make();
  const std::string path = folder->path() + "/pipe";
  ASSERT_EQ(mkfifo(path.c_str(), 0600), 0);
  EXPECT_FALSE(MappedFile::open(path));
}

TEST(TemporaryDirectory, IsRemovedWithAllInIt) {
  std::string path;
  {
    const auto folder = TemporaryDirectory::make();
    ASSERT_TRUE(folder);
    path = folder->path();
    std::filesystem::create_directories(path + "/deep/er");
    ASSERT_TRUE(write_file(path + "/deep/er/file", "x", false));
  }
  EXPECT_FALSE(std::filesystem::exists(path));
}

}  // namespace
}  // namespace heapwise
