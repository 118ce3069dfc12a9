// SPDX-License-Identifier: MIT
// The verb `report`: forms other than the page, and pictures drawn without a browser.
#include <gmock/gmock.h>

#include <filesystem>

#include "results/store.h"
#include "tests/cli/cli.h"
#include "tests/report/fixture.h"

namespace heapwise::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

class ReportVerb : public CliTest {
 protected:
  void SetUp() override {
    ASSERT_TRUE(save_result(path("r.json"), fixture::full_result(), false).has_value());
  }
};

TEST_F(ReportVerb, DrawsEveryChartIntoAFolderAsSvg) {
  const auto finished = heapwise({"report", "r.json", "--svg", "pictures"});
  ASSERT_EQ(finished.exit_code, 0) << finished.err;
  EXPECT_THAT(finished.out, HasSubstr("10 charts drawn"));
  const std::string memory = content("pictures/two-wave-memory.svg");
  EXPECT_THAT(memory.substr(0, 5), StartsWith("<svg"));
  // The names of allocators and their colours, without a page's buttons to tell them.
  for (const char* expected : {">jemalloc<", "#d55e00", "two-wave: Heap over time"}) {
    EXPECT_NE(memory.find(expected), std::string::npos) << expected;
  }
}

TEST_F(ReportVerb, DrawsPngToo) {
  const auto finished = heapwise({"report", "r.json", "--png", "pictures"});
  if (finished.err.find("librsvg2-bin") != std::string::npos) GTEST_SKIP() << finished.err;
  ASSERT_EQ(finished.exit_code, 0) << finished.err;
  EXPECT_THAT(content("pictures/two-wave-tradeoff.png").substr(0, 4), HasSubstr("PNG"));
  EXPECT_FALSE(exists("pictures/two-wave-tradeoff.svg"));
}

TEST_F(ReportVerb, ReplacesNoPictureUnlessTold) {
  std::filesystem::create_directory(path("pictures"));
  ASSERT_TRUE(write_file(path("pictures/two-wave-memory.svg"), "mine", false).has_value());
  const auto refused = heapwise({"report", "r.json", "--svg", "pictures"});
  EXPECT_EQ(refused.exit_code, 2);
  EXPECT_THAT(refused.err, HasSubstr("--force"));
  EXPECT_EQ(content("pictures/two-wave-memory.svg"), "mine");
  EXPECT_FALSE(exists("pictures/two-wave-tradeoff.svg"));
}

TEST_F(ReportVerb, NamesThePackageOfAProgramThatIsMissing) {
  RunOptions options;
  options.environment = {{"PATH", "/nowhere"}};
  const auto finished = heapwise({"report", "r.json", "--svg", "pictures"}, options);
  EXPECT_EQ(finished.exit_code, 2);
  EXPECT_THAT(finished.err, HasSubstr("apt-get install nodejs"));
}

TEST_F(ReportVerb, WritesSeveralFormsAtOnce) {
  const auto finished = heapwise({"report", "r.json", "--csv", "r.csv", "--google-benchmark",
                                  "g.json", "--prometheus", "p.prom", "--markdown", "r.md"});
  ASSERT_EQ(finished.exit_code, 0) << finished.err;
  EXPECT_THAT(content("r.csv"), StartsWith("created,host,workload"));
  EXPECT_TRUE(json("g.json")["benchmarks"].is_array());
  EXPECT_THAT(content("p.prom"), HasSubstr("# TYPE heapwise_operation_seconds gauge"));
  EXPECT_TRUE(exists("r.md"));
}

TEST_F(ReportVerb, WritesWhatGoogleBenchmarksOwnToolCompares) {
  const std::string tool = "/usr/share/benchmark/compare.py";
  if (!std::filesystem::exists(tool)) GTEST_SKIP() << "apt-get install libbenchmark-tools";
  ASSERT_EQ(heapwise({"report", "r.json", "--google-benchmark", "g.json"}).exit_code, 0);
  const auto compared =
      run({"/usr/bin/python3", tool, "--no-color", "benchmarks", path("g.json"), path("g.json")});
  if (compared.err.find("No module named") != std::string::npos) GTEST_SKIP() << compared.err;
  EXPECT_EQ(compared.exit_code, 0) << compared.err;
  EXPECT_THAT(compared.out, HasSubstr("two-wave/jemalloc_pvalue"));
}

TEST_F(ReportVerb, KeepsFiguresWithoutSamplesThatCompareAsTheWholeDoes) {
  const auto finished = heapwise({"report", "r.json", "--figures", "small.json"});
  ASSERT_EQ(finished.exit_code, 0) << finished.err;
  EXPECT_LT(content("small.json").size() * 10, content("r.json").size());
  for (const char* now : {"r.json", "small.json"}) {
    const auto compared = heapwise({"compare", "r.json", now, "--json", std::string("of-") + now});
    EXPECT_EQ(compared.exit_code, 0) << compared.err;
  }
  EXPECT_EQ(json("of-small.json")["comparison"]["changes"],
            json("of-r.json")["comparison"]["changes"]);
  EXPECT_FALSE(json("of-small.json")["comparison"]["changes"].empty());
}

TEST_F(ReportVerb, PutsOneMachineIntoAFileOfGoogleBenchmark) {
  const auto finished = heapwise({"report", "r.json", "r.json", "--google-benchmark", "-"});
  EXPECT_EQ(finished.exit_code, 2);
  EXPECT_THAT(finished.err, HasSubstr("one result at a time"));
}

TEST_F(ReportVerb, SaysWhenThereIsNothingToWrite) {
  const auto finished = heapwise({"report", "r.json"});
  EXPECT_EQ(finished.exit_code, 2);
  EXPECT_THAT(finished.err, HasSubstr("-o report.html"));
}

}  // namespace
}  // namespace heapwise::testing
