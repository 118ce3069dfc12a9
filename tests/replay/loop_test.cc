// SPDX-License-Identifier: MIT
// The replay loop on real threads, with a heap that checks every call.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mman.h>

#include <mutex>
#include <thread>

#include "base/rng.h"
#include "tests/plan/plan_file.h"
#include "tests/replay/checked_heap.h"
#include "tests/replay/in_process.h"

namespace heapwise::testing {
namespace {

using replay::Lane;

/// Gives way to other threads at random places, so that no two runs are scheduled alike.
struct RandomPace {
  Rng& rng;
  void operator()(Lane& /*lane*/, const plan::Word* /*at*/) {
    if (rng.below(16) == 0) std::this_thread::yield();
  }
};

/// Runs all lanes of a plan on threads of their own.
class CheckedRun {
 public:
  explicit CheckedRun(InProcess& process, std::uint64_t seed) : process_(process), seed_(seed) {
    present_ = this;
    CheckedHeap::start = [](Lane& lane) { present_->start(lane); };
  }

  void run() {
    const auto& plan = process_.replay().plan;
    consumed_.resize(plan.header->thread_count);
    start(process_.replay().lanes[0]);
    while (join_one()) {
    }
  }

  const std::vector<std::vector<Consumption>>& consumed() const { return consumed_; }

 private:
  void start(Lane& lane) {
    const std::lock_guard<std::mutex> guard(lock_);
    threads_.emplace_back([this, &lane] {
      Rng rng(seed_ * 1000 + lane.number);
      CheckedHeap::consumed().clear();
      replay::execute<CheckedHeap>(lane, lane.next, lane.end, RandomPace{rng});
      consumed_[lane.number] = CheckedHeap::consumed();
    });
  }
  bool join_one() {
    std::thread one;
    {
      const std::lock_guard<std::mutex> guard(lock_);
      if (joined_ == threads_.size()) return false;
      one = std::move(threads_[joined_++]);
    }
    one.join();
    return true;
  }

  static CheckedRun* present_;
  InProcess& process_;
  std::uint64_t seed_;
  std::mutex lock_;
  std::vector<std::thread> threads_;
  std::size_t joined_ = 0;
  std::vector<std::vector<Consumption>> consumed_;
};

CheckedRun* CheckedRun::present_ = nullptr;

TEST(Loop, EveryThreadConsumesTheVeryObjectsThatItConsumedInTheTrace) {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Compiled compiled;
    RandomTraceOptions options;
    options.seed = seed;
    options.threads = 2 + static_cast<unsigned>(seed % 4);
    options.measured_touch = seed % 2 == 1;
    const Expectation expected = write_random_trace(compiled.trace, options);
    compiled.compile();
    for (std::uint64_t schedule = 0; schedule < 6; ++schedule) {
      InProcess process(compiled.plan, Purpose::throughput);
      CheckedRun run(process, schedule);
      run.run();
      for (const auto& [thread, consumed] : expected.consumed) {
        ASSERT_EQ(run.consumed()[thread], consumed) << "thread " << thread;
      }
    }
  }
}

/// A heap without memory, but for every other call.
struct ShortHeap {
  static void* malloc(std::size_t /*size*/) { return ++calls % 2 == 0 ? nullptr : memory; }
  static void* calloc(std::size_t /*count*/, std::size_t size) { return malloc(size); }
  static void* realloc(void* /*block*/, std::size_t size) { return malloc(size); }
  static void free(void* block) { freed.push_back(block); }
  static void cold(Lane& /*lane*/, const plan::Word* /*at*/, replay::Reason /*reason*/) {}

  static inline unsigned calls = 0;
  static inline char memory[64] = {};
  static inline std::vector<void*> freed;
};

TEST(Loop, AFailedAllocationIsCountedAndNothingElseIsTheMatter) {
  using plan::Code;
  std::vector<plan::Word> words{make_word(Code::malloc, 0, 8),   make_word(Code::calloc, 1, 8),
                                make_word(Code::realloc, 0, 16), make_word(Code::realloc, 0, 8),
                                make_word(Code::free, 1, 0),     make_word(Code::malloc, 1, 8),
                                make_word(Code::malloc, 2, 0),   make_word(Code::free, 0, 0)};
  const std::size_t count = words.size();
  words.resize(count + plan::kWordsPadding);
  void* slots[3] = {};
  replay::Mailbox unused{nullptr};
  Lane lane{};
  lane.slots = slots;
  lane.mailboxes = &unused;
  replay::execute<ShortHeap>(lane, words.data(), words.data() + count, replay::Unpaced{});
  // calls: malloc ok, calloc fails, realloc ok, realloc fails and its block goes, malloc ok, and a
  // malloc of nothing, which may well be null.
  EXPECT_EQ(lane.failed_calls, 2);
  EXPECT_THAT(ShortHeap::freed, ::testing::ElementsAre(ShortHeap::memory, nullptr, nullptr));
}

TEST(Loop, NothingIsWrittenToABlockThatCouldNotGrow) {
  using plan::Code;
  constexpr std::uint32_t kFar = (64 << 20) / plan::kTouchUnit;
  std::vector<plan::Word> words{
      make_word(Code::malloc, 0, 8),   make_word(Code::realloc, 0, 64 << 20),
      make_word(Code::touch, 0, kFar), make_word(Code::give, 0, 0),
      make_word(Code::take, 1, 0),     make_word(Code::touch, 1, kFar),
      make_word(Code::realloc, 1, 16), make_word(Code::free, 1, 0)};
  const std::size_t count = words.size();
  words.resize(count + plan::kWordsPadding);
  void* slots[2] = {};
  replay::Mailbox mailbox{nullptr};
  Lane lane{};
  lane.slots = slots;
  lane.mailboxes = &mailbox;
  ShortHeap::calls = 0;
  ShortHeap::freed.clear();
  replay::execute<ShortHeap>(lane, words.data(), words.data() + count, replay::Unpaced{});
  EXPECT_EQ(lane.failed_calls, 1);
  EXPECT_EQ(mailbox.load(), nullptr);
  EXPECT_THAT(ShortHeap::freed, ::testing::ElementsAre(ShortHeap::memory, ShortHeap::memory));
}

TEST(Loop, TheNullOfAFailedAllocationPassesThroughAMailbox) {
  using plan::Code;
  std::vector<plan::Word> words{make_word(Code::give, 0, 0), make_word(Code::take, 1, 0)};
  words.resize(2 + plan::kWordsPadding);
  int block = 0;
  void* slots[2] = {nullptr, &block};
  replay::Mailbox mailbox{nullptr};
  Lane lane{};
  lane.slots = slots;
  lane.mailboxes = &mailbox;
  replay::execute<ShortHeap>(lane, words.data(), words.data() + 2, replay::Unpaced{});
  EXPECT_EQ(slots[1], nullptr);
  EXPECT_EQ(mailbox.load(), nullptr);
}

class Touch : public ::testing::Test {
 protected:
  static constexpr std::size_t kPages = 6;
  void SetUp() override {
    memory_ = static_cast<char*>(mmap(nullptr, kPages * replay::kPage, PROT_READ | PROT_WRITE,
                                      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
  }
  void TearDown() override { munmap(memory_, kPages * replay::kPage); }

  std::vector<std::size_t> written() const {
    std::vector<std::size_t> offsets;
    for (std::size_t i = 0; i < kPages * replay::kPage; ++i) {
      if (memory_[i] != 0) offsets.push_back(i);
    }
    return offsets;
  }
  char* memory_ = nullptr;
};

TEST_F(Touch, WritesTheFirstByteAndEveryPageBoundaryWithinTheBlock) {
  replay::touch(memory_ + 16, 0, 2 * 4096);
  EXPECT_THAT(written(), ::testing::ElementsAre(16, 4096, 8192));
}

TEST_F(Touch, WritesNothingBehindABlockThatEndsAtAPageBoundary) {
  replay::touch(memory_, 0, 4096);
  EXPECT_THAT(written(), ::testing::ElementsAre(0));
}

TEST_F(Touch, BeginsWhereItIsTold) {
  replay::touch(memory_, 5000, 3 * 4096);
  EXPECT_THAT(written(), ::testing::ElementsAre(5000, 8192));
}

TEST_F(Touch, OfNothingWritesNothing) {
  replay::touch(memory_, 0, 0);
  replay::touch(memory_, 100, 100);
  EXPECT_THAT(written(), ::testing::IsEmpty());
}

}  // namespace
}  // namespace heapwise::testing
