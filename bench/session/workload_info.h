// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "bench/plan/compile.h"
#include "results/result.h"

namespace heapwise {

/// What a result says about a trace: its figures, and what limits them.
WorkloadInfo workload_info(const plan::PlanFacts& facts, const std::string& trace_path);

}  // namespace heapwise
