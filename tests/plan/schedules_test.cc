// SPDX-License-Identifier: MIT
// Whatever order the threads run in, a plan does what the trace did.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/plan/simulator.h"

namespace heapwise::testing {
namespace {

RandomTraceOptions options_for(std::uint64_t seed) {
  RandomTraceOptions options;
  options.seed = seed;
  options.threads = 1 + static_cast<unsigned>(seed % 6);
  options.remote_percent = seed % 5 * 25;
  options.measured_touch = seed % 2 == 0;
  return options;
}

TEST(Schedules, EachOfThemFreesInEveryThreadWhatThatThreadFreed) {
  for (std::uint64_t seed = 0; seed < 120; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Compiled compiled;
    const Expectation expected = write_random_trace(compiled.trace, options_for(seed));
    const PlanFile plan = compiled.compile();
    ASSERT_EQ(plan.header().thread_count, expected.threads);
    ASSERT_EQ(plan.header().operations, expected.operations);
    for (std::uint64_t schedule = 0; schedule < 10; ++schedule) {
      Simulator simulator(plan);
      ASSERT_TRUE(simulator.run_randomly(schedule)) << "deadlock in schedule " << schedule;
      ASSERT_THAT(simulator.errors(), ::testing::IsEmpty());
      ASSERT_EQ(simulator.consumed(), expected.consumed);
      ASSERT_EQ(simulator.left(), expected.left);
    }
  }
}

TEST(Schedules, AMailboxThatIsUsedAgainStillServesTheSamePairOfThreads) {
  for (std::uint64_t seed = 0; seed < 4; ++seed) {
    Compiled compiled;
    RandomTraceOptions options = options_for(seed);
    options.threads = 3;
    options.operations = 20'000;
    options.remote_percent = 70;
    options.thread_ends = false;
    const Expectation expected = write_random_trace(compiled.trace, options);
    const PlanFile plan = compiled.compile();
    ASSERT_LT(compiled.facts.mailboxes, compiled.facts.crossings) << "none is used again";
    Simulator simulator(plan);
    ASSERT_TRUE(simulator.run_randomly(seed));
    ASSERT_THAT(simulator.errors(), ::testing::IsEmpty());
    ASSERT_EQ(simulator.consumed(), expected.consumed);
  }
}

TEST(Schedules, TheRecordedOneWaitsForNothingAndHasTheSamplesLiveBytes) {
  for (std::uint64_t seed = 0; seed < 60; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Compiled compiled;
    write_random_trace(compiled.trace, options_for(seed));
    const PlanFile plan = compiled.compile();
    Simulator simulator(plan, true);
    std::uint64_t word = 0;
    std::uint64_t sample = 0;
    for (std::uint64_t i = 0; i < plan.header().run_count; ++i) {
      for (std::uint32_t left = plan.run(i).words; left > 0; --left, ++word) {
        for (; plan.sample(sample).word == word; ++sample) {
          ASSERT_EQ(plan.sample(sample).live_bytes, simulator.live_bytes()) << "word " << word;
        }
        ASSERT_TRUE(simulator.step(plan.run(i).thread)) << "word " << word;
      }
    }
    ASSERT_TRUE(simulator.finished());
    ASSERT_THAT(simulator.errors(), ::testing::IsEmpty());
    ASSERT_EQ(word, plan.header().word_count);
    ASSERT_EQ(plan.sample(plan.header().sample_count - 1).live_bytes, simulator.live_bytes());
    ASSERT_EQ(compiled.facts.last_live_bytes, simulator.live_bytes());
  }
}

TEST(Schedules, AProducerMayRunAheadOfTheRecordingByMoreThanOneObject) {
  Compiled compiled;
  auto writer = new_trace(compiled.trace);
  writer.thread_start(ThreadId{0}, 0, ThreadId{1});
  for (int i = 0; i < 100; ++i) {
    const ObjectId object = writer.allocate(ThreadId{0}, 10, OpKind::malloc, 64);
    writer.free(ThreadId{1}, 20, object);
  }
  finish(writer);
  const PlanFile plan = compiled.compile();
  Simulator simulator(plan);
  unsigned steps = 0;
  while (simulator.step(0)) ++steps;
  EXPECT_EQ(steps, 1 + 2 * 100);
}

TEST(Schedules, MailboxesAreUsedAgainSoTheirNumberDoesNotGrowWithTheTrace) {
  Compiled compiled;
  auto writer = new_trace(compiled.trace);
  writer.thread_start(ThreadId{0}, 0, ThreadId{1});
  for (int i = 0; i < 5000; ++i) {
    const ObjectId object = writer.allocate(ThreadId{0}, 10, OpKind::malloc, 64);
    writer.free(ThreadId{1}, 20, object);
  }
  finish(writer);
  compiled.compile();
  EXPECT_EQ(compiled.facts.crossings, 5000);
  EXPECT_LE(compiled.facts.mailboxes, 300);
}

}  // namespace
}  // namespace heapwise::testing
