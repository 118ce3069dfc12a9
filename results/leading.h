// SPDX-License-Identifier: MIT
// When enough has been measured. Pure functions.
#pragma once

#include <string>
#include <vector>

#include "results/result.h"

namespace heapwise {

/// The comparison that the verdict on one figure of one workload hangs on: the least median against
/// glibc's default, or against the next one where glibc's default is the least itself.
struct Leading {
  std::string figure;  ///< "memory", "speed" or "tail latency"
  AllocatorName best, other;
  /// By how many per cent the best is below the other (negative): median of the pairs, each made of
  /// two runs of one round, which had the same neighbours in time; with its 95 % interval.
  Interval percent;
  unsigned pairs = 0;
  double worth = 0;  ///< a difference that counts, in per cent (thresholds.h)
  /// More rounds would hardly change the answer: the interval lies wholly on one side of `worth`,
  /// or is a quarter as wide. Never with fewer than three pairs.
  bool settled = false;
};

/// One for each figure that two or more allocators without a failed run were measured for. `runs`
/// are of one workload.
std::vector<Leading> leading_comparisons(const std::vector<Run>& runs);

/// "memory: jemalloc 46 % below glibc (from 47 % below to 45 % below)"
std::string describe(const Leading& leading);

/// A run that stands apart from the others of its kind. It counts like any other; medians take it.
struct Outlier {
  const Run* run = nullptr;
  std::string figure;
  double times_median = 0;
};

/// Runs of five or more of their kind whose figure is more than 5 standard deviations, as the MAD
/// gives them, and 10 % away from the median.
std::vector<Outlier> outliers_of(const std::vector<Run>& runs);

/// Sentences that say what a suite cannot tell, for what it measured and how often.
std::vector<std::string> limits_of(const Result& result);

}  // namespace heapwise
