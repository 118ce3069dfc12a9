// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "tests/workloads/support.h"

namespace heapwise::test {
namespace {

TEST(Churn, ItMakesAsManyCallsAsWanted) {
  EXPECT_EQ(make("churn:calls=1").profile.operations, 1U);
  EXPECT_EQ(make("churn:calls=54321").profile.operations, 54321U);
}

TEST(Churn, WorkersAreThreadsBesideTheMainOne) {
  const Made made = make("churn:calls=20000,threads=7");
  EXPECT_EQ(made.totals.threads, 8U);
  std::map<std::uint32_t, std::uint64_t> calls;
  for (const Op& op : made.ops) calls[index(op.thread)] += is_operation(op.kind) ? 1 : 0;
  EXPECT_EQ(calls[0], 0U);
  for (std::uint32_t worker = 1; worker <= 7; ++worker) EXPECT_GT(calls[worker], 1000U);
}

TEST(Churn, AShareOfObjectsIsFreedByAnotherWorker) {
  const TraceProfile none = make("churn:calls=100000,lifetime=1ms,remote=0").profile;
  EXPECT_EQ(none.freed_elsewhere, 0U);
  const TraceProfile third = make("churn:calls=100000,lifetime=1ms,remote=33").profile;
  EXPECT_NEAR(share(third.freed_elsewhere, third.frees), 0.33, 0.02);
  const TraceProfile all = make("churn:calls=100000,lifetime=1ms,remote=100%").profile;
  EXPECT_EQ(all.freed_elsewhere, all.frees);
}

TEST(Churn, OneWorkerAloneFreesAllItself) {
  const TraceProfile profile = make("churn:calls=20000,lifetime=1ms,threads=1,remote=50").profile;
  EXPECT_GT(profile.frees, 5000U);
  EXPECT_EQ(profile.freed_elsewhere, 0U);
}

TEST(Churn, ObjectsLiveAsLongAsWantedOnAverage) {
  const TraceProfile profile = make("churn:calls=200000,lifetime=1ms").profile;
  std::uint64_t sum = 0;
  for (const std::uint64_t of_bucket : profile.lifetimes_ns.sum) sum += of_bucket;
  EXPECT_NEAR(share(sum, profile.frees), 1e6, 0.1e6);
}

TEST(Churn, TheHeapSettles) {
  const Made made = make("churn:calls=400000,lifetime=2ms");
  std::uint64_t live = 0, least = ~0ULL, most = 0;
  for (std::size_t i = 0; i < made.ops.size(); ++i) {
    live += is_allocation(made.ops[i].kind) ? 1 : 0;
    live -= made.ops[i].kind == OpKind::free ? 1 : 0;
    if (i < made.ops.size() / 2 || i + 5 > made.ops.size()) continue;
    least = std::min(least, live);
    most = std::max(most, live);
  }
  EXPECT_LT(share(most, least), 1.5);
}

TEST(Churn, KindsOfCallsAreMixed) {
  const TraceProfile profile = make("churn:calls=200000").profile;
  EXPECT_NEAR(share(profile.callocs, profile.allocations), 0.10, 0.01);
  EXPECT_NEAR(share(profile.aligned, profile.allocations), 0.01, 0.003);
  EXPECT_GT(profile.reallocations, 1000U);
}

TEST(Churn, EachGenerationStartsTheNextEndsAndIsSilent) {
  const Made made = make("churn:calls=20000,threads=3,generation=100,lifetime=1ms");
  EXPECT_NEAR(made.totals.threads, 201, 5) << "the main one, and one for each 100 calls";
  std::map<std::uint32_t, std::uint64_t> started, ended, calls;
  for (const Op& op : made.ops) {
    if (op.kind == OpKind::thread_start) {
      EXPECT_EQ(started.count(index(op.object)), 0U);
      EXPECT_EQ(ended.count(index(op.thread)), 0U) << "the dead start nobody";
      started[index(op.object)] = op.time_ns;
      continue;
    }
    if (index(op.thread) == 0) continue;
    EXPECT_EQ(started.count(index(op.thread)), 1U);
    EXPECT_EQ(ended.count(index(op.thread)), 0U) << "thread " << index(op.thread);
    if (op.kind == OpKind::thread_end) ended[index(op.thread)] = op.time_ns;
    if (is_operation(op.kind)) ++calls[index(op.thread)];
    EXPECT_LE(calls[index(op.thread)], 100U);
  }
  EXPECT_EQ(started.size(), ended.size());
  EXPECT_GT(made.profile.freed_elsewhere, 1000U) << "successors free what they inherit";
}

}  // namespace
}  // namespace heapwise::test
