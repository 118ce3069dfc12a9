// SPDX-License-Identifier: MIT
#include "results/statistics.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <cstddef>
#include <numeric>

#include "base/rng.h"

namespace heapwise {
namespace {

constexpr std::size_t kResamples = 2000;
constexpr std::uint64_t kSeed = 0x68656170;

std::vector<double> resampled_medians(const std::vector<double>& values) {
  Rng rng(kSeed);
  std::vector<double> medians(kResamples);
  std::vector<double> resample(values.size());
  for (double& result : medians) {
    for (double& value : resample) value = values[rng.below(values.size())];
    result = median(resample);
  }
  return medians;
}

}  // namespace

double percent_of_log(double difference) { return std::expm1(difference) * 100; }

double median(std::vector<double> values) {
  assert(!values.empty());
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  if (values.size() % 2 == 1) return *middle;
  const double below = *std::max_element(values.begin(), middle);
  return below + (*middle - below) / 2;
}

double median_absolute_deviation(const std::vector<double>& values) {
  const double center = median(values);
  std::vector<double> distances(values.size());
  std::transform(values.begin(), values.end(), distances.begin(),
                 [center](double value) { return std::abs(value - center); });
  return median(std::move(distances));
}

Interval median_interval(const std::vector<double>& values) {
  Interval interval;
  interval.median = median(values);
  interval.mad = median_absolute_deviation(values);
  std::vector<double> sorted = values;
  std::sort(sorted.begin(), sorted.end());
  interval.low = sorted.front();
  interval.high = sorted.back();
  if (values.size() < 3) return interval;
  std::vector<double> medians = resampled_medians(sorted);
  std::sort(medians.begin(), medians.end());
  const double last = static_cast<double>(kResamples - 1);
  interval.low = medians[static_cast<std::size_t>(std::floor(0.025 * last))];
  interval.high = medians[static_cast<std::size_t>(std::ceil(0.975 * last))];
  return interval;
}

FasterHalf faster_half(std::vector<double> values) {
  assert(values.size() >= kFasterHalfValues);
  const auto runs = static_cast<unsigned>(values.size());
  std::sort(values.begin(), values.end());
  values.resize((values.size() + 1) / 2);
  return {runs, median(values), values.front(), values.back(), median_absolute_deviation(values)};
}

double fastest_third(std::vector<double> values) {
  assert(!values.empty());
  std::sort(values.begin(), values.end());
  const std::size_t count = (values.size() + 2) / 3;
  return std::accumulate(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(count), 0.0) /
         static_cast<double>(count);
}

double chance_of_failures(unsigned failed, unsigned runs, unsigned later_failed,
                          unsigned later_runs) {
  const auto log_choose = [](unsigned n, unsigned k) {
    return std::lgamma(n + 1.0) - std::lgamma(k + 1.0) - std::lgamma(n - k + 1.0);
  };
  const unsigned all = failed + later_failed;
  double sum = 0;
  for (unsigned later = later_failed; later <= std::min(all, later_runs); ++later) {
    sum += std::exp(log_choose(runs, all - later) + log_choose(later_runs, later) -
                    log_choose(runs + later_runs, all));
  }
  return std::min(1.0, sum);
}

}  // namespace heapwise
