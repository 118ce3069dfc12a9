// SPDX-License-Identifier: MIT
// Workloads that are about which thread frees what: larson, producer-consumer, request-server.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>

#include "tests/workloads/support.h"

namespace heapwise::test {
namespace {

TEST(Larson, ObjectsOutliveTheThreadsThatMadeThem) {
  const Made made = make("larson:calls=60000,threads=3,objects=500,generation=1000");
  std::map<std::uint32_t, ThreadId> makers;
  std::set<ThreadId> ended;
  std::uint64_t of_the_dead = 0;
  for (const Op& op : made.ops) {
    if (op.kind == OpKind::thread_end) ended.insert(op.thread);
    if (is_allocation(op.kind)) makers[index(op.object)] = op.thread;
    if (op.kind == OpKind::free) of_the_dead += ended.count(makers[index(op.object)]);
  }
  EXPECT_GT(share(of_the_dead, made.profile.frees), 0.3);
  EXPECT_NEAR(made.totals.threads, 1 + 30, 4) << "main, and one for each 1,000 replacements";
}

TEST(Larson, EachWorkerKeepsAsManyObjectsAsItsTableHas) {
  const Made made = make("larson:calls=20000,threads=2,objects=300");
  EXPECT_EQ(made.profile.peak_live_objects, 600U);
  EXPECT_GE(made.profile.end_live_objects, 599U);
}

TEST(ProducerConsumer, NobodyFreesWhatItAllocated) {
  const Made made = make("producer-consumer:messages=5000,idle=0ns");
  EXPECT_EQ(made.profile.frees, made.profile.allocations);
  EXPECT_EQ(made.profile.freed_elsewhere, made.profile.frees);
  EXPECT_EQ(made.profile.end_live_bytes, 0U);
  std::set<ThreadId> makers, freers;
  for (const Op& op : made.ops) {
    if (is_allocation(op.kind)) makers.insert(op.thread);
    if (op.kind == OpKind::free) freers.insert(op.thread);
  }
  EXPECT_EQ(makers.size(), 2U);
  EXPECT_EQ(freers.size(), 2U);
}

TEST(ProducerConsumer, TheQueueFillsAndDrainsAgainAndAgain) {
  const Made made = make("producer-consumer:messages=30000,batch=10,queue=50,idle=0ns");
  std::uint64_t objects = 0, most = 0, fillings = 0;
  bool full = false;
  for (const Op& op : made.ops) {
    objects += is_allocation(op.kind) ? 1 : 0;
    objects -= op.kind == OpKind::free ? 1 : 0;
    most = std::max(most, objects);
    if (objects > 900 && !full) fillings += (full = true) ? 1 : 0;
    if (objects < 100) full = false;
  }
  EXPECT_EQ(most, 50U * 10 * 2);
  EXPECT_GT(fillings, 5U);
}

TEST(RequestServer, TheBurstPassesAndOnlySessionsStay) {
  const Made made = make("request-server:peak=500,base=4,quiet=4s");
  const auto live = live_bytes(made.ops);
  const auto peak = std::max_element(live.begin(), live.end());
  EXPECT_GT(*peak, 500U * 16384);
  EXPECT_LT(share(made.profile.end_live_bytes, *peak), 0.1);
  const std::uint64_t peak_time = made.ops[static_cast<std::size_t>(peak - live.begin())].time_ns;
  EXPECT_GT(peak_time, 900000000U) << "after the first quiet time";
  EXPECT_LT(peak_time, 1500000000U) << "and long before the end";
  EXPECT_GT(made.totals.duration_ns, 5000000000U);
}

TEST(RequestServer, WithoutSessionsNothingButTheRequestsUnderWayIsLeft) {
  const Made none = make("request-server:peak=100,base=1,quiet=1s,sessions=0");
  EXPECT_LE(none.profile.end_live_objects, 52U * 8);
  const Made all = make("request-server:peak=100,base=1,quiet=1s,sessions=100");
  EXPECT_GT(all.profile.end_live_objects, 3U * 300);
}

TEST(RequestServer, ConnectionBuffersComeFromTheMainThread) {
  const Made made = make("request-server:peak=50,quiet=400ms,buffer=20000");
  for (const Op& op : made.ops) {
    if (!is_allocation(op.kind)) continue;
    EXPECT_EQ(op.size == 20000, op.thread == ThreadId{0});
  }
  EXPECT_GT(made.profile.freed_elsewhere, 100U);
}

TEST(RequestServer, InQuietTimesRequestsGoOn) {
  const Made made = make("request-server:peak=50,quiet=2s");
  const std::uint64_t end = made.ops.back().time_ns;
  std::uint64_t calls = 0, last = end - 2000000000, longest = 0;
  for (const Op& op : made.ops) {
    if (op.time_ns < end - 2000000000) continue;
    longest = std::max(longest, op.time_ns - last);
    last = op.time_ns;
    ++calls;
  }
  EXPECT_GT(calls, 200U * 100);
  EXPECT_LE(longest, 10000000U);
}

}  // namespace
}  // namespace heapwise::test
