// SPDX-License-Identifier: MIT
// Who finds no segment waits for the supervisor, as long as there is something to wait for. The
// process around it is the test's own.
#include "traces/recorder/segments.h"

#include <gtest/gtest.h>

#include <atomic>
#include <cstring>
#include <memory>
#include <thread>
#include <vector>

#include "traces/recorder/log.h"
#include "traces/recorder/process.h"

namespace heapwise::recorder {

namespace {
ProcessPage page;
}  // namespace

ProcessPage* process = &page;
std::uint32_t generation = 1;
Spool spool_of_process;
spool::SessionPage* session = nullptr;
constinit thread_local ThreadState self{};

void stop_recording() { page.state.store(ProcessState::inert); }

}  // namespace heapwise::recorder

namespace heapwise::recorder_test {
namespace {

using namespace recorder;  // NOLINT: what is tested
using spool::SegmentState;

constexpr std::uint32_t kSegments = spool::kFirstSegments;

class Segments : public testing::Test {
 protected:
  Segments() : memory_(spool::spool_bytes(kSegments) / sizeof(std::uint64_t)) {
    auto* base = reinterpret_cast<unsigned char*>(memory_.data());
    spool_of_process = {reinterpret_cast<spool::Header*>(base),
                        reinterpret_cast<std::atomic<SegmentState>*>(base + spool::kStatesOffset),
                        nullptr, base + spool::kSegmentsOffset};
    spool_of_process.header->limit = kSegments;
    recorder::session = &session_;
    page.state = ProcessState::recording;
    forget_partial_segments();
    for (std::uint32_t i = 0; i < kSegments; ++i) set(i, SegmentState::in_use);
  }

  static void set(std::uint32_t segment, SegmentState state) {
    spool_of_process.states[segment].store(state);
  }

  /// Asks for a segment while a supervisor goes round, which in the round `round` does `work`.
  template <class Work>
  bool ask(std::uint64_t round, Work work) {
    std::atomic<bool> answered{false};
    std::thread supervisor([&] {
      while (!answered) {
        session_.heartbeat.fetch_add(1);
        if (session_.rounds.fetch_add(1) + 1 == round) work();
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
      }
    });
    Writer writer{};
    std::uint64_t waited = 0;
    const bool found = next_segment(writer, &waited);
    answered = true;
    supervisor.join();
    return found;
  }

  std::vector<std::uint64_t> memory_;
  spool::SessionPage session_{};
};

TEST_F(Segments, ThatAreAllOtherThreadsAreNotWaitedFor) {
  EXPECT_FALSE(ask(0, [] {}));
  EXPECT_LT(session_.rounds, 1000U) << "of a supervisor that had nothing to do in any";
  EXPECT_GT(spool_of_process.header->waited_ticks, 0U);
}

TEST_F(Segments, ThatAreFullAreWaitedFor) {
  set(3, SegmentState::full);
  EXPECT_TRUE(ask(150, [] { set(3, SegmentState::free); }));
  EXPECT_GE(session_.rounds, 150U);
}

TEST_F(Segments, ThatTheSupervisorMakesInTimeAreTaken) {
  set(kSegments - 1, SegmentState::free);
  spool_of_process.header->limit = kSegments - 1;
  EXPECT_TRUE(ask(1, [] { spool_of_process.header->limit = kSegments; }));
}

}  // namespace
}  // namespace heapwise::recorder_test
