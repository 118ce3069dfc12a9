// SPDX-License-Identifier: MIT
// What every report shows, in the order in which it shows it, and the sentences they share.
#pragma once

#include <string>
#include <vector>

#include "results/difference.h"
#include "results/result.h"
#include "results/units.h"

namespace heapwise {

/// One workload of a result with what belongs to it. Points into the Result it was made from.
struct WorkloadView {
  std::string name;
  const WorkloadInfo* info = nullptr;  ///< null where the result does not describe it
  std::vector<const Summary*> rows;
  std::vector<const Recommendation*> verdicts;
  ByteUnit unit{"B", 1};  ///< that suits all its figures, so that columns can be compared
  TimeBasis time;         ///< what its times per operation are, as all its rows are compared
};

/// The time per operation that is compared, which is what reports show; of a row that lacks it the
/// plain time of all its runs, or nothing.
std::optional<Interval> shown_time(const WorkloadView& view, const Summary& row);

/// What the times per operation of the workload are, as part of a sentence; empty where they are
/// plain: wall time of all runs.
std::string describe_time(const WorkloadView& view);

/// What heads a column of them: "ns/op", or "CPU ns/op" where there are several threads.
const char* time_heading(const TimeBasis& basis);

/// Whether the tail latency of any row was measured.
bool has_latency(const WorkloadView& view);

/// The workloads in the result's order. `result.summary` must be filled: see with_summary().
std::vector<WorkloadView> views_of(const Result& result);

/// The result itself, or a copy that summarizes its runs where no one did.
Result with_summary(const Result& result);

/// "recorded: redis-server --save ''"
std::string origin_of(const WorkloadInfo& info);

/// "12,345,678 operations, 4 threads, 12.3 s; live bytes: peak 120 MiB, mean 98 MiB, end 60 MiB"
std::string describe_workload(const WorkloadInfo& info);

/// What of the figures is heapwise's own; empty where no one measured it.
std::string describe_harness(const Harness& harness);

/// Processor, memory and software in one sentence.
std::string describe_machine(const Environment& environment);

/// How the figures came about: repetitions, intervals, purposes.
std::string describe_method(const Result& result);

/// The warnings of the machine and of every workload, each once.
std::vector<Warning> warnings_of(const Result& result);

/// "2 runs failed, crashed: signal 11"; empty where none failed.
std::string describe_failure(const Summary& summary);

/// Half the width of the interval in per cent of the median: what "±" stands for.
double half_width_percent(const Interval& interval);

}  // namespace heapwise
