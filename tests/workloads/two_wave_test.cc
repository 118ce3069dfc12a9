// SPDX-License-Identifier: MIT
// The shape that the two-wave workload is about.
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/workloads/support.h"

namespace heapwise::test {
namespace {

constexpr char kSmall[] = "two-wave:wave=4MiB,idle=3s,requests=3";
constexpr double kWave = 4 << 20;

TEST(TwoWave, TwoWavesLiveAtOnceAndThenOneIsFreed) {
  const Made made = make(kSmall);
  const auto live = live_bytes(made.ops);
  const auto peak = std::max_element(live.begin(), live.end());
  EXPECT_NEAR(static_cast<double>(*peak), 2 * kWave, 0.02 * kWave);
  const double after = static_cast<double>(*std::min_element(peak, live.end()));
  EXPECT_NEAR(after, kWave, 0.02 * kWave);
  EXPECT_NEAR(static_cast<double>(made.profile.end_live_bytes), kWave, 0.02 * kWave);
}

TEST(TwoWave, TheFirstWaveIsAllocatedBeforeTheSecondAndFreedAfterIt) {
  const Made made = make(kSmall);
  const auto live = live_bytes(made.ops);
  const auto peak = std::max_element(live.begin(), live.end()) - live.begin();
  // Whatever is freed after the peak and lived for long was allocated in the first half of it.
  std::vector<std::uint64_t> born(made.ops.size());
  for (std::size_t i = 0; i < made.ops.size(); ++i) {
    const Op& op = made.ops[i];
    if (is_allocation(op.kind)) born[index(op.object)] = i;
    if (op.kind != OpKind::free || static_cast<std::ptrdiff_t>(i) < peak) continue;
    const std::uint64_t lived = i - born[index(op.object)];
    if (lived > 64) {
      EXPECT_LT(live[born[index(op.object)]], 1.02 * kWave);
    }
  }
}

TEST(TwoWave, NoObjectIsLargeEnoughForAMappingOfItsOwn) {
  const Made made = make("two-wave:wave=1MiB,largest=64KiB");
  for (const Op& op : made.ops) EXPECT_LT(op.size, 128U << 10);
}

TEST(TwoWave, SizesAreMixedWithinTheLimits) {
  const Made made = make("two-wave:wave=4MiB,smallest=100,largest=1000,requests=0");
  std::uint64_t least = ~0ULL, most = 0;
  for (const Op& op : made.ops) {
    if (!is_allocation(op.kind) || op.size < 100 || op.size == 32768) continue;  // keys, buffers
    least = std::min(least, op.size);
    most = std::max(most, op.size);
  }
  EXPECT_LT(least, 110U);
  EXPECT_LE(most, 1000U);
  EXPECT_GT(most, 900U);
}

TEST(TwoWave, WhileIdleItTicksAndKeepsNothing) {
  const Made made = make("two-wave:wave=1MiB,idle=2s,tick=10ms,requests=2");
  const std::uint64_t idle_from = made.ops.back().time_ns - 2000000000;
  std::uint64_t calls = 0, last = idle_from, longest = 0;
  for (const Op& op : made.ops) {
    if (op.time_ns <= idle_from || !is_operation(op.kind)) continue;
    ++calls;
    longest = std::max(longest, op.time_ns - last);
    last = op.time_ns;
  }
  EXPECT_EQ(calls, 200U * 2 * 4);
  EXPECT_LE(longest, 10000000U);
}

TEST(TwoWave, ItEndsByExitingWithItsDataAlive) {
  const Made made = make(kSmall);
  EXPECT_EQ(made.ops.back().kind, OpKind::exit_begin);
  EXPECT_EQ(made.profile.exit_begin_ns, made.ops.back().time_ns);
}

TEST(TwoWave, ItIsOneThread) { EXPECT_EQ(make(kSmall).totals.threads, 1U); }

TEST(TwoWave, LimitsTheWrongWayRoundAreAnErrorAndLeaveNoFile) {
  const auto folder = TemporaryDirectory::make();
  const auto choice = parse_workload("two-wave:smallest=10KiB,largest=1KiB");
  ASSERT_TRUE(choice) << "each is within its range";
  const auto made = make_workload(*choice, 1, folder->path() + "/t.hwt", false);
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().code, ErrorCode::usage);
  EXPECT_FALSE(read_file(folder->path() + "/t.hwt"));
}

}  // namespace
}  // namespace heapwise::test
