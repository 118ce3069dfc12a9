// SPDX-License-Identifier: MIT
// NAME:key=value,key=value
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "workloads/workload.h"

namespace heapwise {
namespace {

using testing::HasSubstr;

std::string text_of(const std::string& text) {
  const auto choice = parse_workload(text);
  return choice ? choice->text() : "error: " + choice.error().what;
}

Error error_of(const std::string& text) {
  const auto choice = parse_workload(text);
  EXPECT_FALSE(choice) << text;
  return choice ? Error{} : choice.error();
}

TEST(Choice, ANameAloneHasThePresets) {
  const auto choice = parse_workload("two-wave");
  ASSERT_TRUE(choice);
  EXPECT_EQ(choice->workload->name, "two-wave");
  EXPECT_EQ(choice->params["wave"], 64U << 20);
  EXPECT_EQ(choice->text(), "two-wave");
}

TEST(Choice, ParametersAreSetByKey) {
  const auto choice = parse_workload("churn:threads=8,lifetime=5ms,remote=0%");
  ASSERT_TRUE(choice);
  EXPECT_EQ(choice->params["threads"], 8U);
  EXPECT_EQ(choice->params["lifetime"], 5000000U);
  EXPECT_EQ(choice->params["remote"], 0U);
  EXPECT_EQ(choice->params["calls"], 1000000U);
}

TEST(Choice, ItsTextNamesWhatDiffersAndReadsAsTheSame) {
  EXPECT_EQ(text_of("two-wave:"), "two-wave");
  EXPECT_EQ(text_of("two-wave:wave=65536KiB"), "two-wave");
  EXPECT_EQ(text_of("two-wave:idle=2000ms,wave=1048576"), "two-wave:wave=1MiB,idle=2s");
  EXPECT_EQ(text_of("two-wave:wave=1MiB,idle=2s"), "two-wave:wave=1MiB,idle=2s");
}

TEST(Choice, AFileOfAnyNameThatEndsSoIsAFittedWorkload) {
  for (const char* file : {"a.json", "m=1/x.json", "my.json.d.json", "runs.json.d/x.json"}) {
    const auto choice = parse_workload(std::string(file) + ":length=50%");
    ASSERT_TRUE(choice) << file;
    EXPECT_EQ(choice->params.path("file"), file);
    EXPECT_EQ(parse_workload(file)->params.path("file"), file);
  }
}

TEST(Choice, AWrongNameSuggestsTheNearest) {
  EXPECT_THAT(error_of("chrun").hint, HasSubstr("did you mean churn?"));
  EXPECT_THAT(error_of("two_wave:wave=1MiB").hint, HasSubstr("did you mean two-wave?"));
  EXPECT_THAT(error_of("Churn").what, HasSubstr("no workload \"Churn\""));
  EXPECT_THAT(error_of("").hint, HasSubstr("churn, "));
  EXPECT_THAT(error_of("something-else-altogether").hint, testing::Not(HasSubstr("did you mean")));
}

TEST(Choice, AWrongKeySuggestsTheNearest) {
  EXPECT_THAT(error_of("churn:thread=3").hint, HasSubstr("did you mean threads?"));
  EXPECT_THAT(error_of("churn:thread=3").what, HasSubstr("no parameter \"thread\""));
  EXPECT_THAT(error_of("churn:=3").hint, HasSubstr("lifetime"));
}

TEST(Choice, WrongValuesNameKeyAndRange) {
  EXPECT_THAT(error_of("churn:threads=0").what, HasSubstr("threads=0 is out of range"));
  EXPECT_THAT(error_of("churn:threads=0").hint, HasSubstr("from 1 to 1024"));
  EXPECT_THAT(error_of("churn:remote=101").hint, HasSubstr("from 0% to 100%"));
  EXPECT_THAT(error_of("two-wave:largest=128KiB").hint, HasSubstr("to 64KiB"));
  EXPECT_THAT(error_of("churn:threads=many").what, HasSubstr("churn: threads: \"many\""));
  EXPECT_THAT(error_of("churn:threads=").what, HasSubstr("is not a number"));
}

TEST(Choice, MalformedListsAreErrors) {
  EXPECT_THAT(error_of("churn:threads").what, HasSubstr("gives no value"));
  EXPECT_THAT(error_of("churn:threads=2,,calls=3").what, HasSubstr("gives no value"));
  EXPECT_THAT(error_of("churn:threads=2,threads=3").what, HasSubstr("threads is given twice"));
  for (const char* text : {"churn:threads=2:calls=3", "churn:threads=2;calls=3"}) {
    EXPECT_EQ(error_of(text).code, ErrorCode::usage);
  }
}

}  // namespace
}  // namespace heapwise
