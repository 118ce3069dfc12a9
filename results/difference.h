// SPDX-License-Identifier: MIT
// Whether two allocators differ, by how much, and whether that can be told.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "results/result.h"

namespace heapwise {

enum class Relation {
  less,     ///< beyond the noise and worth having
  more,     ///< beyond the noise and worth avoiding
  same,     ///< not worth a change, whatever the noise
  unclear,  ///< the medians differ by more than is worth having, but the noise hides it
  unknown,  ///< one side was not measured
};

/// What a time per operation is made of where allocators are compared by it: the best that all of
/// them have.
struct TimeBasis {
  bool cpu = false;          ///< CPU time, of all threads; else wall time
  bool all_threads = false;  ///< and there are several of these, so that wall time is less
  bool faster_half = false;  ///< of the faster half of the runs; else of all
  bool starts = false;       ///< with what starting the program's processes takes
  bool starts_tell = false;  ///< and that is enough to be seen in the figures
};

/// One allocator against another in one figure where less is better. Percentages are of the other's
/// figure, negative for less; low and high are what the corners of the two intervals allow, and of
/// the faster halves of runs what their ranges do.
struct Difference {
  Relation relation = Relation::unknown;
  double percent = 0, low = 0, high = 0;
  std::optional<double> cpu_percent;  ///< speed only: of the program's CPU time
  bool too_few = false;               ///< unclear for lack of repetitions
  bool recordings_disagree = false;   ///< unclear, as some say less and some more beyond the noise
  TimeBasis basis = {};               ///< speed only: what was compared
};

/// By how many per cent a value is above another, negative for below; of both, less than `least`
/// counts as that much.
double percent_over(double value, double base, double least);

/// By Summary::memory_cost_bytes; derived from peak, mean and end where a result lacks it. Of
/// several recordings each is compared by itself; a difference counts where the median of them is
/// worth having and each is beyond its noise, with the same sign.
Difference memory_difference(const Summary& one, const Summary& other);

/// By cpu_ns_per_operation and in per cent of the program's CPU time where `workload` knows that;
/// by ns_per_operation elsewhere. Of eight runs and more by the medians of the faster halves, of
/// all recordings together; of fewer by those of all runs, and then several recordings are beyond
/// the noise together, with one sign. What starting the program's processes costs is part of it
/// where the workload knows.
Difference speed_difference(const Summary& one, const Summary& other, const WorkloadInfo* workload);

/// What speed_difference compares of rows of one workload; of those with failures or without a time
/// nothing is asked.
TimeBasis time_basis(const std::vector<const Summary*>& rows, const WorkloadInfo* workload);

/// The time per operation that is compared on this basis, or nothing where the row lacks it.
std::optional<Interval> compared_time(const Summary& row, const TimeBasis& basis,
                                      const WorkloadInfo* workload);

/// How much more CPU time one start of a process takes under `one`, in seconds, negative for less;
/// nothing where that was not measured or no start is known. Part of speed_difference.
std::optional<double> start_difference_s(const Summary& one, const Summary& other,
                                         const WorkloadInfo* workload);

/// By latency_p999_ns, over calls of all kinds.
Difference latency_difference(const Summary& one, const Summary& other);

/// The interval that memory_difference compares, or nothing where it was not measured.
std::optional<Interval> memory_cost(const Summary& summary);

}  // namespace heapwise
