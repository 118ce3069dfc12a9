// SPDX-License-Identifier: MIT
// Workloads that are about which thread frees what: larson, producer-consumer,
// request-server, thread-churn, idle-threads, rocksdb.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

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

TEST(RequestServer, AsManyRequestsAreUnderWayAsWasSaid) {
  for (const auto& [text, peak, base] :
       {std::tuple("request-server:base=15,peak=50,quiet=400ms", 50, 15),
        std::tuple("request-server:base=3,peak=5,quiet=400ms", 5, 3)}) {
    const Made made = make(text);
    std::vector<bool> is_buffer(made.ops.size() + 1);
    int under_way = 0, most = 0;
    for (const Op& op : made.ops) {
      const std::size_t object = index(op.object);
      if (is_allocation(op.kind)) is_buffer[object] = op.thread == ThreadId{0};
      if (!is_buffer[object]) continue;
      if (is_allocation(op.kind)) most = std::max(most, ++under_way);
      if (op.kind == OpKind::free) --under_way;
    }
    EXPECT_EQ(most, peak) << text;
    EXPECT_EQ(under_way, base) << text << ": in the end";
  }
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

TEST(ThreadChurn, ThreadsComeAndGoAndLeaveTheirResultsToTheMainThread) {
  const Made made = make("thread-churn:threads=50,at-once=5,largest=256KiB,result=2,kept=10");
  EXPECT_EQ(made.totals.threads, 51U);
  std::set<ThreadId> alive;
  std::size_t most = 0, ended = 0;
  std::uint64_t freed_by_main = 0, by_others = 0;
  std::map<std::uint32_t, ThreadId> makers;
  for (const Op& op : made.ops) {
    if (op.kind == OpKind::thread_start) alive.insert(ThreadId{index(op.object)});
    if (op.kind == OpKind::thread_end) ended += alive.erase(op.thread);
    most = std::max(most, alive.size());
    if (is_allocation(op.kind)) makers[index(op.object)] = op.thread;
    if (op.kind != OpKind::free || makers[index(op.object)] == ThreadId{0}) continue;
    if (op.thread == ThreadId{0}) {
      ++freed_by_main;
      EXPECT_EQ(alive.count(makers[index(op.object)]), 0U) << "a result of a thread that is gone";
    } else {
      ++by_others;
      EXPECT_EQ(op.thread, makers[index(op.object)]);
    }
  }
  EXPECT_EQ(most, 5U);
  EXPECT_EQ(ended, 50U);
  EXPECT_NEAR(share(freed_by_main, freed_by_main + by_others), 0.016, 0.01);
}

TEST(IdleThreads, EachWorksAndThenOnlyTheMainThreadGoesOn) {
  const Made made = make("idle-threads:threads=10,jobs=3,work=32KiB,kept=500,idle=1s");
  std::map<ThreadId, std::uint64_t> last, allocated;
  for (const Op& op : made.ops) {
    if (!is_operation(op.kind)) continue;
    last[op.thread] = op.time_ns;
    if (is_allocation(op.kind)) allocated[op.thread] += op.size;
  }
  EXPECT_EQ(last.size(), 11U);
  for (const auto& [thread, time] : last) {
    if (thread == ThreadId{0}) continue;
    EXPECT_LT(time, last[ThreadId{0}] - 900000000);
    EXPECT_GT(allocated[thread], 3U * 32 * 1024);
  }
  EXPECT_LT(made.profile.end_live_bytes, 10U * 3 * 1600) << "what is alive is next to nothing";
  for (const Op& op : made.ops) EXPECT_NE(op.kind, OpKind::thread_end) << "they wait";
}

TEST(Rocksdb, TheBackgroundThreadFreesTheMemtablesOfTheWriter) {
  const Made made = make("rocksdb:memtable=512KiB,cache=1MiB,flushes=5,idle=0ns");
  std::map<std::uint32_t, Op> born;
  std::uint64_t arena_blocks = 0;
  for (const Op& op : made.ops) {
    if (is_allocation(op.kind)) born[index(op.object)] = op;
    if (op.kind != OpKind::free || born[index(op.object)].size != 65536) continue;
    ++arena_blocks;
    EXPECT_EQ(born[index(op.object)].thread, ThreadId{1}) << "the writer";
    EXPECT_EQ(op.thread, ThreadId{2}) << "the background thread";
  }
  EXPECT_EQ(arena_blocks, 5U * 8);
}

TEST(Rocksdb, TheCacheIsRenewedByOneReaderAfterAnotherAndStaysWithinItsLimit) {
  const Made made = make("rocksdb:memtable=1MiB,cache=2MiB,flushes=8,readers=3,idle=0ns");
  std::map<ThreadId, std::uint64_t> blocks;
  for (const Op& op : made.ops) blocks[op.thread] += is_allocation(op.kind) && op.size > 3600;
  for (std::uint32_t reader = 3; reader <= 5; ++reader) EXPECT_GT(blocks[ThreadId{reader}], 400U);
  EXPECT_LT(made.profile.peak_live_bytes, (2U << 20) + (3U << 20));
  EXPECT_GT(made.profile.freed_elsewhere, 1000U);
}

}  // namespace
}  // namespace heapwise::test
