// SPDX-License-Identifier: MIT
#include "results/robust.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <numbers>

namespace heapwise {
namespace {

constexpr double kTrimmedShare = 0.2;
constexpr std::size_t kTrimmedFrom = 8;

/// The quantile of the normal distribution: P. J. Acklam's rational approximation would do too;
/// Newton's method on erfc needs no table.
double normal_quantile(double p) {
  double z = 0;
  for (int step = 0; step < 60; ++step) {
    const double excess = 0.5 * std::erfc(-z / std::numbers::sqrt2) - p;
    const double density = std::exp(-z * z / 2) / std::sqrt(2 * std::numbers::pi);
    const double move = std::clamp(excess / density, -0.5, 0.5);
    z -= move;
    if (std::abs(move) < 1e-12) break;
  }
  return z;
}

}  // namespace

TrimmedMean trimmed_mean(const std::vector<double>& sorted) {
  assert(!sorted.empty());
  const std::size_t count = sorted.size();
  const auto cut = count < kTrimmedFrom
                       ? std::size_t{0}
                       : static_cast<std::size_t>(kTrimmedShare * static_cast<double>(count));
  const std::size_t kept = count - 2 * cut;
  TrimmedMean result;
  result.values = count;
  result.freedom = static_cast<double>(kept) - 1;
  double winsorised_mean = 0;
  for (std::size_t index = 0; index < count; ++index) {
    const double value = sorted[std::clamp(index, cut, count - 1 - cut)];
    winsorised_mean += value / static_cast<double>(count);
    if (index >= cut && index < count - cut) result.mean += value / static_cast<double>(kept);
  }
  if (kept < 2) return result;
  double squares = 0;
  for (std::size_t index = 0; index < count; ++index) {
    const double value = sorted[std::clamp(index, cut, count - 1 - cut)] - winsorised_mean;
    squares += value * value;
  }
  result.variance = squares / static_cast<double>(kept * (kept - 1));
  return result;
}

Shift shift_between(const TrimmedMean& first, const TrimmedMean& second, double floor) {
  Shift shift;
  shift.difference = second.mean - first.mean;
  const double seen = first.variance + second.variance;
  shift.error = std::sqrt(seen + floor * floor);
  const double weight =
      (first.freedom > 0 ? first.variance * first.variance / first.freedom : 0) +
      (second.freedom > 0 ? second.variance * second.variance / second.freedom : 0);
  const double most = first.freedom + second.freedom;
  shift.freedom =
      weight > 0 ? std::clamp(seen * seen / weight, 1.0, std::max(1.0, most)) : std::max(1.0, most);
  return shift;
}

double student_quantile(double p, double freedom) {
  if (freedom < 1.5) return std::tan(std::numbers::pi * (p - 0.5));
  if (freedom < 2.5) {
    const double a = 4 * p * (1 - p);
    return 2 * (p - 0.5) * std::sqrt(2 / a);
  }
  const double z = normal_quantile(p);
  const double z3 = z * z * z, z5 = z3 * z * z, z7 = z5 * z * z, z9 = z7 * z * z;
  const double n = freedom;
  return z + (z3 + z) / (4 * n) + (5 * z5 + 16 * z3 + 3 * z) / (96 * n * n) +
         (3 * z7 + 19 * z5 + 17 * z3 - 15 * z) / (384 * n * n * n) +
         (79 * z9 + 776 * z7 + 1482 * z5 - 1920 * z3 - 945 * z) / (92160 * n * n * n * n);
}

}  // namespace heapwise
