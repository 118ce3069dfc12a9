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

TEST_F(CompareVerb, ExitsWith3WhereTheRunsCannotTellWhetherTheGateHolds) {
  simulated::Session few;
  few.rounds = 4;
  few.larger["glibc"] = 0.5;
  ASSERT_TRUE(save_result(path("few.json"), simulated::result(few), false).has_value());
  const auto compared = heapwise({"compare", "my base.json", "few.json", "--fail-over", "5"});
  EXPECT_EQ(compared.exit_code, 3) << compared.err;
  EXPECT_THAT(compared.out, HasSubstr("measure both again with more --repetitions"));
  EXPECT_EQ(heapwise({"compare", "my base.json", "few.json"}).exit_code, 0) << "there is no gate";
}

TEST_F(CompareVerb, ExitsWith1ForARegressionBeyondTheLimitAndWritesItAsJUnit) {
  simulated::Session worse;
  worse.seed = 2;
  worse.larger["glibc"] = 0.5;
  ASSERT_TRUE(save_result(path("worse.json"), simulated::result(worse), false).has_value());
  const auto compared =
      heapwise({"compare", "my base.json", "worse.json", "--fail-over", "5", "--junit", "j.xml"});
  EXPECT_EQ(compared.exit_code, 1) << compared.err;
  EXPECT_THAT(content("j.xml"), HasSubstr("<failure"));
}

TEST_F(CompareVerb, RefusesToWriteItsJUnitOverAFileOrWhatItCompares) {
  ASSERT_TRUE(write_file(path("j.xml"), "precious", false));
  const auto refused = heapwise({"compare", "my base.json", "my base.json", "--junit", "j.xml"});
  EXPECT_EQ(refused.exit_code, 2);
  EXPECT_THAT(refused.err, HasSubstr("--force"));
  EXPECT_EQ(content("j.xml"), "precious");
  const std::string base = content("my base.json");
  EXPECT_EQ(
      heapwise({"compare", "my base.json", "my base.json", "--junit", "my base.json", "--force"})
          .exit_code,
      2);
  EXPECT_EQ(content("my base.json"), base);
  const auto forced =
      heapwise({"compare", "my base.json", "my base.json", "--junit", "j.xml", "--force"});
  EXPECT_EQ(forced.exit_code, 0) << forced.err;
  EXPECT_THAT(content("j.xml"), HasSubstr("<testsuite"));
}

TEST_F(CompareVerb, SaysThatItsJUnitCouldNotBeWritten) {
  const auto lost =
      heapwise({"compare", "my base.json", "my base.json", "--junit", "no-such-folder/j.xml"});
  EXPECT_EQ(lost.exit_code, 2);
  EXPECT_THAT(lost.err, HasSubstr("no-such-folder/j.xml"));
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
