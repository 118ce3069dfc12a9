// SPDX-License-Identifier: MIT
// The verb `workload fit`: from a trace to a workload that can be given away.
#include <gmock/gmock.h>

#include "tests/cli/cli.h"

namespace heapwise::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class FitVerb : public CliTest {
 protected:
  void SetUp() override {
    const auto made =
        heapwise({"workload", "make", "two-wave:wave=4MiB,idle=2s", "-o", "waves.hwt"});
    ASSERT_EQ(made.exit_code, 0) << made.err;
  }
};

TEST_F(FitVerb, PrintsItsErrorAndKeepsItInTheFile) {
  const auto fitted = heapwise({"workload", "fit", "waves.hwt", "-o", "waves.json", "--quiet",
                                "--allocators", "glibc,jemalloc"});
  ASSERT_EQ(fitted.exit_code, 0) << fitted.err;
  EXPECT_THAT(fitted.out, HasSubstr("Mean error: peak "));
  EXPECT_THAT(fitted.out, HasSubstr("heapwise workload make waves.json:length=1000%"));
  const auto error = json("waves.json")["error"];
  ASSERT_EQ(error["rss_bytes"].size(), 2U);
  EXPECT_EQ(error["rss_bytes"][0]["allocator"], "glibc");
  for (const auto& row : error["rss_bytes"]) {
    const double recorded = row["recorded"]["peak"];
    const double made = row["fitted"]["peak"];
    EXPECT_GT(recorded, 0);
    EXPECT_LT(std::abs(made / recorded - 1), 0.15) << row;
  }
  EXPECT_GE(error["mean_percent"]["end"], 0);
}

TEST_F(FitVerb, WhatItWritesIsAWorkloadOfAnyLength) {
  ASSERT_EQ(heapwise({"workload", "fit", "waves.hwt", "-o", "w.json", "--no-replay"}).exit_code, 0);
  EXPECT_FALSE(json("w.json").contains("error"));
  const auto made = heapwise({"workload", "make", "w.json:length=300%", "-o", "long.hwt"});
  EXPECT_EQ(made.exit_code, 0) << made.err;
  EXPECT_EQ(heapwise({"trace", "check", "long.hwt"}).exit_code, 0);
}

TEST_F(FitVerb, HoldsNothingOfTheRecordedCommand) {
  const auto recorded =
      heapwise({"record", "-o", "echo.hwt", "--", "sh", "-c", "echo secret-word"});
  ASSERT_EQ(recorded.exit_code, 0) << recorded.err;
  ASSERT_EQ(heapwise({"workload", "fit", "echo.hwt", "-o", "e.json", "--no-replay"}).exit_code, 0);
  EXPECT_THAT(content("e.json"), Not(HasSubstr("secret-word")));
}

TEST_F(FitVerb, ReplacesNothingUnasked) {
  ASSERT_TRUE(write_file(path("kept.json"), "mine", false));
  const auto refused = heapwise({"workload", "fit", "waves.hwt", "-o", "kept.json", "--no-replay"});
  EXPECT_EQ(refused.exit_code, 2);
  EXPECT_THAT(refused.err, HasSubstr("--force"));
  EXPECT_EQ(content("kept.json"), "mine");
  EXPECT_EQ(heapwise({"workload", "fit", "waves.hwt", "-o", "kept.json", "--no-replay", "--force"})
                .exit_code,
            0);
}

TEST_F(FitVerb, BadInputIsNamed) {
  const auto missing = heapwise({"workload", "fit", "none.hwt", "-o", "n.json"});
  EXPECT_EQ(missing.exit_code, 2);
  EXPECT_THAT(missing.err, HasSubstr("none.hwt"));
  EXPECT_FALSE(exists("n.json"));
  EXPECT_EQ(heapwise({"workload", "fit", "waves.hwt", "-o", "-"}).exit_code, 2);
  ASSERT_TRUE(write_file(path("bad.json"), "{\"heapwise_fit\": 1}", false));
  const auto bad = heapwise({"workload", "make", "bad.json", "-o", "b.hwt"});
  EXPECT_EQ(bad.exit_code, 2);
  EXPECT_THAT(bad.err, HasSubstr("bad.json: name is missing"));
  EXPECT_FALSE(exists("b.hwt"));
}

TEST_F(FitVerb, AnUnknownAllocatorIsSaidBeforeAnythingIsLearnt) {
  const auto refused = heapwise(
      {"workload", "fit", "waves.hwt", "-o", "n.json", "--allocators", "nomalloc", "--quiet"});
  EXPECT_EQ(refused.exit_code, 2);
  EXPECT_THAT(refused.err, HasSubstr("nomalloc"));
  EXPECT_FALSE(exists("n.json"));
}

}  // namespace
}  // namespace heapwise::testing
