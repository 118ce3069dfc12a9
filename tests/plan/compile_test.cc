// SPDX-License-Identifier: MIT
#include "bench/plan/compile.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "bench/plan/writer.h"
#include "tests/plan/plan_file.h"
#include "tests/plan/trace_maker.h"

namespace heapwise::testing {
namespace {

using plan::Code;
using plan::code_of;
using plan::operand_of;
using plan::slot_of;
using plan::Word;
using ::testing::ElementsAre;

constexpr ThreadId kFirst{0}, kSecond{1};

std::vector<Code> codes(const PlanFile& plan, std::size_t thread) {
  std::vector<Code> list;
  for (const Word word : plan.words(thread)) list.push_back(code_of(word));
  return list;
}

TEST(Compile, ObjectsThatStayInTheirThreadNeedNoMailboxAndShareSlots) {
  Compiled compiled;
  auto writer = new_trace(compiled.trace);
  for (int i = 0; i < 10; ++i) {
    writer.free(kFirst, 0, writer.allocate(kFirst, 0, OpKind::malloc, 100));
  }
  finish(writer);
  const PlanFile plan = compiled.compile();
  EXPECT_EQ(plan.header().mailbox_count, 0);
  EXPECT_EQ(plan.header().slot_count, 1);
  EXPECT_EQ(plan.header().word_count, 20);
  EXPECT_EQ(plan.header().file_bytes, plan.size());
}

TEST(Compile, AnObjectFreedElsewhereIsGivenWhereItIsMadeAndTakenWhereItIsFreed) {
  Compiled compiled;
  auto writer = new_trace(compiled.trace);
  const ObjectId object = writer.allocate(kFirst, 0, OpKind::calloc, 24);
  writer.allocate(kFirst, 1, OpKind::malloc, 32);
  writer.thread_start(kFirst, 2, kSecond);
  writer.free(kSecond, 3, object);
  finish(writer);
  const PlanFile plan = compiled.compile();
  EXPECT_THAT(codes(plan, 0), ElementsAre(Code::calloc, Code::give, Code::malloc, Code::start));
  EXPECT_THAT(codes(plan, 1), ElementsAre(Code::take, Code::free));
}

TEST(Compile, AThreadIsStartedByWhoeverMadeIt) {
  Compiled compiled;
  auto writer = new_trace(compiled.trace);
  writer.allocate(kFirst, 0, OpKind::malloc, 1);
  writer.thread_start(kFirst, 1, kSecond);
  writer.thread_start(kSecond, 2, ThreadId{2});
  writer.allocate(ThreadId{2}, 3, OpKind::malloc, 2);
  writer.thread_end(ThreadId{2}, 4);
  finish(writer);
  const PlanFile plan = compiled.compile();
  EXPECT_THAT(codes(plan, 0), ElementsAre(Code::malloc, Code::start));
  EXPECT_THAT(codes(plan, 1), ElementsAre(Code::start));
  EXPECT_THAT(codes(plan, 2), ElementsAre(Code::malloc, Code::end));
  EXPECT_EQ(operand_of(plan.words(1)[0]), 2);
  EXPECT_EQ(plan.thread(1).ends, 0);
  EXPECT_EQ(plan.thread(2).ends, 1);
}

TEST(Compile, AThreadWhoseMakerNobodySawIsStartedByTheOneThatRanBefore) {
  Compiled compiled;
  auto writer = new_trace(compiled.trace);
  writer.allocate(kFirst, 0, OpKind::malloc, 1);
  writer.allocate(kSecond, 1, OpKind::malloc, 2);
  writer.thread_start(ThreadId{2}, 2, ThreadId{2});
  writer.allocate(ThreadId{2}, 3, OpKind::malloc, 3);
  finish(writer);
  const PlanFile plan = compiled.compile();
  EXPECT_THAT(codes(plan, 0), ElementsAre(Code::malloc, Code::start));
  EXPECT_THAT(codes(plan, 1), ElementsAre(Code::malloc, Code::start));
  EXPECT_THAT(codes(plan, 2), ElementsAre(Code::malloc));
}

TEST(Compile, LateFreesOfAnEndedThreadStayItsOwn) {
  Compiled compiled;
  auto writer = new_trace(compiled.trace);
  writer.thread_start(kFirst, 0, kSecond);
  const ObjectId object = writer.allocate(kSecond, 1, OpKind::malloc, 1);
  writer.thread_end(kSecond, 2);
  writer.free(kSecond, 3, object);
  finish(writer);
  const PlanFile plan = compiled.compile();
  EXPECT_THAT(codes(plan, 1), ElementsAre(Code::malloc, Code::end, Code::free));
  EXPECT_EQ(plan.thread(1).ends, 1);
}

TEST(Compile, HugeAndAlignedAllocationsAreDescribedAside) {
  Compiled compiled;
  auto writer = new_trace(compiled.trace);
  writer.allocate(kFirst, 0, OpKind::malloc, 5ULL << 30);
  writer.allocate(kFirst, 0, OpKind::calloc, 6ULL << 30);
  writer.allocate(kFirst, 0, OpKind::aligned, 100, 12);
  writer.allocate(kFirst, 0, OpKind::aligned, 100, 12);
  writer.allocate(kFirst, 0, OpKind::malloc, 0xffffffff);
  finish(writer);
  const PlanFile plan = compiled.compile();
  EXPECT_THAT(codes(plan, 0),
              ElementsAre(Code::big, Code::big, Code::big, Code::big, Code::malloc));
  const auto words = plan.words(0);
  EXPECT_EQ(plan.big(operand_of(words[0])).size, 5ULL << 30);
  EXPECT_EQ(plan.big(operand_of(words[0])).touch_to, 5ULL << 30);
  EXPECT_EQ(plan.big(operand_of(words[1])).base_code, static_cast<std::uint32_t>(Code::calloc));
  EXPECT_EQ(plan.big(operand_of(words[2])).align_log2, 12);
  EXPECT_EQ(operand_of(words[2]), operand_of(words[3])) << "equal entries are kept twice";
  EXPECT_EQ(operand_of(words[4]), 0xffffffff);
}

TEST(Compile, GrowingABlockTouchesTheNewPartOnlyAndShrinkingItNothing) {
  Compiled compiled;
  auto writer = new_trace(compiled.trace);
  const ObjectId object = writer.allocate(kFirst, 0, OpKind::malloc, 100);
  writer.reallocate(kFirst, 1, object, 200);
  writer.reallocate(kFirst, 2, object, 100'000);
  writer.reallocate(kFirst, 3, object, 50'000);
  finish(writer);
  const PlanFile plan = compiled.compile();
  EXPECT_THAT(codes(plan, 0), ElementsAre(Code::malloc, Code::realloc, Code::big, Code::big));
  const plan::PlanBig& grown = plan.big(operand_of(plan.words(0)[2]));
  EXPECT_EQ(grown.touch_from, 200);
  EXPECT_EQ(grown.touch_to, 100'000);
  const plan::PlanBig& shrunk = plan.big(operand_of(plan.words(0)[3]));
  EXPECT_EQ(shrunk.touch_from, shrunk.touch_to);
}

TEST(Compile, AReallocToNothingKeepsTheObjectAlive) {
  Compiled compiled;
  auto writer = new_trace(compiled.trace);
  const ObjectId object = writer.allocate(kFirst, 0, OpKind::malloc, 100);
  writer.reallocate(kFirst, 1, object, 0);
  writer.free(kFirst, 2, object);
  finish(writer);
  const PlanFile plan = compiled.compile();
  EXPECT_EQ(operand_of(plan.words(0)[1]), 1);
}

TEST(Compile, MeasuredBlocksAreTouchedAsFarAsTheTraceSaysAndNoFurther) {
  Compiled compiled;
  auto writer = new_trace(compiled.trace, static_cast<Capabilities>(Capability::touch),
                          {{"touch_threshold", "8192"}});
  const ObjectId object = writer.allocate(kFirst, 0, OpKind::malloc, 100'000);
  writer.touch(kFirst, 1, object, 2);
  writer.touch(kFirst, 2, object, 1000);
  writer.allocate(kFirst, 3, OpKind::malloc, 8191);
  finish(writer);
  const PlanFile plan = compiled.compile();
  const auto words = plan.words(0);
  EXPECT_THAT(codes(plan, 0), ElementsAre(Code::big, Code::touch, Code::touch_of, Code::malloc));
  EXPECT_EQ(plan.big(operand_of(words[0])).touch_to, 0);
  EXPECT_EQ(operand_of(words[1]) * plan::kTouchUnit, 8192);
  const plan::PlanBig& growth = plan.big(operand_of(words[2]));
  EXPECT_EQ(growth.base_code, static_cast<std::uint32_t>(Code::touch)) << "its own block";
  EXPECT_EQ(growth.touch_from, 8192) << "what is written already is left alone";
  EXPECT_EQ(growth.touch_to, 100'000);
}

TEST(Compile, OfABlockOfLessThanTwoPagesOnePageMeansItsBeginning) {
  Compiled compiled;
  auto writer = new_trace(compiled.trace, static_cast<Capabilities>(Capability::touch),
                          {{"touch_threshold", "4097"}});
  writer.touch(kFirst, 1, writer.allocate(kFirst, 0, OpKind::malloc, 8191), 1);
  writer.touch(kFirst, 3, writer.allocate(kFirst, 2, OpKind::malloc, 8191), 2);
  writer.touch(kFirst, 5, writer.allocate(kFirst, 4, OpKind::malloc, 8192), 1);
  finish(writer);
  const PlanFile plan = compiled.compile();
  const auto words = plan.words(0);
  EXPECT_EQ(operand_of(words[1]) * plan::kTouchUnit, 1024);
  EXPECT_EQ(operand_of(words[3]) * plan::kTouchUnit, 8176);
  EXPECT_EQ(operand_of(words[5]) * plan::kTouchUnit, 4096);
}

TEST(Compile, ATouchThatSaysNothingNewIsLeftOut) {
  Compiled compiled;
  auto writer = new_trace(compiled.trace, static_cast<Capabilities>(Capability::touch));
  const ObjectId object = writer.allocate(kFirst, 0, OpKind::malloc, 100'000);
  writer.touch(kFirst, 1, object, 4);
  writer.touch(kFirst, 2, object, 4);
  writer.reallocate(kFirst, 3, object, 9000);
  writer.touch(kFirst, 4, object, 3);
  finish(writer);
  const PlanFile plan = compiled.compile();
  EXPECT_THAT(codes(plan, 0), ElementsAre(Code::big, Code::touch, Code::big))
      << "the block was written to its end when it shrank to there";
}

TEST(Compile, MemoryIsLookedAtWhileABlockGrowsAndNothingElseHappens) {
  Compiled compiled;
  auto writer = new_trace(compiled.trace, Capability::touch | Capability::time);
  const ObjectId object = writer.allocate(kFirst, 0, OpKind::malloc, 1 << 20);
  writer.touch(kFirst, 0, object, 1);
  for (std::uint64_t page = 2; page <= 100; ++page) {
    writer.touch(kFirst, page * 1'000'000, object, page);
  }
  finish(writer);
  const PlanFile plan = compiled.compile();
  EXPECT_GT(plan.header().sample_count, 99);
  for (std::uint64_t i = 0; i < plan.header().sample_count; ++i) {
    EXPECT_NE(plan.sample(i).word, 1) << "between a block and what was written of it at once";
  }
}

TEST(Compile, ABlockIsGivenAwayAfterTheTouchThatCameWithIt) {
  Compiled compiled;
  auto writer = new_trace(compiled.trace, static_cast<Capabilities>(Capability::touch));
  writer.thread_start(kFirst, 0, kSecond);
  const ObjectId object = writer.allocate(kFirst, 1, OpKind::malloc, 100'000);
  writer.touch(kFirst, 1, object, 3);
  writer.allocate(kFirst, 2, OpKind::malloc, 8);
  writer.touch(kFirst, 3, object, 5);
  writer.touch(kSecond, 4, object, 6);
  writer.free(kSecond, 5, object);
  finish(writer);
  const PlanFile plan = compiled.compile();
  EXPECT_THAT(codes(plan, 0), ElementsAre(Code::start, Code::big, Code::touch, Code::give,
                                          Code::malloc, Code::touch_of));
  EXPECT_THAT(codes(plan, 1), ElementsAre(Code::touch_of, Code::take, Code::free));
  const Word late = plan.words(1)[0];
  EXPECT_EQ(slot_of(late), slot_of(plan.words(0)[1])) << "the block's slot was given to another";
  EXPECT_NE(slot_of(late), slot_of(plan.words(0)[4]));
  EXPECT_EQ(plan.big(operand_of(late)).size, 0) << "names the thread that the slot is of";
  EXPECT_EQ(plan.big(operand_of(late)).touch_to, 6 * 4096);
}

TEST(Compile, ABlockIsGivenAwayAtTheTimeOfItsAllocationHoweverLateATouchSaysNothingNew) {
  Compiled compiled;
  auto writer = new_trace(compiled.trace, static_cast<Capabilities>(Capability::touch));
  writer.thread_start(kFirst, 0, kSecond);
  std::vector<ObjectId> objects;
  std::uint64_t time = 1;
  for (std::uint64_t i = 0; i < 1000; ++i) {
    objects.push_back(writer.allocate(kFirst, time, OpKind::malloc, 20'000 + i));
    writer.touch(kFirst, time, objects.back(), 2);
    time += 5'000'000'000;  // more than a run can say
    writer.touch(kFirst, time, objects.back(), 2);
    writer.free(kSecond, time, writer.allocate(kSecond, time, OpKind::malloc, 100));
  }
  for (const ObjectId object : objects) writer.free(kSecond, time, object);
  finish(writer);
  const PlanFile plan = compiled.compile();
  EXPECT_EQ(plan.header().run_count, 2000);
  EXPECT_EQ(compiled.facts.runs, plan.header().run_count);
  // 'start' stands in front of the first.
  EXPECT_THAT(codes(plan, 0)[3], Code::give);
  EXPECT_EQ(plan.run(0).words, 4);
  EXPECT_EQ(plan.delay(3), plan.delay(2));
  for (std::uint32_t i = 0; i < 1000; ++i) {
    EXPECT_EQ(plan.big(i).size, 20'000 + i) << "the entry was written over";
  }
}

TEST(Compile, APlanThatDoesNotComeOutAsCountedIsAnErrorAndWritesNothingBehindItsRoom) {
  const Compiled compiled;
  plan::Extent extent;
  extent.threads.push_back({});
  extent.threads[0].words = 2;
  extent.runs = 1;
  const auto finished = [&](const std::function<void(plan::PlanWriter&)>& write) {
    auto writer = plan::PlanWriter::create(compiled.plan, extent);
    EXPECT_TRUE(writer);
    write(*writer);
    const auto done = writer->finish({}, {0}, {});
    if (!done) {
      EXPECT_THAT(done.error().what, ::testing::HasSubstr(compiled.plan));
      EXPECT_THAT(done.error().hint, ::testing::HasSubstr("defect"));
    }
    return done.has_value();
  };
  constexpr std::uint64_t kLong = 5'000'000'000;
  EXPECT_TRUE(finished([](plan::PlanWriter& writer) {
    for (int i = 0; i < 2; ++i) writer.add(0, 0, 0);
  }));
  EXPECT_FALSE(finished([](plan::PlanWriter& writer) { writer.add(0, 0, 0); })) << "too few words";
  EXPECT_FALSE(finished([](plan::PlanWriter& writer) {
    for (int i = 0; i < 2000; ++i) writer.add(0, 0, 0);
  })) << "too many words";
  EXPECT_FALSE(finished([](plan::PlanWriter& writer) {
    for (int i = 0; i < 2; ++i) writer.add(1, 0, 0);
  })) << "of a thread that there is not";
  extent.threads[0].words = 3;
  EXPECT_FALSE(finished([](plan::PlanWriter& writer) {
    for (std::uint64_t i = 0; i < 3; ++i) writer.add(0, i * kLong, 0);
  })) << "too many runs";
  extent.threads[0].words = 2;
  EXPECT_FALSE(finished([](plan::PlanWriter& writer) {
    for (int i = 0; i < 2; ++i) writer.add(0, 0, 0);
    writer.big({1, 0, 0, 0, 0});
  })) << "too many entries";
}

TEST(Compile, WithoutTheCapabilityEveryPageOfABlockIsTouched) {
  Compiled compiled;
  auto writer = new_trace(compiled.trace);
  writer.allocate(kFirst, 0, OpKind::malloc, 1 << 20);
  finish(writer);
  EXPECT_THAT(codes(compiled.compile(), 0), ElementsAre(Code::malloc));
}

TEST(Compile, CallsThatSteerTheAllocatorAreKept) {
  Compiled compiled;
  auto writer = new_trace(compiled.trace);
  writer.trim(kFirst, 0, 4096);
  writer.mallopt(kFirst, 1, -3, 1 << 20);
  finish(writer);
  const PlanFile plan = compiled.compile();
  EXPECT_THAT(codes(plan, 0), ElementsAre(Code::trim, Code::mallopt));
  EXPECT_EQ(operand_of(plan.words(0)[0]), 4096);
  const plan::PlanBig& option = plan.big(operand_of(plan.words(0)[1]));
  EXPECT_EQ(static_cast<std::int32_t>(option.size), -3);
  EXPECT_EQ(static_cast<std::int32_t>(option.touch_to), 1 << 20);
}

TEST(Compile, TimesAreKeptHoweverLongThePausesAre) {
  Compiled compiled;
  auto writer = new_trace(compiled.trace);
  const std::uint64_t times[] = {0, 1000, 9'000'000'000, 9'000'000'500, 20'000'000'000};
  for (const std::uint64_t time : times) writer.allocate(kFirst, time, OpKind::malloc, 8);
  finish(writer);
  const PlanFile plan = compiled.compile();
  std::vector<std::uint64_t> replayed;
  for (std::uint64_t i = 0; i < plan.header().run_count; ++i) {
    for (std::uint32_t k = 0; k < plan.run(i).words; ++k) {
      replayed.push_back(plan.run(i).start_ns + plan.delay(replayed.size()));
    }
  }
  EXPECT_THAT(replayed, ::testing::ElementsAreArray(times));
  EXPECT_EQ(plan.header().duration_ns, 20'000'000'000);
}

TEST(Compile, CountsTheMillisecondsInWhichACallIsMade) {
  Compiled compiled;
  auto writer = new_trace(compiled.trace);
  for (const std::uint64_t time : {0, 1000, 999'999, 1'000'000, 7'500'000, 7'999'999}) {
    writer.allocate(kFirst, time, OpKind::malloc, 8);
  }
  writer.trim(kFirst, 9'000'000, 0);  // asks for no memory
  finish(writer);
  compiled.compile();
  EXPECT_EQ(compiled.facts.busy_ns, 3'000'000);
  EXPECT_EQ(compiled.facts.threads_at_once, 1);
}

TEST(Compile, CountsTheThreadsThatCallInTheSameMillisecondOverAllCalls) {
  Compiled compiled;
  auto writer = new_trace(compiled.trace);
  writer.thread_start(kFirst, 0, ThreadId{1});
  const auto call = [&](std::uint32_t thread, std::uint64_t time_ns) {
    writer.allocate(ThreadId{thread}, time_ns, OpKind::malloc, 8);
  };
  for (const std::uint32_t thread : {0, 1, 0, 1, 1, 1}) call(thread, 100);  // six calls, of two
  for (const std::uint32_t thread : {1, 1}) call(thread, 1'000'000);        // two calls, of one
  finish(writer);
  compiled.compile();
  EXPECT_EQ(compiled.facts.threads_at_once, (6 * 2 + 2 * 1) / 8.0);
}

TEST(Compile, FiguresOfTheTraceAreThoseOfItsLiveBytes) {
  Compiled compiled;
  auto writer = new_trace(compiled.trace);
  const ObjectId small = writer.allocate(kFirst, 0, OpKind::malloc, 100);
  const ObjectId large = writer.allocate(kFirst, 10, OpKind::malloc, 900);
  writer.free(kFirst, 20, large);
  writer.exit_begin(kFirst, 30);
  writer.free(kFirst, 40, small);
  finish(writer);
  const PlanFile plan = compiled.compile();
  EXPECT_EQ(compiled.facts.peak_live_bytes, 1000);
  EXPECT_DOUBLE_EQ(compiled.facts.mean_live_bytes, (100 * 10 + 1000 * 10 + 100 * 20) / 40.0);
  EXPECT_TRUE(compiled.facts.exit_known);
  EXPECT_EQ(compiled.facts.end_live_bytes, 100);
  EXPECT_EQ(compiled.facts.last_live_bytes, 0);
  EXPECT_EQ(plan.header().exit_word, 3);
}

TEST(Compile, ATraceWithoutTimesIsLaidOutOpByOp) {
  Compiled compiled;
  TraceInfo info;
  info.name = "untimed";
  auto writer = TraceWriter::create(compiled.trace, info);
  ASSERT_TRUE(writer);
  for (int i = 0; i < 11; ++i) writer->allocate(kFirst, 0, OpKind::malloc, 8);
  finish(*writer);
  compiled.compile();
  EXPECT_GT(compiled.facts.duration_ns, 0);
}

TEST(Compile, AnEmptyTraceIsAPlanWithOneThreadThatDoesNothing) {
  Compiled compiled;
  auto writer = new_trace(compiled.trace);
  finish(writer);
  const PlanFile plan = compiled.compile();
  EXPECT_EQ(plan.header().thread_count, 1);
  EXPECT_EQ(plan.header().word_count, 0);
  EXPECT_EQ(plan.header().run_count, 0);
}

TEST(Compile, WhatCannotBeReadOrWrittenIsAnErrorThatNamesIt) {
  Compiled compiled;
  const auto missing = plan::compile_plan("/nowhere/t.hwt", compiled.plan);
  ASSERT_FALSE(missing);
  EXPECT_THAT(missing.error().what, ::testing::HasSubstr("/nowhere/t.hwt"));
  auto writer = new_trace(compiled.trace);
  writer.allocate(kFirst, 0, OpKind::malloc, 8);
  finish(writer);
  const auto unwritable = plan::compile_plan(compiled.trace, "/nowhere/plan");
  ASSERT_FALSE(unwritable);
  EXPECT_THAT(unwritable.error().what, ::testing::HasSubstr("/nowhere/plan"));
}

}  // namespace
}  // namespace heapwise::testing
