// SPDX-License-Identifier: MIT
// What every report shows, in the order in which it shows it, and the sentences they share.
#pragma once

#include <string>
#include <vector>

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
};

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

/// "2 of 5 runs crashed: signal 11"; empty where none failed.
std::string describe_failure(const Summary& summary);

/// Half the width of the interval in per cent of the median: what "±" stands for.
double half_width_percent(const Interval& interval);

}  // namespace heapwise
