// SPDX-License-Identifier: MIT
// What a program asks of malloc stands in the trace, whichever function it used.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/recorder/support.h"

namespace heapwise::recorder_test {
namespace {

const Op* find_op(const Seen& trace, std::uint64_t size) {
  const auto found = std::find_if(trace.ops.begin(), trace.ops.end(), [size](const Op& op) {
    return op.size == size && is_operation(op.kind);
  });
  return found == trace.ops.end() ? nullptr : &*found;
}

void expect_op(const Seen& trace, std::uint64_t size, OpKind kind, unsigned align_log2 = 0) {
  const Op* op = find_op(trace, size);
  ASSERT_NE(op, nullptr) << size;
  EXPECT_EQ(op->kind, kind) << size;
  EXPECT_EQ(op->align_log2, align_log2) << size;
}

TEST(RecordedFunctions, EveryOneIsSeenWithItsSizeKindAndAlignment) {
  const auto recorded = record_scenario({"every-function"});
  const Seen& trace = recorded.main();
  expect_op(trace, 100001, OpKind::malloc);
  expect_op(trace, std::uint64_t{7} * 100003, OpKind::calloc);
  expect_op(trace, 100005, OpKind::malloc);
  expect_op(trace, 200005, OpKind::realloc);
  expect_op(trace, std::uint64_t{3} * 100007, OpKind::malloc);
  expect_op(trace, 100009, OpKind::aligned, 6);
  expect_op(trace, 102400, OpKind::aligned, 8);
  expect_op(trace, 100011, OpKind::aligned, 7);
  expect_op(trace, 100013, OpKind::aligned, 12);
  expect_op(trace, 102400, OpKind::aligned, 8);  // pvalloc's 100015 rounded up to pages is the same
  EXPECT_EQ(trace.allocated(102400), 2U);
  EXPECT_EQ(trace.freed(100005), 0U) << "it was resized before";
  for (const std::uint64_t size : {100001U, 200005U, 100009U, 100011U, 100013U}) {
    EXPECT_EQ(trace.freed(size), 1U) << size;
  }
  EXPECT_EQ(trace.allocated(100017), 1U);
  EXPECT_EQ(trace.freed(100017), 0U);
  EXPECT_EQ(trace.end_fact("recorder.usable_size_calls"), 1U);
  EXPECT_EQ(trace.end_fact("recorder.unknown_frees"), 0U);
  EXPECT_EQ(trace.end_fact("recorder.implied_frees"), 0U);
}

TEST(RecordedFunctions, FailuresAreThoseOfTheRealFunctionsAndLeaveNoObject) {
  const auto recorded = record_scenario({"failures"});
  const Seen& trace = recorded.main();
  EXPECT_GE(trace.end_fact("recorder.failed_allocations"), 3U);
  EXPECT_EQ(trace.allocated(100021), 1U);
  EXPECT_EQ(trace.freed(100021), 0U) << "a realloc that failed keeps its block";
  EXPECT_EQ(trace.freed(100023), 1U) << "realloc to 0 frees";
  EXPECT_EQ(trace.allocated(100), 1U);
}

TEST(RecordedFunctions, SizesThatNoMemoryHoldsAreRefusedAsWithoutTheRecorder) {
  const auto recorded = record_scenario({"impossible"});
  EXPECT_THAT(recorded.run.out, testing::StartsWith("111111 12 12\n"));
  EXPECT_EQ(recorded.main().freed(100033), 14U) << "and the old block stays";
  EXPECT_GE(recorded.main().end_fact("recorder.failed_allocations"), 98U);
}

TEST(RecordedFunctions, EveryFormOfNewAndDeleteIsSeen) {
  const auto recorded = record_scenario({"operators"});
  const Seen& trace = recorded.main();
  for (const std::uint64_t size : {110001, 110003, 110005, 110007, 110009, 110011}) {
    expect_op(trace, size, OpKind::malloc);
    EXPECT_EQ(trace.freed(size), 1U) << size;
  }
  // As libstdc++ does, sizes are rounded up to the alignment.
  for (const std::uint64_t size : {110016, 110080, 110144, 110208, 110272, 110336}) {
    expect_op(trace, size, OpKind::aligned, 6);
    EXPECT_EQ(trace.freed(size), 1U) << size;
  }
  expect_op(trace, std::uint64_t{128} * 801, OpKind::aligned, 7);
}

TEST(RecordedFunctions, ANewThatFailsRunsTheHandlerAndThrows) {
  EXPECT_EQ(record_scenario({"throwing-new"}).bare.status, 0);
}

TEST(RecordedFunctions, ANewWithAnImpossibleAlignmentFailsAsLibstdcxxHasItFail) {
  EXPECT_EQ(record_scenario({"wrong-alignments"}).bare.status, 0);
}

TEST(RecordedFunctions, CallsThatSteerTheAllocatorAreKeptInTheirPlace) {
  const auto recorded = record_scenario({"controls"});
  const Seen& trace = recorded.main();
  ASSERT_EQ(trace.count(OpKind::mallopt), 1U);
  ASSERT_EQ(trace.count(OpKind::trim), 1U);
  std::vector<OpKind> order;
  for (const Op& op : trace.ops) {
    if (op.kind == OpKind::mallopt) {
      EXPECT_EQ(static_cast<std::int32_t>(index(op.object)), -3);  // M_MMAP_THRESHOLD
      EXPECT_EQ(op.size, 1U << 20);
      order.push_back(op.kind);
    }
    if (op.kind == OpKind::trim) {
      EXPECT_EQ(op.size, 4096U);
      order.push_back(op.kind);
    }
    if (op.size == 300000) order.push_back(op.kind);
  }
  EXPECT_THAT(order, testing::ElementsAre(OpKind::mallopt, OpKind::malloc, OpKind::trim));
}

TEST(RecordedFunctions, SizesBeyondFourGigabytesAndLongPausesFit) {
  const auto recorded = record_scenario({"unusual"});
  const Seen& trace = recorded.main();
  const Op* big = find_op(trace, std::uint64_t{5} << 30);
  ASSERT_NE(big, nullptr);
  EXPECT_EQ(trace.freed(std::uint64_t{5} << 30), 1U);
  const Op* freed = big;
  while (freed->kind != OpKind::free) ++freed;
  EXPECT_GE(freed->time_ns - big->time_ns, 1'000'000U) << "of the pause of 3 ms between them";
  EXPECT_EQ(trace.freed(0), 1U);
}

TEST(RecordedFunctions, WhatLiesBeforeMainAndAfterTheExitHandlersIsSeen) {
  const auto recorded = record_scenario({"nothing"});
  const Seen& trace = recorded.main();
  EXPECT_EQ(trace.freed(120001), 1U);
  EXPECT_EQ(trace.allocated(120003), 1U);
  EXPECT_EQ(trace.freed(120005), 1U);
  EXPECT_EQ(trace.freed(120007), 1U);
  ASSERT_EQ(trace.count(OpKind::exit_begin), 1U);
  const auto exit = std::find_if(trace.ops.begin(), trace.ops.end(),
                                 [](const Op& op) { return op.kind == OpKind::exit_begin; });
  EXPECT_LT(find_op(trace, 120001), &*exit);
  EXPECT_GT(find_op(trace, 120003), &*exit);
  EXPECT_GT(find_op(trace, 120007), &*exit);
}

TEST(RecordedFunctions, ALongRunLosesNothing) {
  const auto recorded = record_scenario({"many", "3000000"});
  const Seen& trace = recorded.main();
  std::uint64_t allocated = 0;
  for (std::uint64_t size = 24; size < 124; ++size) allocated += trace.allocated(size);
  EXPECT_GE(allocated, 3000000U);
  EXPECT_LT(allocated, 3000400U) << "but for a few of the C library's own";
  EXPECT_EQ(trace.totals.dropped_events, 0U);
  EXPECT_TRUE(has(trace.capabilities, Capability::complete));
  EXPECT_EQ(trace.end_fact("recorder.unknown_frees"), 0U);
  EXPECT_TRUE(std::is_sorted(trace.ops.begin(), trace.ops.end(),
                             [](const Op& a, const Op& b) { return a.time_ns < b.time_ns; }));
}

TEST(RecordedFunctions, TheTraceTellsWhereItComesFrom) {
  const auto recorded = record_scenario({"many", "200000"});
  const TraceInfo& info = recorded.main().info;
  EXPECT_EQ(info.source, TraceSource::recorded);
  EXPECT_EQ(info.name, "record-target");
  EXPECT_THAT(info.command, testing::ElementsAre(target(), "many", "200000"));
  EXPECT_EQ(info.fact("executable"), target());
  for (const char* key : {"pid", "parent_pid", "directory", "kernel", "cpus", "page_size", "libc",
                          "transparent_hugepage", "created"}) {
    EXPECT_TRUE(info.fact(key)) << key;
  }
  EXPECT_EQ(recorded.main().totals.fact("exit_status"), "0");
  for (const char* key : {"cpu_seconds", "wall_seconds", "recorder.cost_ns_per_event"}) {
    EXPECT_TRUE(recorded.main().totals.fact(key)) << key;
  }
  EXPECT_FALSE(recorded.main().residency.empty());
}

}  // namespace
}  // namespace heapwise::recorder_test
