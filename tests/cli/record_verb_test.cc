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

  /// Sends a signal to `record` while it records a program, which does `first` before all else.
  Finished ended_by(const std::string& signal, const std::string& first) const {
    return shell("$HEAPWISE record --quiet --force -o t.hwt -- perl -e '" + first + R"(
        my %h; $h{$_} = "y" x 100 for 1..20000;
        open my $f, ">", "ready"; close $f; sleep 1 for 1..60' &
        for ((i = 0; i < 3000; ++i)); do [ -e ready ] && break; sleep 0.02; done
        rm ready; kill -)" +
                 signal + " $!; wait $!");
  }

  nlohmann::json facts_of_trace() const {
    const auto info = heapwise({"trace", "info", "t.hwt", "--json", "-"});
    const auto document = nlohmann::json::parse(info.out, nullptr, false);
    EXPECT_FALSE(document.is_discarded()) << info.err;
    return document.is_discarded() ? nlohmann::json() : document["traces"][0];
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
  const char* const kFills = "my %h; $h{$_} = 'y' x 100 for 1..20000";
  ASSERT_EQ(record({"perl", "-e", kFills}).exit_code, 0);
  const auto info = heapwise({"trace", "info", "t.hwt"});
  EXPECT_EQ(info.exit_code, 0);
  EXPECT_THAT(info.out, HasSubstr("perl"));
  auto trace = facts_of_trace();
  EXPECT_EQ(trace["name"], "perl");
  EXPECT_EQ(trace["command"][2], kFills);
  EXPECT_GT(trace["allocations"], 20'000);
  EXPECT_GT(trace["peak_live_bytes"], 20'000 * 100);
  EXPECT_EQ(trace["threads"], 1);
}

TEST_F(RecordVerb, ASignalThatAsksItToEndReachesTheProgramWhichDecides) {
  for (const char* signal : {"TERM", "HUP"}) {
    const auto ended =
        ended_by(signal, "$SIG{TERM} = sub { exit 9 }; $SIG{HUP} = sub { exit 10 };");
    EXPECT_EQ(ended.exit_code, std::string(signal) == "TERM" ? 9 : 10) << ended.err;
    auto trace = facts_of_trace();
    EXPECT_TRUE(trace["damage"].is_null()) << signal;
    EXPECT_GT(trace["allocations"], 20'000) << signal;
    EXPECT_FALSE(trace["exit_begin_s"].is_null()) << signal << ": its end is missing";
  }
}

TEST_F(RecordVerb, ASignalThatTheProgramDiesOfIsPassedOnAndTheTraceIsWhole) {
  for (const char* signal : {"TERM", "HUP"}) {
    const auto ended = ended_by(signal, "");
    EXPECT_EQ(ended.exit_code, 128 + (std::string(signal) == "TERM" ? SIGTERM : SIGHUP))
        << ended.err;
    auto trace = facts_of_trace();
    EXPECT_TRUE(trace["damage"].is_null()) << signal;
    EXPECT_GT(trace["allocations"], 20'000) << signal;
  }
}

/// Of 64 MiB it writes one page.
TEST_F(RecordVerb, WithoutCountingOfPagesAllOfABlockIsTakenToBeWritten) {
  for (const std::string touch : {"on", "off"}) {
    ASSERT_EQ(heapwise({"record", "--quiet", "--force", "--touch", touch, "-o", "t.hwt", "--",
                        HEAPWISE_LEAVES_EMPTY})
                  .exit_code,
              0);
    const std::string capabilities = facts_of_trace()["capabilities"].dump();
    const auto replayed =
        heapwise({"replay", "t.hwt", "--quiet", "--allocators", "glibc", "--repetitions", "1",
                  "--purposes", "footprint", "--json", "-"});
    const auto result = nlohmann::json::parse(replayed.out, nullptr, false);
    ASSERT_FALSE(result.is_discarded()) << replayed.err;
    const auto& peak = result["runs"][0]["peak_rss_bytes"];
    if (touch == "on") {
      EXPECT_THAT(capabilities, HasSubstr("\"touch\""));
      EXPECT_LT(peak, 8 << 20);
    } else {
      EXPECT_THAT(capabilities, ::testing::Not(HasSubstr("\"touch\"")));
      EXPECT_GT(peak, 64 << 20);
    }
  }
}

}  // namespace
}  // namespace heapwise::testing
