// SPDX-License-Identifier: MIT
// Threads in pairs: one allocates and hands over, the other frees. What an allocator makes of a
// block that comes back from another thread is most of what this costs. Blocks are handed over by
// the dozen, or the ring would cost more than the allocator; the null allocator shows what it does.
#include <benchmark/benchmark.h>
#include <sched.h>
#include <stdlib.h>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

#include "bench/micro/measured.h"
#include "bench/micro/primitives.h"

namespace heapwise::micro {
namespace {

constexpr std::size_t kRoom = 1024;
constexpr std::uint64_t kAtOnce = 64;
constexpr std::size_t kMostPairs = 512;

/// Between the two threads of a pair. Each index belongs to one thread and lies apart.
struct Ring {
  alignas(64) std::atomic<std::uint64_t> given{0};
  alignas(64) std::atomic<std::uint64_t> taken{0};
  alignas(64) std::array<void*, kRoom> blocks;
};

/// Waits a little, then lets others run: there may be more threads than cores.
class Patience {
 public:
  void wait() {
    if (++waited_ % 64 == 0) sched_yield();
  }

 private:
  unsigned waited_ = 0;
};

/// Fills the ring once per batch, so that both threads of a pair always make whole rings of calls.
void produce(benchmark::State& state, Ring& ring, std::size_t size) {
  std::uint64_t made = 0;
  while (state.KeepRunningBatch(kRoom)) {
    for (std::size_t i = 0; i < kRoom; ++i) {
      for (Patience patience; made - ring.taken.load(std::memory_order_acquire) == kRoom;) {
        patience.wait();
      }
      void* const block = malloc(size);
      *static_cast<volatile char*>(block) = 1;
      ring.blocks[i] = block;
      if (++made % kAtOnce == 0) ring.given.store(made, std::memory_order_release);
    }
  }
}

void consume(benchmark::State& state, Ring& ring) {
  std::uint64_t freed = 0;
  while (state.KeepRunningBatch(kRoom)) {
    for (std::size_t i = 0; i < kRoom; ++i) {
      for (Patience patience; freed == ring.given.load(std::memory_order_acquire);) {
        patience.wait();
      }
      free(ring.blocks[i]);
      if (++freed % kAtOnce == 0) ring.taken.store(freed, std::memory_order_release);
    }
  }
}

/// Thread 2n allocates for thread 2n + 1. One iteration is one call, of either.
void handover(benchmark::State& state) {
  static std::array<Ring, kMostPairs> rings;
  const auto thread = static_cast<std::size_t>(state.thread_index());
  Ring& ring = rings[thread / 2];
  const bool produces = thread % 2 == 0;
  if (produces) {  // before the barrier that all threads meet at
    ring.given.store(0);
    ring.taken.store(0);
  }
  const Measured measured;
  if (produces) {
    produce(state, ring, static_cast<std::size_t>(state.range(0)));
  } else {
    consume(state, ring);
  }
}

}  // namespace

void register_handover(int cores) {
  auto* const primitive = benchmark::RegisterBenchmark("free_elsewhere", handover);
  primitive->Arg(64)->Arg(4096)->UseRealTime();
  primitive->Threads(2);
  const int most = 2 * cores < static_cast<int>(kMostPairs) ? 2 * cores : kMostPairs;
  if (most > 2) primitive->Threads(most);
}

}  // namespace heapwise::micro
