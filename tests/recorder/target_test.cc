// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/files.h"
#include "base/temporary_directory.h"
#include "bench/session/record_target.h"

namespace heapwise::recorder_test {
namespace {

class Target : public testing::Test {
 protected:
  Target() : folder_(std::move(*TemporaryDirectory::make())) {}

  std::string make_file(const std::string& name, const std::string& content, mode_t mode) {
    const std::string path = folder_.path() + "/" + name;
    EXPECT_TRUE(write_file(path, content, true));
    chmod(path.c_str(), mode);
    return path;
  }

  static std::vector<std::string> codes(const RecordTarget& target) {
    std::vector<std::string> result;
    for (const Warning& warning : target.warnings) result.push_back(warning.code);
    return result;
  }

  TemporaryDirectory folder_;
};

TEST_F(Target, AProgramIsFoundInPathLikeAShellDoes) {
  const auto target = inspect_target("sh");
  ASSERT_TRUE(target);
  EXPECT_EQ(target->path.substr(target->path.rfind('/')), "/sh");
  EXPECT_TRUE(target->warnings.empty());
}

TEST_F(Target, WhatIsNotThereOrMayNotBeExecutedIsAnErrorWithARemedy) {
  const auto missing = inspect_target(folder_.path() + "/missing");
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, ErrorCode::unsupported);
  EXPECT_NE(missing.error().hint, "");
  const auto plain = inspect_target(make_file("plain", "text", 0644));
  ASSERT_FALSE(plain);
  EXPECT_NE(plain.error().what.find("may not execute"), std::string::npos);
  EXPECT_FALSE(inspect_target(folder_.path())) << "a folder is no program";
  EXPECT_FALSE(inspect_target(""));
}

TEST_F(Target, OfAScriptItsInterpreterIsLookedAt) {
  const auto script = inspect_target(make_file("script", "#! /bin/sh -e\nexit 3\n", 0755));
  ASSERT_TRUE(script);
  EXPECT_EQ(script->interpreter, "/bin/sh");
  EXPECT_TRUE(script->warnings.empty());
}

TEST_F(Target, ForeignAndDamagedProgramsAreNamedAndNeverACrash) {
  const auto real = read_file("/bin/sh");
  ASSERT_TRUE(real);
  std::string foreign = *real;
  foreign[4] = 1;  // ELFCLASS32
  const auto other = inspect_target(make_file("foreign", foreign, 0755));
  ASSERT_TRUE(other);
  EXPECT_EQ(codes(*other), std::vector<std::string>{"foreign-executable"});
  for (std::size_t size = 0; size < 2048; size += 7) {
    EXPECT_TRUE(inspect_target(make_file("cut", real->substr(0, size), 0755))) << size;
  }
  std::string damaged = real->substr(0, 4096);
  for (std::size_t i = 5; i < damaged.size(); i += 3) damaged[i] = '\x7f';
  EXPECT_TRUE(inspect_target(make_file("damaged", damaged, 0755)));
}

TEST_F(Target, AProgramThatGainsPrivilegesIsNamed) {
  if (geteuid() != 0) GTEST_SKIP() << "only root can make one";
  const std::string path = make_file("setuid", *read_file("/bin/sh"), 0755);
  ASSERT_EQ(chown(path.c_str(), 65534, 0), 0);
  chmod(path.c_str(), 04755);
  const auto target = inspect_target(path);
  ASSERT_TRUE(target);
  EXPECT_EQ(codes(*target), std::vector<std::string>{"setuid-executable"});
}

}  // namespace
}  // namespace heapwise::recorder_test
