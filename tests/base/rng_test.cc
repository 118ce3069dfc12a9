// SPDX-License-Identifier: MIT
#include "base/rng.h"

#include <gtest/gtest.h>

namespace heapwise {
namespace {

TEST(Rng, GivesTheSameSequenceForTheSameSeedForEver) {
  // The first outputs of SplitMix64 for seed 1234567, as its authors' reference gives them.
  Rng rng(1234567);
  EXPECT_EQ(rng.next(), 6457827717110365317ULL);
  EXPECT_EQ(rng.next(), 3203168211198807973ULL);
  EXPECT_EQ(rng.next(), 9817491932198370423ULL);
}

TEST(Rng, StaysWithinItsBounds) {
  Rng rng(7);
  for (int i = 0; i < 10000; ++i) {
    EXPECT_LT(rng.below(3), 3U);
    const auto drawn = rng.between(5, 6);
    EXPECT_TRUE(drawn == 5 || drawn == 6);
    const double unit = rng.unit();
    EXPECT_TRUE(unit >= 0 && unit < 1);
  }
}

}  // namespace
}  // namespace heapwise
