// SPDX-License-Identifier: MIT
// heapwise suite and heapwise merge as a user meets them, on workloads cut short.
#include <gmock/gmock.h>

#include <set>

#include "base/rng.h"
#include "tests/cli/cli.h"

namespace heapwise::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* kProgram = HEAPWISE_BINARY_DIR "/bin/heapwise";
constexpr const char* kWorkloads = "churn:calls=3000,threads=2,two-wave:wave=1MiB,idle=100ms";

using Key = std::tuple<std::string, std::string, std::string, std::string, unsigned>;

class SuiteVerb : public CliTest {
 protected:
  std::vector<std::string> command(std::vector<std::string> more) const {
    std::vector<std::string> words{
        "suite", "--workloads", kWorkloads, "--allocators", "glibc,jemalloc", "--rounds",
        "2",     "--seed",      "3",        "--quiet"};
    words.insert(words.end(), more.begin(), more.end());
    return words;
  }
  std::multiset<Key> runs(const std::string& name) const {
    std::multiset<Key> set;
    const auto document = json(name);
    for (const auto& run : document["runs"]) {
      set.insert(Key{run["workload"].get<std::string>(), run["allocator"].get<std::string>(),
                     run["tuning"].get<std::string>(), run["purpose"].get<std::string>(),
                     run["repetition"].get<unsigned>()});
    }
    return set;
  }
};

TEST_F(SuiteVerb, TellsVerdictsRegretsMethodAndLimits) {
  const Finished end = heapwise(command({"--json", "r.json", "-o", "r.html"}));
  ASSERT_EQ(end.exit_code, 0) << end.err;
  EXPECT_THAT(end.out, AllOf(HasSubstr("Balanced verdict for each workload"), HasSubstr("two-wave"),
                             HasSubstr("How much worse than the best"), HasSubstr("One for all"),
                             HasSubstr("Limits"), HasSubstr("Next: open r.html")));
  EXPECT_THAT(content("r.html"), HasSubstr("</html>"));
  const auto document = json("r.json");
  EXPECT_EQ(document["suite"]["complete"], true);
  EXPECT_EQ(document["runs"].size(), 2U * 2 * 3 * 2);
  EXPECT_EQ(document["fleet"].size(), 2U);
  EXPECT_EQ(document["regrets"].size(), 4U);
  EXPECT_FALSE(document["summary"][0]["latency_p999_ns"].is_null());
}

TEST_F(SuiteVerb, KilledAtRandomMomentsAndGoneOnWithHasTheRunsOfAnUnbrokenOne) {
  ASSERT_EQ(heapwise(command({"--json", "whole.json"})).exit_code, 0);
  Rng rng(11);
  int killed = 0;
  for (int sitting = 0; sitting < 40; ++sitting) {
    std::vector<std::string> words{
        "timeout", "-s", "KILL", std::to_string(0.05 + 0.001 * static_cast<double>(rng.below(400))),
        kProgram};
    for (const std::string& word : command({"--json", path("part.json"), "--resume"})) {
      words.push_back(word);
    }
    const Finished end = run(words);
    if (end.exit_code == 0) break;
    ASSERT_EQ(end.exit_code, 137) << end.err;
    ++killed;
    if (exists("part.json")) {
      ASSERT_FALSE(json("part.json").is_discarded()) << "half a document was left";
    }
  }
  ASSERT_EQ(heapwise(command({"--json", "part.json", "--resume"})).exit_code, 0);
  EXPECT_GT(killed, 0);
  EXPECT_EQ(runs("part.json"), runs("whole.json"));
  EXPECT_EQ(json("part.json")["suite"]["complete"], true);
  EXPECT_EQ(json("part.json")["summary"].size(), json("whole.json")["summary"].size());
}

TEST_F(SuiteVerb, InterruptedSaysHowToGoOnAndNeedsNoFlagsForIt) {
  // Once the first runs are kept. Without -m the shell would have it ignore the signal.
  const char* const interrupt =
      "set -m; \"$@\" & until [ -s \"$0\" ] || ! kill -0 $!; do sleep 0.05; done; "
      "kill -INT $!; wait $!";
  const Finished end = run({"bash", "-c", interrupt, path("r.json"), kProgram, "suite",
                            "--workloads", kWorkloads, "--allocators", "glibc,jemalloc", "--rounds",
                            "12", "--quiet", "--json", path("r.json")});
  EXPECT_EQ(end.exit_code, 130) << end.err;
  EXPECT_THAT(end.err, AllOf(HasSubstr("interrupted"), HasSubstr("--resume --json")));
  EXPECT_FALSE(exists("r.json.work"));
  const auto part = json("r.json");
  EXPECT_EQ(part["suite"]["complete"], false);
  EXPECT_LT(part["runs"].size(), 2U * 2 * 3 * 12);
  for (const auto& one : part["runs"])
    EXPECT_EQ(one["status"], "ok") << "killed by the same signal";

  ASSERT_EQ(heapwise({"suite", "--resume", "--quiet", "--json", "r.json"}).exit_code, 0);
  const auto whole = json("r.json");
  EXPECT_EQ(whole["seed"], part["seed"]);
  const auto made = runs("r.json");
  EXPECT_EQ(made.size(), 2U * 2 * 3 * 12);
  EXPECT_EQ(std::set<Key>(made.begin(), made.end()).size(), made.size()) << "a run was repeated";
  for (std::size_t i = 0; i < part["runs"].size(); ++i) {
    EXPECT_EQ(part["runs"][i]["seconds"], whole["runs"][i]["seconds"]) << "a run was made again";
  }
}

TEST_F(SuiteVerb, InterruptedWithoutAFileSaysThatNothingWasKept) {
  const char* const interrupt =
      "set -m; \"$@\" & until [ -e \"$0\" ] || ! kill -0 $!; do sleep 0.05; done; "
      "kill -INT $!; wait $!";
  RunOptions options;
  options.directory = path("");
  const Finished end = run(
      {"bash", "-c", interrupt, path("suite.work"), kProgram, "suite", "--workloads", kWorkloads,
       "--allocators", "glibc,jemalloc", "--rounds", "100", "--quiet", "--json", "-"},
      options);
  EXPECT_EQ(end.exit_code, 130) << end.err;
  EXPECT_EQ(end.out, "");
  EXPECT_THAT(end.err, AllOf(HasSubstr("nothing was kept"), Not(HasSubstr("--resume"))));
}

TEST_F(SuiteVerb, RefusesToGoOnWithOtherSettingsAndNamesThem) {
  ASSERT_EQ(heapwise(command({"--json", "r.json"})).exit_code, 0);
  const Finished end = heapwise({"suite", "--resume", "--json", "r.json", "--allocators", "glibc",
                                 "--rounds", "3", "--quiet"});
  EXPECT_EQ(end.exit_code, 2);
  EXPECT_THAT(end.err, AllOf(HasSubstr("r.json was begun otherwise"),
                             HasSubstr("allocators: only here jemalloc"),
                             HasSubstr("rounds: 2 against 3"), Not(HasSubstr("seed"))));
}

TEST_F(SuiteVerb, GoesOnWithFlagsTakenFromTheFile) {
  ASSERT_EQ(heapwise(command({"--json", "r.json"})).exit_code, 0);
  const auto before = runs("r.json");
  const Finished end = heapwise({"suite", "--resume", "--json", "r.json", "--quiet"});
  EXPECT_EQ(end.exit_code, 0) << end.err;
  EXPECT_EQ(runs("r.json"), before);
}

TEST_F(SuiteVerb, RefusesToGoOnWithWhatAnotherMachineOfTheSameKindBegan) {
  ASSERT_EQ(heapwise(command({"--json", "r.json"})).exit_code, 0);
  auto document = json("r.json");
  document["environment"]["host"] = "elsewhere";
  ASSERT_TRUE(write_file(path("r.json"), document.dump(), true));
  const Finished end = heapwise({"suite", "--resume", "--json", "r.json", "--quiet"});
  EXPECT_EQ(end.exit_code, 2);
  EXPECT_THAT(end.err, HasSubstr("machine: elsewhere against "));
}

TEST_F(SuiteVerb, ReplacesNothingUnasked) {
  ASSERT_TRUE(write_file(path("r.json"), "mine", false));
  const Finished end = heapwise(command({"--json", "r.json"}));
  EXPECT_EQ(end.exit_code, 2);
  EXPECT_THAT(end.err, AllOf(HasSubstr("r.json exists already"), HasSubstr("--resume")));
  EXPECT_EQ(content("r.json"), "mine");
}

TEST_F(SuiteVerb, GoingOnReplacesTheResultAndNoOtherFileUnasked) {
  ASSERT_EQ(heapwise({"workload", "make", "two-wave:wave=64KiB", "-o", "w.hwt"}).exit_code, 0);
  ASSERT_EQ(heapwise({"suite", "--workloads", "w.hwt", "--allocators", "glibc", "--rounds", "1",
                      "--quiet", "--json", "r.json"})
                .exit_code,
            0);
  const std::string trace = content("w.hwt");
  ASSERT_TRUE(write_file(path("r.html"), "mine", false));
  const auto go_on = [this](const char* report, std::vector<std::string> more = {}) {
    std::vector<std::string> words{"suite", "--resume", "--json", "r.json",
                                   "-o",    report,     "--quiet"};
    words.insert(words.end(), more.begin(), more.end());
    return heapwise(words);
  };
  for (const Finished& refused : {go_on("r.html"), go_on("w.hwt"), go_on("w.hwt", {"--force"})}) {
    EXPECT_EQ(refused.exit_code, 2);
    EXPECT_THAT(refused.err, HasSubstr("hint: "));
  }
  EXPECT_EQ(content("r.html"), "mine");
  EXPECT_EQ(content("w.hwt"), trace);
  EXPECT_EQ(go_on("r.html", {"--force"}).exit_code, 0);
  EXPECT_THAT(content("r.html"), HasSubstr("</html>"));
}

TEST_F(SuiteVerb, OfTwoAtOnceTheSecondReplacesNoResult) {
  const Finished end = shell(
      "go() { $HEAPWISE suite --workloads two-wave:wave=1MiB --allocators glibc --rounds 1 --quiet "
      "--json s.json; }; go & sleep 0.2; go; echo $?; wait %1; echo $?");
  EXPECT_THAT(end.out, HasSubstr("2\n")) << end.err;
  EXPECT_THAT(end.err, ::testing::AnyOf(HasSubstr("s.json exists already"),
                                        HasSubstr("another suite is at work")));
  EXPECT_EQ(json("s.json")["runs"].size(), 3U);
  EXPECT_FALSE(exists("s.json.work"));
}

TEST_F(SuiteVerb, OneThatRanNothingIsNoSuccess) {
  ASSERT_TRUE(write_file(path("junk.hwt"), "no trace", false));
  const Finished end =
      heapwise({"suite", "--workloads", "junk.hwt", "--json", "r.json", "--rounds", "1"});
  EXPECT_EQ(end.exit_code, 3);
  EXPECT_THAT(end.err, AllOf(HasSubstr("no run was made, so there is nothing to decide by"),
                             HasSubstr("junk.hwt")));
}

TEST_F(SuiteVerb, SaysThatThereIsNothingToGoOnWith) {
  const Finished end = heapwise({"suite", "--workloads", "two-wave:wave=1MiB", "--allocators",
                                 "glibc", "--rounds", "1", "--resume", "--json", "typo.json"});
  EXPECT_EQ(end.exit_code, 0) << end.err;
  EXPECT_THAT(end.err, HasSubstr("there is no typo.json to go on with: a new suite begins"));
}

TEST_F(SuiteVerb, SaysWhatIsWrongWithItsFlags) {
  const auto said = [this](std::vector<std::string> flags) {
    flags.insert(flags.begin(), "suite");
    const Finished end = heapwise(flags);
    EXPECT_EQ(end.exit_code, 2) << end.err;
    EXPECT_FALSE(exists("suite.json"));
    return end.err;
  };
  EXPECT_THAT(said({"--budget", "2 fortnights"}), HasSubstr("is no time"));
  EXPECT_THAT(said({"--budget", "0s"}), HasSubstr("no time"));
  EXPECT_THAT(said({"--workloads", "nothing*"}), HasSubstr("no workload is called like"));
  EXPECT_THAT(said({"--workloads", "churm"}), HasSubstr("did you mean churn"));
  EXPECT_THAT(said({"--workloads", "gone.hwt"}), HasSubstr("cannot read gone.hwt"));
  EXPECT_THAT(said({"--allocators", "jmalloc"}), HasSubstr("jemalloc"));
  EXPECT_THAT(said({"--purposes", "speed"}), HasSubstr("there is no purpose"));
  EXPECT_THAT(said({"--shard", "3/2"}), HasSubstr("is no shard"));
  EXPECT_THAT(said({"--shard", "0/2"}), HasSubstr("is no shard"));
  EXPECT_THAT(said({"--quick", "--full"}), HasSubstr("excludes"));
  EXPECT_THAT(said({"--resume", "--json", "-"}), HasSubstr("cannot be gone on with"));
}

TEST_F(SuiteVerb, ShardsMergeIntoTheWhole) {
  ASSERT_EQ(heapwise(command({"--json", "whole.json"})).exit_code, 0);
  for (const char* shard : {"1", "2"}) {
    const Finished end = heapwise(command(
        {"--shard", std::string(shard) + "/2", "--json", std::string("s") + shard + ".json"}));
    ASSERT_EQ(end.exit_code, 0) << end.err;
  }
  const Finished lost = heapwise({"merge", "s2.json", "-o", "m.json"});
  EXPECT_EQ(lost.exit_code, 2);
  EXPECT_THAT(lost.err, HasSubstr("shard 1 of 2 is missing"));
  const Finished end = heapwise({"merge", "s2.json", "s1.json", "-o", "m.json"});
  ASSERT_EQ(end.exit_code, 0) << end.err;
  EXPECT_EQ(runs("m.json"), runs("whole.json"));
  EXPECT_EQ(json("m.json")["fleet"].size(), 2U);
  EXPECT_THAT(end.out, HasSubstr("One for all"));
}

}  // namespace
}  // namespace heapwise::testing
