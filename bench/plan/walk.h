// SPDX-License-Identifier: MIT
// Goes through a trace and says what each op means for a plan: who produces and who consumes an
// object, and who starts a thread. Both passes of the compiler hear the same events.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/error.h"
#include "traces/reader.h"

namespace heapwise::plan {

/// A live object between two events. What stands under "emitter" is for it alone.
struct Object {
  std::uint64_t size = 0;
  std::uint64_t production = 0;  ///< number of the allocation or realloc that made it, from 0
  std::uint32_t owner = 0;       ///< the thread that produced it
  bool live = false;
  std::uint64_t touched = 0;  ///< bytes that touch ops have said to be written
  // emitter
  bool crosses = false;  ///< another thread consumes this production
  std::uint32_t slot = 0;
  std::uint32_t mailbox = 0;
};

/// Threads are numbers of the trace. Objects are already in their new state.
class Events {
 public:
  virtual ~Events() = default;
  /// Before the events of an op, at its time.
  virtual void begin(const Op& op, std::uint64_t time_ns) = 0;
  /// `by` starts `started`, which has had no op yet.
  virtual void start(std::uint32_t by, std::uint32_t started) = 0;
  virtual void allocate(const Op& op, Object& object) = 0;
  /// The object goes over to `to`, whose op comes next; object.owner is still the old one.
  virtual void cross(Object& object, std::uint32_t to) = 0;
  virtual void resize(const Op& op, Object& object, std::uint64_t old_size) = 0;
  virtual void release(const Op& op, Object& object) = 0;
  /// The bytes from `from` up to object.touched have been written since the touch before.
  virtual void touch(const Op& op, Object& object, std::uint64_t from) = 0;
  /// thread_end, trim, mallopt or exit_begin.
  virtual void other(const Op& op) = 0;
};

/// Figures of a walk, complete when it is over.
struct Walked {
  std::uint64_t operations = 0, allocations = 0, productions = 0;
  std::uint64_t live_bytes = 0;  ///< requested, after the ops so far
  std::uint64_t peak_live_bytes = 0;
  double live_byte_ns = 0;            ///< integral over time
  std::uint64_t exit_live_bytes = 0;  ///< where exit begins; after the last op if it is not known
  bool exit_seen = false;
  std::uint64_t duration_ns = 0;
  std::uint64_t busy_ns = 0;   ///< in steps of a millisecond: of those in which a call was made
  double threads_at_once = 1;  ///< that made calls in one such step; mean over all calls
  std::uint32_t threads = 0;
};

class Walk {
 public:
  explicit Walk(Events& events) : events_(events) {}
  /// Reads the trace to its end. Fails when an op makes no sense.
  Expected<void> run(TraceReader& reader);
  const Walked& figures() const { return figures_; }

 private:
  Expected<void> step(const Op& op);
  Expected<void> object_op(const Op& op);
  void thread_start(const Op& op);
  void ensure_started(std::uint32_t thread);
  void consume(const Op& op, Object& object);
  void produce(const Op& op, Object& object);
  void set_live(std::uint64_t bytes);
  void count_busy(std::uint32_t thread);
  void end_busy_step();

  Events& events_;
  Walked figures_;
  std::vector<Object> objects_;
  std::vector<char> started_;
  std::uint32_t last_thread_ = 0;
  std::uint64_t time_ns_ = 0;
  std::uint64_t ops_ = 0;
  bool timed_ = true;

  // The present step of busy time.
  std::uint64_t step_until_ns_ = 0;
  std::uint64_t step_calls_ = 0;
  std::uint32_t step_threads_ = 0;
  std::vector<std::uint64_t> seen_until_ns_;  ///< by thread: the end of the last step with a call
  double call_threads_ = 0;                   ///< sum over all calls
};

/// Traces without times are laid out as if an op came every so many nanoseconds.
constexpr std::uint64_t kUntimedStepNs = 100;

}  // namespace heapwise::plan
