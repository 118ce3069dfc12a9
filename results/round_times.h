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

using RunList = std::vector<const Run*>;

/// One run of every allocator for every purpose on one recording of a workload.
struct Round {
  unsigned number = 0;  ///< from 0 within its result, over all recordings of the workload
  unsigned block = 0;   ///< the recording, where both results replayed the same ones
  bool operator<(const Round& other) const { return number < other.number; }
};

/// The rounds that the runs of one workload in two results belong to. Repetitions begin anew with
/// each recording, and are no number of a round by themselves.
class Rounds {
 public:
  /// `same_recordings`: a recording of one result is that of the same number in the other.
  Rounds(const RunList& base, const RunList& now, bool same_recordings);
  /// Of one of those runs.
  Round of(const Run& run) const { return rounds_.at(&run); }

 private:
  void add(const RunList& runs, bool by_recording);
  std::map<const Run*, Round> rounds_;
};

/// What its throughput runs took, in logarithms of nanoseconds per operation, by round.
struct RoundTimes {
  std::map<Round, double> base, now;
  bool both() const { return !base.empty() && !now.empty(); }
};

using TimeTable = std::map<Contestant, RoundTimes>;

enum class TimeClock { wall, cpu };

/// Of runs that ended well, of one workload. The null allocator's runs count, where there are any:
/// it is a witness of the machine's state.
TimeTable time_table(const RunList& base, const RunList& now, const Rounds& rounds,
                     TimeClock clock);

/// The values of one side, as they are.
std::vector<ShiftCell::Value> values_of(const std::map<Round, double>& times);

/// The ways to look at one allocator's times: relative to the median of the others in the same
/// round, by the clock alone, or both where the others are too few to be believed alone
/// (thresholds::kControls). `by_clock` asks for the clock alone. Only views with two values or more
/// a side are given.
std::vector<ShiftCell::View> views_of_times(const TimeTable& table, const Contestant& who,
                                            bool by_clock);

/// The clock by which rounds scatter less. Processor time counts only for a single thread, and does
/// not see a thread that waits; wall time sees whoever else runs on the machine.
TimeClock quieter_clock(const RunList& base, const RunList& now, const Rounds& rounds,
                        unsigned threads);

}  // namespace heapwise
