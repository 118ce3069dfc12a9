// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include "bench/plan/compile.h"
#include "results/result.h"

namespace heapwise {

/// CPU time of the recorded process without its children, where it is known.
std::optional<double> own_cpu_s(const WorkloadInfo& workload);

/// What a result says about a trace: its figures, and what limits them.
WorkloadInfo workload_info(const plan::PlanFacts& facts, const std::string& trace_path);

/// Makes of several recordings' descriptions, in their order, that of their workload: the figures
/// of the one in the middle by its peak, and the warnings of all beside those that `workload` has.
void merge_recordings(WorkloadInfo& workload, const std::vector<WorkloadInfo>& recordings);

/// Which traces are recordings of the same workload: for each a number. Those recorded from the
/// same command, in different sessions, belong together; of several such processes in a session the
/// first with the first of the other sessions, and so on. `by_program` compares names of programs
/// only, where all sessions are known to have run the same command. Imported and synthetic traces,
/// and files that cannot be read (replay() says why), stay alone.
std::vector<unsigned> group_recordings(const std::vector<std::string>& traces, bool by_program);

}  // namespace heapwise
