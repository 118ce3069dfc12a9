// SPDX-License-Identifier: MIT
#include "bench/session/starts.h"

#include <gmock/gmock.h>

namespace heapwise {
namespace {

Contender linked(const std::string& allocator) { return {allocator, "default", allocator, {}, {}}; }

TEST(Starts, AreToldOfEachContenderInTheirOrder) {
  const auto costs = measure_starts(HEAPWISE_RUNNERS, {linked("jemalloc"), linked("glibc")});
  ASSERT_EQ(costs.size(), 2U);
  EXPECT_EQ(costs[0].allocator, "jemalloc");
  EXPECT_EQ(costs[1].allocator, "glibc");
  for (const StartCost& one : costs) {
    EXPECT_GT(one.cpu_s, 0) << one.allocator;
    EXPECT_LT(one.cpu_s, 10) << one.allocator;
  }
}

TEST(Starts, LeaveOutWhoeverDoesNotStart) {
  const Contender absent{"mine", "default", "glibc", "/nowhere/libmine.so", {}};
  const auto costs = measure_starts(HEAPWISE_RUNNERS, {absent, linked("glibc"), linked("nobody")});
  ASSERT_EQ(costs.size(), 1U);
  EXPECT_EQ(costs[0].allocator, "glibc");
}

}  // namespace
}  // namespace heapwise
