// SPDX-License-Identifier: MIT
#include "results/undisturbed.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <numeric>
#include <tuple>

#include "base/rng.h"
#include "results/robust.h"

namespace heapwise {
namespace {

using Values = std::vector<double>;

constexpr std::size_t kDrawings = 4000;
constexpr std::uint64_t kSeed = 1979;

/// Leaves `times` in another order.
double mean_of_fastest_quarter(Values& times) {
  const auto quarter = static_cast<std::ptrdiff_t>(times.size() / 4);
  std::nth_element(times.begin(), times.begin() + quarter, times.end());
  const double sum = std::accumulate(times.begin(), times.begin() + quarter, 0.0);
  return sum / static_cast<double>(quarter);
}

double width(const Estimate& estimate) { return estimate.high - estimate.low; }

}  // namespace

Estimate fastest_quarter_shift(const std::vector<RoundPair>& rounds, double confidence) {
  assert(rounds.size() >= 4);
  Values first(rounds.size()), second(rounds.size());
  const auto shift_of = [&](auto&& choose) {
    for (std::size_t i = 0; i < rounds.size(); ++i) {
      std::tie(first[i], second[i]) = rounds[choose(i)];
    }
    return mean_of_fastest_quarter(second) - mean_of_fastest_quarter(first);
  };
  Estimate estimate;
  estimate.value = shift_of([](std::size_t i) { return i; });
  Rng rng(kSeed);
  Values drawn(kDrawings);
  for (double& shift : drawn) {
    shift = shift_of([&](std::size_t) { return rng.below(rounds.size()); });
  }
  std::sort(drawn.begin(), drawn.end());
  const auto outside = static_cast<std::size_t>((1 - confidence) / 2 * kDrawings);
  estimate.low = drawn[outside];
  estimate.high = drawn[kDrawings - 1 - outside];
  return estimate;
}

Estimate paired_shift(const std::vector<RoundPair>& rounds, double confidence) {
  assert(rounds.size() >= 2);
  Values shifts;
  for (const auto& [first, second] : rounds) shifts.push_back(second - first);
  std::sort(shifts.begin(), shifts.end());
  const TrimmedMean shift = trimmed_mean(shifts);
  const double margin =
      student_quantile((1 + confidence) / 2, shift.freedom) * std::sqrt(shift.variance);
  return {shift.mean, shift.mean - margin, shift.mean + margin};
}

Estimate closest_shift(const std::vector<RoundPair>& rounds, double confidence) {
  if (rounds.size() < kFastestQuarterRounds) return paired_shift(rounds, confidence);
  const double of_each = (1 + confidence) / 2;
  const Estimate paired = paired_shift(rounds, of_each);
  const Estimate fastest = fastest_quarter_shift(rounds, of_each);
  return width(fastest) < width(paired) ? fastest : paired;
}

}  // namespace heapwise
