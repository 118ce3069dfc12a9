// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

namespace heapwise::recorder {

/// What one event cost.
struct EventCosts {
  double recorder_ns = 0;
  double allocator_ns = 0;
};

/// Turns the recording's time into the program's own: less what recording and the real allocator
/// took. Where several threads were at work at once, each event delayed only its share of them.
class ProgramTime {
 public:
  /// `first` is time 0; `costs` is what an event cost on average.
  ProgramTime(std::uint64_t first_ticks, double ns_per_tick, EventCosts costs, unsigned cpus)
      : first_(first_ticks), ns_per_tick_(ns_per_tick), costs_(costs), cpus_(cpus) {}

  /// The program's time at an event of `thread`; calls are in order of ticks.
  std::uint64_t at(std::uint64_t ticks, std::uint32_t thread);

  /// The program's time at a moment between events, which costs nothing.
  std::uint64_t between(double recorded_ns) const;

  /// What one of the events hereabouts cost. Calls cost a few ns while a program fills fresh
  /// memory, and ten times that where it frees what has left the caches: an average over the
  /// program would stretch some of its phases and squeeze others.
  void observe(EventCosts costs) {
    costs_.recorder_ns += (costs.recorder_ns - costs_.recorder_ns) * kWeight;
    costs_.allocator_ns += (costs.allocator_ns - costs_.allocator_ns) * kWeight;
  }

  /// Takes out time that a thread spent waiting for the recorder.
  void add_stall(std::uint64_t ticks) {
    const double waited_ns = static_cast<double>(ticks) * ns_per_tick_ / parallel_;
    recorder_ns_ += waited_ns;
    last_recorded_ns_ += waited_ns;
  }

  /// The program's time at the last event.
  std::uint64_t last_ns() const { return last_ns_; }
  /// Of the CPU time that the process used, in seconds, what was the program's: without what
  /// recording took up to the last event, in all threads.
  double own_cpu_seconds(double used) const {
    return std::max(used - recorder_cpu_ns_ * 1e-9, used * kLeastShare);
  }
  /// How much of the time up to the last event the real allocator took.
  std::uint64_t allocator_ns() const { return last_with_allocator_ns_ - last_ns_; }

 private:
  /// A program does something between its calls, however much the costs are overestimated: at least
  /// so much of the time from one event to the next is its own. Otherwise time would stand still
  /// where costs are too high, and all of the program's life would lie in its pauses.
  static constexpr double kLeastShare = 1.0 / 16;

  /// Of one observation: at one in 64 events, the cost is that of the last thousand or so.
  static constexpr double kWeight = 1.0 / 16;

  double own_ns(double recorded_ns) const;
  void count_thread(double recorded_ns, std::uint32_t thread);

  std::uint64_t first_;
  double ns_per_tick_;
  EventCosts costs_;
  unsigned cpus_;
  double recorder_ns_ = 0, allocator_ns_ = 0;  ///< up to now
  double recorder_cpu_ns_ = 0;
  double last_recorded_ns_ = 0;  ///< of the last event, with what was waited since
  double last_own_ns_ = 0;
  std::uint64_t last_ns_ = 0;
  std::uint64_t last_with_allocator_ns_ = 0;

  // How many threads were at work in the last whole window.
  double parallel_ = 1;
  std::uint64_t window_ = 0;
  unsigned seen_ = 0;
  std::vector<std::uint64_t> seen_in_;  ///< by thread: the window it was last seen in, + 1
};

}  // namespace heapwise::recorder
