// SPDX-License-Identifier: MIT
#include <gmock/gmock.h>

#include "base/rng.h"
#include "base/temporary_directory.h"
#include "bench/plan/compile.h"
#include "bench/session/heap_figures.h"
#include "bench/session/runner.h"
#include "tests/plan/trace_maker.h"

namespace heapwise {
namespace {

TEST(LatencySteps, OfEveryValueBeginAtItOrLittleBelow) {
  Rng rng(5);
  for (int i = 0; i < 100'000; ++i) {
    const std::uint64_t ticks = rng.next() >> (26 + rng.below(38));
    const std::uint32_t step = latency_step(ticks);
    ASSERT_LT(step, kLatencySteps);
    ASSERT_LE(latency_floor(step), ticks);
    ASSERT_GT(latency_floor(step + 1), ticks) << ticks;
    ASSERT_LE(ticks - latency_floor(step), ticks / 32) << ticks;
  }
}

TEST(LatencySteps, FollowEachOtherWithoutAGap) {
  for (std::uint32_t step = 0; step + 1 < kLatencySteps; ++step) {
    ASSERT_EQ(latency_step(latency_floor(step)), step);
    ASSERT_EQ(latency_step(latency_floor(step + 1) - 1), step);
  }
}

TEST(LatencySteps, TakeWhatIsBeyondTheLastIntoIt) {
  EXPECT_EQ(latency_step(~std::uint64_t{0}), kLatencySteps - 1);
}

RawFigures figures_of(double ticks_per_ns, std::uint64_t stamp) {
  RawFigures raw;
  raw.latency = std::make_unique<RawLatency>();
  *raw.latency = {};
  raw.latency->ns = 1000;
  raw.latency->ticks = static_cast<std::uint64_t>(1000 * ticks_per_ns);
  raw.latency->stamp_ticks = stamp;
  return raw;
}

void took(RawFigures& raw, CallKind kind, std::uint64_t ticks, std::uint64_t calls) {
  const auto row = static_cast<std::uint32_t>(kind);
  raw.latency->counts[row][latency_step(ticks)] += calls;
  raw.latency->sum_ticks[row] += calls * ticks;
  raw.latency->max_ticks[row] = std::max(raw.latency->max_ticks[row], ticks);
}

TEST(FillLatency, TellsTheOneCallInAThousand) {
  RawFigures raw = figures_of(2, 40);
  took(raw, CallKind::malloc, 60, 9'900);
  took(raw, CallKind::free, 1'040, 85);
  took(raw, CallKind::free, 100'040, 15);
  heapwise::Run run;
  fill_latency(run, raw);
  EXPECT_DOUBLE_EQ(*run.stamp_ns, 20);
  EXPECT_DOUBLE_EQ(*run.latency_p50_ns, 10);
  EXPECT_DOUBLE_EQ(*run.latency_p99_ns, 10);
  EXPECT_NEAR(*run.latency_p999_ns, 50'000, 50'000 * 0.03);
  EXPECT_DOUBLE_EQ(*run.latency_max_ns, 50'000);
  ASSERT_EQ(run.latency.size(), 2U);
  EXPECT_EQ(run.latency[0].kind, "malloc");
  EXPECT_EQ(run.latency[0].calls, 9'900U);
  EXPECT_DOUBLE_EQ(run.latency[0].mean_ns, 10);
  EXPECT_NEAR(run.latency[1].p50_ns, 500, 500 * 0.03);
}

TEST(FillLatency, NeverGoesBelowZeroForCallsQuickerThanTheClock) {
  RawFigures raw = figures_of(1, 50);
  took(raw, CallKind::malloc, 30, 10);
  heapwise::Run run;
  fill_latency(run, raw);
  EXPECT_EQ(*run.latency_p50_ns, 0);
  EXPECT_EQ(*run.latency_max_ns, 0);
}

TEST(FillLatency, LeavesARunAloneThatHasNoHistogram) {
  heapwise::Run run;
  fill_latency(run, RawFigures{});
  RawFigures still = figures_of(1, 1);
  still.latency->ticks = 0;
  fill_latency(run, still);
  fill_latency(run, figures_of(1, 1));
  EXPECT_FALSE(run.latency_p50_ns);
  EXPECT_TRUE(run.latency.empty());
}

TEST(LatencyRun, TimesEveryCallOfEveryThreadOnce) {
  auto directory = TemporaryDirectory::make();
  ASSERT_TRUE(directory);
  const std::string trace = directory->path() + "/t.hwt";
  auto writer = testing::new_trace(trace);
  std::vector<ObjectId> held;
  writer.thread_start(ThreadId{0}, 0, ThreadId{1});
  for (int i = 0; i < 500; ++i) {
    const ThreadId thread{static_cast<std::uint32_t>(i % 2)};
    held.push_back(writer.allocate(thread, i, OpKind::malloc, 100));
    held.push_back(writer.allocate(thread, i, OpKind::calloc, 50));
    held.push_back(writer.allocate(thread, i, OpKind::malloc, i < 4 ? 64 << 20 : 10));
    if (i % 5 == 0) writer.reallocate(thread, i, held[held.size() - 3], 1000);
    for (const ObjectId object : held) writer.free(thread, i, object);
    held.clear();
  }
  testing::finish(writer);
  const auto facts = plan::compile_plan(trace, directory->path() + "/plan");
  ASSERT_TRUE(facts) << facts.error().what;
  RunnerCall call;
  call.library_directory = HEAPWISE_RUNNERS;
  call.contender = {"glibc", "default", "glibc", {}, {}};
  call.plan = directory->path() + "/plan";
  call.raw = directory->path() + "/raw";
  call.purpose = Purpose::latency;
  const auto end = run_runner(call);
  ASSERT_TRUE(end) << end.error().what;
  ASSERT_EQ(end->status, RunStatus::ok) << end->detail;
  heapwise::Run run;
  fill_latency(run, end->raw);
  std::map<std::string, std::uint64_t> calls;
  for (const CallLatency& one : run.latency) calls[one.kind] = one.calls;
  EXPECT_EQ(calls["malloc"] + calls["calloc"] + calls["realloc"] + calls["free"] +
                end->raw.latency->backwards,
            facts->operations);
  EXPECT_NEAR(static_cast<double>(calls["malloc"]), 1000, 10);
  EXPECT_NEAR(static_cast<double>(calls["realloc"]), 100, 10);
  EXPECT_GT(*run.latency_max_ns, 0);
}

}  // namespace
}  // namespace heapwise
