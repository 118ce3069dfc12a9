// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include <set>

#include "tests/recorder/support.h"

namespace heapwise::recorder_test {
namespace {

void expect_whole(const Seen& trace) {
  EXPECT_EQ(trace.end_fact("recorder.unknown_frees"), 0U);
  EXPECT_EQ(trace.end_fact("recorder.implied_frees"), 0U);
  EXPECT_EQ(trace.totals.dropped_events, 0U);
}

TEST(RecordedThreads, AnAddressThatAnotherThreadReusesIsNeverConfused) {
  const auto recorded = record_scenario({"cross-free"});
  const Seen& trace = recorded.main();
  expect_whole(trace);
  std::uint64_t allocated = 0;
  std::uint64_t freed = 0;
  for (const auto& [size, count] : trace.sizes) {
    if (size < 16 || size >= 516) continue;
    allocated += count.allocated;
    freed += count.freed;
  }
  EXPECT_GE(allocated, 240000U);
  EXPECT_LE(allocated - freed, 200U) << "all the threads' blocks are freed";
  EXPECT_EQ(trace.totals.threads, 5U);
}

TEST(RecordedThreads, ThousandsOfShortOnesEachStartAndEnd) {
  const auto recorded = record_scenario({"short-threads"});
  const Seen& trace = recorded.main();
  expect_whole(trace);
  EXPECT_EQ(trace.freed(5000), 3000U);
  EXPECT_EQ(trace.totals.threads, 3001U);
  EXPECT_EQ(trace.count(OpKind::thread_start), 3000U);
  EXPECT_EQ(trace.count(OpKind::thread_end), 3000U);
  for (const Op& op : trace.ops) {
    if (op.kind == OpKind::thread_start) {
      ASSERT_EQ(index(op.thread), 0U) << "the main thread made it";
    }
  }
}

TEST(RecordedThreads, EndsAreSeenHoweverAThreadEnds) {
  const auto recorded = record_scenario({"thread-ends"});
  const Seen& trace = recorded.main();
  expect_whole(trace);
  EXPECT_EQ(trace.freed(130001), 1U) << "by a key's destructor";
  EXPECT_EQ(trace.freed(130003), 1U) << "by a cancellation handler";
  EXPECT_EQ(trace.freed(130005), 1U);
  EXPECT_EQ(trace.count(OpKind::thread_end), 3U);
  std::set<std::uint32_t> ended;
  for (const Op& op : trace.ops) {
    if (op.kind == OpKind::thread_end) ended.insert(index(op.thread));
    if (op.kind == OpKind::free && op.size >= 130001) {
      EXPECT_EQ(ended.count(index(op.thread)), 0U);
    }
  }
}

TEST(RecordedThreads, AHandlerMayAllocateWhileAnEventIsWritten) {
  const auto recorded = record_scenario({"signals"}, Check::nothing);
  EXPECT_EQ(recorded.run.status, 0);
  const Seen& trace = recorded.main();
  expect_whole(trace);
  const auto handled = std::stoull(recorded.run.err);
  EXPECT_EQ(trace.allocated(140001), handled);
  EXPECT_EQ(trace.freed(140001), handled);
  EXPECT_EQ(trace.allocated(64), trace.freed(64) + 1) << "the block whose reallocs all failed";
}

TEST(RecordedThreads, AHandlerMayForkWhileAnEventIsWritten) {
  const auto recorded = record_scenario({"forking-handlers"});
  EXPECT_EQ(recorded.bare.status, 0);
  EXPECT_GE(recorded.allocated(141001), 100U) << recorded.notes;
}

}  // namespace
}  // namespace heapwise::recorder_test
