// SPDX-License-Identifier: MIT
// Every call that a primitive is said to make is made: the compiler leaves none out.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <string>

#include "tests/support/process.h"

namespace heapwise {
namespace {

using testing::Finished;

struct Calls {
  unsigned long allocations = 0, reallocations = 0, frees = 0;
};

/// What the primitive calls in the shortest run that there is: one iteration, or one batch.
Calls calls_of(const std::string& primitive) {
  const Finished end = testing::run({HEAPWISE_COUNTING_MICRO, "--benchmark_min_time=0",
                                     "--benchmark_filter=^" + primitive + "$"});
  EXPECT_EQ(end.exit_code, 0) << end.err;
  EXPECT_THAT(end.out, ::testing::HasSubstr(primitive)) << "it ran";
  Calls calls;
  const std::size_t at = end.err.find("allocations=");
  EXPECT_NE(at, std::string::npos) << end.err;
  if (at == std::string::npos) return calls;
  const int read = std::sscanf(end.err.c_str() + at, "allocations=%lu reallocations=%lu frees=%lu",
                               &calls.allocations, &calls.reallocations, &calls.frees);
  EXPECT_EQ(read, 3) << end.err;
  return calls;
}

void expect_calls(const std::string& primitive, unsigned long allocations,
                  unsigned long reallocations, unsigned long frees) {
  const Calls calls = calls_of(primitive);
  EXPECT_EQ(calls.allocations, allocations) << primitive;
  EXPECT_EQ(calls.reallocations, reallocations) << primitive;
  EXPECT_EQ(calls.frees, frees) << primitive;
}

TEST(Calls, OfOneIterationAreAPair) {
  for (const char* primitive :
       {"malloc_free/8", "malloc_free/4194304", "calloc_free/64", "aligned_alloc/64/1024",
        "new_delete/16", "new_delete_sized/16", "new_delete_sized/4096"}) {
    expect_calls(primitive, 1, 0, 1);
  }
}

TEST(Calls, OfABatchAreAThousandPairs) {
  for (const char* primitive : {"batch_lifo/16", "batch_fifo/256", "batch_random/4096"}) {
    expect_calls(primitive, 1000, 0, 1000);
  }
}

TEST(Calls, OfAGrowthAreAllItsSteps) {
  expect_calls("realloc_double/4096", 0, 9, 1);
  expect_calls("realloc_append/4096", 0, 64, 1);
}

TEST(Calls, OfChurnLeaveNothingBehind) { expect_calls("churn/real_time/threads:2", 2000, 0, 2000); }

TEST(Calls, OfThreadsAreMadeByEachOfThem) {
  expect_calls("malloc_free_threads/64/real_time/threads:2", 2000, 0, 2000);
}

TEST(Calls, OfBlocksFreedElsewhereAreOneEach) {
  expect_calls("free_elsewhere/64/real_time/threads:2", 1024, 0, 1024);
}

}  // namespace
}  // namespace heapwise
