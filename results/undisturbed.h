// SPDX-License-Identifier: MIT
// How far two groups of times are apart on a machine whose speed jumps. Pure, thread-safe.
#pragma once

#include <cstddef>
#include <utility>
#include <vector>

namespace heapwise {

/// An estimate and the interval in which the true value lies.
struct Estimate {
  double value = 0;
  double low = 0, high = 0;
};

/// One round: the logarithm of what either side took in it.
using RoundPair = std::pair<double, double>;

/// Fewer rounds than this have too few in their fastest quarter for a bootstrap to tell how those
/// scatter: in simulated rounds of two equal sides an interval of 99.5 % missed the truth in 2 to
/// 6 of 100 with 12 rounds, 1 to 3 with 20, and 1 with 40 (times that scatter by 3 %, and none to
/// four of five of them half as much again).
constexpr std::size_t kFastestQuarterRounds = 40;

/// The mean of the second side's fastest quarter of rounds less that of the first's. Where another
/// machine on the same core makes every third run take half as long again, the fastest quarter has
/// nothing of it, and the mean over pairs all. The interval comes of 4000 drawings of whole rounds
/// anew, with a fixed seed (B. Efron, "Bootstrap methods: another look at the jackknife", Annals of
/// Statistics 7, 1979). `rounds` has kFastestQuarterRounds or more; 0 < `confidence` < 1.
Estimate fastest_quarter_shift(const std::vector<RoundPair>& rounds, double confidence);

/// The trimmed mean (robust.h) of the rounds' differences, second less first, which what changes
/// slowly cannot move. Two rounds or more.
Estimate paired_shift(const std::vector<RoundPair>& rounds, double confidence);

/// Whichever of the two is told more closely; each may be wrong in half as many cases, so that
/// choosing costs no confidence.
Estimate closest_shift(const std::vector<RoundPair>& rounds, double confidence);

}  // namespace heapwise
