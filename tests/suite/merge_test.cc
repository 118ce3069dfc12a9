// SPDX-License-Identifier: MIT
#include "results/merge.h"

#include <gmock/gmock.h>

namespace heapwise {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::Field;
using testing::HasSubstr;

using Shards = std::vector<std::pair<std::string, Result>>;

Result shard(unsigned number, unsigned of, const std::string& workload) {
  Result result;
  result.heapwise_version = "1";
  result.seed = 7;
  result.environment.host = "node" + std::to_string(number);
  result.environment.cpu = "cpu";
  result.environment.cores = 4;
  result.harness.null_rss_bytes = number;
  WorkloadInfo& info = result.workloads.emplace_back();
  info.name = workload;
  info.operations = 100 * number;
  info.null_ns_per_operation = number;
  Run& run = result.runs.emplace_back();
  run.workload = workload;
  run.allocator = "je";
  run.version = "5.3";
  SuiteInfo& suite = result.suite.emplace();
  suite.mode = "quick";
  suite.workloads = {"a", "b", "c"};
  suite.allocators = {"je"};
  suite.shard = number;
  suite.shards = of;
  suite.elapsed_s = 10;
  suite.complete = true;
  suite.progress = {{workload, workload, 3, "narrow", ""}};
  return result;
}

Shards three() {
  return {{"C.json", shard(3, 3, "a")}, {"A.json", shard(1, 3, "c")}, {"B.json", shard(2, 3, "b")}};
}

std::string refusal(const Shards& shards) {
  const auto merged = merge_shards(shards);
  return merged ? "none" : merged.error().what + " / " + merged.error().hint;
}

TEST(Merge, PutsWorkloadsInTheOrderOfTheWholeSuite) {
  const auto merged = merge_shards(three());
  ASSERT_TRUE(merged) << merged.error().what;
  EXPECT_THAT(merged->workloads,
              ElementsAre(Field(&WorkloadInfo::name, "a"), Field(&WorkloadInfo::name, "b"),
                          Field(&WorkloadInfo::name, "c")));
  EXPECT_THAT(merged->runs, ElementsAre(Field(&Run::workload, "a"), Field(&Run::workload, "b"),
                                        Field(&Run::workload, "c")));
  EXPECT_EQ(merged->workloads[0].host, "node3");
  EXPECT_THAT(merged->suite->merged, ElementsAre(1, 2, 3));
  EXPECT_EQ(merged->suite->elapsed_s, 30);
  EXPECT_EQ(merged->machines.size(), 3U);
}

TEST(Merge, WeighsTheHarnessByOperations) {
  const auto merged = merge_shards(three());
  ASSERT_TRUE(merged);
  EXPECT_DOUBLE_EQ(*merged->harness.null_ns_per_operation, (1 * 100 + 2 * 200 + 3 * 300) / 600.0);
  EXPECT_EQ(merged->harness.null_rss_bytes, 3U);
}

TEST(Merge, NamesTheShardThatIsMissingAndHowToRunIt) {
  Shards shards = three();
  shards.erase(shards.begin());
  EXPECT_THAT(refusal(shards), AllOf(HasSubstr("shard 3 of 3 is missing"), HasSubstr("--shard 3/3"),
                                     HasSubstr("--seed 7")));
}

TEST(Merge, NamesTheShardThatIsThereTwice) {
  Shards shards = three();
  shards.push_back({"B2.json", shards.back().second});
  EXPECT_THAT(refusal(shards), HasSubstr("B.json and B2.json are both shard 2"));
}

TEST(Merge, NamesTheShardThatWasCutShort) {
  Shards shards = three();
  shards[1].second.suite->complete = false;
  EXPECT_THAT(refusal(shards), AllOf(HasSubstr("A.json (shard 1 of 3) was cut short"),
                                     HasSubstr("--resume --json A.json")));
}

TEST(Merge, RefusesMixedSettingsAndNamesThem) {
  Shards shards = three();
  shards[2].second.suite->allocators = {"je", "mi"};
  shards[2].second.seed = 8;
  EXPECT_THAT(refusal(shards), AllOf(HasSubstr("C.json and B.json are of different suites"),
                                     HasSubstr("allocators: only here nothing; only there mi"),
                                     HasSubstr("seed: 7 against 8")));
}

TEST(Merge, TakesAShardThatGotMoreTime) {
  Shards shards = three();
  for (auto& [name, result] : shards) result.suite->budget_s = 30;
  shards[1].second.suite->budget_s = 60;
  const auto merged = merge_shards(shards);
  ASSERT_TRUE(merged) << merged.error().what;
  EXPECT_EQ(merged->suite->budget_s, 60);
}

TEST(Merge, RefusesMixedVersions) {
  Shards shards = three();
  shards[2].second.heapwise_version = "2";
  EXPECT_THAT(refusal(shards), HasSubstr("heapwise: 1 against 2"));
  shards = three();
  shards[2].second.runs[0].version = "5.4";
  EXPECT_THAT(refusal(shards), HasSubstr("je is 5.3 in C.json and 5.4 in B.json"));
}

TEST(Merge, RefusesAWorkloadFromTwoMachines) {
  Shards shards = three();
  shards[2].second.workloads[0].name = "a";
  EXPECT_THAT(refusal(shards), HasSubstr("C.json and B.json both have workload a"));
}

TEST(Merge, RefusesWhatIsNoShard) {
  Shards shards = three();
  shards[0].second.suite.reset();
  EXPECT_THAT(refusal(shards), HasSubstr("C.json is no suite's"));
  shards = three();
  shards[0].second = *merge_shards(shards);
  EXPECT_THAT(refusal(shards), HasSubstr("C.json is merged already"));
  EXPECT_THAT(refusal({}), HasSubstr("nothing to merge"));
}

TEST(Merge, WarnsOfMachinesThatDiffer) {
  Shards shards = three();
  shards[1].second.environment.cores = 8;
  const auto merged = merge_shards(shards);
  ASSERT_TRUE(merged);
  EXPECT_THAT(merged->environment.warnings,
              Contains(AllOf(Field(&Warning::code, "mixed-machines"),
                             Field(&Warning::what, HasSubstr("cores: 4 against 8")))));
}

}  // namespace
}  // namespace heapwise
