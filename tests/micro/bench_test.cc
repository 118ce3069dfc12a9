// SPDX-License-Identifier: MIT
// Benches with the real programs of the primitives, and with false ones.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <map>
#include <nlohmann/json.hpp>

#include "base/files.h"
#include "base/temporary_directory.h"
#include "bench/session/bench_json.h"
#include "bench/session/bench_primitives.h"
#include "bench/session/runner.h"

namespace heapwise {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr const char* kPrograms = HEAPWISE_RUNNERS;
const std::vector<std::string> kTwo{"--benchmark_filter=^(malloc_free|calloc_free)/64$",
                                    "--benchmark_min_time=0"};

class Bench : public ::testing::Test {
 protected:
  void SetUp() override {
    options_.library_directory = kPrograms;
    options_.flags = kTwo;
    options_.repetitions = 2;
    options_.contenders = {*parse_contender("null"), *parse_contender("glibc")};
  }

  BenchResult bench() {
    auto result = bench_primitives(options_, {}, {});
    EXPECT_TRUE(result) << result.error().what;
    return result ? *std::move(result) : BenchResult{};
  }

  /// A false program in the place of an allocator's.
  void use_false_program(const std::string& allocator, const std::string& script) {
    const std::string folder = directory_.path() + "/programs";
    mkdir(folder.c_str(), 0700);
    for (const char* real : {"null", "glibc"}) {
      symlink(micro_path(kPrograms, real).c_str(), micro_path(folder, real).c_str());
      symlink(runner_path(kPrograms, real).c_str(), runner_path(folder, real).c_str());
    }
    symlink(runner_path(kPrograms, "glibc").c_str(), runner_path(folder, allocator).c_str());
    const std::string path = micro_path(folder, allocator);
    EXPECT_TRUE(write_file(path, "#!/bin/sh\n" + script + "\n", true));
    chmod(path.c_str(), 0700);
    options_.library_directory = folder;
    options_.contenders.push_back({allocator, "default", allocator, {}, {}});
  }

  TemporaryDirectory directory_ = std::move(*TemporaryDirectory::make());
  BenchOptions options_;
};

std::map<std::string, int> counts(const BenchResult& result) {
  std::map<std::string, int> counts;
  for (const PrimitiveRun& run : result.runs) {
    ++counts[result.primitives[run.primitive] + " " + result.contenders[run.contender]];
  }
  return counts;
}

TEST_F(Bench, RunsEveryPrimitiveOfEveryAllocatorInEveryRepetition) {
  const BenchResult result = bench();
  EXPECT_THAT(result.primitives, ElementsAre("malloc_free/64", "calloc_free/64"));
  EXPECT_THAT(result.contenders, ElementsAre("null", "glibc"));
  EXPECT_EQ(counts(result).size(), 4);
  for (const auto& [name, count] : counts(result)) EXPECT_EQ(count, 2) << name;
  for (const PrimitiveRun& run : result.runs) {
    EXPECT_EQ(run.status, RunStatus::ok) << run.detail;
    EXPECT_GT(run.ns, 0);
  }
  EXPECT_THAT(result.versions, ElementsAre("1", ::testing::StartsWith("2.")));
}

TEST_F(Bench, TheSameSeedRunsInTheSameOrder) {
  options_.repetitions = 4;
  const auto order = [&](std::uint64_t seed) {
    options_.seed = seed;
    std::string text;
    for (const PrimitiveRun& run : bench().runs) {
      text += std::to_string(run.primitive) + std::to_string(run.contender) + " ";
    }
    return text;
  };
  const std::string first = order(1);
  EXPECT_EQ(first, order(1));
  bool differs = false;
  for (std::uint64_t seed = 2; seed < 5; ++seed) differs = differs || order(seed) != first;
  EXPECT_TRUE(differs);
}

TEST_F(Bench, AProgramThatCrashesIsAResultAndTheRestGoesOn) {
  use_false_program("mimalloc", "echo bad luck >&2; kill -SEGV $$");
  const BenchResult result = bench();
  EXPECT_EQ(result.runs.size(), 12);
  for (const PrimitiveRun& run : result.runs) {
    const bool crashed = result.contenders[run.contender] == "mimalloc";
    EXPECT_EQ(run.status, crashed ? RunStatus::crashed : RunStatus::ok) << run.detail;
    if (crashed) {
      EXPECT_THAT(run.detail, HasSubstr("SIGSEGV"));
      EXPECT_THAT(run.detail, HasSubstr("bad luck"));
    }
  }
  const auto json = nlohmann::json::parse(to_benchmark_json(result, "1", false));
  int errors = 0;
  for (const auto& entry : json["benchmarks"]) {
    if (!entry.value("error_occurred", false)) continue;
    ++errors;
    EXPECT_THAT(entry["name"].get<std::string>(), HasSubstr("/mimalloc"));
    EXPECT_THAT(entry["error_message"].get<std::string>(), HasSubstr("SIGSEGV"));
  }
  EXPECT_EQ(errors, 4);
}

TEST_F(Bench, AProgramThatHangsIsKilled) {
  options_.timeout_s = 1;
  options_.repetitions = 1;
  options_.flags = {"--benchmark_filter=^malloc_free/64$", "--benchmark_min_time=0"};
  use_false_program("mimalloc", "exec sleep 60");
  EXPECT_THAT(bench().runs,
              Contains(::testing::Field(&PrimitiveRun::status, RunStatus::timed_out)));
}

TEST_F(Bench, AProgramThatWritesNonsenseIsAFailureWithAReason) {
  options_.repetitions = 1;
  for (const char* script : {"exit 0",
                             "for word; do case $word in --benchmark_out=*) "
                             "echo '{\"context\":{},\"benchmarks\":[]}' "
                             "> ${word#--benchmark_out=};; esac; done"}) {
    SetUp();
    directory_ = std::move(*TemporaryDirectory::make());
    options_.repetitions = 1;
    use_false_program("mimalloc", script);
    for (const PrimitiveRun& run : bench().runs) {
      if (run.contender != 2) continue;
      EXPECT_EQ(run.status, RunStatus::crashed);
      EXPECT_THAT(run.detail, HasSubstr("no result"));
    }
  }
}

TEST_F(Bench, SettingsWithoutEffectAreUnsupportedOnceForEachPrimitive) {
  options_.contenders.push_back(*parse_contender("glibc@GLIBC_TUNABLES=glibc.malloc.nosuch=1"));
  options_.contenders.push_back(*parse_contender("glibc@NO_SUCH=1"));
  const BenchResult result = bench();
  int unsupported = 0;
  for (const PrimitiveRun& run : result.runs) {
    if (run.contender != 2) continue;
    ++unsupported;
    EXPECT_EQ(run.status, RunStatus::unsupported);
    EXPECT_THAT(run.detail, HasSubstr("has no effect here"));
  }
  EXPECT_EQ(unsupported, 2);
  EXPECT_THAT(result.warnings,
              ElementsAre(::testing::Field(&Warning::code, "unconfirmed-settings")));
}

TEST_F(Bench, ALibraryOfTheUsersIsPreloaded) {
  const Allocator* const jemalloc = find_allocator("jemalloc");
  if (!jemalloc->built) GTEST_SKIP() << "jemalloc is not installed";
  options_.contenders = {*parse_contender("mine=" + preload_path(*jemalloc))};
  const BenchResult result = bench();
  for (const PrimitiveRun& run : result.runs) EXPECT_EQ(run.status, RunStatus::ok) << run.detail;
  EXPECT_THAT(result.versions, ElementsAre(HasSubstr("libjemalloc")));
}

TEST_F(Bench, ProgramsRefuseAnotherMallocThanTheirOwn) {
  const Allocator* const jemalloc = find_allocator("jemalloc");
  if (!jemalloc->built) GTEST_SKIP() << "jemalloc is not installed";
  Contender wrong = *parse_contender("glibc");
  wrong.settings = {{"LD_PRELOAD", preload_path(*jemalloc)}};
  wrong.ad_hoc = 1;
  options_.contenders = {wrong};
  for (const PrimitiveRun& run : bench().runs) EXPECT_EQ(run.status, RunStatus::unsupported);
}

TEST_F(Bench, EveryPrimitiveRunsOnEveryAllocator) {
  options_.flags = {"--benchmark_min_time=0"};
  options_.repetitions = 1;
  options_.contenders = default_contenders();
  options_.contenders.push_back(*parse_contender("null"));
  const BenchResult result = bench();
  EXPECT_GT(result.primitives.size(), 40);
  for (const PrimitiveRun& run : result.runs) {
    EXPECT_EQ(run.status, RunStatus::ok) << result.primitives[run.primitive] << " "
                                         << result.contenders[run.contender] << ": " << run.detail;
  }
}

TEST_F(Bench, IsToldWhatItCannotRun) {
  options_.flags = {"--benchmark_filter=nothing_of_the_kind"};
  EXPECT_THAT(bench_primitives(options_, {}, {}).error().what, HasSubstr("no primitive"));
  options_.flags = {"--benchmark_no_such_flag=1"};
  EXPECT_THAT(bench_primitives(options_, {}, {}).error().what, HasSubstr("no_such_flag"));
  options_.flags = kTwo;
  options_.library_directory = "/nowhere";
  EXPECT_THAT(bench_primitives(options_, {}, {}).error().hint, HasSubstr("libbenchmark-dev"));
}

TEST_F(Bench, IsSavedAfterEachRepetition) {
  std::vector<std::size_t> sizes;
  const auto result = bench_primitives(options_, {}, [&](const BenchResult& now) {
    sizes.push_back(now.runs.size());
    return Expected<void>{};
  });
  ASSERT_TRUE(result);
  EXPECT_THAT(sizes, ElementsAre(4, 8));
}

}  // namespace
}  // namespace heapwise
