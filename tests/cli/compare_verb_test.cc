// SPDX-License-Identifier: MIT
// The verb `compare`, and what a result's verbs say to do next.
#include <gmock/gmock.h>

#include <filesystem>

#include "results/store.h"
#include "tests/cli/cli.h"
#include "tests/compare/simulated.h"

namespace heapwise::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class CompareVerb : public CliTest {
 protected:
  void SetUp() override {
    ASSERT_TRUE(save_result(path("my base.json"), simulated::result({}), false).has_value());
  }
};

TEST_F(CompareVerb, PutsOneFormAtMostOnStandardOutput) {
  const auto both =
      heapwise({"compare", "my base.json", "my base.json", "--json", "-", "--markdown", "-"});
  EXPECT_EQ(both.exit_code, 2);
  EXPECT_EQ(both.out, "");
  EXPECT_THAT(both.err, HasSubstr("only one output can go to standard output"));
}

TEST_F(CompareVerb, SaysNextWhatAShellRuns) {
  const auto compared = heapwise({"compare", "my base.json", "my base.json"});
  EXPECT_THAT(compared.out, HasSubstr("heapwise report 'my base.json' 'my base.json' -o"));
  const auto verdict = heapwise({"recommend", "my base.json"});
  EXPECT_THAT(verdict.out, HasSubstr("heapwise report 'my base.json' -o"));
}

TEST_F(CompareVerb, AsksForMoreOfWhatTheResultWasMadeBy) {
  simulated::Session session;
  session.rounds = 1;  // which gives no interval, so that nothing can be told
  session.larger = session.slower = {{"glibc", 0.5}};
  Result result = simulated::result(session);
  ASSERT_TRUE(save_result(path("replay.json"), result, false).has_value());
  result.suite.emplace();
  ASSERT_TRUE(save_result(path("suite.json"), result, false).has_value());
  const auto said = [this](const std::string& verb, const std::string& name) {
    std::vector<std::string> words{verb, name};
    if (verb == "compare") words.push_back(name);
    const std::string out = heapwise(words).out;
    return out.substr(std::min(out.find("Next:"), out.size()));
  };
  EXPECT_THAT(said("compare", "replay.json"), HasSubstr("--repetitions"));
  EXPECT_THAT(said("compare", "suite.json"), HasSubstr("--rounds"));
  EXPECT_THAT(said("recommend", "replay.json"), HasSubstr("heapwise replay TRACE --repetitions"));
  EXPECT_THAT(said("recommend", "suite.json"), HasSubstr("heapwise suite --rounds"));
}

TEST_F(CompareVerb, SaysNothingNextOfAResultThatIsGone) {
  RunOptions piped;
  piped.input = content("my base.json");
  const auto compared = heapwise({"compare", "-", "my base.json"}, piped);
  EXPECT_EQ(compared.exit_code, 0) << compared.err;
  EXPECT_THAT(compared.out, Not(HasSubstr("Next:")));
  const auto verdict = heapwise({"recommend", "-"}, piped);
  EXPECT_EQ(verdict.exit_code, 0) << verdict.err;
  EXPECT_THAT(verdict.out, Not(HasSubstr("Next:")));
}

TEST_F(CompareVerb, TrendLeavesOutAndNamesANightOfNoKnownTime) {
  std::filesystem::create_directory(path("nights"));
  Result result = simulated::result({});
  ASSERT_TRUE(save_result(path("nights/good.json"), result, false).has_value());
  result.created = "not a date";
  ASSERT_TRUE(save_result(path("nights/bad.json"), result, false).has_value());
  const auto drawn = heapwise({"trend", "nights", "-o", "trend.html"});
  EXPECT_EQ(drawn.exit_code, 0);
  EXPECT_THAT(drawn.err, HasSubstr("left out: nights/bad.json"));
  EXPECT_THAT(drawn.out, HasSubstr("1 night, 0 steps"));
  EXPECT_THAT(content("trend.html"), Not(HasSubstr("not a date")));
}

}  // namespace
}  // namespace heapwise::testing
