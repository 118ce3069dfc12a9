// SPDX-License-Identifier: MIT
// Google Benchmark's flags and JSON, in and out.
#include "bench/session/bench_json.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "bench/session/bench_flags.h"

namespace heapwise {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using Json = nlohmann::json;

std::string entry(const std::string& name, double real, double cpu, const char* unit = "ns") {
  return Json{{"name", name},
              {"family_index", 7},
              {"per_family_instance_index", 3},
              {"run_name", name},
              {"run_type", "iteration"},
              {"repetitions", 1},
              {"repetition_index", 0},
              {"threads", 2},
              {"iterations", 1000},
              {"real_time", real},
              {"cpu_time", cpu},
              {"time_unit", unit}}
      .dump();
}

std::string document(const std::string& benchmarks) {
  return R"({"context":{"num_cpus":2,"library_build_type":"release","allocator":"glibc",
             "allocator_version":"2.36","allocator_library":"/lib/libc.so.6"},
             "benchmarks":[)" +
         benchmarks + "]}";
}

BenchResult two_by_two() {
  BenchResult result;
  result.primitives = {"malloc_free/64"};
  result.contenders = {"glibc", "jemalloc"};
  result.versions = {"2.36", "5.3.0"};
  result.context = R"({"num_cpus":2,"executable":"/x","allocator":"glibc"})";
  result.seed = 42;
  result.repetitions = 2;
  for (const double time : {4.0, 6.0}) {
    const unsigned repetition = time > 5 ? 1 : 0;
    result.runs.push_back(
        {0, 0, repetition, RunStatus::ok, "", entry("malloc_free/64", time, time / 2), time / 2});
  }
  result.runs.push_back({0, 1, 0, RunStatus::ok, "", entry("malloc_free/64", 3.0, 1.5), 1.5});
  result.runs.push_back({0, 1, 1, RunStatus::crashed, "killed by SIGSEGV", "", 0});
  return result;
}

std::vector<std::string> names(const Json& document) {
  std::vector<std::string> names;
  for (const Json& one : document["benchmarks"]) names.push_back(one["name"]);
  return names;
}

TEST(BenchOutputs, OfOneRunAreReadWithTheTimeThatCounts) {
  const auto plain = read_bench_output(document(entry("malloc_free/64", 9, 7)));
  ASSERT_TRUE(plain) << plain.error().what;
  EXPECT_EQ(plain->ns, 7) << "CPU time, which other work does not lengthen";
  EXPECT_EQ(plain->version, "2.36");
  const auto threads = read_bench_output(document(entry("churn/real_time/threads:2", 9, 7, "us")));
  ASSERT_TRUE(threads);
  EXPECT_EQ(threads->ns, 9000);
}

TEST(BenchOutputs, ThatReportAnErrorSaySo) {
  const auto output = read_bench_output(document(
      R"({"name":"x","error_occurred":true,"error_message":"no memory","time_unit":"ns"})"));
  ASSERT_TRUE(output);
  EXPECT_EQ(output->error, "no memory");
}

TEST(BenchOutputs, OfAnotherShapeAreRefused) {
  const std::string one = entry("malloc_free/64", 1, 1);
  for (const std::string& text : {std::string(), std::string("{"), std::string("[]"),
                                  std::string("{}"), document(""), document(one + "," + one),
                                  document("7"), std::string(R"({"context":{},"benchmarks":1})")}) {
    EXPECT_FALSE(read_bench_output(text)) << text;
  }
  EXPECT_TRUE(read_bench_output(document(R"({"name":7,"cpu_time":"much"})"))) << "odd, no crash";
}

TEST(BenchJson, IsOneDocumentWhoseNamesEndWithTheAllocator) {
  const Json json = Json::parse(to_benchmark_json(two_by_two(), "0.1", false));
  EXPECT_THAT(names(json), ElementsAre("malloc_free/64/glibc", "malloc_free/64/glibc",
                                       "malloc_free/64/glibc_mean", "malloc_free/64/glibc_median",
                                       "malloc_free/64/glibc_stddev", "malloc_free/64/glibc_cv",
                                       "malloc_free/64/jemalloc", "malloc_free/64/jemalloc"));
  EXPECT_EQ(json["context"]["num_cpus"], 2);
  EXPECT_EQ(json["context"]["heapwise_seed"], "42");
  EXPECT_EQ(json["context"]["version_of_jemalloc"], "5.3.0");
  EXPECT_FALSE(json["context"].contains("allocator")) << "there are several";
}

TEST(BenchJson, HasTheFieldsThatGoogleBenchmarksToolsRead) {
  const Json json = Json::parse(to_benchmark_json(two_by_two(), "0.1", false));
  for (const Json& one : json["benchmarks"]) {
    for (const char* field :
         {"name", "run_name", "run_type", "repetitions", "threads", "iterations", "real_time",
          "cpu_time", "time_unit", "family_index", "per_family_instance_index"}) {
      EXPECT_TRUE(one.contains(field)) << field << " of " << one.dump();
    }
    EXPECT_EQ(one["repetitions"], 2);
  }
  EXPECT_EQ(json["benchmarks"][1]["repetition_index"], 1);
  EXPECT_EQ(json["benchmarks"][1]["real_time"], 6.0);
  EXPECT_EQ(json["benchmarks"][1]["threads"], 2);
}

TEST(BenchJson, AggregatesAreThoseOfTheRepetitions) {
  const Json json = Json::parse(to_benchmark_json(two_by_two(), "0.1", true));
  ASSERT_EQ(names(json).size(), 5) << "four aggregates, and the failure";
  const Json& mean = json["benchmarks"][0];
  EXPECT_EQ(mean["aggregate_name"], "mean");
  EXPECT_EQ(mean["run_name"], "malloc_free/64/glibc");
  EXPECT_DOUBLE_EQ(mean["real_time"], 5);
  EXPECT_DOUBLE_EQ(mean["cpu_time"], 2.5);
  EXPECT_DOUBLE_EQ(json["benchmarks"][1]["real_time"], 5) << "median";
  EXPECT_DOUBLE_EQ(json["benchmarks"][2]["real_time"], std::sqrt(2.0)) << "of a sample";
  EXPECT_EQ(json["benchmarks"][3]["aggregate_unit"], "percentage");
  EXPECT_DOUBLE_EQ(json["benchmarks"][3]["real_time"], std::sqrt(2.0) / 5);
}

TEST(BenchJson, AFailureIsAnEntryWithItsReason) {
  const Json json = Json::parse(to_benchmark_json(two_by_two(), "0.1", false));
  const Json& failure = json["benchmarks"].back();
  EXPECT_EQ(failure["error_occurred"], true);
  EXPECT_EQ(failure["error_message"], "crashed: killed by SIGSEGV");
  EXPECT_EQ(failure["repetition_index"], 1);
}

TEST(BenchJson, OfNothingIsStillADocument) {
  const Json json = Json::parse(to_benchmark_json(BenchResult{}, "0.1", false));
  EXPECT_TRUE(json["benchmarks"].empty());
  EXPECT_TRUE(json["context"].is_object());
}

TEST(BenchFlags, AboutAllProcessesAreHeededAndTheRestIsPassed) {
  const auto flags = sort_bench_flags({"--benchmark_filter=a=b", "--benchmark_repetitions=9",
                                       "--benchmark_out=r.json", "--benchmark_format=json",
                                       "--benchmark_report_aggregates_only=true",
                                       "--benchmark_list_tests", "--v=1"});
  ASSERT_TRUE(flags) << flags.error().what;
  EXPECT_THAT(flags->passed,
              ElementsAre("--benchmark_filter=a=b", "--v=1", HasSubstr("--benchmark_min_time=")));
  EXPECT_EQ(flags->repetitions, 9);
  EXPECT_EQ(flags->output, "r.json");
  EXPECT_TRUE(flags->json_to_stdout && flags->aggregates_only && flags->list);
}

TEST(BenchFlags, AMinTimeOfTheUsersIsTheOnlyOne) {
  const auto flags = sort_bench_flags({"--benchmark_min_time=2"});
  ASSERT_TRUE(flags);
  EXPECT_THAT(flags->passed, ElementsAre("--benchmark_min_time=2"));
}

TEST(BenchFlags, ThatCannotBeHeededAreRefused) {
  for (const char* flag :
       {"--benchmark_repetitions=0", "--benchmark_repetitions=many", "--benchmark_repetitions=2x",
        "--benchmark_repetitions", "--benchmark_out_format=csv", "--benchmark_format=csv"}) {
    const auto flags = sort_bench_flags({flag});
    ASSERT_FALSE(flags) << flag;
    EXPECT_EQ(flags.error().code, ErrorCode::usage);
    EXPECT_THAT(flags.error().what, HasSubstr(flag));
  }
}

}  // namespace
}  // namespace heapwise
