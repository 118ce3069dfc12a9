// SPDX-License-Identifier: MIT
// Workloads that are about what grows or is large: realloc-growth, large-buffers, slow-growth.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>

#include "tests/workloads/support.h"

namespace heapwise::test {
namespace {

TEST(ReallocGrowth, BuffersGrowByHalfByDoublingAndBySteps) {
  const Made made = make("realloc-growth:jobs=5000,buffers=5,shrink=0");
  std::map<std::uint32_t, std::uint64_t> sizes;
  std::uint64_t by_half = 0, by_doubling = 0, by_steps = 0, other = 0;
  for (const Op& op : made.ops) {
    std::uint64_t& size = sizes[index(op.object)];
    if (op.kind == OpKind::realloc) {
      const bool half = op.size == size + size / 2, twice = op.size == 2 * size;
      (op.size == size + 16384 && !twice ? by_steps
       : half                            ? by_half
       : twice                           ? by_doubling
                                         : other) += 1;
    }
    if (is_allocation(op.kind) || op.kind == OpKind::realloc) size = op.size;
  }
  EXPECT_GT(by_half, 5000U);
  EXPECT_GT(by_doubling, 3000U);
  EXPECT_GT(by_steps, 3000U);
  EXPECT_EQ(other, 0U);
}

TEST(ReallocGrowth, ReadBuffersCrossTheSizeOfMappings) {
  const Made made = make("realloc-growth:jobs=20000");
  std::map<std::uint32_t, std::uint64_t> sizes;
  std::uint64_t crossings = 0;
  for (const Op& op : made.ops) {
    std::uint64_t& size = sizes[index(op.object)];
    crossings += op.kind == OpKind::realloc && size < 131072 && op.size >= 131072 ? 1 : 0;
    if (is_allocation(op.kind) || op.kind == OpKind::realloc) size = op.size;
  }
  EXPECT_GT(crossings, 100U);
}

TEST(ReallocGrowth, ManyAreBuiltAtOnceAndHalfAreShrunkWhenDone) {
  const Made made = make("realloc-growth:jobs=2000,at-once=20,kept=0");
  std::map<std::uint32_t, std::uint64_t> sizes;
  std::set<std::uint32_t> shrunk;
  std::uint64_t frees_of_shrunk = 0;
  for (const Op& op : made.ops) {
    std::uint64_t& size = sizes[index(op.object)];
    if (op.kind == OpKind::realloc && op.size < size) shrunk.insert(index(op.object));
    if (op.kind == OpKind::free) frees_of_shrunk += shrunk.erase(index(op.object));
    if (is_allocation(op.kind) || op.kind == OpKind::realloc) size = op.size;
  }
  EXPECT_NEAR(share(frees_of_shrunk, 2000), 0.5, 0.1);
  EXPECT_EQ(made.profile.peak_live_objects, 21U) << "twenty, and a small one for a moment";
}

TEST(LargeBuffers, SizesLieOnBothSidesOfEveryThresholdWithAsManyBytesEach) {
  const Made made = make("large-buffers:replacements=20000,idle=0ns");
  for (const std::uint64_t threshold : {16U << 10, 32U << 10, 128U << 10, 256U << 10, 1U << 20}) {
    std::uint64_t below = 0, above = 0, bytes = 0;
    for (const Op& op : made.ops) {
      if (!is_allocation(op.kind) || op.size < threshold * 3 / 4 || op.size > threshold * 5 / 4) {
        continue;
      }
      (op.size < threshold ? below : above) += 1;
      bytes += op.size;
    }
    EXPECT_NEAR(share(below, above), 1, 0.3) << threshold;
    EXPECT_NEAR(share(bytes, made.profile.allocated_bytes), 1.0 / 6, 0.05) << threshold;
  }
  for (const Op& op : made.ops) EXPECT_LE(op.size, 10U << 20) << "none above the largest";
}

TEST(LargeBuffers, AtTheEndAllAreFree) {
  EXPECT_EQ(make("large-buffers:replacements=1000").profile.end_live_bytes, 0U);
}

TEST(SlowGrowth, EveryHourAsMuchIsKeptForEver) {
  const Made made = make("slow-growth:hours=5,gain=100KiB,bursts=10,session=0ns");
  const auto live = live_bytes(made.ops);
  std::map<std::uint64_t, std::uint64_t> at_hour;
  for (std::size_t i = 0; i < live.size(); ++i) {
    if (made.ops[i].kind == OpKind::free) at_hour[made.ops[i].time_ns / 3600000000000] = live[i];
  }
  EXPECT_NEAR(share(made.totals.duration_ns, 3600000000000), 5, 0.001);
  for (std::uint64_t hour = 1; hour < 5; ++hour) {
    EXPECT_NEAR(static_cast<double>(at_hour[hour] - at_hour[hour - 1]), 102400, 12000) << hour;
  }
  EXPECT_NEAR(static_cast<double>(live.back()), 5 * 102400, 12000);
}

TEST(SlowGrowth, MostOfWhatItAsksForIsGoneAMomentLater) {
  const Made made = make("slow-growth:hours=3,session=0ns");
  EXPECT_LT(share(made.profile.end_live_bytes, made.profile.allocated_bytes), 0.05);
}

}  // namespace
}  // namespace heapwise::test
