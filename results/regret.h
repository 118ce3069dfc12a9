// SPDX-License-Identifier: MIT
// One allocator for many programs: how far each is from the best on each workload, at most and on
// average. Pure functions.
#pragma once

#include <string>
#include <vector>

#include "results/recommend.h"
#include "results/result.h"

namespace heapwise {

/// What a regret counts for in means and choices: its percentage, but nothing where it stands
/// "best" or "same". What is "unclear" counts as measured: noise evens out over workloads.
double counted(const RegretCell& cell);

/// One entry for each row of `summaries` (workload, allocator and tuning), in their order. The best
/// is the one with the least of what difference.h compares, of those whose runs all ended well;
/// difference.h says what is the same, too. `workloads` tells the CPU time of recorded programs,
/// which the balanced points need; without it time is worth what thresholds.h assumes.
std::vector<Regret> regrets_of(const std::vector<Summary>& summaries,
                               const std::vector<WorkloadInfo>& workloads);

/// One row for each allocator and tuning, glibc first, then by name. Means are plain ones: every
/// workload weighs the same. A workload on which a run failed counts as a failure and not towards
/// the figures.
std::vector<FleetRow> fleet_of(const std::vector<Regret>& regrets);

/// The allocator to run everything on, for each objective that was measured: the one of the least
/// mean regret among those that can be deployed and ran every workload without a failure. glibc's
/// default is kept unless the gain over it counts (thresholds.h).
std::vector<Recommendation> recommend_fleet(const Result& result,
                                            const std::vector<FleetRow>& fleet,
                                            const std::vector<Deployment>& deployments);

/// Fills regrets, fleet and fleet_recommendations of a result that is summarized. With a single
/// workload there is no fleet, and only the regrets are filled.
void fill_regrets(Result& result, const std::vector<Deployment>& deployments);

}  // namespace heapwise
