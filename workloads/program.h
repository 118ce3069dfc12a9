// SPDX-License-Identifier: MIT
// What every imagined program has: a clock, threads, dice, and a trace that it writes.
#pragma once

#include <cstdint>
#include <vector>

#include "base/rng.h"
#include "traces/writer.h"

namespace heapwise {

constexpr std::uint64_t kMicrosecond = 1000;
constexpr std::uint64_t kMillisecond = 1000 * kMicrosecond;
constexpr std::uint64_t kSecond = 1000 * kMillisecond;
constexpr std::uint64_t kHour = 3600 * kSecond;

/// The thread that runs main(); every program has it.
constexpr ThreadId kMain{0};

/// A program at work. Every call to malloc moves its clock by a step, which stands for the work
/// between two calls. The writer must outlive it.
class Program {
 public:
  Program(std::uint64_t seed, TraceWriter& writer, std::uint64_t step_ns = kMicrosecond)
      : rng_(seed), writer_(writer), step_ns_(step_ns) {}

  Rng& rng() { return rng_; }
  std::uint64_t now() const { return now_; }
  /// Calls made so far: allocations, reallocations and frees.
  std::uint64_t calls() const { return calls_; }

  ObjectId allocate(ThreadId thread, std::uint64_t size, OpKind kind = OpKind::malloc) {
    step();
    return writer_.allocate(thread, now_, kind, size);
  }
  void reallocate(ThreadId thread, ObjectId object, std::uint64_t size) {
    step();
    writer_.reallocate(thread, now_, object, size);
  }
  void free(ThreadId thread, ObjectId object) {
    step();
    writer_.free(thread, now_, object);
  }
  /// Frees what was allocated together, the last first, as a scope does that is left.
  void free_all(ThreadId thread, std::vector<ObjectId>& objects);
  /// The same in an order that has nothing to do with that of allocation.
  void free_shuffled(ThreadId thread, std::vector<ObjectId>& objects);

  ThreadId start_thread(ThreadId creator = kMain);
  void end_thread(ThreadId thread) { writer_.thread_end(thread, now_); }

  /// Time passes without a call.
  void pass(std::uint64_t ns) { now_ += ns; }
  /// The same until then, if that is not over already.
  void pass_until(std::uint64_t ns) { now_ = ns > now_ ? ns : now_; }

  /// A request comes in, is answered and is forgotten: two objects for each.
  void answer_request(ThreadId thread);
  /// For so long little happens: every 10 ms one of the threads answers 16 requests. Allocators
  /// that return memory by the clock look at it only every some hundred or thousand calls (jemalloc
  /// counts 1,000 events of an arena), so a process that makes a call now and then keeps its dirty
  /// pages for hours; servers are not that silent.
  void idle(std::uint64_t ns, const std::vector<ThreadId>& threads = {kMain});

  /// main() returns, with whatever is alive.
  void exit() { writer_.exit_begin(kMain, now_); }

 private:
  void step() {
    now_ += step_ns_;
    ++calls_;
  }

  Rng rng_;
  TraceWriter& writer_;
  std::uint64_t step_ns_;
  std::uint64_t now_ = 0, calls_ = 0;
  std::uint32_t threads_ = 0;
};

}  // namespace heapwise
