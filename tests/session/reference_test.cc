// SPDX-License-Identifier: MIT
#include "bench/session/reference.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace heapwise {

static bool operator==(const ReferencePoint& a, const ReferencePoint& b) {
  return a.spent_ns == b.spent_ns && a.allocator_ns == b.allocator_ns;
}

namespace {

using ::testing::ElementsAre;

RawSample at(std::uint64_t time_ns, std::uint64_t spent_ns) {
  return {0, time_ns, 0, spent_ns, 0, 0, 0};
}

TEST(Reference, IsTheMedianOfReplaysAndWhatTheAllocatorTookMeanwhile) {
  const std::vector<std::vector<RawSample>> replays{{at(0, 0), at(500, 40), at(1500, 90)},
                                                    {at(0, 0), at(500, 60), at(1500, 70)},
                                                    {at(0, 9), at(500, 50), at(1500, 80)}};
  EXPECT_THAT(recorded_reference(replays, {{0, 0}, {1000, 200}, {2000, 300}}),
              ElementsAre(ReferencePoint{0, 0}, ReferencePoint{50, 100}, ReferencePoint{80, 250}));
}

TEST(Reference, EndsWithTheShortestReplayAndStaysBehindTheLastSampleOfTime) {
  const std::vector<std::vector<RawSample>> replays{{at(100, 1), at(5000, 2), at(6000, 3)},
                                                    {at(100, 1), at(5000, 2)}};
  EXPECT_THAT(recorded_reference(replays, {{1000, 10}}),
              ElementsAre(ReferencePoint{1, 1}, ReferencePoint{2, 10}));
}

TEST(Reference, OfNullTakesNothing) {
  EXPECT_THAT(null_reference({at(0, 0), at(10, 7)}),
              ElementsAre(ReferencePoint{0, 0}, ReferencePoint{7, 0}));
}

}  // namespace
}  // namespace heapwise
