// SPDX-License-Identifier: MIT
// Wrong flags, missing files, and help: what a stranger tries first.
#include <gmock/gmock.h>

#include <algorithm>
#include <sstream>

#include "tests/cli/cli.h"

namespace heapwise::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

class Usage : public CliTest {};

const std::vector<std::string> kVerbs = {
    "advise", "allocators", "bench", "compare", "doctor", "merge",  "record",  "recommend",
    "replay", "report",     "suite", "trace",   "trend",  "verify", "workload"};

TEST_F(Usage, EveryVerbExplainsItselfWithAnExample) {
  for (const std::string& verb : kVerbs) {
    const auto help = heapwise({verb, "--help"});
    EXPECT_EQ(help.exit_code, 0) << verb;
    EXPECT_THAT(help.out, HasSubstr("heapwise " + verb)) << verb;
    EXPECT_THAT(help.err, IsEmpty()) << verb;
  }
}

TEST_F(Usage, TheOverviewNamesEveryVerb) {
  const auto help = heapwise({"--help"});
  EXPECT_EQ(help.exit_code, 0);
  for (const std::string& verb : kVerbs) EXPECT_THAT(help.out, HasSubstr("\n  " + verb));
}

TEST_F(Usage, NoVerbAndWrongVerbsAndWrongFlagsExitWith2AndSayWhy) {
  ASSERT_EQ(heapwise({"workload", "make", "two-wave:wave=64KiB", "-o", "w.hwt"}).exit_code, 0);
  const std::vector<std::pair<std::vector<std::string>, std::string>> wrong = {
      {{}, "a command is missing"},
      {{"advize"}, "advize"},
      {{"--no-such-flag"}, "--no-such-flag"},
      {{"replay"}, "TRACE is required"},
      {{"replay", "w.hwt", "--no-such-flag"}, "--no-such-flag"},
      {{"replay", "w.hwt", "--clock", "sundial"}, "--clock: sundial"},
      {{"replay", "w.hwt", "--repetitions", "0"}, "--repetitions: Value 0"},
      {{"record", "--", "true"}, "--output is required"},
      {{"workload", "make"}, "WORKLOAD is required"},
      {{"trace"}, "a command is missing"}};
  for (const auto& [arguments, why] : wrong) {
    const auto finished = heapwise(arguments);
    EXPECT_EQ(finished.exit_code, 2) << ::testing::PrintToString(arguments);
    EXPECT_THAT(finished.err, HasSubstr(why)) << ::testing::PrintToString(arguments);
  }
}

TEST_F(Usage, WhatIsNotANumberIsNoLimit) {
  for (const char* wrong : {"nan", "NaN", "inf", "-inf", "five"}) {
    const auto gate = heapwise({"compare", "a.json", "b.json", "--fail-over", wrong});
    EXPECT_EQ(gate.exit_code, 2) << wrong;
    EXPECT_THAT(gate.err, HasSubstr("--fail-over")) << wrong;
    const auto timeout = heapwise({"replay", "a.hwt", "--timeout", wrong});
    EXPECT_EQ(timeout.exit_code, 2) << wrong;
    EXPECT_THAT(timeout.err, HasSubstr("--timeout")) << wrong;
  }
}

TEST_F(Usage, UnknownAndMissingCommandsAreNamed) {
  EXPECT_THAT(heapwise({"advize", "x.hwt"}).err, HasSubstr("there is no command \"advize\""));
  EXPECT_THAT(heapwise({"trace", "inof"}).err, HasSubstr("there is no command \"inof\""));
  EXPECT_THAT(heapwise({"trace", "inof"}).err, HasSubstr("heapwise trace --help"));
  EXPECT_THAT(heapwise({"trace"}).err, HasSubstr("a command is missing behind \"heapwise trace\""));
  EXPECT_THAT(heapwise({}).err, HasSubstr("a command is missing behind \"heapwise\""));
  EXPECT_THAT(heapwise({"--quick"}).err, HasSubstr("there is no option \"--quick\""));
}

TEST_F(Usage, WordsBehindDashesAreRefusedWhereNobodyTakesThem) {
  const std::vector<std::vector<std::string>> commands = {
      {"compare", "a.json", "b.json", "--", "--fail-over", "5"},
      {"suite", "--", "--quick"},
      {"workload", "list", "--", "x"},
      {"doctor", "--", "x"}};
  for (const auto& arguments : commands) {
    const auto finished = heapwise(arguments);
    EXPECT_EQ(finished.exit_code, 2) << ::testing::PrintToString(arguments);
    EXPECT_THAT(finished.err, HasSubstr("takes nothing behind \"--\""));
    EXPECT_THAT(finished.err, HasSubstr("hint: "));
  }
  EXPECT_EQ(heapwise({"bench", "--list", "--", "--benchmark_filter=malloc_free"}).exit_code, 0);
}

TEST_F(Usage, PurposesComeInAnyOrderAndWrongOnesAreNamed) {
  ASSERT_EQ(heapwise({"workload", "make", "two-wave:wave=64KiB", "-o", "w.hwt"}).exit_code, 0);
  const auto replay = [this](const std::string& purposes) {
    return heapwise({"replay", "w.hwt", "--allocators", "glibc", "--repetitions", "1", "--quiet",
                     "--purposes", purposes});
  };
  EXPECT_EQ(replay("throughput,footprint").exit_code, 0);
  for (const char* wrong : {"speed", "footprint,,latency", ","}) {
    const auto finished = replay(wrong);
    EXPECT_EQ(finished.exit_code, 2) << wrong;
    EXPECT_THAT(finished.err, HasSubstr("there is no purpose")) << wrong;
  }
}

TEST_F(Usage, WrongAllocatorsAndPurposesAreRefusedBeforeTheProgramRuns) {
  for (const std::string verb : {"advise", "verify"}) {
    for (const std::string option : {"--allocators", "--purposes"}) {
      EXPECT_EQ(heapwise({verb, option, "foo", "--", "touch", "ran"}).exit_code, 2)
          << verb << option;
      EXPECT_FALSE(exists("ran")) << verb << option;
    }
  }
}

TEST_F(Usage, NumbersOutOfRangeAreNamedWithWhatIsAllowed) {
  const auto negative = heapwise({"replay", "x.hwt", "--timeout", "-1"});
  EXPECT_EQ(negative.exit_code, 2);
  EXPECT_THAT(negative.err, HasSubstr("--timeout: Value -1 is not a number of 0 or more\n"));
  const auto none = heapwise({"bench", "--timeout", "0"});
  EXPECT_EQ(none.exit_code, 2);
  EXPECT_THAT(none.err, HasSubstr("--timeout: Value 0 is not a number above 0\n"));
}

TEST_F(Usage, WholeNumbersAreReadAsTheyAreWrittenOrRefused) {
  ASSERT_EQ(heapwise({"workload", "make", "two-wave:wave=64KiB", "-o", "w.hwt"}).exit_code, 0);
  for (const char* wrong : {"-1", "99999999999999999999999", "0x10", "1.5", "1e3"}) {
    const auto finished = heapwise({"replay", "w.hwt", "--seed", wrong});
    EXPECT_EQ(finished.exit_code, 2) << wrong;
    EXPECT_THAT(finished.err, HasSubstr(std::string("Value ") + wrong + " is not a whole number"));
  }
  const auto replayed = heapwise({"replay", "w.hwt", "--allocators", "glibc", "--purposes",
                                  "footprint", "--quiet", "--repetitions", "010", "--json", "-"});
  const auto result = nlohmann::json::parse(replayed.out, nullptr, false);
  ASSERT_FALSE(result.is_discarded()) << replayed.err;
  EXPECT_EQ(result["runs"].size(), 10U);
}

TEST_F(Usage, ASeedOf0IsRefusedAndDoesNotStandForADrawnOne) {
  const std::vector<std::vector<std::string>> commands = {
      {"replay", "x.hwt"}, {"suite"}, {"bench"}, {"workload", "fit", "x.hwt", "-o", "x.json"}};
  for (auto arguments : commands) {
    arguments.insert(arguments.end(), {"--seed", "0"});
    const auto finished = heapwise(arguments);
    EXPECT_EQ(finished.exit_code, 2) << ::testing::PrintToString(arguments);
    EXPECT_THAT(finished.err, HasSubstr("--seed: Value 0 is not a number above 0"));
  }
}

TEST_F(Usage, ADrawnSeedIsOneThatEveryReaderOfTheJsonKeeps) {
  ASSERT_EQ(heapwise({"workload", "make", "two-wave:wave=64KiB", "-o", "w.hwt"}).exit_code, 0);
  const auto replayed = heapwise({"replay", "w.hwt", "--allocators", "glibc", "--purposes",
                                  "footprint", "--quiet", "--repetitions", "1", "--json", "-"});
  const auto result = nlohmann::json::parse(replayed.out, nullptr, false);
  ASSERT_FALSE(result.is_discarded()) << replayed.err;
  EXPECT_GT(result["seed"].get<std::uint64_t>(), 0U);
  EXPECT_LT(result["seed"].get<std::uint64_t>(), std::uint64_t{1} << 53);
}

TEST_F(Usage, EmptyNamesAreRefusedAndDoNotStandForAll) {
  const std::vector<std::vector<std::string>> commands = {
      {"replay", "x.hwt", "--allocators", ""},
      {"replay", "x.hwt", "--purposes", ""},
      {"suite", "--workloads", ""},
      {"record", "-o", "", "--", "touch", "started"},
      {"record", "-o", "x.hwt", "--", ""},
      {"verify", "--", ""},
      {"advise", "--", ""},
      {"replay", ""}};
  for (const auto& arguments : commands) {
    const auto finished = heapwise(arguments);
    EXPECT_EQ(finished.exit_code, 2) << ::testing::PrintToString(arguments);
    EXPECT_THAT(finished.err, HasSubstr("empty")) << ::testing::PrintToString(arguments);
  }
  EXPECT_FALSE(exists("started"));
}

TEST_F(Usage, WhatTheSystemRefusesComesWithARemedy) {
  ASSERT_EQ(heapwise({"workload", "make", "two-wave:wave=64KiB", "-o", "w.hwt"}).exit_code, 0);
  const std::vector<std::pair<std::string, std::string>> lines = {
      {"$HEAPWISE recommend .", "give a file"},
      {"$HEAPWISE report . -o r.html", "give a file"},
      {"$HEAPWISE compare . .", "give a file"},
      {"ulimit -n 8; $HEAPWISE record -o x.hwt -- true", "ulimit -n"},
      {"$HEAPWISE suite --workloads /nonexistent.hwt", "/nonexistent.hwt"},
      {"TMPDIR=rel $HEAPWISE replay w.hwt", "TMPDIR"}};
  for (const auto& [line, word] : lines) {
    const auto finished = shell(line);
    EXPECT_EQ(finished.exit_code, 2) << line;
    EXPECT_THAT(finished.err, HasSubstr("hint: ")) << line;
    EXPECT_THAT(finished.err, HasSubstr(word)) << line;
  }
}

TEST_F(Usage, HelpAndHintsFitTheTerminal) {
  const auto widest = [](const std::string& text) {
    std::istringstream lines(text);
    std::size_t most = 0;
    for (std::string line; std::getline(lines, line);) {
      const auto wide = std::count_if(line.begin(), line.end(), [](char c) {
        return (static_cast<unsigned char>(c) & 0xc0) != 0x80;
      });
      most = std::max(most, static_cast<std::size_t>(wide));
    }
    return most;
  };
  std::vector<std::string> commands = kVerbs;
  commands.insert(commands.end(), {"", "workload make", "workload list", "workload fit",
                                   "trace info", "trace check"});
  for (const std::string& command : commands) {
    const std::string help = "unset COLUMNS; $HEAPWISE " + command + " --help";
    EXPECT_LE(widest(shell(help).out), 80U) << command;
  }
  for (const std::string verb : {"advise", "record", "replay", "suite", "verify", "bench", ""}) {
    EXPECT_GT(widest(shell("COLUMNS=120; export COLUMNS; $HEAPWISE " + verb + " --help").out), 80U)
        << verb;
  }
  const auto wrong = shell("unset COLUMNS; $HEAPWISE workload make nosuch -o x.hwt");
  EXPECT_THAT(wrong.err, HasSubstr("there is no workload \"nosuch\""));
  EXPECT_LE(widest(wrong.err), 80U);
}

TEST_F(Usage, MissingFilesAreNamedWithExitCode2) {
  const std::vector<std::vector<std::string>> commands = {
      {"replay", "missing.hwt"},        {"advise", "missing.hwt"},
      {"trace", "info", "missing.hwt"}, {"trace", "check", "missing.hwt"},
      {"recommend", "missing.json"},    {"report", "missing.json", "-o", "r.html"}};
  for (const auto& arguments : commands) {
    const auto finished = heapwise(arguments);
    EXPECT_EQ(finished.exit_code, 2) << ::testing::PrintToString(arguments);
    EXPECT_THAT(finished.err, HasSubstr("missing.")) << ::testing::PrintToString(arguments);
  }
}

TEST_F(Usage, UnknownAllocatorsGetTheNearestName) {
  ASSERT_EQ(heapwise({"workload", "make", "two-wave:wave=64KiB", "-o", "w.hwt"}).exit_code, 0);
  const auto finished = heapwise({"replay", "w.hwt", "--allocators", "jemaloc"});
  EXPECT_EQ(finished.exit_code, 2);
  EXPECT_THAT(finished.err, HasSubstr("jemalloc"));
}

TEST_F(Usage, AFileThatIsNoTraceIsRefusedInWords) {
  ASSERT_TRUE(write_file(path("poem.hwt"), "Shall I compare thee", false));
  const auto finished = heapwise({"replay", "poem.hwt"});
  EXPECT_EQ(finished.exit_code, 2);
  EXPECT_THAT(finished.err, HasSubstr("poem.hwt"));
  EXPECT_THAT(finished.err, HasSubstr("hint: "));
}

TEST_F(Usage, ExistingOutputsAreKeptAndTheRunDoesNotEvenStart) {
  ASSERT_TRUE(write_file(path("kept"), "precious", false));
  const std::vector<std::vector<std::string>> commands = {
      {"advise", "-o", "kept", "--", "touch", "started"},
      {"advise", "-o", "new.html", "--json", "kept", "--", "touch", "started"},
      {"advise", "-o", "new.html", "--trace", "kept", "--", "touch", "started"},
      {"record", "-o", "kept", "--", "touch", "started"},
      {"workload", "make", "two-wave:wave=64KiB", "-o", "kept"}};
  for (const auto& arguments : commands) {
    const auto finished = heapwise(arguments);
    EXPECT_EQ(finished.exit_code, 2) << ::testing::PrintToString(arguments);
    EXPECT_THAT(finished.err, HasSubstr("--force")) << ::testing::PrintToString(arguments);
    EXPECT_EQ(content("kept"), "precious");
    EXPECT_FALSE(exists("started")) << ::testing::PrintToString(arguments);
  }
}

TEST_F(Usage, DoctorNamesTheMachineAndTheAllocators) {
  const auto finished = heapwise({"doctor"});
  EXPECT_EQ(finished.exit_code, 0);
  for (const char* word : {"CPU", "glibc", "jemalloc", "tcmalloc", "mimalloc", "disturbs"}) {
    EXPECT_THAT(finished.out, HasSubstr(word));
  }
}

TEST_F(Usage, DoctorNamesAPackageWhereOneHelpsAndNoneWhereNoneDoes) {
  // Beside a program that was copied by itself there are no runners.
  const auto finished = shell("mkdir bin; cp $HEAPWISE bin; bin/heapwise doctor");
  EXPECT_EQ(finished.exit_code, 1);
  EXPECT_THAT(finished.out,
              HasSubstr("apt-get install libmimalloc-dev, then configure and build again"));
  EXPECT_THAT(finished.out, ::testing::Not(HasSubstr("apt-get install ,")));
  EXPECT_THAT(shell("COLUMNS=1000 $HEAPWISE doctor --help").out, HasSubstr("Exit status: 0 all"));
}

TEST_F(Usage, VersionIsOneLine) {
  const auto finished = heapwise({"--version"});
  EXPECT_EQ(finished.exit_code, 0);
  EXPECT_THAT(finished.out, ::testing::MatchesRegex("heapwise [0-9.]+\n"));
}

}  // namespace
}  // namespace heapwise::testing
