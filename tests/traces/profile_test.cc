// SPDX-License-Identifier: MIT
// The profile of traces that are small enough to count by hand.
#include "traces/profile.h"

#include <gtest/gtest.h>

#include "tests/traces/support.h"

namespace heapwise::test {
namespace {

constexpr ThreadId kMain{0};
constexpr ThreadId kOther{1};

/// Writes a trace with the given function and profiles it.
template <class Write>
TraceProfile profile_of(Write write) {
  const Folder folder;
  auto writer = TraceWriter::create(folder / "t.hwt", {});
  write(*writer);
  EXPECT_TRUE(writer->finish());
  return *profile_trace(folder / "t.hwt");
}

TEST(Profile, AnEmptyTraceIsAllZeros) {
  const TraceProfile profile = profile_of([](TraceWriter&) {});
  EXPECT_EQ(profile.operations, 0U);
  EXPECT_EQ(profile.threads, 0U);
  EXPECT_EQ(profile.mean_live_bytes, 0);
}

TEST(Profile, LiveBytesHavePeakMeanAndEnd) {
  const TraceProfile profile = profile_of([](TraceWriter& writer) {
    const ObjectId a = writer.allocate(kMain, 0, OpKind::malloc, 100);   // 100 for 10 ns
    const ObjectId b = writer.allocate(kMain, 10, OpKind::calloc, 300);  // 400 for 20 ns
    writer.reallocate(kMain, 30, a, 50);                                 // 350 for 10 ns
    writer.free(kMain, 40, b);                                           // 50 for 60 ns
    writer.exit_begin(kMain, 100);
  });
  EXPECT_EQ(profile.peak_live_bytes, 400U);
  EXPECT_EQ(profile.peak_live_objects, 2U);
  EXPECT_DOUBLE_EQ(profile.mean_live_bytes, (100 * 10 + 400 * 20 + 350 * 10 + 50 * 60) / 100.0);
  EXPECT_EQ(profile.end_live_bytes, 50U);
  EXPECT_EQ(profile.end_live_objects, 1U);
  EXPECT_EQ(profile.duration_ns, 100U);
  EXPECT_EQ(profile.operations, 4U);
}

TEST(Profile, TheEndIsWhereExitBegins) {
  const TraceProfile profile = profile_of([](TraceWriter& writer) {
    const ObjectId a = writer.allocate(kMain, 0, OpKind::malloc, 100);
    writer.exit_begin(kMain, 7);
    writer.free(kMain, 10, a);
  });
  EXPECT_EQ(profile.exit_begin_ns, 7U);
  EXPECT_EQ(profile.end_live_bytes, 100U);
  EXPECT_EQ(profile.end_live_objects, 1U);
}

TEST(Profile, WithoutAnExitTheEndIsTheLastOp) {
  const TraceProfile profile = profile_of([](TraceWriter& writer) {
    writer.allocate(kMain, 0, OpKind::malloc, 100);
    writer.allocate(kMain, 0, OpKind::malloc, 11);
  });
  EXPECT_FALSE(profile.exit_begin_ns);
  EXPECT_EQ(profile.end_live_bytes, 111U);
  EXPECT_EQ(profile.mean_live_bytes, 111) << "a trace without time has its end as mean";
}

TEST(Profile, CallsAreCountedByKind) {
  const TraceProfile profile = profile_of([](TraceWriter& writer) {
    const ObjectId a = writer.allocate(kMain, 0, OpKind::malloc, 1);
    writer.allocate(kMain, 0, OpKind::calloc, 2);
    writer.allocate(kMain, 0, OpKind::aligned, 4, 6);
    writer.reallocate(kMain, 0, a, 1000);
    writer.touch(kMain, 0, a, 1);
    writer.trim(kMain, 0, 0);
    writer.free(kMain, 0, a);
  });
  EXPECT_EQ(profile.operations, 5U);
  EXPECT_EQ(profile.allocations, 3U);
  EXPECT_EQ(profile.callocs, 1U);
  EXPECT_EQ(profile.aligned, 1U);
  EXPECT_EQ(profile.reallocations, 1U);
  EXPECT_EQ(profile.frees, 1U);
  EXPECT_EQ(profile.allocated_bytes, 7U);
}

TEST(Profile, ObjectsFreedByAnotherThreadAreCounted) {
  const TraceProfile profile = profile_of([](TraceWriter& writer) {
    const ObjectId a = writer.allocate(kMain, 0, OpKind::malloc, 1);
    const ObjectId b = writer.allocate(kMain, 0, OpKind::malloc, 1);
    const ObjectId c = writer.allocate(kOther, 0, OpKind::malloc, 1);
    writer.reallocate(kOther, 0, a, 2);
    writer.free(kMain, 0, a);
    writer.free(kOther, 0, b);
    writer.free(kOther, 0, c);
  });
  EXPECT_EQ(profile.freed_elsewhere, 1U) << "resizing elsewhere is not freeing elsewhere";
  EXPECT_EQ(profile.threads, 2U);
}

TEST(Profile, SizesAndLifetimesFallIntoPowersOfTwo) {
  const TraceProfile profile = profile_of([](TraceWriter& writer) {
    writer.allocate(kMain, 0, OpKind::malloc, 0);
    writer.allocate(kMain, 0, OpKind::malloc, 1);
    writer.allocate(kMain, 0, OpKind::malloc, 1023);
    const ObjectId d = writer.allocate(kMain, 5, OpKind::malloc, 1024);
    writer.free(kMain, 12, d);
  });
  EXPECT_EQ(profile.sizes.count[0], 1U);
  EXPECT_EQ(profile.sizes.count[1], 1U);
  EXPECT_EQ(profile.sizes.count[10], 1U);
  EXPECT_EQ(profile.sizes.count[11], 1U);
  EXPECT_EQ(profile.sizes.sum[10], 1023U);
  EXPECT_EQ(profile.lifetimes_ns.count[3], 1U);
  EXPECT_EQ(profile.lifetimes_ns.sum[3], 7U);
}

TEST(Profile, BucketsJoinWithoutGapOrOverlap) {
  EXPECT_EQ(Histogram::low(0), 0U);
  EXPECT_EQ(Histogram::high(0), 0U);
  for (std::size_t bucket = 1; bucket <= 64; ++bucket) {
    EXPECT_EQ(Histogram::low(bucket), Histogram::high(bucket - 1) + 1);
  }
  EXPECT_EQ(Histogram::high(64), ~std::uint64_t{0});
}

TEST(Profile, ADamagedTraceHasTheProfileOfWhatWasRead) {
  const Folder folder;
  spill(folder / "t.hwt", unfinished({small_groups()[0]}) + "rest");
  const auto profile = profile_trace(folder / "t.hwt");
  ASSERT_TRUE(profile);
  EXPECT_EQ(profile->operations, 3U);
  EXPECT_EQ(profile->threads, 2U);
  EXPECT_EQ(profile->end_live_bytes, 4096U);
}

TEST(Profile, AFileThatIsNoTraceIsAnError) {
  EXPECT_FALSE(profile_trace(std::string("/dev/null")));
}

}  // namespace
}  // namespace heapwise::test
