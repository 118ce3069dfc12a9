// SPDX-License-Identifier: MIT
#include "traces/recorder/convert.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/files.h"
#include "base/temporary_directory.h"
#include "tests/recorder/spool_builder.h"
#include "traces/reader.h"
#include "traces/recorder/raw_spool.h"

namespace heapwise::recorder_test {
namespace {

using recorder::Conversion;
using recorder::ConversionRequest;
using recorder::LiveObject;
using spool::Code;
using spool::Kind;
using testing::ElementsAre;
using testing::Pair;

constexpr std::uint64_t kA = 0x7f0000001000;
constexpr std::uint64_t kB = 0x7f0000002000;

/// Converts raw spools in a folder of its own and reads what came out.
class Convert : public testing::Test {
 protected:
  Convert() : folder_(std::move(*TemporaryDirectory::make())) {
    request_.raw_path = folder_.path() + "/raw";
    request_.output = folder_.path() + "/out.hwt";
    request_.name = "program";
    request_.cpus = 2;
  }

  Expected<Conversion> convert(const std::string& raw) {
    EXPECT_TRUE(write_file(request_.raw_path, raw, true));
    request_.overwrite = true;
    auto conversion = convert_spool(request_);
    if (!conversion) return conversion;
    auto reader = TraceReader::open(request_.output);
    EXPECT_TRUE(reader);
    ops_.clear();
    for (Op op; reader->next(op);) ops_.push_back(op);
    EXPECT_FALSE(reader->damage());
    info_ = reader->info();
    totals_ = reader->totals();
    residency_ = reader->residency();
    allocator_times_ = reader->allocator_times();
    return conversion;
  }

  Conversion convert_fine(const SpoolBuilder& spool) {
    auto conversion = convert(spool.bytes());
    EXPECT_TRUE(conversion);
    return conversion ? *conversion : Conversion{};
  }

  /// What lived at these moments.
  std::vector<std::vector<LiveObject>> convert_with_snapshots(const SpoolBuilder& spool,
                                                              std::vector<std::uint64_t> moments) {
    std::vector<std::vector<LiveObject>> snapshots;
    request_.snapshots_at = std::move(moments);
    request_.take_snapshot = [&](std::size_t moment, std::vector<LiveObject> objects) {
      EXPECT_EQ(moment, snapshots.size());
      snapshots.push_back(std::move(objects));
    };
    convert_fine(spool);
    return snapshots;
  }

  /// Kind and thread of each op, the shortest way to say an order.
  std::vector<std::pair<OpKind, std::uint32_t>> order() const {
    std::vector<std::pair<OpKind, std::uint32_t>> result;
    result.reserve(ops_.size());
    for (const Op& op : ops_) result.emplace_back(op.kind, index(op.thread));
    return result;
  }

  TemporaryDirectory folder_;
  ConversionRequest request_;
  std::vector<Op> ops_;
  TraceInfo info_;
  TraceTotals totals_;
  std::vector<ResidencySample> residency_;
  std::vector<AllocatorTimeSample> allocator_times_;
};

TEST_F(Convert, EveryKindKeepsItsSizeAlignmentAndTime) {
  SpoolBuilder spool;
  spool.header.start_ticks = 1000;
  spool.segments = {SegmentBuilder(1000, 0)
                        .malloc(1010, kA, 40)
                        .calloc(1020, kB, 50)
                        .aligned(1030, kB + 4096, 60, 9)
                        .wide(1040, Kind::malloc, kA + 8, std::uint64_t{6} << 32)
                        .free(5'000'000, kA)};
  request_.scale.ns_per_tick = 0.5;
  convert_fine(spool);
  ASSERT_EQ(ops_.size(), 5U);
  EXPECT_EQ(ops_[0].kind, OpKind::malloc);
  EXPECT_EQ(ops_[0].size, 40U);
  EXPECT_EQ(ops_[0].time_ns, 5U);
  EXPECT_EQ(ops_[1].kind, OpKind::calloc);
  EXPECT_EQ(ops_[2].kind, OpKind::aligned);
  EXPECT_EQ(ops_[2].align_log2, 9U);
  EXPECT_EQ(ops_[3].size, std::uint64_t{6} << 32);
  EXPECT_EQ(ops_[4].kind, OpKind::free);
  EXPECT_EQ(ops_[4].time_ns, 2'499'500U) << "a pause longer than a compact event can tell";
  EXPECT_EQ(ops_[4].object, ops_[0].object);
}

TEST_F(Convert, SegmentsAreMergedByTimeWhateverTheirOrderInTheFile) {
  SpoolBuilder spool;
  spool.segments = {SegmentBuilder(200, 1, 3).malloc(210, kB, 1).free(260, kB),
                    SegmentBuilder(250, 0, 4).free(255, kA),
                    SegmentBuilder(100, 0, 0).malloc(110, kA, 2).malloc(240, kA + 64, 3)};
  convert_fine(spool);
  EXPECT_THAT(order(),
              ElementsAre(Pair(OpKind::malloc, 0), Pair(OpKind::malloc, 1), Pair(OpKind::malloc, 0),
                          Pair(OpKind::free, 0), Pair(OpKind::free, 1)));
}

TEST_F(Convert, AnAddressFreedHereAndGivenOutThereIsTwoObjects) {
  SpoolBuilder spool;
  spool.segments = {SegmentBuilder(100, 0, 0).malloc(110, kA, 10).free(150, kA),
                    SegmentBuilder(100, 1, 1).malloc(160, kA, 20).free(190, kA)};
  const Conversion conversion = convert_fine(spool);
  EXPECT_EQ(conversion.implied_frees, 0U);
  EXPECT_EQ(conversion.unknown_frees, 0U);
  EXPECT_EQ(totals_.peak_live_bytes, 20U);
  EXPECT_EQ(totals_.end_live_bytes, 0U);
}

TEST_F(Convert, WhileAReallocRunsItsOldAddressBelongsToNobody) {
  SpoolBuilder spool;
  spool.segments = {SegmentBuilder(100, 0, 0)
                        .malloc(110, kA, 10)
                        .realloc_begin(120, kA)
                        .realloc_end(180, kB, 30)
                        .free(200, kB),
                    SegmentBuilder(100, 1, 1).malloc(150, kA, 20).free(210, kA)};
  const Conversion conversion = convert_fine(spool);
  EXPECT_EQ(conversion.implied_frees, 0U);
  EXPECT_EQ(conversion.unknown_frees, 0U);
  EXPECT_THAT(order(),
              ElementsAre(Pair(OpKind::malloc, 0), Pair(OpKind::malloc, 1),
                          Pair(OpKind::realloc, 0), Pair(OpKind::free, 0), Pair(OpKind::free, 1)));
  EXPECT_EQ(ops_[2].object, ops_[0].object);
}

TEST_F(Convert, AnOperationThatCannotBeIsLeftOutAndCountedAndTheRestIsKept) {
  SpoolBuilder spool;
  spool.segments = {SegmentBuilder(100, 0)
                        .wide(110, Kind::malloc, kA + 64, ~std::uint64_t{0})
                        .malloc(120, kA, 10)
                        .realloc_begin(130, kA)
                        .wide(140, Kind::realloc_end, kB, ~std::uint64_t{2})
                        .aligned(150, kA + 128, 7, 64)
                        .malloc(160, kA + 256, 20)
                        .free(170, kB)};
  const Conversion conversion = convert_fine(spool);
  EXPECT_EQ(conversion.impossible, 3U);
  EXPECT_THAT(order(),
              ElementsAre(Pair(OpKind::malloc, 0), Pair(OpKind::malloc, 0), Pair(OpKind::free, 0)));
  EXPECT_EQ(totals_.fact("recorder.impossible_operations"), "3");
  EXPECT_EQ(totals_.dropped_events, 3U) << "so nobody takes the trace for complete";
  EXPECT_EQ(totals_.end_live_bytes, 20U);
}

TEST_F(Convert, MoreBytesThanATraceHoldsAreLeftOutToo) {
  SpoolBuilder spool;
  SegmentBuilder segment(100, 0);
  for (std::uint64_t i = 0; i < 65; ++i) {
    segment.wide(110 + i, Kind::malloc, kA + i * 16, std::uint64_t{1} << 57);
  }
  spool.segments = {segment};
  EXPECT_EQ(convert_fine(spool).impossible, 2U);
  EXPECT_EQ(totals_.allocations, 63U);
}

TEST_F(Convert, AReallocThatFailsKeepsTheBlockAndOneToZeroFreesIt) {
  SpoolBuilder spool;
  spool.segments = {SegmentBuilder(100, 0)
                        .malloc(110, kA, 10)
                        .realloc_begin(120, kA)
                        .extended(130, Code::realloc_failed)
                        .realloc_begin(140, kA)
                        .extended(150, Code::realloc_freed)};
  convert_fine(spool);
  EXPECT_THAT(order(), ElementsAre(Pair(OpKind::malloc, 0), Pair(OpKind::free, 0)));
}

TEST_F(Convert, AnAddressGivenOutTwiceImpliesTheFreeThatNobodySaw) {
  SpoolBuilder spool;
  spool.segments = {SegmentBuilder(100, 0).malloc(110, kA, 10).malloc(120, kA, 20)};
  EXPECT_EQ(convert_fine(spool).implied_frees, 1U);
  EXPECT_THAT(order(),
              ElementsAre(Pair(OpKind::malloc, 0), Pair(OpKind::free, 0), Pair(OpKind::malloc, 0)));
  EXPECT_EQ(totals_.fact("recorder.implied_frees"), "1");
}

TEST_F(Convert, FreesOfUnknownAddressesAreCountedAndReallocsOfThemAllocate) {
  SpoolBuilder spool;
  spool.segments = {SegmentBuilder(100, 0)
                        .free(110, kA)
                        .realloc_begin(120, kA)
                        .realloc_end(130, kB, 20)
                        .realloc_end(140, kA, 30)};
  EXPECT_EQ(convert_fine(spool).unknown_frees, 2U);
  EXPECT_THAT(order(), ElementsAre(Pair(OpKind::malloc, 0), Pair(OpKind::malloc, 0)));
}

TEST_F(Convert, ASegmentEndsAtItsZeroWordWhateverLiesBehind) {
  SpoolBuilder spool;
  spool.segments = {SegmentBuilder(100, 0).malloc(110, kA, 10).garbage_behind_the_end()};
  convert_fine(spool);
  EXPECT_EQ(ops_.size(), 1U);
}

TEST_F(Convert, ARunGivesTheRestOfASegmentToAnotherThread) {
  SpoolBuilder spool;
  spool.segments = {SegmentBuilder(100, 0)
                        .malloc(110, kA, 10)
                        .run(500'000'000, 1)
                        .extended(500'000'000, Code::thread_begin, 1)
                        .free(500'000'100, kA)
                        .extended(500'000'200, Code::thread_end)};
  convert_fine(spool);
  EXPECT_THAT(order(), ElementsAre(Pair(OpKind::malloc, 0), Pair(OpKind::thread_start, 0),
                                   Pair(OpKind::free, 1), Pair(OpKind::thread_end, 1)));
  EXPECT_EQ(index(ops_[1].object), 1U);
  EXPECT_EQ(ops_[2].time_ns, 500'000'100U);
}

TEST_F(Convert, ThreadsAreNumberedByAppearanceAndUnknownCreatorsAreNobody) {
  SpoolBuilder spool;
  spool.segments = {
      SegmentBuilder(100, 7, 0).extended(100, Code::thread_begin, 0).malloc(110, kA, 10),
      SegmentBuilder(120, 3, 1).extended(120, Code::thread_begin, 0).malloc(130, kB, 10),
      SegmentBuilder(140, 5, 2).extended(140, Code::thread_begin, 4).free(150, kB)};
  convert_fine(spool);
  EXPECT_THAT(order(), ElementsAre(Pair(OpKind::malloc, 0), Pair(OpKind::thread_start, 1),
                                   Pair(OpKind::malloc, 1), Pair(OpKind::thread_start, 1),
                                   Pair(OpKind::free, 2)));
  EXPECT_EQ(index(ops_[1].object), 1U) << "itself";
  EXPECT_EQ(index(ops_[3].object), 2U) << "made by the second";
}

TEST_F(Convert, ARawFileCutAnywhereGivesItsWholeSegments) {
  SpoolBuilder spool;
  spool.segments = {SegmentBuilder(100, 0, 0).malloc(110, kA, 10),
                    SegmentBuilder(200, 0, 1).malloc(210, kB, 20)};
  const std::string whole = spool.bytes();
  const std::size_t second = whole.size() - spool.segments[1].bytes().size();
  for (std::size_t size = spool::kStatesOffset; size <= whole.size(); ++size) {
    ASSERT_TRUE(convert(whole.substr(0, size))) << size;
    const std::size_t expected = size == whole.size() ? 2 : size >= second - 8 ? 1 : 0;
    ASSERT_EQ(ops_.size(), expected) << size;
  }
}

TEST_F(Convert, WhatIsNoSpoolOfThisBuildIsRefused) {
  SpoolBuilder spool;
  EXPECT_FALSE(convert(""));
  EXPECT_FALSE(convert("something else"));
  spool.header.header_bytes += 8;
  const auto other_build = convert(spool.bytes());
  ASSERT_FALSE(other_build);
  EXPECT_THAT(other_build.error().what, testing::HasSubstr("not a spool of this build"));
  EXPECT_NE(other_build.error().hint, "");
}

TEST_F(Convert, RandomBytesInASegmentNeverLeadOutOfIt) {
  for (std::uint64_t seed = 1; seed < 200; ++seed) {
    SpoolBuilder spool;
    spool.segments = {SegmentBuilder(100, 0)};
    std::uint64_t state = seed;
    for (int i = 0; i < 50; ++i) {
      state = state * 6364136223846793005ULL + 1442695040888963407ULL;
      spool.segments[0].extended(100, Code::trim, state >> 40, state);
      spool.segments[0].wide(100, static_cast<Kind>(state & 7U), state, state >> 3);
    }
    std::string raw = spool.bytes();
    for (std::size_t i = spool::kStatesOffset + 24; i < raw.size(); ++i) {
      state = state * 6364136223846793005ULL + 1442695040888963407ULL;
      // Thread numbers are trusted: only their bytes stay as they are.
      if (state >> 62 == 0 && (i % 8) > 5) raw[i] = static_cast<char>(state >> 33);
    }
    (void)convert(raw);
  }
}

TEST_F(Convert, InheritedObjectsStandAtTheBeginningAndCanBeFreed) {
  SpoolBuilder spool;
  spool.header.parent_start_ticks = 50;
  spool.segments = {SegmentBuilder(100, 0).free(110, kA)};
  request_.inherited = {LiveObject{kA, 70, OpKind::calloc, 0}, {kB, 80, OpKind::aligned, 12}};
  EXPECT_EQ(convert_fine(spool).unknown_frees, 0U);
  EXPECT_THAT(order(), ElementsAre(Pair(OpKind::calloc, 0), Pair(OpKind::aligned, 0),
                                   Pair(OpKind::free, 0)));
  EXPECT_EQ(totals_.fact("recorder.inherited_objects"), "2");
  EXPECT_EQ(totals_.end_live_bytes, 80U);
}

TEST_F(Convert, WithoutTheParentsTraceFreesInAChildAreNotCalledUnknown) {
  SpoolBuilder spool;
  spool.header.parent_start_ticks = 50;
  spool.segments = {SegmentBuilder(100, 0).free(110, kA)};
  EXPECT_EQ(convert_fine(spool).unknown_frees, 0U);
  EXPECT_EQ(totals_.fact("recorder.inherited_frees"), "1");
}

TEST_F(Convert, SnapshotsShowWhatLivedAtTheForks) {
  SpoolBuilder spool;
  spool.segments = {SegmentBuilder(100, 0).malloc(110, kA, 10).malloc(130, kB, 20).free(150, kA)};
  const auto snapshots = convert_with_snapshots(spool, {105, 120, 140, 900});
  ASSERT_EQ(snapshots.size(), 4U);
  EXPECT_EQ(snapshots[0].size(), 0U);
  ASSERT_EQ(snapshots[1].size(), 1U);
  EXPECT_EQ(snapshots[1][0].size, 10U);
  EXPECT_EQ(snapshots[2].size(), 2U);
  ASSERT_EQ(snapshots[3].size(), 1U);
  EXPECT_EQ(snapshots[3][0].address, kB);
}

TEST_F(Convert, MemorySamplesAreSetIntoTheTimeOfTheTrace) {
  SpoolBuilder spool;
  spool.header.start_ticks = 1000;
  spool.segments = {SegmentBuilder(1000, 0).malloc(1000, kA, 10).free(3000, kA)};
  request_.scale = {500, 1'000'000, 2.0};  // so the first event is at 1,001,000 ns
  request_.residency = {{1'000'500, 1, 2}, {1'003'000, 3, 4}, {9'000'000, 5, 6}};
  convert_fine(spool);
  ASSERT_EQ(residency_.size(), 3U);
  EXPECT_EQ(residency_[0].time_ns, 0U);
  EXPECT_EQ(residency_[1].time_ns, 2000U);
  EXPECT_EQ(residency_[1].rss_anon_bytes, 3U);
  EXPECT_EQ(residency_[2].time_ns, 7'999'000U);
  EXPECT_EQ(ops_[1].time_ns, 4000U);
}

TEST_F(Convert, AProcessThatWasKilledBeganToExitWhereItWasSeenLast) {
  SpoolBuilder spool;
  spool.segments = {SegmentBuilder(0, 0).malloc(1000, kA, 10).free(3000, kA)};
  request_.scale = {0, 0, 1.0};
  request_.residency = {{2000, 1, 2}, {9000, 3, 4}};
  convert_fine(spool);
  ASSERT_EQ(ops_.size(), 3U);
  EXPECT_EQ(ops_[2].kind, OpKind::exit_begin);
  EXPECT_EQ(ops_[2].time_ns, 9000U);
  EXPECT_EQ(totals_.duration_ns, 9000U);
  request_.residency.pop_back();
  convert_fine(spool);
  EXPECT_EQ(ops_.size(), 2U) << "it lived longer than it was looked at";
}

TEST_F(Convert, ARawFileThatMustMakeRoomLosesItsEndAndCountsIt) {
  SpoolBuilder spool;
  spool.header.dropped_events = 1;
  spool.segments = {
      SegmentBuilder(100, 0, 0).malloc(110, kA, 10).realloc_begin(120, kA).realloc_end(130, kB, 20),
      SegmentBuilder(200, 0, 1).free(210, kB).malloc(220, kA, 30),
      SegmentBuilder(300, 0, 2).free(310, kA).extended(320, Code::trim)};
  const std::string raw = spool.bytes();
  ASSERT_TRUE(write_file(request_.raw_path, raw, true));
  EXPECT_EQ(recorder::shorten_raw_spool(request_.raw_path, raw.size()).value_or(99), 0U);
  EXPECT_EQ(recorder::shorten_raw_spool(request_.raw_path, raw.size() - 1).value_or(99), 1U);
  const auto kept = read_file(request_.raw_path);
  ASSERT_TRUE(kept);
  ASSERT_TRUE(convert(*kept));
  EXPECT_EQ(totals_.operations, 4U);
  EXPECT_EQ(totals_.dropped_events, 2U);
  EXPECT_EQ(recorder::shorten_raw_spool(request_.raw_path, 0).value_or(99), 4U);
  EXPECT_FALSE(recorder::shorten_raw_spool(request_.raw_path, 0)) << "there is nothing left";
}

/// Each event cost 20 for the recorder and 30 for the allocator.
void set_costs(SpoolBuilder& spool) {
  spool.header.stamp_ticks = 10;
  spool.header.timed_events = 10'000;
  spool.header.recorder_ticks = 200'000;
  spool.header.allocator_ticks = 400'000;  // 40 each, with one stamp in it
}

TEST_F(Convert, TheRecordersOwnTimeIsTakenOut) {
  SpoolBuilder spool;
  set_costs(spool);
  SegmentBuilder segment(0, 0);
  for (std::uint64_t i = 1; i <= 100; ++i) segment.malloc(i * 100, kA + i * 64, 8);
  segment.extended(10'100, Code::stall, 0, 3000).malloc(13'200, kB, 8);
  spool.segments = {segment};
  convert_fine(spool);
  EXPECT_EQ(ops_[0].time_ns, 100U);
  EXPECT_EQ(ops_[99].time_ns, 10'000U - 99 * 50);
  EXPECT_EQ(ops_[100].time_ns, 13'200U - 100 * 50 - 3000);
  EXPECT_EQ(totals_.fact("recorder.cost_ns_per_event"), "20.00");
  EXPECT_EQ(totals_.fact("recorder.allocator_ns_per_event"), "30.00");
}

TEST_F(Convert, WhatTheAllocatorTookIsKeptBesideTheTimesThatLeaveItOut) {
  SpoolBuilder spool;
  set_costs(spool);
  SegmentBuilder segment(0, 0);
  for (std::uint64_t i = 1; i <= 1000; ++i) segment.malloc(i * 10'000, kA + i * 64, 8);
  spool.segments = {segment};
  convert_fine(spool);
  ASSERT_GE(allocator_times_.size(), 5U) << "one for each millisecond or so";
  for (const AllocatorTimeSample& sample : allocator_times_) {
    // Event i came at 10,000 i, less 50 for each before it, of which 30 were the allocator's.
    const std::uint64_t before = (sample.time_ns - 10'000) / (10'000 - 50);
    EXPECT_EQ(sample.allocator_ns, 30 * before) << sample.time_ns;
  }
  EXPECT_EQ(allocator_times_.back().time_ns, ops_.back().time_ns);
}

TEST_F(Convert, WhatCallsCostHereaboutsIsTakenOutThere) {
  SpoolBuilder spool;
  spool.header.stamp_ticks = 10;
  spool.header.timed_events = 10'000;
  spool.header.recorder_ticks = 200'000;  // 20 for each event
  SegmentBuilder segment(0, 0);
  for (std::uint64_t i = 1; i <= 1000; ++i) {
    segment.malloc(i * 1000, kA + i * 64, 8);
    segment.extended(i * 1000, Code::timed, 0, 410ULL << 32 | 100);
  }
  spool.segments = {segment};
  convert_fine(spool);
  EXPECT_EQ(ops_[1].time_ns - ops_[0].time_ns, 1000U - 20) << "the average of all, at first";
  EXPECT_EQ(ops_[999].time_ns - ops_[998].time_ns, 1000U - 500);
}

/// A call every 100, of which one in 50 is timed; `slow` of these met a page fault.
SegmentBuilder short_program(SpoolBuilder& spool, std::uint64_t slow) {
  SegmentBuilder segment(0, 0);
  for (std::uint64_t i = 1; i <= 2000; ++i) {
    segment.malloc(i * 100, kA + i * 64, 8);
    if (i % 50 != 0) continue;
    const std::uint64_t took = i / 50 <= slow ? 30'000 : 60;
    segment.extended(i * 100, Code::timed, 0, took << 32 | 10);
    ++spool.header.timed_events;
    spool.header.allocator_ticks += took;
    spool.header.recorder_ticks += 10;
  }
  return segment;
}

TEST_F(Convert, AFewSlowCallsOfAShortProgramDoNotUseUpItsTime) {
  SpoolBuilder spool;
  spool.segments = {short_program(spool, 2)};
  convert_fine(spool);
  EXPECT_NEAR(static_cast<double>(ops_[999].time_ns), 1000 * 30, 100);
  EXPECT_NEAR(static_cast<double>(ops_[1999].time_ns), 2000 * 30, 100)
      << "of 100 between two calls 70 were the recorder's and the allocator's";
}

TEST_F(Convert, TheRecordersShareOfTheCpuTimeIsTakenOut) {
  SpoolBuilder spool;
  set_costs(spool);
  SegmentBuilder segment(0, 0);
  for (std::uint64_t i = 1; i <= 1000; ++i) segment.malloc(i * 100, kA + i * 64, 8);
  spool.segments = {segment};
  request_.scale.ns_per_tick = 1000;
  request_.cpu_seconds = 0.1;
  convert_fine(spool);
  EXPECT_NEAR(std::stod(*totals_.fact("cpu_seconds")), 0.1 - 1000 * 20e-6, 1e-4);
  request_.cpu_seconds = 0.016;
  request_.overwrite = true;
  convert_fine(spool);
  EXPECT_NEAR(std::stod(*totals_.fact("cpu_seconds")), 0.001, 1e-5) << "it was not all";
}

TEST_F(Convert, TimeGoesOnWhereCostsAreOverestimated) {
  SpoolBuilder spool;
  spool.header.timed_events = 10'000;
  spool.header.recorder_ticks = 5'000'000;  // 500 for each event, more than passes
  SegmentBuilder segment(0, 0);
  for (std::uint64_t i = 1; i <= 1600; ++i) segment.malloc(i * 100, kA + i * 64, 8);
  spool.segments = {segment};
  convert_fine(spool);
  EXPECT_NEAR(static_cast<double>(ops_[799].time_ns), 5000, 100);
  EXPECT_NEAR(static_cast<double>(ops_[1599].time_ns), 10'000, 100);
}

TEST_F(Convert, TooFewTimedCallsAreNotBelieved) {
  SpoolBuilder spool;
  SegmentBuilder segment(0, 0);
  segment.malloc(100, kA, 8).extended(100, Code::timed, 0, 30'000ULL << 32 | 10).free(1000, kA);
  spool.header.timed_events = 1;
  spool.segments = {segment};
  convert_fine(spool);
  EXPECT_EQ(ops_[1].time_ns, 1000U);
}

TEST_F(Convert, WhatThreadsPaidAtTheSameTimeIsTakenOutOnce) {
  SpoolBuilder spool;
  spool.header.timed_events = 10'000;
  spool.header.recorder_ticks = 1'000'000;  // 100 for each event
  SegmentBuilder one(0, 0, 0);
  SegmentBuilder two(0, 1, 1);
  for (std::uint64_t i = 1; i <= 3000; ++i) {
    one.malloc(i * 1000, kA + i * 64, 8).free(i * 1000 + 100, kA + i * 64);
    two.malloc(i * 1000 + 500, kB, 8).free(i * 1000 + 600, kB);
  }
  spool.segments = {one, two};
  convert_fine(spool);
  // Alone, 12,000 events would cost 1.2 ms of the 3 ms; two at a time they cost half of that. The
  // first millisecond is taken for one thread's, as nothing is known before it.
  const std::uint64_t end = ops_.back().time_ns;
  EXPECT_GT(end, 3'000'600U - 1'000'000U);
  EXPECT_LT(end, 3'000'600U - 600'000U);
}

TEST_F(Convert, DroppedEventsAndPlugInsWithdrawCompleteness) {
  SpoolBuilder spool;
  spool.segments = {SegmentBuilder(100, 0).malloc(110, kA, 10)};
  convert_fine(spool);
  EXPECT_TRUE(has(info_.capabilities, Capability::complete));
  spool.header.dropped_events = 5;
  convert_fine(spool);
  EXPECT_FALSE(has(info_.capabilities, Capability::complete));
  EXPECT_EQ(totals_.dropped_events, 5U);
  spool.header.dropped_events = 0;
  spool.header.deepbind_loads = 1;
  convert_fine(spool);
  EXPECT_FALSE(has(info_.capabilities, Capability::complete));
}

TEST_F(Convert, TheProgramAndItsSurroundingsBecomeFacts) {
  SpoolBuilder spool;
  spool.arguments = {"program", "--with words", ""};
  spool.variables = {"MALLOC_ARENA_MAX=2", "LD_PRELOAD="};
  request_.facts = {{"kernel", "6.1"}};
  request_.end_facts = {{"exit_status", "3"}};
  convert_fine(spool);
  EXPECT_THAT(info_.command, ElementsAre("program", "--with words", ""));
  EXPECT_EQ(info_.fact("executable"), "/bin/program");
  EXPECT_EQ(info_.fact("directory"), "/home");
  EXPECT_EQ(info_.fact("env.MALLOC_ARENA_MAX"), "2");
  EXPECT_EQ(info_.fact("env.LD_PRELOAD"), "");
  EXPECT_EQ(info_.fact("kernel"), "6.1");
  EXPECT_EQ(totals_.fact("exit_status"), "3");
}

/// Pages of each touch, with its time.
std::vector<std::pair<std::uint64_t, std::uint64_t>> touches(const std::vector<Op>& ops) {
  std::vector<std::pair<std::uint64_t, std::uint64_t>> result;
  for (const Op& op : ops) {
    if (op.kind == OpKind::touch) result.emplace_back(op.time_ns, op.size);
  }
  return result;
}

/// A spool whose process counted the pages of large blocks.
struct CountingSpool : SpoolBuilder {
  CountingSpool() {
    header.start_ticks = 100;
    header.large_base = kA;
    header.large_bytes = 1U << 30;
  }
};

TEST_F(Convert, PagesCountAsWrittenFromTheLastTimeThatTheyWereNot) {
  CountingSpool spool;
  spool.segments = {
      SegmentBuilder(100, 0).malloc(110, kA, 1 << 20).touched(900, kA, 9).free(910, kA)};
  request_.touches = {{300, kA, 2}, {500, kA, 2}, {700, kA, 5}};
  convert_fine(spool);
  EXPECT_TRUE(has(info_.capabilities, Capability::touch));
  EXPECT_THAT(touches(ops_), ElementsAre(Pair(10, 2), Pair(400, 5), Pair(600, 9)));
  EXPECT_EQ(totals_.fact("recorder.large_blocks_counted"), "1");
}

TEST_F(Convert, PagesCountAtTheirTimeThoughMemoryIsSampledLater) {
  CountingSpool spool;
  spool.segments = {
      SegmentBuilder(100, 0).malloc(110, kA, 1 << 20).touched(900, kA, 9).free(910, kA)};
  request_.touches = {{300, kA, 2}, {500, kA, 5}};
  request_.residency = {{100'000, 1, 2}};
  convert_fine(spool);
  EXPECT_THAT(touches(ops_), ElementsAre(Pair(10, 2), Pair(200, 5), Pair(400, 9)));
}

TEST_F(Convert, ABlockThatWasNotCountedIsWrittenLikeOneOfItsSizeThatWas) {
  CountingSpool spool;
  spool.segments = {SegmentBuilder(100, 0)
                        .malloc(110, kB, 81920)
                        .free(120, kB)
                        .malloc(130, kA, 81920)
                        .touched(140, kA, 5)
                        .free(150, kA)
                        .malloc(160, kB, 81920)
                        .free(170, kB)
                        .malloc(180, kB, 40960)
                        .free(190, kB)
                        .malloc(200, kB, 4096)};
  convert_fine(spool);
  EXPECT_THAT(touches(ops_), ElementsAre(Pair(10, 5), Pair(30, 5), Pair(60, 5), Pair(80, 10)))
      << "of 40960 none was counted: all of it is taken to be written";
}

TEST_F(Convert, OfABlockOfLessThanTwoPagesOnlyWhatItsEndSaysCounts) {
  CountingSpool spool;
  spool.segments = {SegmentBuilder(100, 0)
                        .malloc(110, kA, 5000)
                        .touched(190, kA, 1)
                        .free(200, kA)
                        .malloc(210, kA, 5000)
                        .free(220, kA)
                        .malloc(230, kB, 100)
                        .realloc_begin(240, kB)
                        .realloc_end(241, kB, 5000)};
  request_.touches = {{120, kA, 0}, {150, kA, 2}};
  convert_fine(spool);
  EXPECT_THAT(touches(ops_), ElementsAre(Pair(10, 1), Pair(110, 1), Pair(141, 2)))
      << "the second is like the first, and the third had grown";
}

TEST_F(Convert, ABlockThatGrewInItsPlaceWasWrittenNoFurtherThanLater) {
  CountingSpool spool;
  spool.segments = {SegmentBuilder(100, 0)
                        .malloc(110, kA, 16384)
                        .realloc_begin(120, kA)
                        .realloc_end(121, kA, 32768)
                        .realloc_begin(130, kA)
                        .realloc_end(131, kA, 65536)
                        .touched(140, kA, 6)
                        .free(150, kA)};
  convert_fine(spool);
  EXPECT_THAT(touches(ops_), ElementsAre(Pair(10, 4), Pair(21, 6)));
}

TEST_F(Convert, WhatCountingTookIsNotTheProgramsTime) {
  CountingSpool spool;
  spool.segments = {
      SegmentBuilder(100, 0).malloc(200, kA, 8192).touched(900, kA, 2, 600).free(1000, kA)};
  convert_fine(spool);
  EXPECT_EQ(ops_.back().time_ns, 300U);
}

TEST_F(Convert, AChildBeginsWithThePagesThatWereWrittenWhenItWasForked) {
  CountingSpool spool;
  spool.segments = {
      SegmentBuilder(100, 0).malloc(110, kA, 1 << 20).touched(900, kA, 9).free(910, kA)};
  request_.touches = {{200, kA, 2}, {600, kA, 2}};
  const auto snapshots = convert_with_snapshots(spool, {400});
  ASSERT_EQ(snapshots.size(), 1U);
  ASSERT_EQ(snapshots[0].size(), 1U);
  EXPECT_EQ(snapshots[0][0].touched_pages, 2U);
  request_.inherited = snapshots[0];
  request_.snapshots_at.clear();
  request_.touches.clear();
  CountingSpool child;
  child.header.parent_start_ticks = 100;
  child.segments = {SegmentBuilder(500, 0).free(510, kA)};
  convert_fine(child);
  EXPECT_THAT(touches(ops_), ElementsAre(Pair(0, 2)));
}

}  // namespace
}  // namespace heapwise::recorder_test
