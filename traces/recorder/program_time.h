// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <vector>

namespace heapwise::recorder {

/// Turns the recording's time into the program's own: less what recording and the real allocator
/// took. Where several threads were at work at once, each event delayed only its share of them.
class ProgramTime {
 public:
  /// `first` is time 0; `cost_ns` is what an event cost on average, of both kinds together.
  ProgramTime(std::uint64_t first_ticks, double ns_per_tick, double cost_ns, unsigned cpus)
      : first_(first_ticks), ns_per_tick_(ns_per_tick), cost_ns_(cost_ns), cpus_(cpus) {}

  /// The program's time at an event of `thread`; calls are in order of ticks.
  std::uint64_t at(std::uint64_t ticks, std::uint32_t thread);

  /// The program's time at a moment between events, which costs nothing.
  std::uint64_t between(double recorded_ns) const;

  /// What one of the events hereabouts cost. Calls cost a few ns while a program fills fresh
  /// memory, and ten times that where it frees what has left the caches: an average over the
  /// program would stretch some of its phases and squeeze others.
  void observe(double cost_ns) { cost_ns_ += (cost_ns - cost_ns_) * kWeight; }

  /// Takes out time that a thread spent waiting for the recorder.
  void add_stall(std::uint64_t ticks) {
    debt_ns_ += static_cast<double>(ticks) * ns_per_tick_ / parallel_;
  }

 private:
  /// Of one observation: at one in 64 events, the cost is that of the last thousand or so.
  static constexpr double kWeight = 1.0 / 16;

  void count_thread(double recorded_ns, std::uint32_t thread);

  std::uint64_t first_;
  double ns_per_tick_;
  double cost_ns_;
  unsigned cpus_;
  double debt_ns_ = 0;
  std::uint64_t last_ns_ = 0;

  // How many threads were at work in the last whole window.
  double parallel_ = 1;
  std::uint64_t window_ = 0;
  unsigned seen_ = 0;
  std::vector<std::uint64_t> seen_in_;  ///< by thread: the window it was last seen in, + 1
};

}  // namespace heapwise::recorder
