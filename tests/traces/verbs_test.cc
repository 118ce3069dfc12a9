// SPDX-License-Identifier: MIT
// heapwise trace … and heapwise workload …: what they print and how they exit.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <sstream>

#include "base/varint.h"
#include "cli/trace_verbs.h"
#include "tests/traces/support.h"

namespace heapwise::test {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

struct Ran {
  int exit_code = 0;
  std::string out, err;
};

/// Runs a command line without the program's name.
Ran run(std::vector<std::string> arguments) {
  cli::CommandLine line("");
  cli::Outcome outcome;
  cli::add_trace(line.root(), outcome);
  cli::add_workload(line.root(), outcome);
  testing::internal::CaptureStdout();
  testing::internal::CaptureStderr();
  Ran ran;
  ran.exit_code = line.parse(std::move(arguments)).value_or(outcome.exit_code);
  ran.out = testing::internal::GetCapturedStdout();
  ran.err = testing::internal::GetCapturedStderr();
  return ran;
}

std::size_t longest_line(const std::string& text) {
  std::istringstream lines(text);
  std::size_t longest = 0;
  for (std::string line; std::getline(lines, line);) {
    std::size_t width = 0;
    for (const char c : line) width += (static_cast<unsigned char>(c) & 0xc0U) != 0x80 ? 1 : 0;
    longest = std::max(longest, width);
  }
  return longest;
}

/// A trace with everything in it that the page can show.
void write_rich_trace(const std::string& path) {
  TraceInfo info;
  info.capabilities = Capability::threads | Capability::time | Capability::zeroed |
                      Capability::residency | Capability::complete;
  info.name = "redis-server";
  info.command = {"redis-server", "--save", "", "it's"};
  info.facts = {{"kernel", "6.18"},
                {"libc", "glibc 2.36"},
                {"cpus", "2"},
                {"transparent_hugepage", "madvise"},
                {"directory", "/srv/\x1b[31mred"},
                {"env.MALLOC_ARENA_MAX", "1"}};
  auto writer = TraceWriter::create(path, info);
  const ThreadId main{0}, other{1};
  const ObjectId a = writer->allocate(main, 0, OpKind::malloc, 1000);
  const ObjectId b = writer->allocate(main, 1000000000, OpKind::calloc, 3000000);
  writer->free(other, 1000000500, a);
  writer->residency({0, 1 << 20, 1 << 22});
  writer->residency({2000000000, 4 << 20, 8 << 20});
  writer->exit_begin(main, 4000000000);
  writer->free(main, 4000000001, b);
  TraceTotals end;
  end.dropped_events = 3;
  end.facts = {{"exit_signal", "11"}};
  ASSERT_TRUE(writer->finish(end));
}

TEST(TraceInfoVerb, ItsPageShowsOriginCallsMemorySizesAndLifetimes) {
  const Folder folder;
  write_rich_trace(folder / "redis.hwt");
  const Ran ran = run({"trace", "info", folder / "redis.hwt"});
  EXPECT_EQ(ran.exit_code, 0);
  EXPECT_THAT(ran.err, IsEmpty());
  const std::string page = ran.out.substr(ran.out.find(": ") + 2);
  EXPECT_EQ(page.substr(0, page.find("\nNext")),
            R"(redis-server, recorded
  command         redis-server --save '' 'it'\''s'
  directory       /srv/?[31mred
  machine         Linux 6.18, glibc 2.36, 2 CPUs, huge pages madvise
  environment     MALLOC_ARENA_MAX=1
  ended with      killed by signal 11
  knows           threads, time, zeroed, residency

Calls
  operations      4
  allocations     2 (of them calloc 1, aligned 0)
  reallocations   0
  frees           2 (50 % by another thread)
  threads         2
  time            4.00 s
  dropped         3 events are missing

Memory                                  peak         mean          end
  live, as requested                2.86 MiB     2.15 MiB     2.86 MiB
  resident, of the real process     4.00 MiB     1.00 MiB     4.00 MiB
  live objects                             2                         1

Sizes                       objects             bytes
  256 to 1023 B                   1    50 %     0.0 % ████████████
  1 MiB and more                  1    50 %     100 % ████████████

Lifetimes                   objects
  up to 1 s                       1    50 % ████████████
  up to 34 s                      1    50 % ████████████
)");
}

TEST(TraceInfoVerb, ItsPageFitsEightyColumns) {
  const Folder folder;
  TraceInfo info;
  info.name = std::string(300, 'n');
  info.command = {std::string(300, 'c'), "größe", std::string(100, '\xff')};
  info.facts = {{"directory", std::string(200, 'd')}, {"kernel", std::string(200, 'k')}};
  info.capabilities = 0x7f;
  auto writer = TraceWriter::create(folder / "t.hwt", info);
  writer->allocate(ThreadId{0}, 0, OpKind::malloc, 1ULL << 60);
  writer->allocate(ThreadId{0}, 1ULL << 62, OpKind::malloc, 1);
  ASSERT_TRUE(writer->finish());
  const std::string out = run({"trace", "info", folder / "t.hwt"}).out;
  EXPECT_LE(longest_line(out.substr(out.find('\n'), out.find("\nNext") - out.find('\n'))), 80U);
}

TEST(TraceInfoVerb, EmptyTracesHaveAPageToo) {
  const Folder folder;
  ASSERT_TRUE(TraceWriter::create(folder / "t.hwt", {})->finish());
  const Ran ran = run({"trace", "info", folder / "t.hwt"});
  EXPECT_EQ(ran.exit_code, 0);
  EXPECT_THAT(ran.out, AllOf(HasSubstr("the order of calls only"), Not(HasSubstr("nan"))));
}

TEST(TraceInfoVerb, JsonHasAllFiguresAndNothingElseIsPrinted) {
  const Folder folder;
  write_rich_trace(folder / "redis.hwt");
  const Ran ran = run({"trace", "info", folder / "redis.hwt", "--json", "-"});
  EXPECT_EQ(ran.exit_code, 0);
  const auto json = nlohmann::json::parse(ran.out);
  EXPECT_EQ(json.at("schema_version"), 1);
  const auto& trace = json.at("traces").at(0);
  EXPECT_EQ(trace.at("operations"), 4);
  EXPECT_EQ(trace.at("peak_live_bytes"), 3001000);
  EXPECT_EQ(trace.at("end_live_bytes"), 3000000);
  EXPECT_EQ(trace.at("exit_begin_s"), 4.0);
  EXPECT_EQ(trace.at("dropped_events"), 3);
  EXPECT_EQ(trace.at("damage"), nullptr);
  EXPECT_EQ(trace.at("command").at(3), "it's");
  EXPECT_EQ(trace.at("facts").at("cpus"), "2");
  EXPECT_EQ(trace.at("end_facts").at("exit_signal"), "11");
  EXPECT_EQ(trace.at("recorded_rss").at(1).at("rss_anon_bytes"), 4 << 20);
  EXPECT_EQ(trace.at("sizes").at(0).at("low"), 512);
  EXPECT_EQ(trace.at("sizes").at(0).at("objects"), 1);
}

TEST(TraceInfoVerb, JsonOfBytesThatAreNotTextIsStillJson) {
  const Folder folder;
  TraceInfo info;
  info.command = {"\xff\xfe"};
  ASSERT_TRUE(TraceWriter::create(folder / "t.hwt", info)->finish());
  const Ran ran = run({"trace", "info", folder / "t.hwt", "--json", "-"});
  EXPECT_TRUE(nlohmann::json::accept(ran.out));
}

TEST(TraceInfoVerb, AJsonFileIsReplacedOnlyByForce) {
  const Folder folder;
  ASSERT_TRUE(TraceWriter::create(folder / "t.hwt", {})->finish());
  spill(folder / "out.json", "precious");
  std::vector<std::string> command = {"trace", "info", folder / "t.hwt", "--json",
                                      folder / "out.json"};
  const Ran refused = run(command);
  EXPECT_EQ(refused.exit_code, 2);
  EXPECT_THAT(refused.err, HasSubstr("exists already"));
  EXPECT_EQ(slurp(folder / "out.json"), "precious");
  command.emplace_back("--force");
  EXPECT_EQ(run(command).exit_code, 0);
  EXPECT_TRUE(nlohmann::json::accept(slurp(folder / "out.json")));
}

TEST(TraceInfoVerb, DamageIsAWarningAndTheRestIsShown) {
  const Folder folder;
  spill(folder / "t.hwt", unfinished({small_groups()[0]}) + "rest");
  const Ran ran = run({"trace", "info", folder / "t.hwt"});
  EXPECT_EQ(ran.exit_code, 0);
  EXPECT_THAT(ran.out, AllOf(HasSubstr("warning: "), HasSubstr("The 4 bytes behind it"),
                             HasSubstr("operations      3")));
  const Ran json = run({"trace", "info", folder / "t.hwt", "--json", "-"});
  EXPECT_EQ(nlohmann::json::parse(json.out).at("traces").at(0).at("damage").at("missing_bytes"), 4);
}

TEST(TraceInfoVerb, DamageBeforeTheFirstCallIsAnErrorThatSaysSo) {
  const Folder folder;
  const std::string whole = finished(small_groups());
  const std::size_t head_end = boundaries_of(whole)[1];
  spill(folder / "t.hwt", whole.substr(0, head_end + 20));
  for (const char* verb : {"info", "check"}) {
    const Ran ran = run({"trace", verb, folder / "t.hwt"});
    EXPECT_EQ(ran.exit_code, 2);
    EXPECT_THAT(ran.err, AllOf(HasSubstr("t.hwt is damaged at byte " + std::to_string(head_end)),
                               HasSubstr("ends inside a chunk"), HasSubstr("nothing of it")));
    EXPECT_THAT(ran.out, Not(HasSubstr("replay")));
  }
}

TEST(TraceInfoVerb, AHeadThatCountsMoreThanATraceMayHaveIsAnError) {
  const Folder folder;
  std::string payload(3, '\0');
  payload[0] = 1;
  put_varint(payload, 60 << 20);
  payload.append(60 << 20, '\0');
  spill(folder / "t.hwt", header() + chunk(body(1, 0, payload)));
  for (const char* verb : {"info", "check"}) {
    const Ran ran = run({"trace", verb, folder / "t.hwt"});
    EXPECT_EQ(ran.exit_code, 2);
    EXPECT_THAT(ran.err, AllOf(HasSubstr("t.hwt"), HasSubstr("more arguments")));
  }
}

TEST(TraceInfoVerb, AFileThatIsNoTraceIsAnErrorAndTheOthersAreShown) {
  const Folder folder;
  ASSERT_TRUE(TraceWriter::create(folder / "t.hwt", {})->finish());
  const Ran ran = run({"trace", "info", "/dev/null", folder / "t.hwt"});
  EXPECT_EQ(ran.exit_code, 2);
  EXPECT_THAT(ran.err, HasSubstr("/dev/null is not a regular file"));
  EXPECT_THAT(ran.out, HasSubstr("t.hwt: "));
}

TEST(TraceCheckVerb, ItsExitStatusIsThatOfTheWorstFile) {
  const Folder folder;
  spill(folder / "good.hwt", finished(small_groups()));
  spill(folder / "cut.hwt", unfinished(small_groups()));
  spill(folder / "none.hwt", "none");
  const auto exit_of = [&](const std::vector<std::string>& names) {
    std::vector<std::string> command = {"trace", "check"};
    for (const std::string& name : names) command.push_back(folder / name);
    return run(command).exit_code;
  };
  EXPECT_EQ(exit_of({"good.hwt"}), 0);
  EXPECT_EQ(exit_of({"good.hwt", "cut.hwt"}), 1);
  EXPECT_EQ(exit_of({"none.hwt", "cut.hwt", "good.hwt"}), 2);
  EXPECT_EQ(exit_of({"missing.hwt"}), 2);
}

TEST(TraceCheckVerb, ItSaysWhatIsThereAndWhatIsMissing) {
  const Folder folder;
  const std::string whole = finished(small_groups());
  spill(folder / "good.hwt", whole);
  spill(folder / "clean.hwt", unfinished(small_groups()));
  spill(folder / "cut.hwt", whole.substr(0, boundaries_of(whole)[3] + 20));
  EXPECT_THAT(run({"trace", "check", folder / "good.hwt"}).out,
              AllOf(HasSubstr("good.hwt is whole: 8 operations."), HasSubstr("Next: ")));
  EXPECT_THAT(run({"trace", "check", folder / "clean.hwt"}).out,
              AllOf(HasSubstr("ends without the end of its trace"), HasSubstr("8 operations"),
                    HasSubstr("never written")));
  EXPECT_THAT(run({"trace", "check", folder / "cut.hwt"}).out,
              AllOf(HasSubstr("ends inside a chunk"), HasSubstr("5 operations"),
                    HasSubstr("The 20 bytes")));
}

TEST(WorkloadVerb, ListShowsEveryParameterWithItsPreset) {
  const Ran ran = run({"workload", "list"});
  EXPECT_EQ(ran.exit_code, 0);
  EXPECT_THAT(ran.out, AllOf(HasSubstr("two-wave: "), HasSubstr("64MiB"), HasSubstr("churn: "),
                             HasSubstr("1000000"), HasSubstr("(1 to 1024)"), HasSubstr("Next: ")));
  EXPECT_LE(longest_line(ran.out), 80U);
}

TEST(WorkloadVerb, MakeWritesATraceThatCheckFindsWhole) {
  const Folder folder;
  const std::string path = folder / "t.hwt";
  const Ran made =
      run({"workload", "make", "churn:calls=1000,threads=2", "-o", path, "--seed", "5"});
  EXPECT_EQ(made.exit_code, 0) << made.err;
  EXPECT_THAT(made.out, AllOf(HasSubstr("churn:threads=2,calls=1000, 1,000 operations"),
                              HasSubstr("Next: heapwise replay ")));
  EXPECT_EQ(run({"trace", "check", path}).exit_code, 0);
  EXPECT_EQ(read_trace(path)->info.fact("seed"), "5");
}

TEST(WorkloadVerb, MakeReplacesNothingWithoutForce) {
  const Folder folder;
  spill(folder / "t.hwt", "precious");
  std::vector<std::string> command = {"workload", "make", "churn:calls=10", "-o", folder / "t.hwt"};
  EXPECT_EQ(run(command).exit_code, 2);
  EXPECT_EQ(slurp(folder / "t.hwt"), "precious");
  command.emplace_back("--force");
  EXPECT_EQ(run(command).exit_code, 0);
  EXPECT_TRUE(read_trace(folder / "t.hwt"));
}

TEST(WorkloadVerb, MistakesAreExplainedAndLeaveNoFile) {
  const Folder folder;
  const auto error_of = [&](const std::string& text) {
    const Ran ran = run({"workload", "make", text, "-o", folder / "t.hwt"});
    EXPECT_EQ(ran.exit_code, 2) << text;
    return ran.err;
  };
  EXPECT_THAT(error_of("chrun"), HasSubstr("did you mean churn?"));
  EXPECT_THAT(error_of("churn:thread=2"), HasSubstr("did you mean threads?"));
  EXPECT_THAT(error_of("two-wave:wave=1"), HasSubstr("out of range"));
  EXPECT_THAT(error_of("two-wave:smallest=2KiB,largest=1KiB"), HasSubstr("smallest"));
  EXPECT_THAT(folder.files(), IsEmpty());
}

TEST(Verbs, AllOfThemHelpWithAnExample) {
  const std::vector<std::vector<std::string>> verbs = {
      {"trace"},    {"trace", "info"},    {"trace", "check"},
      {"workload"}, {"workload", "list"}, {"workload", "make"}};
  for (std::vector<std::string> command : verbs) {
    command.emplace_back("--help");
    const Ran ran = run(command);
    EXPECT_EQ(ran.exit_code, 0);
    EXPECT_THAT(ran.out, HasSubstr("Example: heapwise " + command[0]));
  }
}

TEST(Verbs, WithoutWhatTheyNeedTheyFailWithStatusTwo) {
  EXPECT_EQ(run({"trace"}).exit_code, 2);
  EXPECT_EQ(run({"trace", "info"}).exit_code, 2);
  EXPECT_EQ(run({"trace", "check"}).exit_code, 2);
  EXPECT_EQ(run({"workload", "make", "churn"}).exit_code, 2);
  EXPECT_EQ(run({"workload", "make", "churn", "-o", "x", "--seed", "y"}).exit_code, 2);
}

}  // namespace
}  // namespace heapwise::test
