// SPDX-License-Identifier: MIT
#include "results/summarize.h"

#include <gmock/gmock.h>

namespace heapwise {
namespace {

using testing::SizeIs;

Run footprint(const std::string& allocator, std::uint64_t peak, std::uint64_t mean) {
  Run run;
  run.workload = "w";
  run.allocator = allocator;
  run.purpose = "footprint";
  run.peak_rss_bytes = peak;
  run.mean_rss_bytes = mean;
  return run;
}

Run throughput(const std::string& allocator, double ns) {
  Run run;
  run.workload = "w";
  run.allocator = allocator;
  run.purpose = "throughput";
  run.ns_per_operation = ns;
  return run;
}

TEST(Summarize, TakesMediansOverRepetitions) {
  const auto summaries =
      summarize({footprint("glibc", 10, 2), footprint("glibc", 30, 4), footprint("glibc", 20, 9)});
  ASSERT_THAT(summaries, SizeIs(1));
  EXPECT_EQ(summaries[0].repetitions, 3U);
  EXPECT_EQ(summaries[0].peak_rss_bytes->median, 20);
  EXPECT_EQ(summaries[0].peak_rss_bytes->low, 10);
  EXPECT_EQ(summaries[0].peak_rss_bytes->high, 30);
  EXPECT_EQ(summaries[0].mean_rss_bytes->median, 4);
}

TEST(Summarize, TakesTheMemoryCostRunByRun) {
  std::vector<heapwise::Run> runs = {footprint("glibc", 10, 2), footprint("glibc", 30, 4),
                                     footprint("glibc", 20, 9)};
  for (heapwise::Run& run : runs) run.end_rss_bytes = 3;
  // 15/3, 37/3 and 32/3: the median of the means is not the mean of the medians.
  EXPECT_DOUBLE_EQ(summarize(runs)[0].memory_cost_bytes->median, 32.0 / 3);
}

TEST(Summarize, CountsThePurposeWithFewerRuns) {
  const auto summaries =
      summarize({footprint("glibc", 1, 1), footprint("glibc", 1, 1), throughput("glibc", 9)});
  EXPECT_EQ(summaries[0].repetitions, 1U);
}

TEST(Summarize, KeepsFailuresOutOfTheFiguresAndNamesTheFirst) {
  heapwise::Run crashed = footprint("glibc", 999'999, 999'999);
  crashed.status = RunStatus::crashed;
  crashed.status_detail = "signal 11";
  heapwise::Run late = crashed;
  late.status = RunStatus::timed_out;
  const auto summaries = summarize({crashed, late, footprint("glibc", 10, 10)});
  EXPECT_EQ(summaries[0].peak_rss_bytes->median, 10);
  EXPECT_EQ(summaries[0].failures, 2U);
  EXPECT_EQ(summaries[0].failure, "crashed: signal 11");
}

TEST(Summarize, ReachesOverTheIntervalsOfAllRecordings) {
  std::vector<heapwise::Run> runs;
  for (const std::uint64_t peak : {100, 101, 102, 100, 101, 102, 150, 151, 153}) {
    runs.push_back(footprint("glibc", peak, peak));
    runs.back().end_rss_bytes = peak;
    runs.back().recording = peak < 150 ? 0 : 1;
  }
  const auto summaries = summarize(runs);
  ASSERT_THAT(summaries, SizeIs(1));
  EXPECT_EQ(summaries[0].peak_rss_bytes->median, 102);
  EXPECT_EQ(summaries[0].peak_rss_bytes->low, 100);
  EXPECT_EQ(summaries[0].peak_rss_bytes->high, 153);
  EXPECT_EQ(summaries[0].repetitions, 3U) << "those of the recording that has fewest";
  ASSERT_THAT(summaries[0].recordings, SizeIs(2));
  EXPECT_EQ(summaries[0].recordings[1].memory_cost_bytes->median, 151);
}

TEST(Summarize, CountsTheCpuTimeOfAllThreadsPerOperation) {
  heapwise::Run run = throughput("glibc", 10);
  run.operations = 1'000'000;
  run.cpu_seconds = 0.018;
  EXPECT_DOUBLE_EQ(summarize({run})[0].cpu_ns_per_operation->median, 18);
  run.operations = 0;
  EXPECT_FALSE(summarize({run})[0].cpu_ns_per_operation.has_value());
}

TEST(Summarize, TellsTheFasterHalfOfEightTimesAndMore) {
  std::vector<heapwise::Run> runs;
  for (const double ns : {15, 10, 16, 12, 17, 11, 18}) runs.push_back(throughput("glibc", ns));
  EXPECT_FALSE(summarize(runs)[0].ns_per_operation->faster_half);
  runs.push_back(throughput("glibc", 14));
  const auto half = summarize(runs)[0].ns_per_operation->faster_half;
  ASSERT_TRUE(half);
  EXPECT_EQ(half->low, 10);
  EXPECT_EQ(half->median, 11.5);
  EXPECT_EQ(half->high, 14);
  EXPECT_EQ(half->mad, 1);
}

TEST(Summarize, TellsOneFasterHalfOfAllRecordings) {
  std::vector<heapwise::Run> runs;
  for (const unsigned recording : {0U, 1U, 2U}) {
    for (const double ns : {100, 101, 102}) {
      runs.push_back(throughput("glibc", ns + 10 * recording));
      runs.back().recording = recording;
    }
  }
  const Summary summary = summarize(runs)[0];
  ASSERT_TRUE(summary.ns_per_operation->faster_half);
  EXPECT_EQ(summary.ns_per_operation->faster_half->runs, 9U);
  EXPECT_EQ(summary.ns_per_operation->faster_half->median, 102);
}

TEST(Summarize, RemembersWhereALibraryWasAndHowItWasSet) {
  heapwise::Run run = throughput("mine", 10);
  run.library = "/opt/libmine.so";
  run.settings = {"MINE=1"};
  EXPECT_EQ(summarize({run})[0].library, "/opt/libmine.so");
  EXPECT_EQ(summarize({run})[0].settings, run.settings);
}

TEST(Summarize, LeavesOutTheHarness) {
  EXPECT_THAT(summarize({throughput("null", 2), throughput("glibc", 20)}), SizeIs(1));
}

TEST(Summarize, KeepsTuningsApart) {
  heapwise::Run tuned = throughput("jemalloc", 5);
  tuned.tuning = "background";
  const auto summaries = summarize({throughput("jemalloc", 9), tuned});
  ASSERT_THAT(summaries, SizeIs(2));
  EXPECT_EQ(display_name(summaries[0]), "jemalloc");
  EXPECT_EQ(display_name(summaries[1]), "jemalloc:background");
}

TEST(Summarize, HasTheSameOrderWhateverTheOrderOfRuns) {
  heapwise::Run tuned = throughput("jemalloc", 5);
  tuned.tuning = "a-tuning";
  heapwise::Run elsewhere = throughput("glibc", 5);
  elsewhere.workload = "another";
  const auto summaries = summarize({tuned, throughput("mimalloc", 1), throughput("jemalloc", 1),
                                    elsewhere, throughput("glibc", 1)});
  std::vector<std::string> names;
  names.reserve(summaries.size());
  for (const Summary& one : summaries) names.push_back(one.workload + "/" + display_name(one));
  EXPECT_THAT(names, testing::ElementsAre("w/glibc", "w/jemalloc", "w/jemalloc:a-tuning",
                                          "w/mimalloc", "another/glibc"));
}

TEST(Summarize, LeavesAFigureEmptyThatNoRunHas) {
  const auto summaries = summarize({throughput("glibc", 20)});
  EXPECT_FALSE(summaries[0].peak_rss_bytes.has_value());
  EXPECT_FALSE(summaries[0].memory_cost_bytes.has_value());
}

}  // namespace
}  // namespace heapwise
