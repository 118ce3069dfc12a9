// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include "results/result.h"

namespace heapwise {

/// What two allocators did on one workload, told in the figures' own terms: resident against live
/// bytes at the peak, over time and at the end, what went back to the system, and allocator time.
/// One sentence each, the telling ones only. `workload` may be null.
std::vector<std::string> tell_difference(const Summary& base, const Summary& other,
                                         const WorkloadInfo* workload, const Harness& harness);

/// What one allocator that stays did, in a sentence, where its footprint was measured.
std::vector<std::string> tell_one(const Summary& base, const WorkloadInfo* workload);

}  // namespace heapwise
