// SPDX-License-Identifier: MIT
// The verb `record`: what the program says and how it ends pass through untouched.
#include <gmock/gmock.h>

#include <csignal>

#include "tests/cli/cli.h"

namespace heapwise::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

class RecordVerb : public CliTest {
 protected:
  Finished record(std::vector<std::string> command, RunOptions options = {}) const {
    std::vector<std::string> arguments = {"record", "--quiet", "--force", "-o", "t.hwt", "--"};
    arguments.insert(arguments.end(), command.begin(), command.end());
    return heapwise(arguments, std::move(options));
  }
};

TEST_F(RecordVerb, TheProgramsOutputInputAndStatusAreItsOwn) {
  RunOptions options;
  options.input = "three\nlines\nof text\n";
  const std::vector<std::string> command = {"sh", "-c", "sort; echo aside >&2; exit 7"};
  const auto bare = run(command, options);
  const auto recorded = record(command, options);
  EXPECT_EQ(recorded.out, bare.out);
  EXPECT_EQ(recorded.err, bare.err);
  EXPECT_EQ(recorded.exit_code, 7);
  EXPECT_EQ(heapwise({"trace", "check", "t.hwt"}).exit_code, 0);
}

TEST_F(RecordVerb, ASignalThatKillsTheProgramIsTheOneThatTheCallerSees) {
  const auto recorded = record({"sh", "-c", "kill -TERM $$"});
  EXPECT_EQ(recorded.exit_code, 128 + SIGTERM);
  EXPECT_TRUE(exists("t.hwt"));
}

TEST_F(RecordVerb, FlagsBehindTheDashesAreTheProgramsOwn) {
  const auto recorded = record({"printf", "%s.", "--help", "-o", "--", "x"});
  EXPECT_EQ(recorded.out, "--help.-o.--.x.");
  EXPECT_EQ(recorded.exit_code, 0);
}

TEST_F(RecordVerb, AProgramThatDoesNotExistIsAnErrorOfOurs) {
  const auto recorded = record({"no-such-program-anywhere"});
  EXPECT_EQ(recorded.exit_code, 2);
  EXPECT_THAT(recorded.err, HasSubstr("no-such-program-anywhere"));
  EXPECT_FALSE(exists("t.hwt"));
}

TEST_F(RecordVerb, WhereNoTraceIsWrittenThatIsSaidAndAnOlderOneIsNotTakenForIt) {
  ASSERT_THAT(record({"true"}).err, IsEmpty());
  const std::string before = content("t.hwt");
  const auto recorded = record({"/sbin/ldconfig", "--version"});
  EXPECT_EQ(recorded.exit_code, 0);
  EXPECT_THAT(recorded.err, HasSubstr("statically linked"));
  EXPECT_THAT(recorded.err, HasSubstr("t.hwt was not replaced"));
  EXPECT_EQ(content("t.hwt"), before);
}

TEST_F(RecordVerb, ATraceIsNoStream) {
  const auto recorded = heapwise({"record", "-o", "-", "--", "true"});
  EXPECT_EQ(recorded.exit_code, 2);
  EXPECT_THAT(recorded.err, HasSubstr("standard output"));
  EXPECT_EQ(heapwise({"workload", "make", "two-wave", "-o", "-"}).exit_code, 2);
  EXPECT_FALSE(exists("-"));
}

TEST_F(RecordVerb, ATraceThatIsNotFinishedGoesWithTheSignalThatEndsIt) {
  const auto ended = shell(
      "set -m; $HEAPWISE workload make churn:calls=1000000000 -o w.hwt 2>/dev/null & "
      "until [ -e w.hwt.part-* ]; do sleep 0.02; done; kill -TERM $!; wait $!; echo $?; ls");
  EXPECT_EQ(ended.out, "143\n") << ended.err;
}

TEST_F(RecordVerb, EveryProcessOfAScriptGetsATrace) {
  const std::string two =
      "perl -e 'my @a = map { \"x\" x $_ } 1..2000'; env -i "
      "/usr/bin/perl -e '1'";
  const auto recorded = heapwise({"record", "-o", "t.hwt", "--", "sh", "-c", two});
  EXPECT_EQ(recorded.exit_code, 0);
  std::size_t perls = 0;
  for (std::size_t at = 0; (at = recorded.err.find(": perl (pid", at)) != std::string::npos; ++at) {
    ++perls;
  }
  EXPECT_EQ(perls, 2U) << recorded.err;
  EXPECT_THAT(recorded.err, HasSubstr("next: heapwise advise t.hwt"));
}

TEST_F(RecordVerb, ATraceTellsTheCommandAndWhatItDid) {
  ASSERT_EQ(record({"perl", "-e", "my %h; $h{$_} = 'y' x 100 for 1..20000"}).exit_code, 0);
  const auto info = heapwise({"trace", "info", "t.hwt"});
  EXPECT_EQ(info.exit_code, 0);
  EXPECT_THAT(info.out, HasSubstr("perl"));
  const auto facts = nlohmann::json::parse(heapwise({"trace", "info", "t.hwt", "--json", "-"}).out,
                                           nullptr, false);
  ASSERT_FALSE(facts.is_discarded());
}

}  // namespace
}  // namespace heapwise::testing
