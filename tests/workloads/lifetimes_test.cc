// SPDX-License-Identifier: MIT
// Workloads that are about when objects die: mixed, cache, checkerboard.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "tests/workloads/support.h"

namespace heapwise::test {
namespace {

TEST(Mixed, FewObjectsLiveForLongAndTheyAreMostOfTheHeap) {
  const Made made = make("mixed:calls=400000,long=10,long-life=20ms,short-life=20us");
  std::map<std::uint32_t, std::uint64_t> born;
  std::uint64_t brief = 0, lasting = 0, live_lasting = 0;
  for (const Op& op : made.ops) {
    if (is_allocation(op.kind)) born[index(op.object)] = op.time_ns;
    if (op.kind != OpKind::free) continue;
    (op.time_ns - born[index(op.object)] < 500000 ? brief : lasting) += 1;
    born.erase(index(op.object));
  }
  for (const auto& [object, time] : born) {
    live_lasting += made.ops.back().time_ns - time > 500000 ? 1 : 0;
  }
  EXPECT_NEAR(share(brief, brief + lasting), 0.9, 0.03);
  EXPECT_GT(share(live_lasting, born.size()), 0.9);
}

TEST(Mixed, BothKindsHaveTheSameSizes) {
  const auto mean = [](const Made& made) {
    return share(made.profile.allocated_bytes, made.profile.allocations);
  };
  const double all = mean(make("mixed:calls=200000,long=100"));
  EXPECT_NEAR(mean(make("mixed:calls=200000,long=0")) / all, 1, 0.1);
}

/// The sizes of all objects that were allocated in a part of the trace, but for small ones.
double mean_size(const Made& made, double from, double to) {
  std::uint64_t bytes = 0, count = 0;
  for (std::size_t i = 0; i < made.ops.size(); ++i) {
    const double at = share(i, made.ops.size());
    if (at < from || at >= to || !is_allocation(made.ops[i].kind) || made.ops[i].size < 57)
      continue;
    bytes += made.ops[i].size;
    ++count;
  }
  return share(bytes, count);
}

TEST(Cache, ItsValuesGrowAndItsDataDoNot) {
  const Made made = make("cache:capacity=2MiB,writes=40000,from=200,to=1000");
  EXPECT_LT(mean_size(made, 0, 0.1), 300);
  EXPECT_GT(mean_size(made, 0.9, 1), 900);
  const auto live = live_bytes(made.ops);
  EXPECT_LT(*std::max_element(live.begin(), live.end()), (2U << 20) + 2000);
  EXPECT_GT(live.back(), (2U << 20) - 4000) << "full to the end";
}

TEST(Cache, WithinItsCapacityNothingLeavesButByItsTime) {
  const Made kept = make("cache:capacity=1GiB,writes=5000,updates=0,ttl=0ns");
  EXPECT_EQ(kept.profile.frees, 0U);
  const Made expired = make("cache:capacity=1GiB,writes=5000,updates=0,ttl=1s,interval=1ms");
  EXPECT_GT(expired.profile.frees, 3U * 2000);
  std::map<std::uint32_t, std::uint64_t> born;
  for (const Op& op : expired.ops) {
    if (is_allocation(op.kind)) born[index(op.object)] = op.time_ns;
    if (op.kind != OpKind::free) continue;
    EXPECT_GE(op.time_ns - born[index(op.object)], 500000000U);
  }
}

TEST(Cache, WhatWasUsedLeastRecentlyLeavesFirst) {
  const Made made = make("cache:capacity=256KiB,writes=20000,updates=0,ttl=0ns,from=100,to=100");
  std::map<std::uint32_t, std::uint64_t> born;
  std::uint64_t least = ~0ULL;
  for (std::size_t i = 0; i < made.ops.size(); ++i) {
    if (is_allocation(made.ops[i].kind)) born[index(made.ops[i].object)] = i;
    if (made.ops[i].kind == OpKind::free)
      least = std::min(least, i - born[index(made.ops[i].object)]);
  }
  EXPECT_GT(least, 1000U) << "nothing that has just come";
}

TEST(Checkerboard, EverySecondObjectIsFreedInTheOrderOfAllocation) {
  const Made made = make("checkerboard:board=64KiB,idle=0ns");
  std::vector<std::uint32_t> first, freed;
  for (const Op& op : made.ops) {
    if (op.kind == OpKind::free) freed.push_back(index(op.object));
    if (is_allocation(op.kind) && freed.empty()) first.push_back(index(op.object));
  }
  ASSERT_EQ(freed.size(), first.size() / 2);
  for (std::size_t i = 0; i < freed.size(); ++i) EXPECT_EQ(freed[i], first[2 * i + 1]);
}

TEST(Checkerboard, WhatComesAfterIsTooLargeForTheHolesAndAsMuch) {
  const Made made = make("checkerboard:board=1MiB,square=100,growth=2,idle=0ns");
  std::uint64_t largest_hole = 0, smallest_after = ~0ULL;
  bool freed = false;
  for (const Op& op : made.ops) {
    freed = freed || op.kind == OpKind::free;
    if (!is_allocation(op.kind)) continue;
    if (freed) smallest_after = std::min(smallest_after, op.size);
    if (!freed) largest_hole = std::max(largest_hole, op.size);
  }
  EXPECT_GT(smallest_after, largest_hole);
  EXPECT_NEAR(share(live_bytes(made.ops).back(), 1 << 20), 1, 0.01);
}

}  // namespace
}  // namespace heapwise::test
