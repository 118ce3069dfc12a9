// SPDX-License-Identifier: MIT
// The runners as processes, and their machine code.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstring>
#include <sstream>

#include "allocators/allocator.h"
#include "base/files.h"
#include "base/rng.h"
#include "bench/replay/raw_run.h"
#include "tests/plan/plan_file.h"
#include "tests/plan/trace_maker.h"
#include "tests/support/process.h"

namespace heapwise::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

std::string runner(const std::string& allocator) {
  return std::string(HEAPWISE_RUNNERS) + "/heapwise-replay-" + allocator;
}

std::vector<std::string> built() {
  std::vector<std::string> names;
  for (const Allocator& one : allocators()) {
    if (one.built) names.push_back(one.name);
  }
  return names;
}

/// The number behind `key=` in a runner's output.
std::uint64_t value(const std::string& output, const std::string& key) {
  const std::size_t at = ("\n" + output).find("\n" + key + "=");
  EXPECT_NE(at, std::string::npos) << key << " is not in " << output;
  return at == std::string::npos ? 0 : std::stoull(output.substr(at + key.size() + 1));
}

/// A long trace of many threads that come and go, of small blocks and of large ones that grow.
void write_demanding_trace(const std::string& path) {
  auto writer = new_trace(path);
  Rng rng(3);
  std::uint32_t threads = 1;
  std::vector<ObjectId> held;
  std::uint64_t time = 0;
  for (int round = 0; round < 200; ++round) {
    const ThreadId thread{threads++};
    writer.thread_start(ThreadId{0}, time, thread);
    for (int i = 0; i < 3000; ++i, time += 100) {
      const bool large = rng.below(500) == 0;
      const std::uint64_t size = large ? rng.below(4 << 20) : rng.below(2000);
      held.push_back(writer.allocate(thread, time, OpKind::malloc, size));
      if (rng.below(50) == 0) writer.reallocate(thread, time, held.back(), size + 100'000);
      if (held.size() < 20'000) continue;
      std::swap(held[rng.below(held.size())], held.back());
      writer.free(rng.below(10) == 0 ? ThreadId{0} : thread, time, held.back());
      held.pop_back();
    }
    if (rng.below(4) != 0) writer.thread_end(thread, time);
  }
  finish(writer);
}

TEST(Runner, NullGrowsByLessThan64KiBWhateverItReplays) {
  Compiled compiled;
  write_demanding_trace(compiled.trace);
  compiled.compile();
  ASSERT_GT(compiled.facts.peak_live_bytes, 100 << 20);
  for (const char* purpose : {"footprint", "throughput", "latency"}) {
    const Finished end =
        run({runner("null"), "--plan", compiled.plan, "--purpose", purpose, "--print"});
    ASSERT_EQ(end.exit_code, 0) << end.err;
    EXPECT_EQ(value(end.out, "operations"), compiled.facts.operations);
    EXPECT_EQ(value(end.out, "failed_calls"), 0);
    const std::uint64_t before = value(end.out, "before_rss_bytes");
    EXPECT_LT(value(end.out, "last_rss_bytes"), before + (64 << 10)) << purpose;
    if (std::string(purpose) == "footprint") {
      EXPECT_LT(value(end.out, "peak_rss_bytes"), before + (64 << 10));
      EXPECT_LT(value(end.out, "drain_10s_rss_bytes"), before + (64 << 10));
    }
  }
}

TEST(Runner, OfEveryAllocatorReplaysInEveryWay) {
  Compiled compiled;
  RandomTraceOptions options;
  options.operations = 5000;
  const Expectation expected = write_random_trace(compiled.trace, options);
  compiled.compile();
  for (const std::string& allocator : built()) {
    for (const char* purpose : {"footprint", "throughput", "latency"}) {
      const Finished end =
          run({runner(allocator), "--plan", compiled.plan, "--purpose", purpose, "--print"});
      ASSERT_EQ(end.exit_code, 0) << allocator << ": " << end.err;
      EXPECT_EQ(value(end.out, "operations"), expected.operations) << allocator;
      EXPECT_EQ(value(end.out, "threads_started"), expected.threads - 1) << allocator;
      EXPECT_EQ(value(end.out, "failed_calls"), 0) << allocator;
    }
  }
}

TEST(Runner, OutlivesAReallocThatFailsAndWhatTheProgramDidWithTheBlockLater) {
  Compiled compiled;
  auto writer = new_trace(compiled.trace, static_cast<Capabilities>(Capability::touch),
                          {{"touch_threshold", "8192"}});
  const ThreadId first{0}, second{1};
  writer.thread_start(first, 0, second);
  const ObjectId object = writer.allocate(first, 1, OpKind::malloc, 100'000);
  writer.reallocate(first, 2, object, 1ULL << 50);  // more than there are addresses
  writer.touch(first, 2, object, 20'000);
  writer.free(first, 3, writer.allocate(first, 3, OpKind::malloc, 100));
  writer.touch(first, 4, object, 30'000);
  writer.touch(second, 5, object, 40'000);
  writer.reallocate(second, 6, object, 1 << 20);
  writer.touch(second, 6, object, 256);
  writer.free(second, 7, object);
  finish(writer);
  compiled.compile();
  for (const std::string& allocator : built()) {
    if (allocator == "null") continue;
    for (const char* purpose : {"footprint", "throughput", "latency"}) {
      const Finished end =
          run({runner(allocator), "--plan", compiled.plan, "--purpose", purpose, "--print"});
      ASSERT_EQ(end.exit_code, 0) << allocator << " " << purpose << ": " << end.err;
      EXPECT_EQ(value(end.out, "failed_calls"), 1) << allocator << " " << purpose;
    }
  }
}

TEST(Runner, TellsWhichAllocatorItIsAndWhereItComesFrom) {
  for (const std::string& allocator : built()) {
    const Finished end = run({runner(allocator), "--identify"});
    EXPECT_EQ(end.exit_code, 0) << end.err;
    EXPECT_THAT(end.out, HasSubstr("name=" + allocator + "\n"));
    EXPECT_THAT(end.out, ::testing::ContainsRegex("\nversion=[0-9]"));
    EXPECT_THAT(end.out, ::testing::ContainsRegex("\nlibrary=/.+\nlinkage=(shared|static)\n"));
  }
}

/// jemalloc 5.3 has 290 KiB at its start, and 450 once it was asked for its version.
TEST(Runner, AsksTheAllocatorNothingInTheProcessThatIsMeasured) {
  if (!find_allocator("jemalloc")->built) GTEST_SKIP() << "jemalloc is not installed";
  Compiled compiled;
  write_random_trace(compiled.trace, {});
  compiled.compile();
  const auto before = [&](const char* allocator) {
    const Finished end = run({runner(allocator), "--plan", compiled.plan, "--print"});
    EXPECT_EQ(end.exit_code, 0) << end.err;
    return value(end.out, "before_rss_bytes");
  };
  EXPECT_LT(before("jemalloc"), before("null") + (370 << 10));
}

TEST(Runner, RefusesToMeasureAnotherAllocatorThanItsOwn) {
  for (const Allocator& other : allocators()) {
    if (!other.built || other.soname.empty()) continue;
    RunOptions options;
    options.environment = {{"LD_PRELOAD", preload_path(other)}};
    for (const std::string& allocator : built()) {
      if (allocator == other.name || allocator == "null") continue;
      const Finished end = run({runner(allocator), "--identify"}, options);
      EXPECT_EQ(end.exit_code, kRunnerRefused) << allocator << " under " << other.name;
      EXPECT_THAT(end.err, HasSubstr("refusing to measure"));
      EXPECT_THAT(end.err, HasSubstr(other.soname.substr(0, other.soname.find(".so"))));
    }
  }
}

TEST(Runner, MeasuresALibraryOfTheUsersOnlyWhenMallocReallyComesFromIt) {
  const Allocator* const other = find_allocator("jemalloc");
  if (!other->built) GTEST_SKIP() << "jemalloc is not installed";
  const std::string library = preload_path(*other);
  const std::vector<std::string> command{runner("glibc"), "--identify", "--library", library};
  RunOptions preloaded;
  preloaded.environment = {{"LD_PRELOAD", library}};
  EXPECT_EQ(run(command, preloaded).exit_code, kRunnerFine);
  EXPECT_EQ(run(command).exit_code, kRunnerRefused);
}

TEST(Runner, SaysWhatIsWrongWithItsArguments) {
  Compiled compiled;
  ASSERT_TRUE(write_file(compiled.plan, "no plan at all", true));
  const std::string null = runner("null");
  const std::vector<std::pair<std::vector<std::string>, std::string>> cases{
      {{null}, "--plan FILE"},
      {{null, "--plan"}, "value is missing"},
      {{null, "--what", "x"}, "--what"},
      {{null, "--plan", "/nowhere"}, "/nowhere"},
      {{null, "--plan", compiled.plan}, "no plan"},
      {{null, "--plan", compiled.plan, "--purpose", "fun"}, "fun"},
      {{null, "--plan", compiled.plan, "--clock", "wall"}, "wall"}};
  for (const auto& [command, said] : cases) {
    const Finished end = run(command);
    EXPECT_EQ(end.exit_code, kRunnerUsage) << said;
    EXPECT_THAT(end.err, HasSubstr(said));
  }
}

TEST(Runner, RefusesAReferenceThatIsNoneOrIsCutShort) {
  Compiled compiled;
  write_random_trace(compiled.trace, {});
  compiled.compile();
  const std::string path = compiled.trace + ".reference";
  RawReference head{};
  std::memcpy(head.magic, kReferenceMagic, sizeof head.magic);
  head.count = 2;
  head.at_once = 1;
  std::string whole(sizeof head + 2 * sizeof(ReferencePoint), '\0');
  std::memcpy(whole.data(), &head, sizeof head);
  const auto replay_by = [&](const std::string& reference) {
    EXPECT_TRUE(write_file(path, reference, true));
    return run(
        {runner("glibc"), "--plan", compiled.plan, "--purpose", "footprint", "--reference", path});
  };
  EXPECT_EQ(replay_by(whole).exit_code, 0);
  for (std::size_t size = 1; size < whole.size(); ++size) {
    const Finished end = replay_by(whole.substr(0, size));
    ASSERT_EQ(end.exit_code, kRunnerUsage) << size;
    EXPECT_THAT(end.err, HasSubstr("not a reference of this build of heapwise: " + path));
  }
  EXPECT_EQ(replay_by("x" + whole.substr(1)).exit_code, kRunnerUsage);
}

/// 64 MB are freed; then a little goes on for a minute of the trace's time. It is of a size that no
/// thread cache keeps, as jemalloc looks at the clock when an arena is visited.
TEST(Runner, TimedPurgesHappenAsTheTracesTimePasses) {
  if (!find_allocator("jemalloc")->built) GTEST_SKIP() << "jemalloc is not installed";
  Compiled compiled;
  auto writer = new_trace(compiled.trace);
  std::vector<ObjectId> held;
  held.reserve(16'384);
  for (int i = 0; i < 16'384; ++i) {
    held.push_back(writer.allocate(ThreadId{0}, 0, OpKind::malloc, 4096));
  }
  for (const ObjectId object : held) writer.free(ThreadId{0}, 1000, object);
  for (std::uint64_t tick = 0; tick < 60'000; ++tick) {
    const std::uint64_t time = tick * 1'000'000;
    writer.free(ThreadId{0}, time, writer.allocate(ThreadId{0}, time, OpKind::malloc, 40'000));
  }
  finish(writer);
  compiled.compile();
  const auto last_rss = [&](const char* purpose, const char* clock) {
    const Finished end = run({runner("jemalloc"), "--plan", compiled.plan, "--purpose", purpose,
                              "--clock", clock, "--print"});
    EXPECT_EQ(end.exit_code, 0) << end.err;
    return value(end.out, "last_rss_bytes");
  };
  for (const char* purpose : {"footprint", "throughput"}) {
    EXPECT_GT(last_rss(purpose, "none"), 32 << 20) << purpose << ": no time has passed";
    EXPECT_LT(last_rss(purpose, "trace"), 16 << 20) << purpose << ": a minute has passed";
  }
}

std::string disassembly(const std::string& function) {
  const Finished end = run(
      {HEAPWISE_OBJDUMP, "-d", "--no-show-raw-insn", "--disassemble=" + function, runner("glibc")});
  EXPECT_EQ(end.exit_code, 0) << end.err;
  const std::size_t begin = end.out.find("<" + function + ">:");
  EXPECT_NE(begin, std::string::npos) << function << " is not there";
  return begin == std::string::npos ? "" : end.out.substr(begin);
}

struct Loop {
  std::vector<std::string> calls;  ///< all but repeated ones
  std::vector<std::string> strange;
};

/// What a loop's machine code goes to outside of itself.
Loop read_loop(const std::string& function) {
  Loop loop;
  std::istringstream lines(disassembly(function));
  for (std::string line; std::getline(lines, line);) {
    const std::size_t call = line.find("call ");
    const std::size_t jump = line.find("jmp ");
    if (line.find("lock ") != std::string::npos || line.find("syscall") != std::string::npos) {
      loop.strange.push_back(line);
    }
    if (call == std::string::npos && jump == std::string::npos) continue;
    const std::size_t open = line.find('<');
    const bool direct = open != std::string::npos;
    if (call != std::string::npos && !direct) loop.strange.push_back(line);
    if (!direct) continue;  // a jump through the table of words
    const std::string target = line.substr(open + 1, line.find_first_of("+>", open) - open - 1);
    if (target == function) continue;
    if (std::count(loop.calls.begin(), loop.calls.end(), target) == 0) loop.calls.push_back(target);
  }
  return loop;
}

TEST(Machinecode, OfTheLoopsCallsTheAllocatorAndOneColdFunctionOnly) {
  for (const char* function : {"heapwise_throughput_loop", "heapwise_footprint_loop"}) {
    SCOPED_TRACE(function);
    const Loop loop = read_loop(function);
    EXPECT_THAT(loop.calls, UnorderedElementsAre("malloc@plt", "calloc@plt", "realloc@plt",
                                                 "free@plt", "heapwise_replay_cold"));
    EXPECT_THAT(loop.strange, IsEmpty());
  }
}

TEST(Machinecode, OfTheAskingLoopCallsMallocUsableSizeBesides) {
  const Loop loop = read_loop("heapwise_asking_loop");
  EXPECT_THAT(loop.calls,
              UnorderedElementsAre("malloc@plt", "calloc@plt", "realloc@plt", "free@plt",
                                   "malloc_usable_size@plt", "heapwise_replay_cold"));
  EXPECT_THAT(loop.strange, IsEmpty());
}

TEST(Machinecode, OfTheRunnersNeedsNoLibraryBesideTheAllocatorAndLibc) {
  const Finished end = run({HEAPWISE_OBJDUMP, "-p", runner("glibc")});
  ASSERT_EQ(end.exit_code, 0) << end.err;
  std::vector<std::string> needed;
  std::istringstream lines(end.out);
  for (std::string line; std::getline(lines, line);) {
    if (line.find("NEEDED") != std::string::npos) {
      needed.push_back(line.substr(line.find_last_of(' ') + 1));
    }
  }
  EXPECT_THAT(needed, ::testing::Contains(HasSubstr("libc.so")));
  EXPECT_THAT(needed,
              ::testing::Each(::testing::AnyOf(HasSubstr("libc.so"), HasSubstr("ld-linux"))));
}

}  // namespace
}  // namespace heapwise::testing
