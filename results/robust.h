// SPDX-License-Identifier: MIT
// Robust statistics of two groups of repetitions. Pure functions, thread-safe.
#pragma once

#include <cstddef>
#include <vector>

namespace heapwise {

/// What a fifth cut off at either end leaves of a group: its mean, and the variance of that mean,
/// from winsorised values (R. R. Wilcox, "Introduction to Robust Estimation and Hypothesis
/// Testing"). Below eight values nothing is cut, and these are the usual mean and its variance: of
/// five, the cut would leave three, and dealing them out anew (permutation.h) could not tell enough
/// apart.
struct TrimmedMean {
  double mean = 0;
  double variance = 0;     ///< of the mean; 0 for a single value
  double freedom = 0;      ///< degrees of freedom of the variance: values kept - 1
  std::size_t values = 0;  ///< before trimming
};

/// `sorted` ascending, not empty.
TrimmedMean trimmed_mean(const std::vector<double>& sorted);

/// How far two groups are apart: K. K. Yuen, "The two-sample trimmed t for unequal population
/// variances", Biometrika 61, 1974.
struct Shift {
  double difference = 0;  ///< of the second from the first
  double error = 0;       ///< standard error of it, `floor` included
  double freedom = 1;     ///< degrees of freedom, after Welch
  double t() const { return error > 0 ? difference / error : 0; }
};

/// `floor` is a standard error that the repetitions cannot show: what differs from session to
/// session. It is added as a variance and must be above 0, so that groups without any scatter do
/// not make a shift of a thousandth significant beyond measure.
Shift shift_between(const TrimmedMean& first, const TrimmedMean& second, double floor);

/// The p quantile of Student's distribution, 0.5 < p < 1, freedom of 1 or more: Cornish and
/// Fisher's expansion (Abramowitz and Stegun, 26.7.5), good to 1 % from 3 degrees on, and exact for
/// 1 and 2.
double student_quantile(double p, double freedom);

}  // namespace heapwise
