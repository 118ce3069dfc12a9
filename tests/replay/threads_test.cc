// SPDX-License-Identifier: MIT
// Whole replays in this process, on its own malloc: under a sanitizer that is a strict one.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <pthread.h>
#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <thread>

#include "bench/replay/clock.h"
#include "bench/replay/passing_time.h"
#include "tests/plan/plan_file.h"
#include "tests/plan/trace_maker.h"
#include "tests/replay/in_process.h"

namespace heapwise::testing {
namespace {

constexpr std::size_t kArm = 1;
constexpr std::size_t kLook = 2;
constexpr std::size_t kTell = 3;
constexpr std::size_t kCount = 4;
constexpr std::size_t kSleep = 5;

/// Counts threads that have come to the end of their destructors, as an allocator's would.
struct Destructors {
  static Destructors& present() {
    static Destructors one;
    return one;
  }
  Destructors() {
    pthread_key_create(&key, [](void* /*value*/) {
      // An allocator's may take its time, too.
      usleep(2000);
      ++present().run;
    });
  }
  pthread_key_t key{};
  std::atomic<unsigned> run{0};
  std::vector<unsigned> seen;  ///< how many had, whenever somebody looked
};

/// What the allocator's clock had advanced by whenever somebody looked.
std::vector<std::int64_t>& times_told() {
  static std::vector<std::int64_t> times;
  return times;
}

/// How often somebody asked for a block's usable size.
std::atomic<unsigned>& times_asked() {
  static std::atomic<unsigned> times{0};
  return times;
}

cpu_set_t allowed_processors() {
  cpu_set_t allowed;
  CPU_ZERO(&allowed);
  EXPECT_EQ(sched_getaffinity(0, sizeof allowed, &allowed), 0);
  return allowed;
}

/// The processors that each thread might run on that told. The test has one thread tell at a time.
std::vector<cpu_set_t>& processors_told() {
  static std::vector<cpu_set_t> told;
  return told;
}

}  // namespace
}  // namespace heapwise::testing

/// A trace leaves objects alive, and so does its replay: they are not leaks. Only AddressSanitizer
/// looks for this function.
extern "C" [[gnu::visibility("default")]] const char* __asan_default_options() {
  return "detect_leaks=0";
}

/// Words that trim come here: from within a thread of the replay.
extern "C" int malloc_trim(std::size_t what) {
  using heapwise::testing::Destructors;
  Destructors& destructors = Destructors::present();
  if (what == heapwise::testing::kArm) pthread_setspecific(destructors.key, &destructors);
  if (what == heapwise::testing::kLook) destructors.seen.push_back(destructors.run.load());
  if (what == heapwise::testing::kTell) {
    heapwise::testing::times_told().push_back(heapwise::replay::VirtualClock::offset_ns.load());
  }
  if (what == heapwise::testing::kCount) {
    heapwise::testing::processors_told().push_back(heapwise::testing::allowed_processors());
  }
  if (what == heapwise::testing::kSleep) usleep(100'000);
  return 0;
}

/// As if the allocator had it: counted, and answered by nobody else.
extern "C" std::size_t malloc_usable_size(void* /*block*/) {
  ++heapwise::testing::times_asked();
  return 0;
}

namespace heapwise::testing {
namespace {

std::size_t threads_alive() {
  const std::filesystem::directory_iterator tasks("/proc/self/task");
  return static_cast<std::size_t>(std::distance(begin(tasks), end(tasks)));
}

/// The same before any replay. ThreadSanitizer starts a thread of its own with the first one.
std::size_t threads_at_rest() {
  std::thread([] {}).join();
  return threads_alive();
}

RandomTraceOptions options_for(std::uint64_t seed) {
  RandomTraceOptions options;
  options.seed = seed;
  options.threads = 1 + static_cast<unsigned>(seed % 5);
  options.measured_touch = seed % 2 == 0;
  return options;
}

TEST(Throughput, RunsAllThreadsAndLeavesNoneBehind) {
  const std::size_t before = threads_at_rest();
  for (std::uint64_t seed = 0; seed < 12; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Compiled compiled;
    const Expectation expected = write_random_trace(compiled.trace, options_for(seed));
    compiled.compile();
    InProcess process(compiled.plan, Purpose::throughput, ReplayClock::trace);
    run_throughput(process.replay());
    EXPECT_EQ(process.raw().operations, expected.operations);
    EXPECT_EQ(process.raw().threads_started, expected.threads - 1);
    EXPECT_EQ(process.raw().failed_calls, 0);
    EXPECT_GT(process.raw().wall_ns, 0);
    EXPECT_EQ(threads_alive(), before);
  }
}

/// A minute of the first thread, which tells the time each second.
void write_minute(const std::string& path) {
  auto writer = new_trace(path);
  for (std::uint64_t second = 0; second <= 60; ++second) {
    const std::uint64_t time_ns = second * 1'000'000'000;
    writer.free(ThreadId{0}, time_ns, writer.allocate(ThreadId{0}, time_ns, OpKind::malloc, 64));
    writer.trim(ThreadId{0}, time_ns, kTell);
  }
  finish(writer);
}

TEST(Throughput, TheAllocatorsClockGoesOnByTheTracesTime) {
  Compiled compiled;
  write_minute(compiled.trace);
  compiled.compile();
  InProcess process(compiled.plan, Purpose::throughput, ReplayClock::trace);
  times_told().clear();
  run_throughput(process.replay());
  std::vector<std::int64_t> expected;
  for (std::int64_t second = 0; second <= 60; ++second) expected.push_back(second * 1'000'000'000);
  EXPECT_EQ(times_told(), expected);
  EXPECT_FALSE(replay::VirtualClock::on.load());
}

/// The second thread is there at the beginning and at the end only. What it makes at the end the
/// first one frees, so at the last look both have come to the end.
TEST(Throughput, TheAllocatorsClockShowsWhatNoThreadIsBehind) {
  Compiled compiled;
  auto writer = new_trace(compiled.trace);
  constexpr std::uint64_t kMinute = 60'000'000'000;
  writer.thread_start(ThreadId{0}, 0, ThreadId{1});
  writer.allocate(ThreadId{1}, 0, OpKind::malloc, 64);
  for (std::uint64_t time_ns = 0; time_ns <= kMinute; time_ns += 1'000'000'000) {
    writer.allocate(ThreadId{0}, time_ns, OpKind::malloc, 64);
    writer.trim(ThreadId{0}, time_ns, kTell);
  }
  writer.free(ThreadId{0}, kMinute, writer.allocate(ThreadId{1}, kMinute, OpKind::malloc, 64));
  writer.trim(ThreadId{0}, kMinute, kTell);
  finish(writer);
  compiled.compile();
  for (int round = 0; round < 50; ++round) {
    InProcess process(compiled.plan, Purpose::throughput, ReplayClock::trace);
    times_told().clear();
    run_throughput(process.replay());
    ASSERT_EQ(times_told().size(), 62U);
    EXPECT_TRUE(std::is_sorted(times_told().begin(), times_told().end())) << "it went back";
    for (std::size_t look = 0; look < 61; ++look) {
      EXPECT_LE(times_told()[look], static_cast<std::int64_t>(look) * 1'000'000'000);
    }
    EXPECT_EQ(times_told().back(), kMinute);
  }
}

TEST(Throughput, WithoutAClockNoTimePasses) {
  Compiled compiled;
  write_minute(compiled.trace);
  compiled.compile();
  InProcess process(compiled.plan, Purpose::throughput, ReplayClock::none);
  replay::VirtualClock::offset_ns.store(0);
  times_told().clear();
  run_throughput(process.replay());
  EXPECT_THAT(times_told(), ::testing::Each(0));
}

/// The first thread tells, then the second one, which the first has waited for by a block of its.
void write_two_tellers(const std::string& path) {
  auto writer = new_trace(path);
  writer.trim(ThreadId{0}, 0, kCount);
  const ObjectId handed = writer.allocate(ThreadId{0}, 1, OpKind::malloc, 64);
  writer.thread_start(ThreadId{0}, 2, ThreadId{1});
  writer.free(ThreadId{1}, 3, handed);
  writer.trim(ThreadId{1}, 4, kCount);
  finish(writer);
}

TEST(Throughput, RunsOnAsManyProcessorsAsItIsGivenAndGivesTheOthersBack) {
  Compiled compiled;
  write_two_tellers(compiled.trace);
  compiled.compile();
  const cpu_set_t before = allowed_processors();
  InProcess process(compiled.plan, Purpose::throughput, ReplayClock::trace);
  process.replay().processors = 1;
  processors_told().clear();
  run_throughput(process.replay());
  ASSERT_EQ(processors_told().size(), 2U);
  EXPECT_EQ(CPU_COUNT(&processors_told()[0]), 1);
  EXPECT_TRUE(CPU_EQUAL(&processors_told()[0], &processors_told()[1]));
  const cpu_set_t after = allowed_processors();
  EXPECT_TRUE(CPU_EQUAL(&before, &after));
}

TEST(Throughput, RunsOnAllProcessorsWhereItIsGivenMoreOrNoNumber) {
  Compiled compiled;
  write_two_tellers(compiled.trace);
  compiled.compile();
  const cpu_set_t before = allowed_processors();
  for (const unsigned given : {0U, 5000U}) {
    InProcess process(compiled.plan, Purpose::throughput, ReplayClock::trace);
    process.replay().processors = given;
    processors_told().clear();
    run_throughput(process.replay());
    ASSERT_EQ(processors_told().size(), 2U);
    for (const cpu_set_t& told : processors_told()) EXPECT_TRUE(CPU_EQUAL(&before, &told));
  }
}

TEST(Throughput, WhoWaitsForAnotherThreadsObjectTakesNoCpuTime) {
  Compiled compiled;
  auto writer = new_trace(compiled.trace);
  writer.thread_start(ThreadId{0}, 0, ThreadId{1});
  writer.trim(ThreadId{1}, 1, kSleep);
  writer.free(ThreadId{0}, 3, writer.allocate(ThreadId{1}, 2, OpKind::malloc, 64));
  finish(writer);
  compiled.compile();
  InProcess process(compiled.plan, Purpose::throughput, ReplayClock::trace);
  const std::int64_t cpu_before = replay::cpu_now_ns();
  run_throughput(process.replay());
  const std::int64_t cpu_ns = replay::cpu_now_ns() - cpu_before;
  const auto wall_ns = static_cast<std::int64_t>(process.raw().wall_ns);
  EXPECT_LT(process.raw().cpu_ns * 2, process.raw().wall_ns) << "it counts as the allocator's";
  EXPECT_LT(cpu_ns * 2, wall_ns) << "others did not get the processor";
}

TEST(Throughput, AsksForUsableSizesAsOftenAsTheProgramDid) {
  for (const unsigned calls : {0U, 10U, 1000U, 3000U, 5500U}) {
    SCOPED_TRACE(calls);
    Compiled compiled;
    auto writer = new_trace(compiled.trace);
    for (std::uint64_t i = 0; i < 1000; ++i) {
      writer.free(ThreadId{0}, i, writer.allocate(ThreadId{0}, i, OpKind::malloc, 64));
    }
    TraceTotals end;
    end.facts = {{"recorder.usable_size_calls", std::to_string(calls)}};
    ASSERT_TRUE(writer.finish(end));
    compiled.compile();
    for (const bool known : {false, true}) {
      InProcess process(compiled.plan, Purpose::throughput, ReplayClock::trace);
      process.replay().sizes_known = known;
      times_asked() = 0;
      run_throughput(process.replay());
      const unsigned expected = !known || calls == 10 ? 0 : calls;  // 10 of 2000 count for nothing
      EXPECT_NEAR(times_asked(), expected, 1);
    }
  }
}

TEST(Throughput, StopsAFewThousandTimesHoweverLongTheTraceIs) {
  Compiled compiled;
  auto writer = new_trace(compiled.trace);
  for (std::uint64_t i = 0; i < 20'000; ++i) {
    const ThreadId thread{static_cast<std::uint32_t>(i % 2)};
    if (i == 1) writer.thread_start(ThreadId{0}, i * 1'000'000'000, thread);
    writer.allocate(thread, i * 1'000'000'000, OpKind::malloc, 64);
  }
  finish(writer);
  compiled.compile();
  InProcess process(compiled.plan, Purpose::throughput, ReplayClock::trace);
  for (int lane = 0; lane < 2; ++lane) {
    const auto stops = process.replay().lanes[lane].stops_end - process.replay().lanes[lane].stops;
    EXPECT_GT(stops, 2000);
    EXPECT_LE(stops, 4097);
  }
}

TEST(Throughput, OfManyThreadsEachStopsLessOftenByTheSquare) {
  constexpr std::uint32_t kThreads = 256;
  Compiled compiled;
  auto writer = new_trace(compiled.trace);
  for (std::uint32_t thread = 1; thread < kThreads; ++thread) {
    writer.thread_start(ThreadId{0}, 0, ThreadId{thread});
  }
  for (std::uint64_t second = 0; second < 10'000; ++second) {
    const ThreadId thread{static_cast<std::uint32_t>(second % 2)};
    writer.allocate(thread, second * 1'000'000'000, OpKind::malloc, 64);
  }
  finish(writer);
  compiled.compile();
  InProcess process(compiled.plan, Purpose::throughput, ReplayClock::trace);
  const auto& lane = process.replay().lanes[0];
  EXPECT_NEAR(static_cast<double>(lane.stops_end - lane.stops), 4096.0 / 16, 10);
}

TEST(Footprint, FollowsTheRecordedOrderThroughAllThreads) {
  const std::size_t before = threads_at_rest();
  for (std::uint64_t seed = 0; seed < 12; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Compiled compiled;
    const Expectation expected = write_random_trace(compiled.trace, options_for(seed));
    const PlanFile plan = compiled.compile();
    InProcess process(compiled.plan, Purpose::footprint);
    run_footprint(process.replay());
    EXPECT_EQ(process.replay().order.word, plan.header().word_count);
    EXPECT_EQ(process.raw().threads_started, expected.threads - 1);
    EXPECT_EQ(process.raw().failed_calls, 0);
    ASSERT_EQ(process.raw().sample_count, plan.header().sample_count);
    for (std::uint64_t i = 0; i < plan.header().sample_count; ++i) {
      EXPECT_EQ(process.sample(i).word, plan.sample(i).word);
      EXPECT_EQ(process.sample(i).live_bytes, plan.sample(i).live_bytes);
      EXPECT_GT(process.sample(i).rss_anon_bytes, 0);
    }
    EXPECT_EQ(threads_alive(), before);
  }
}

TEST(Footprint, WhatAThreadDoesWhileItEndsIsDoneBeforeTheNextWord) {
  Compiled compiled;
  auto writer = new_trace(compiled.trace);
  constexpr std::uint32_t kThreads = 20;
  for (std::uint32_t i = 1; i <= kThreads; ++i) {
    writer.thread_start(ThreadId{0}, i, ThreadId{i});
    writer.trim(ThreadId{i}, i, kArm);
    writer.thread_end(ThreadId{i}, i);
    writer.trim(ThreadId{0}, i, kLook);
  }
  finish(writer);
  compiled.compile();
  InProcess process(compiled.plan, Purpose::footprint);
  run_footprint(process.replay());
  EXPECT_EQ(process.raw().threads_started, kThreads);
  std::vector<unsigned> expected;
  for (unsigned i = 1; i <= kThreads; ++i) expected.push_back(i);
  EXPECT_EQ(Destructors::present().seen, expected);
}

/// For 100 seconds.
Compiled call_each_second() {
  Compiled compiled;
  auto writer = new_trace(compiled.trace);
  for (std::uint64_t second = 0; second <= 100; ++second) {
    writer.allocate(ThreadId{0}, second * 1'000'000'000, OpKind::malloc, 64);
  }
  finish(writer);
  compiled.compile();
  return compiled;
}

TEST(Footprint, TheAllocatorsClockGoesOnByTheTracesTimeAndTheReplaysOwn) {
  const Compiled compiled = call_each_second();
  InProcess process(compiled.plan, Purpose::footprint, ReplayClock::trace);
  const std::int64_t before = replay::real_now_ns();
  run_footprint(process.replay());
  const auto took = static_cast<std::uint64_t>(replay::real_now_ns() - before);
  std::uint64_t last = 0;
  for (std::uint64_t i = 0; i < process.raw().sample_count; ++i) {
    const RawSample& sample = process.sample(i);
    EXPECT_GE(sample.clock_ns, sample.time_ns);
    EXPECT_LE(sample.clock_ns, sample.time_ns + took);
    EXPECT_GE(sample.clock_ns, last) << "the clock went back";
    last = sample.clock_ns;
  }
  EXPECT_GT(last, 99'000'000'000);
}

/// A reference in which the replay and the program's allocator took so much from point to point.
class EvenReference {
 public:
  EvenReference(std::size_t points, std::int64_t spent_ns, std::int64_t allocator_ns)
      : bytes_((sizeof(RawReference) + points * sizeof(ReferencePoint)) / sizeof(std::uint64_t)) {
    auto* const head = reinterpret_cast<RawReference*>(bytes_.data());
    head->count = points;
    head->at_once = 2;
    auto* const point = reinterpret_cast<ReferencePoint*>(head + 1);
    for (std::size_t i = 0; i < points; ++i) {
      const auto number = static_cast<std::int64_t>(i);
      point[i] = {number * spent_ns, number * allocator_ns};
    }
  }
  const RawReference* get() const { return reinterpret_cast<const RawReference*>(bytes_.data()); }

 private:
  std::vector<std::uint64_t> bytes_;
};

/// Replays 100 s with a call each second; clock less trace time, and what was spent, at the end.
std::pair<std::int64_t, std::int64_t> passed_beyond_trace(std::int64_t spent_ns,
                                                          std::int64_t allocator_ns) {
  const Compiled compiled = call_each_second();
  InProcess process(compiled.plan, Purpose::footprint, ReplayClock::trace);
  const EvenReference reference(process.replay().plan.header->sample_count, spent_ns, allocator_ns);
  process.replay().reference = reference.get();
  run_footprint(process.replay());
  std::int64_t last = 0;
  for (std::uint64_t i = 0; i < process.raw().sample_count; ++i) {
    const auto clock_ns = static_cast<std::int64_t>(process.sample(i).clock_ns);
    EXPECT_GE(clock_ns, last) << "the clock went back";
    last = clock_ns;
  }
  const RawSample& end = process.sample(process.raw().sample_count - 1);
  return {last - static_cast<std::int64_t>(end.time_ns), static_cast<std::int64_t>(end.spent_ns)};
}

TEST(Footprint, WhatTheReferenceTookTooPassesAsInTheProgram) {
  const auto [none, spent] = passed_beyond_trace(3'600'000'000'000, 0);
  EXPECT_NEAR(static_cast<double>(none), 0, 1e5) << "the program's allocator took no time";
  EXPECT_GT(spent, 0);
  // A tenth of the time that the replay took, whatever that was.
  const auto [tenth, all] = passed_beyond_trace(3'600'000'000'000, 360'000'000'000);
  EXPECT_NEAR(static_cast<double>(tenth), static_cast<double>(all) / 10, 1e5);
}

TEST(Footprint, WhatIsBeyondTheReferencePassesAsItIsSharedByThoseAtWork) {
  const auto [beyond, spent] = passed_beyond_trace(0, 0);
  EXPECT_NEAR(static_cast<double>(beyond), static_cast<double>(spent) / 2, 1e5);
}

TEST(Footprint, WithTheRecordedClockNoWordComesBeforeItsTime) {
  Compiled compiled;
  auto writer = new_trace(compiled.trace);
  for (std::uint64_t i = 0; i <= 20; ++i) {
    writer.allocate(ThreadId{0}, i * 10'000'000, OpKind::malloc, 64);
  }
  finish(writer);
  compiled.compile();
  InProcess process(compiled.plan, Purpose::footprint, ReplayClock::recorded);
  run_footprint(process.replay());
  // Early by what sleeping cannot do better.
  constexpr std::uint64_t kEarly = 100'000;
  for (std::uint64_t i = 0; i < process.raw().sample_count; ++i) {
    EXPECT_GE(process.sample(i).clock_ns + kEarly, process.sample(i).time_ns);
  }
  EXPECT_EQ(process.raw().drain_10s_rss_bytes, 0) << "nobody waits ten seconds";
}

TEST(Footprint, NotesTheMemoryWhereExitBegins) {
  Compiled compiled;
  auto writer = new_trace(compiled.trace);
  const ObjectId object = writer.allocate(ThreadId{0}, 0, OpKind::malloc, 64 << 20);
  writer.exit_begin(ThreadId{0}, 1);
  writer.free(ThreadId{0}, 2, object);
  finish(writer);
  compiled.compile();
  InProcess process(compiled.plan, Purpose::footprint);
  run_footprint(process.replay());
  EXPECT_GE(process.raw().exit_rss_bytes, process.raw().before_rss_bytes + (64 << 20));
  EXPECT_GE(process.raw().peak_rss_bytes, process.raw().exit_rss_bytes);
}

TEST(View, RefusesWhatIsNoPlanAndWhatIsHalfOfOne) {
  Compiled compiled;
  write_random_trace(compiled.trace, {});
  const PlanFile plan = compiled.compile();
  const auto bytes = read_file(compiled.plan);
  ASSERT_TRUE(bytes);
  // Sections need the alignment that a mapped file has.
  std::vector<std::uint64_t> memory(bytes->size() / 8 + 1);
  std::memcpy(memory.data(), bytes->data(), bytes->size());
  replay::PlanView view{};
  const char* problem = nullptr;
  EXPECT_TRUE(replay::view_plan(memory.data(), bytes->size(), view, problem));
  EXPECT_FALSE(replay::view_plan(memory.data(), bytes->size() - 1, view, problem));
  EXPECT_FALSE(replay::view_plan(memory.data(), 10, view, problem));
  auto& header = *reinterpret_cast<plan::PlanHeader*>(memory.data());
  header.runs_offset = bytes->size() / 4096 * 4096;
  header.run_count = 1'000'000'000;
  EXPECT_FALSE(replay::view_plan(memory.data(), bytes->size(), view, problem));
  header.magic[7] = '9';
  EXPECT_FALSE(replay::view_plan(memory.data(), bytes->size(), view, problem));
}

}  // namespace
}  // namespace heapwise::testing
