// SPDX-License-Identifier: MIT
// Statistics of a handful of repetitions: robust, and honest about how little a handful says.
#pragma once

#include <cstddef>
#include <vector>

#include "results/result.h"

namespace heapwise {

/// What a difference of natural logarithms is in per cent: 0.0953 is 10 % more.
double percent_of_log(double difference);

/// The middle value, or the mean of the two middle ones. `values` must not be empty.
double median(std::vector<double> values);

/// The median of the distances from the median: a spread that one outlier cannot blow up.
/// `values` must not be empty. 0 for a single value, which is ignorance and not precision.
double median_absolute_deviation(const std::vector<double>& values);

/// Median, MAD and a 95 % interval of the median by the percentile bootstrap: 2,000 resamples, from
/// a fixed seed, so the same figures always give the same interval, in whatever order they come.
/// `values` must not be empty.
///
/// What it can mean depends on how many values there are. The widest a bootstrap can get is
/// minimum to maximum, and that covers the true median with probability 1 - 2^(1-n): 75 % for
/// three values, 94 % for five, 97 % for six. So below six values the interval is too narrow to be
/// a 95 % one, and for one or two it is just the values themselves. Two groups of three whose
/// ranges are apart would still be so by chance in one of ten pairs; with five, in one of 126.
/// That is why no difference is ranked by its interval alone (thresholds.h).
Interval median_interval(const std::vector<double>& values);

/// Fewer values than this have no half of which a spread could be told.
constexpr std::size_t kFasterHalfValues = 8;

/// Of the smaller half of `values`, the middle one of an odd number included. At least
/// kFasterHalfValues.
FasterHalf faster_half(std::vector<double> values);

/// The probability that of `later_runs` as many as `later_failed` or more fail where a run is no
/// more likely to fail than in `runs`, of which `failed` did: Fisher's exact test, to one side.
double chance_of_failures(unsigned failed, unsigned runs, unsigned later_failed,
                          unsigned later_runs);

/// The mean of the smallest third of `values`, rounded up: of times that were measured too seldom
/// for a faster half, on a machine that now and then slows down. `values` must not be empty.
double fastest_third(std::vector<double> values);

}  // namespace heapwise
