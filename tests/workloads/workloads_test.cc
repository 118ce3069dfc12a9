// SPDX-License-Identifier: MIT
// What holds for every workload, those of tomorrow included.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <set>

#include "tests/workloads/support.h"

namespace heapwise::test {
namespace {

using testing::HasSubstr;

/// Of the files beside the machinery: those with a function of the file's name that makes a
/// workload.
std::vector<std::string> names_of_files() {
  std::vector<std::string> names;
  for (const auto& file : std::filesystem::directory_iterator(HEAPWISE_WORKLOADS)) {
    std::string name = file.path().stem();
    const auto text = read_file(file.path());
    if (!text || text->find("\nWorkload " + name + "() {") == std::string::npos) continue;
    std::replace(name.begin(), name.end(), '_', '-');
    names.push_back(name);
  }
  EXPECT_GT(names.size(), 10U);
  return names;
}

TEST(Workloads, EveryFileOfTheFolderIsRegistered) {
  std::vector<std::string> names;
  for (const Workload& workload : workloads()) names.push_back(workload.name);
  EXPECT_THAT(names, testing::IsSupersetOf(names_of_files()));
  EXPECT_TRUE(std::is_sorted(names.begin(), names.end()));
  EXPECT_EQ(std::set<std::string>(names.begin(), names.end()).size(), names.size());
}

TEST(Workloads, EveryParameterIsDescribedAndItsPresetIsAllowed) {
  for (const Workload& workload : workloads()) {
    EXPECT_THAT(workload.summary, testing::Not(testing::EndsWith(".")));
    std::set<std::string> names;
    for (const Parameter& parameter : workload.parameters) {
      SCOPED_TRACE(workload.name + ":" + parameter.name);
      EXPECT_TRUE(names.insert(parameter.name).second);
      EXPECT_FALSE(parameter.meaning.empty());
      EXPECT_LE(parameter.low, parameter.preset);
      EXPECT_GE(parameter.high, parameter.preset);
    }
  }
}

TEST(Workloads, TheSameSeedGivesTheSameFileByteForByte) {
  for (const char* text : {"two-wave:wave=1MiB,idle=1s", "churn:calls=20000,generation=500"}) {
    EXPECT_EQ(make(text, 7).file, make(text, 7).file) << text;
    EXPECT_NE(make(text, 7).file, make(text, 8).file) << text;
  }
}

TEST(Workloads, TheTraceSaysWhatItIs) {
  const Made made = make("two-wave:idle=1s,wave=1MiB", 9);
  EXPECT_EQ(made.info.source, TraceSource::synthetic);
  EXPECT_EQ(made.info.name, "two-wave");
  EXPECT_EQ(made.info.fact("workload"), "two-wave:wave=1MiB,idle=1s");
  EXPECT_EQ(made.info.fact("seed"), "9");
  EXPECT_TRUE(has(made.info.capabilities, Capability::complete));
  EXPECT_FALSE(has(made.info.capabilities, Capability::residency));
}

TEST(Workloads, AnExistingFileIsKeptUnlessTold) {
  const auto folder = TemporaryDirectory::make();
  const std::string path = folder->path() + "/t.hwt";
  const auto choice = parse_workload("churn:calls=10");
  ASSERT_TRUE(make_workload(*choice, 1, path, false));
  EXPECT_THAT(make_workload(*choice, 1, path, false).error().what, HasSubstr("exists already"));
  EXPECT_TRUE(make_workload(*choice, 1, path, true));
}

}  // namespace
}  // namespace heapwise::test
