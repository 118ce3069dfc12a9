// SPDX-License-Identifier: MIT
// Predictions against the real runs of the same program.
#pragma once

#include <string>
#include <vector>

#include "results/recommend.h"
#include "results/result.h"

namespace heapwise {

/// A prediction of the peak may be off by the real program's own noise and this much besides.
constexpr double kVerifyAllowedPercent = 5;

/// What is not heap is measured in one run and subtracted in others, whose time does not pass quite
/// alike. Beyond this share of the real heap's mean, that alone moves the real figures by more than
/// predictions are allowed to be off, so nothing is checked.
constexpr double kVerifyMostNonHeap = 0.5;

/// The part of a recording's time that real runs are compared with: that of the recording which
/// `run` replayed, or `otherwise` where there was but one or it has none. Pure.
double measured_share_of(const Result& result, const Run& run, double otherwise);

/// One row for each allocator and tuning of `result.real_runs`, in the order of result.summary.
/// Predicted figures are taken from the footprint runs of `workload` by the same functions as the
/// real ones. `measured_share` is the part of the recorded run that the real runs cover, where its
/// recording does not have its own: below 1 where a load script ended the measurement and the
/// server lived on. `non_heap_bytes` is the mean of what was subtracted from the real process's
/// memory. Pure.
std::vector<Verification> verify_predictions(const Result& result, const std::string& workload,
                                             double measured_share, double non_heap_bytes = 0);

/// Compares the recommendations that `result` has, drawn from the prediction alone, with those that
/// its real runs give by the same rules. Two choices are within the noise when the real runs show
/// no difference between them that counts. Pure.
Agreement agree(const Result& result, const std::string& workload,
                const std::vector<Deployment>& deployments);

/// Counts real runs that died as failures of the summary's rows: what kills the program is never
/// recommended, however well it replays.
void count_real_failures(Result& result);

/// True when no checked prediction failed.
bool all_passed(const std::vector<Verification>& rows);

/// True when there is nothing to tell from: every prediction is unchecked.
bool none_checked(const std::vector<Verification>& rows);

}  // namespace heapwise
