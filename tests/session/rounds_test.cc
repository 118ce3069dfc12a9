// SPDX-License-Identifier: MIT
#include "bench/session/rounds.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <set>

namespace heapwise {
namespace {

using Rounds = std::vector<std::vector<std::size_t>>;

TEST(Rounds, HaveEveryThingOnce) {
  for (std::size_t count = 1; count <= 9; ++count) {
    const Rounds rounds = balanced_rounds(count, 7, 11);
    ASSERT_EQ(rounds.size(), 7);
    for (const auto& round : rounds) {
      const std::set<std::size_t> things(round.begin(), round.end());
      EXPECT_EQ(round.size(), count);
      EXPECT_EQ(things.size(), count);
      EXPECT_EQ(*things.rbegin(), count - 1);
    }
  }
}

TEST(Rounds, PutEveryThingAtEveryPlaceEquallyOften) {
  for (std::size_t count = 2; count <= 9; ++count) {
    std::map<std::pair<std::size_t, std::size_t>, int> seen;
    for (const auto& round : balanced_rounds(count, count, 5)) {
      for (std::size_t place = 0; place < count; ++place) ++seen[{round[place], place}];
    }
    EXPECT_EQ(seen.size(), count * count) << count << " things";
  }
}

TEST(Rounds, PutEveryThingBehindEveryOtherEquallyOften) {
  for (std::size_t count = 2; count <= 9; ++count) {
    const std::size_t squares = count % 2 == 0 ? 1 : 2;
    std::map<std::pair<std::size_t, std::size_t>, std::size_t> seen;
    for (const auto& round : balanced_rounds(count, squares * count, 5)) {
      for (std::size_t place = 1; place < count; ++place) ++seen[{round[place - 1], round[place]}];
    }
    EXPECT_EQ(seen.size(), count * (count - 1)) << count << " things";
    for (const auto& [pair, times] : seen) EXPECT_EQ(times, squares);
  }
}

TEST(Rounds, AreDecidedByTheSeed) {
  EXPECT_EQ(balanced_rounds(4, 10, 1), balanced_rounds(4, 10, 1));
  EXPECT_NE(balanced_rounds(4, 10, 1), balanced_rounds(4, 10, 2));
}

TEST(Rounds, OfNothingAreEmpty) {
  EXPECT_THAT(
      balanced_rounds(0, 3, 1),
      ::testing::ElementsAre(Rounds::value_type{}, Rounds::value_type{}, Rounds::value_type{}));
  EXPECT_THAT(balanced_rounds(3, 0, 1), ::testing::IsEmpty());
}

}  // namespace
}  // namespace heapwise
