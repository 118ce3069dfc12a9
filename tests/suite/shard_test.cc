// SPDX-License-Identifier: MIT
#include <gmock/gmock.h>

#include <numeric>
#include <set>

#include "base/rng.h"
#include "bench/session/suite.h"
#include "bench/session/suite_trace.h"

namespace heapwise {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(Shards, TogetherHaveEveryItemOnce) {
  Rng rng(1);
  for (int trial = 0; trial < 200; ++trial) {
    std::vector<double> costs(rng.below(30));
    for (double& cost : costs) cost = static_cast<double>(1 + rng.below(1000));
    const auto shards = static_cast<unsigned>(1 + rng.below(8));
    std::multiset<std::size_t> all;
    for (unsigned shard = 1; shard <= shards; ++shard) {
      for (const std::size_t item : shard_of(costs, shard, shards)) all.insert(item);
    }
    ASSERT_EQ(all.size(), costs.size());
    ASSERT_EQ(std::set<std::size_t>(all.begin(), all.end()).size(), costs.size());
  }
}

TEST(Shards, SplitByCostAndNotByCount) {
  const std::vector<double> costs{100, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10};
  EXPECT_THAT(shard_of(costs, 1, 2), ElementsAre(0));
  EXPECT_EQ(shard_of(costs, 2, 2).size(), 10U);
}

TEST(Shards, AreNeverFartherApartThanTheCostliestItem) {
  Rng rng(2);
  for (int trial = 0; trial < 200; ++trial) {
    std::vector<double> costs(1 + rng.below(30));
    for (double& cost : costs) cost = static_cast<double>(1 + rng.below(1000));
    std::vector<double> loads;
    for (unsigned shard = 1; shard <= 4; ++shard) {
      double load = 0;
      for (const std::size_t item : shard_of(costs, shard, 4)) load += costs[item];
      loads.push_back(load);
    }
    const auto [least, most] = std::minmax_element(loads.begin(), loads.end());
    ASSERT_LE(*most - *least, *std::max_element(costs.begin(), costs.end()));
  }
}

TEST(Shards, MayHaveNothingToDo) { EXPECT_THAT(shard_of({1, 1}, 3, 3), IsEmpty()); }

TEST(SuiteNames, AreShortWhereThatIsEnough) {
  EXPECT_THAT(suite_names({"churn:calls=5", "two-wave", "/tmp/redis.hwt"}),
              ElementsAre("churn", "two-wave", "redis"));
  EXPECT_THAT(suite_names({"churn:calls=5", "churn", "a/redis.hwt", "b/redis.hwt"}),
              ElementsAre("churn:calls=5", "churn", "a/redis.hwt", "b/redis.hwt"));
}

}  // namespace
}  // namespace heapwise
