// SPDX-License-Identifier: MIT
// The times of all allocators on one workload in two results, round by round.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "results/permutation.h"
#include "results/result.h"

namespace heapwise {

/// An allocator with its tuning.
using Contestant = std::pair<std::string, std::string>;

/// What its throughput runs took, in logarithms of nanoseconds per operation, by round.
struct RoundTimes {
  std::map<unsigned, double> base, now;
  bool both() const { return !base.empty() && !now.empty(); }
};

using TimeTable = std::map<Contestant, RoundTimes>;

enum class TimeClock { wall, cpu };

/// Of runs that ended well, of one workload. The null allocator's runs count, where there are any:
/// it is a witness of the machine's state.
TimeTable time_table(const std::vector<const Run*>& base, const std::vector<const Run*>& now,
                     TimeClock clock);

/// The ways to look at one allocator's times: relative to the median of the others in the same
/// round, by the clock alone, or both where the others are too few to be believed alone
/// (thresholds::kControls). `by_clock` asks for the clock alone. Only views with two values or more
/// a side are given.
std::vector<ShiftCell::View> views_of_times(const TimeTable& table, const Contestant& who,
                                            bool by_clock);

/// The clock by which rounds scatter less. Processor time counts only for a single thread, and does
/// not see a thread that waits; wall time sees whoever else runs on the machine.
TimeClock quieter_clock(const std::vector<const Run*>& base, const std::vector<const Run*>& now,
                        unsigned threads);

}  // namespace heapwise
