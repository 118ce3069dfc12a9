// SPDX-License-Identifier: MIT
// What a program writes of its large blocks stands in the trace.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <map>
#include <vector>

#include "tests/recorder/support.h"

namespace heapwise::recorder_test {
namespace {

using testing::AllOf;
using testing::Each;
using testing::ElementsAre;
using testing::SizeIs;

struct Touch {
  std::uint64_t time_ns, pages;
};

/// The touches of each object of this size, in order.
std::vector<std::vector<Touch>> touches_of(const Seen& trace, std::uint64_t size) {
  std::vector<std::vector<Touch>> result;
  std::map<ObjectId, std::size_t> live;
  for (const Op& op : trace.ops) {
    if (is_allocation(op.kind) || op.kind == OpKind::realloc) {
      live.erase(op.object);
      if (op.size != size) continue;
      live[op.object] = result.size();
      result.emplace_back();
    } else if (const auto found = live.find(op.object); found == live.end()) {
      continue;
    } else if (op.kind == OpKind::touch) {
      result[found->second].push_back({op.time_ns, op.size});
    } else if (op.kind == OpKind::free) {
      live.erase(found);
    }
  }
  return result;
}

std::vector<std::uint64_t> last_pages(const Seen& trace, std::uint64_t size) {
  std::vector<std::uint64_t> result;
  for (const auto& touches : touches_of(trace, size)) {
    result.push_back(touches.empty() ? 0 : touches.back().pages);
  }
  return result;
}

/// Most kernels map a page that was only read to the one page of zeros that all processes share;
/// some are told not to, and give it memory of its own.
bool reading_takes_memory() {
  constexpr std::size_t kBytes = 64 << 12;
  void* const memory =
      mmap(nullptr, kBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  void* page = memory;
  int node = 0;
  (void)*static_cast<volatile char*>(memory);
  const bool asked = syscall(SYS_move_pages, 0, 1UL, &page, nullptr, &node, 0) == 0;
  munmap(memory, kBytes);
  return !asked || node != -EFAULT;
}

TEST(RecordedTouches, AreCountedFromTheVeryFirstBlockOn) {
  EXPECT_THAT(last_pages(record_scenario({"first"}).main(), 65537), ElementsAre(2));
}

TEST(RecordedTouches, AreThePagesThatTheProgramWroteAndNoOthers) {
  const auto recorded = record_scenario({"partly"});
  const Seen& trace = recorded.main();
  EXPECT_TRUE(has(trace.capabilities, Capability::touch));
  EXPECT_EQ(trace.info.fact("touch_threshold"), "4097");
  const bool all = reading_takes_memory();
  EXPECT_THAT(last_pages(trace, 900001), ElementsAre(all ? 220 : 7))
      << "read whole, written in part";
  EXPECT_THAT(last_pages(trace, 1048577), Each(all ? 257U : 10U));
  EXPECT_THAT(last_pages(trace, 50001), ElementsAre(13)) << "written whole";
  EXPECT_THAT(last_pages(trace, 70001), ElementsAre(3)) << "counted where exit begins";
}

TEST(RecordedTouches, ThatComeLaterStandLater) {
  const auto recorded = record_scenario({"slowly"});
  const auto touches = touches_of(recorded.main(), 300001);
  ASSERT_EQ(touches.size(), 1U);
  ASSERT_GE(touches[0].size(), 2U);
  EXPECT_EQ(touches[0].front().pages, 5U);
  EXPECT_EQ(touches[0].back().pages, 25U);
  EXPECT_GT(touches[0].back().time_ns, touches[0].front().time_ns);
}

TEST(RecordedTouches, GoOnThroughReallocations) {
  const auto recorded = record_scenario({"resized"});
  const Seen& trace = recorded.main();
  EXPECT_EQ(trace.end_fact("recorder.unknown_frees"), 0U);
  EXPECT_EQ(trace.end_fact("recorder.implied_frees"), 0U);
  EXPECT_THAT(last_pages(trace, 2000000), ElementsAre(489)) << "it was written to its end";
  EXPECT_THAT(last_pages(trace, 400003), ElementsAre(7));
  EXPECT_EQ(trace.freed(90001), 1U) << "by realloc to 0";
  EXPECT_THAT(last_pages(trace, 600011), ElementsAre(60)) << "counted before it shrank";
}

TEST(RecordedTouches, AreMeasuredWhateverTheBlocksAlignment) {
  const auto recorded = record_scenario({"aligned"});
  EXPECT_THAT(last_pages(recorded.main(), 90011), AllOf(SizeIs(12), Each(3U)));
  // The first four are freed past the recorder: of them it knows at most what it saw meanwhile.
  const auto pages = last_pages(recorded.main(), 250011);
  ASSERT_THAT(pages, SizeIs(12));
  EXPECT_THAT(std::vector(pages.begin() + 4, pages.end()), Each(62U));
}

TEST(RecordedTouches, ReachNoFurtherThanTheBlockIsSaidToHold) {
  EXPECT_THAT(last_pages(record_scenario({"usable"}).main(), 16384), ElementsAre(4U));
}

TEST(RecordedTouches, LoseNothingOfWhatABlockIsSaidToHoldWhenItMoves) {
  EXPECT_EQ(record_scenario({"usable-moved"}).run.status, 0);
}

TEST(RecordedTouches, OfPagesThatMayNotBeReadAreNotLookedFor) {
  EXPECT_EQ(record_scenario({"protected-at-the-end"}).run.status, 0);
}

TEST(RecordedTouches, KeepNoAddressSpaceOfFreedBlocksFromAProgramThatLimitsItself) {
  EXPECT_EQ(record_scenario({"freed-then-limited"}).run.status, 0);
  EXPECT_EQ(record_scenario({"freed-then-limited-directly"}).run.status, 0);
}

TEST(RecordedTouches, EndWhereLibcHasShrunkTheBlock) {
  EXPECT_EQ(record_scenario({"shrunk-past-us"}).run.status, 0);
}

TEST(RecordedTouches, LeaveNothingThatTheProgramMappedOverABlockToTheNextOne) {
  EXPECT_EQ(record_scenario({"mapped-over"}).run.status, 0);
}

TEST(RecordedTouches, OfManyBlocksAreSampledAndSaidOfAll) {
  const auto recorded = record_scenario({"turnover"});
  const Seen& trace = recorded.main();
  const auto pages = last_pages(trace, 163841);
  EXPECT_EQ(pages.size(), 200'000U);
  EXPECT_THAT(pages, Each(4U));
  EXPECT_LT(trace.end_fact("recorder.large_blocks_counted"), 200'000U)
      << "counting every block would have cost more than the program itself";
}

TEST(RecordedTouches, OfBlocksThatStayAreNotGivenUpForThoseThatComeAndGo) {
  const auto pages = last_pages(record_scenario({"staying"}).main(), 110003);
  // The eight of a size that are counted whatever that takes: more depend on the machine's speed.
  ASSERT_THAT(pages, SizeIs(8));
  for (std::size_t i = 0; i < pages.size(); ++i) EXPECT_EQ(pages[i], i % 2 == 0 ? 2U : 9U) << i;
}

TEST(RecordedTouches, LeaveGlibcsThresholdsWhereTheProgramWouldHaveMovedThem) {
  EXPECT_EQ(record_scenario({"threshold"}).bare.status, 0);
}

TEST(RecordedTouches, OfTheParentStandAtTheBeginningOfTheChild) {
  const auto recorded = record_scenario({"inherited-pages"});
  ASSERT_EQ(recorded.traces.size(), 2U);
  EXPECT_THAT(last_pages(recorded.main(), 210001), ElementsAre(8));
  const Seen& child = recorded.traces[1];
  EXPECT_THAT(last_pages(child, 210001), ElementsAre(7));
  EXPECT_THAT(last_pages(child, 210003), ElementsAre(2));
  EXPECT_EQ(child.freed(210001), 1U);
}

TEST(RecordedTouches, WhatAProgramDidToABlocksPagesDoesNotBefallTheNextBlock) {
  const auto recorded = record_scenario({"changed"});
  EXPECT_EQ(recorded.bare.status, 0);
  EXPECT_EQ(recorded.main().allocated(40U * 4096), 2U);
}

TEST(RecordedTouches, BlocksThatWereLockedAreGivenBackWhenTheyAreFreed) {
  const auto recorded = record_scenario({"locked-blocks"});
  EXPECT_EQ(recorded.bare.status, 0);
  EXPECT_EQ(recorded.main().freed(200003), 16U);
}

TEST(RecordedTouches, BlocksThatTheMachineHasNoMemoryForAreRefused) {
  EXPECT_EQ(record_scenario({"too-large"}).bare.status, 0);
}

TEST(RecordedTouches, AreCountedInLargeBlocksThatAreLeftEmptyLater) {
  EXPECT_THAT(last_pages(record_scenario({"left-empty"}).main(), 16'000'003), ElementsAre(9, 9));
}

TEST(RecordedTouches, OfBlocksOfLessThanTwoPagesTellWhetherThereIsMoreThanABeginning) {
  const auto recorded = record_scenario({"hardly-filled"});
  const Seen& trace = recorded.main();
  EXPECT_THAT(last_pages(trace, 5003), AllOf(SizeIs(300), Each(1U)));
  EXPECT_THAT(last_pages(trace, 5503), AllOf(SizeIs(300), Each(2U)));
  EXPECT_THAT(last_pages(trace, 6003), AllOf(SizeIs(300), Each(2U))) << "zeros are written, too";
  EXPECT_THAT(last_pages(trace, 6503), AllOf(SizeIs(300), Each(2U))) << "those that grew";
  EXPECT_THAT(last_pages(trace, 7003), AllOf(SizeIs(300), Each(0U)));
  EXPECT_LT(trace.end_fact("recorder.large_blocks_counted"), 100U) << "three pages for each";
}

TEST(RecordedTouches, AreCountedBehindOneThatWasFarLargerAndLeftEmpty) {
  EXPECT_THAT(last_pages(record_scenario({"after-a-huge-one"}).main(), 5'000'003),
              ElementsAre(0, 1221, 1221, 1221));
}

TEST(RecordedTouches, AreCountedInAProgramThatLiftsItsLimits) {
  EXPECT_THAT(last_pages(record_scenario({"unlimited"}).main(), 500001), ElementsAre(6));
}

TEST(RecordedTouches, ProgramsThatLimitOrLockTheirMemoryAreNotDisturbed) {
  EXPECT_EQ(record_scenario({"locked"}).main().freed(20003), 1U);
  EXPECT_EQ(record_scenario({"self-limited"}).main().freed(20007), 100U);
  EXPECT_EQ(record_scenario({"self-limited-by-number"}).main().freed(20007), 100U);
}

TEST(RecordedTouches, WhatTheRecorderMapsIsNotLockedWithTheProgramsMemory) {
  const auto recorded = record_command({HEAPWISE_LOCKS_TARGET});
  EXPECT_EQ(recorded.bare.out, "0\n1\n");
  EXPECT_EQ(recorded.main().freed(20013), 40U);
}

}  // namespace
}  // namespace heapwise::recorder_test
