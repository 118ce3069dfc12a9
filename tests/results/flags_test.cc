// SPDX-License-Identifier: MIT
#include "results/flags.h"

#include <gmock/gmock.h>

#include <fstream>
#include <sstream>

#include "results/recommend.h"
#include "results/summarize.h"

namespace heapwise {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::StartsWith;

constexpr std::uint64_t kMiB = 1024 * 1024;

/// A trace of which nothing is to be said.
TraceEvidence sound() {
  TraceEvidence evidence;
  evidence.info.name = "server";
  evidence.info.facts = {{"cpus", "4"}, {"transparent_hugepage", "madvise"}};
  evidence.totals.allocations = 1000;
  evidence.capabilities = Capability::time | Capability::touch;
  evidence.threads = 3;
  evidence.census = TraceCensus{100 * kMiB, 10 * kMiB, 80 * kMiB, 0, 0};
  evidence.cpus_here = 4;
  evidence.huge_pages_here = "madvise";
  return evidence;
}

std::vector<std::string> codes(const std::vector<Warning>& warnings) {
  std::vector<std::string> codes;
  codes.reserve(warnings.size());
  for (const Warning& one : warnings) codes.push_back(one.code);
  return codes;
}

std::vector<std::string> codes(const TraceEvidence& evidence) {
  return codes(trace_flags(evidence));
}

TEST(TraceFlags, ASoundTraceHasNone) { EXPECT_THAT(codes(sound()), IsEmpty()); }

TEST(TraceFlags, EveryFlagSaysWhatMayBeWrongAndWhatToDo) {
  TraceEvidence evidence = sound();
  evidence.damage = "the file ends early";
  evidence.totals.dropped_events = 3;
  evidence.capabilities = 0;
  evidence.census = TraceCensus{100, 60, 40, 1, 2};
  evidence.cpus_here = 2;
  evidence.huge_pages_here = "always";
  evidence.info.facts.insert(evidence.info.facts.end(),
                             {{"recorder.linked_allocator", "libjemalloc.so.2"},
                              {"recorder.recorded_over", "glibc"},
                              {"recorder.allocator_calls", "mallinfo2, mallctl*"},
                              {"executable", "/usr/bin/server"},
                              {"executable.privileges", "setgid"}});
  evidence.totals.facts = {{"exit_status", "1"},
                           {"recorder.inherited_objects", "7"},
                           {"recorder.usable_size_calls", "500"},
                           {"recorder.deepbind_loads", "1"},
                           {"recorder.namespace_loads", "1"}};
  const auto flags = trace_flags(evidence);
  EXPECT_THAT(
      codes(flags),
      ElementsAre("trace-unfinished", "trace-incomplete", "trace-untimed", "forked-process",
                  "program-failed", "touch-not-measured", "small-blocks-unseen", "asks-allocator",
                  "asks-usable-size", "steers-glibc", "linked-allocator", "deepbind", "namespaces",
                  "gains-privileges", "different-cpu-count", "different-huge-pages"));
  for (const Warning& one : flags) {
    EXPECT_FALSE(one.remedy.empty()) << one.code;
    EXPECT_EQ(one.doc, one.code);
    EXPECT_THAT(one.what, HasSubstr("server")) << one.code;
  }
}

TEST(TraceFlags, AProgramThatWasAskedToEndHasNotFailed) {
  TraceEvidence evidence = sound();
  for (const char* status : {"0", "130", "143"}) {
    evidence.totals.facts = {{"exit_status", status}};
    EXPECT_THAT(codes(evidence), IsEmpty()) << status;
  }
  evidence.totals.facts = {{"exit_signal", "15"}};
  EXPECT_THAT(codes(evidence), IsEmpty());
  evidence.totals.facts = {{"exit_signal", "11"}};
  ASSERT_THAT(codes(evidence), ElementsAre("program-failed"));
  EXPECT_THAT(trace_flags(evidence)[0].what, HasSubstr("server ended with signal 11"));
  evidence.totals.facts = {{"exit_status", "139"}};
  EXPECT_THAT(codes(evidence), ElementsAre("program-failed"));
}

TEST(TraceFlags, LargeBlocksMatterOnlyWhereTheyAreALargePartAndWereNotMeasured) {
  TraceEvidence evidence = sound();
  evidence.capabilities = static_cast<Capabilities>(Capability::time);
  EXPECT_THAT(codes(evidence), ElementsAre("touch-not-measured"));
  EXPECT_THAT(trace_flags(evidence)[0].what, HasSubstr("80 % of server's live bytes"));
  evidence.census->large_bytes = kMiB;
  EXPECT_THAT(codes(evidence), IsEmpty());
}

TEST(TraceFlags, SmallBlocksAreWorthAWordOnlyWhereTheHeapConsistsOfThem) {
  TraceEvidence evidence = sound();
  evidence.census->middling_bytes = 70 * kMiB;
  EXPECT_THAT(codes(evidence), ElementsAre("small-blocks-unseen"));
  evidence.info.source = TraceSource::synthetic;
  EXPECT_THAT(codes(evidence), IsEmpty()) << "a made-up program writes what it is given";
}

TEST(TraceFlags, BlocksThatCrossAreBelievedOnlyOfAWholeTrace) {
  TraceEvidence evidence = sound();
  evidence.totals.facts = {{"recorder.unknown_frees", "2"}, {"recorder.implied_frees", "1"}};
  EXPECT_THAT(codes(evidence), ElementsAre("blocks-cross-allocators"));
  evidence.totals.dropped_events = 9;
  EXPECT_THAT(codes(evidence), ElementsAre("trace-incomplete"));
}

TEST(TraceFlags, AFewQuestionsAfterTheUsableSizeAreNoHabit) {
  TraceEvidence evidence = sound();
  evidence.totals.facts = {{"recorder.usable_size_calls", "5"}};
  EXPECT_THAT(codes(evidence), IsEmpty());
}

TEST(TraceFlags, OneThreadDoesNotMindTheNumberOfProcessors) {
  TraceEvidence evidence = sound();
  evidence.cpus_here = 64;
  evidence.threads = 1;
  EXPECT_THAT(codes(evidence), IsEmpty());
}

// ---- what figures say

/// One workload with a glibc row.
Result predicted(double peak_mib, double recorded_mib) {
  Result result;
  WorkloadInfo& info = result.workloads.emplace_back();
  info.name = "w";
  info.peak_live_bytes = static_cast<std::uint64_t>(peak_mib) * kMiB;
  for (int i = 0; i < 50; ++i) {
    info.recorded_rss.emplace_back(i, static_cast<std::uint64_t>(recorded_mib * kMiB * i / 49));
  }
  Summary& row = result.summary.emplace_back();
  row.workload = "w";
  row.allocator = "glibc";
  row.repetitions = 3;
  row.peak_rss_bytes = Interval{peak_mib * kMiB, peak_mib * kMiB, peak_mib * kMiB, 0.0};
  return result;
}

std::vector<std::string> flagged(Result result) {
  flag_predictions(result);
  return codes(result.workloads[0].warnings);
}

TEST(FigureFlags, AGoodPredictionHasNone) { EXPECT_THAT(flagged(predicted(100, 104)), IsEmpty()); }

TEST(FigureFlags, MoreThanTheProcessEverHadWasNeverWritten) {
  EXPECT_THAT(flagged(predicted(100, 90)), ElementsAre("blocks-never-written"));
  EXPECT_THAT(flagged(predicted(100, 97)), IsEmpty()) << "within what predictions may be off";
  EXPECT_THAT(flagged(predicted(1, 0.5)), IsEmpty()) << "too little to speak of";
  Result few = predicted(100, 90);
  few.workloads[0].recorded_rss.resize(5);
  EXPECT_THAT(flagged(few), IsEmpty()) << "five samples may have missed the peak";
}

TEST(FigureFlags, AHeapThatIsASmallPartOfItsProcessIsWeighedByThat) {
  Result result = predicted(14, 260);
  flag_predictions(result);
  ASSERT_THAT(codes(result.workloads[0].warnings), ElementsAre("heap-small-share"));
  EXPECT_THAT(result.workloads[0].warnings[0].what, HasSubstr("5.4 %"));
}

TEST(FigureFlags, RecordingsThatDifferAreShown) {
  Result result = predicted(100, 104);
  for (const std::uint64_t mib : {38, 39, 49}) {
    result.workloads[0].recordings.emplace_back().peak_live_bytes = mib * kMiB;
  }
  flag_predictions(result);
  ASSERT_THAT(codes(result.workloads[0].warnings), ElementsAre("live-bytes-differ"));
  EXPECT_THAT(result.workloads[0].warnings[0].what, HasSubstr("38.0 MiB, 39.0 MiB, 49.0 MiB"));
  for (RecordingInfo& one : result.workloads[0].recordings) one.peak_live_bytes = 40 * kMiB;
  result.workloads[0].warnings.clear();
  EXPECT_THAT(flagged(result), IsEmpty());
}

TEST(FigureFlags, RecordingsThatDifferInTimeAloneAreSaidTo) {
  Result result = predicted(100, 104);
  for (const int mean : {10, 20}) {
    RecordingInfo& one = result.workloads[0].recordings.emplace_back();
    one.operations = 7;
    one.peak_live_bytes = 40 * kMiB;
    one.mean_live_bytes = mean;
  }
  flag_predictions(result);
  ASSERT_THAT(codes(result.workloads[0].warnings), ElementsAre("live-bytes-differ"));
  EXPECT_THAT(result.workloads[0].warnings[0].what, HasSubstr("at the same times"));
  result.workloads[0].recordings[0].operations = 8;
  result.workloads[0].warnings.clear();
  flag_predictions(result);
  EXPECT_THAT(result.workloads[0].warnings[0].what, HasSubstr("each time"));
}

TEST(FigureFlags, FewerThanThreeReplaysAreSaidToBe) {
  Result result = predicted(100, 104);
  result.summary[0].repetitions = 2;
  flag_predictions(result);
  flag_predictions(result);
  EXPECT_THAT(codes(result.workloads[0].warnings), ElementsAre("few-repetitions"));
  EXPECT_THAT(result.summary[0].flags, ElementsAre("few-repetitions"));
}

TEST(Flags, EveryCodeHasItsSectionInTheManual) {
  std::ifstream file(MEASURING_PAGE);
  std::stringstream text;
  text << file.rdbuf();
  ASSERT_FALSE(text.str().empty());
  for (const FlagKind& kind : flag_kinds()) {
    EXPECT_NE(text.str().find("\n### " + std::string(kind.code) + "\n"), std::string::npos)
        << kind.code;
  }
}

TEST(Flags, ALibraryIsKnownByTheNameOfItsAllocator) {
  EXPECT_EQ(allocator_of_library("libjemalloc.so.2"), "jemalloc");
  EXPECT_EQ(allocator_of_library("libtcmalloc_minimal.so.4"), "tcmalloc");
  EXPECT_EQ(allocator_of_library("libmimalloc.so.2.0"), "mimalloc");
  EXPECT_EQ(allocator_of_library(""), "");
}

// ---- deployable or not

class Deploys : public testing::Test {
 protected:
  Deploys() {
    workload_.name = "w";
    workload_.operations = 1000;
    workload_.command = {"server"};
  }
  std::string lines(const std::string& allocator, const std::string& tuning = "default") const {
    return deployment_lines_for({allocator, tuning}, workload_, deployments_);
  }
  void flag(const std::string& code) { workload_.warnings.push_back({code, "", "", ""}); }

  /// glibc and the others did as told; what is chosen for memory.
  Expected<Recommendation> verdict() const {
    Result result;
    result.workloads = {workload_};
    for (const auto& [allocator, mib] : std::vector<std::pair<std::string, double>>{
             {"glibc", 100}, {"jemalloc", 60}, {"mine", 40}}) {
      for (unsigned i = 0; i < 3; ++i) {
        heapwise::Run& run = result.runs.emplace_back();
        run.workload = "w";
        run.allocator = allocator;
        run.purpose = "footprint";
        run.repetition = i;
        run.peak_rss_bytes = static_cast<std::uint64_t>(mib * kMiB) + i;
        run.mean_rss_bytes = run.end_rss_bytes = run.peak_rss_bytes;
      }
    }
    return recommend(result, "w", Objective::memory, deployments_);
  }

  WorkloadInfo workload_;
  std::vector<Deployment> deployments_ = {
      {"glibc", "default", "", "", "", {}},
      {"glibc", "arena-max-2", "", "", "", {{"GLIBC_TUNABLES", "glibc.malloc.arena_max=2"}}},
      {"jemalloc", "default", "/lib/libjemalloc.so.2", "libjemalloc2", "-ljemalloc", {}},
      {"jemalloc",
       "decay-0",
       "/lib/libjemalloc.so.2",
       "libjemalloc2",
       "-ljemalloc",
       {{"MALLOC_CONF", "dirty_decay_ms:0"}}},
      {"mine", "default", "/opt/libmine.so", "", "", {}}};
};

TEST_F(Deploys, AnOrdinaryProgramByPreloading) {
  EXPECT_THAT(lines("jemalloc"), StartsWith("LD_PRELOAD=/lib/libjemalloc.so.2 server"));
  EXPECT_EQ(verdict()->choice.allocator, "mine");
}

TEST_F(Deploys, WhatWouldCrashOrDoNothingIsNeverPreloaded) {
  for (const FlagKind& kind : flag_kinds()) {
    if (kind.preload == Preload::works) continue;
    workload_.warnings.clear();
    flag(kind.code);
    for (const char* tuning : {"default", "decay-0"}) {
      EXPECT_THAT(lines("jemalloc", tuning), Not(HasSubstr("LD_PRELOAD=")));
      EXPECT_THAT(lines("jemalloc", tuning), StartsWith("# do not preload it: ")) << kind.code;
    }
    EXPECT_THAT(lines("mine"), Not(HasSubstr("LD_PRELOAD=")));
  }
}

TEST_F(Deploys, PlugInsThatPassItByCallForLinking) {
  flag("deepbind");
  EXPECT_THAT(lines("jemalloc"), HasSubstr("link the program with -ljemalloc"));
  EXPECT_THAT(lines("jemalloc", "decay-0"), HasSubstr("\nMALLOC_CONF=dirty_decay_ms:0 server"));
  const auto chosen = verdict();
  EXPECT_EQ(chosen->choice.allocator, "jemalloc") << "mine can only be preloaded";
  EXPECT_THAT(chosen->reasons,
              Contains(AllOf(StartsWith("mine was left out"), HasSubstr("not safe"))));
}

TEST_F(Deploys, VariablesOfAProgramThatGainsRightsAreIgnoredToo) {
  flag("gains-privileges");
  EXPECT_THAT(lines("jemalloc", "decay-0"), Not(HasSubstr("MALLOC_CONF=")));
  EXPECT_THAT(lines("jemalloc", "decay-0"), HasSubstr("ignored too"));
  EXPECT_THAT(lines("glibc", "arena-max-2"), Not(StartsWith("GLIBC_TUNABLES=")));
}

TEST_F(Deploys, AProgramThatIsLinkedToTheChoiceHasNothingToDo) {
  workload_.linked_allocator = "libjemalloc.so.2";
  EXPECT_THAT(lines("jemalloc"), HasSubstr("nothing to do"));
  EXPECT_THAT(lines("jemalloc", "decay-0"), StartsWith("MALLOC_CONF=dirty_decay_ms:0 server"));
  EXPECT_THAT(lines("glibc"), StartsWith("LD_PRELOAD=libc.so.6 server"));
  EXPECT_THAT(lines("mine"), StartsWith("LD_PRELOAD=/opt/libmine.so server"));
  EXPECT_EQ(verdict()->over.allocator, "jemalloc") << "that is what it runs on now";
}

TEST_F(Deploys, AProgramThatNeedsItsAllocatorKeepsIt) {
  workload_.linked_allocator = "libjemalloc.so.2";
  flag("private-interface");
  const auto chosen = verdict();
  ASSERT_TRUE(chosen.has_value());
  EXPECT_EQ(chosen->choice.allocator, "jemalloc");
  EXPECT_THAT(chosen->how_to, HasSubstr("nothing to do"));
  EXPECT_THAT(chosen->reasons, Contains(HasSubstr("functions that only libjemalloc.so.2 has")));
}

TEST_F(Deploys, EveryLineFitsEightyColumns) {
  for (const FlagKind& kind : flag_kinds()) {
    workload_.warnings.clear();
    workload_.linked_allocator = "libjemalloc.so.2";
    flag(kind.code);
    std::istringstream text(lines("mine") + "\n" + lines("glibc") + "\n" + lines("jemalloc"));
    for (std::string line; std::getline(text, line);) EXPECT_LE(line.size(), 76U) << line;
  }
}

}  // namespace
}  // namespace heapwise
