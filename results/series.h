// SPDX-License-Identifier: MIT
// Figures of memory over time, the same for predicted and real runs. Pure functions.
#pragma once

#include <utility>
#include <vector>

#include "results/result.h"

namespace heapwise {

/// Memory over a whole run in three figures, in bytes.
struct SeriesFigures {
  double peak = 0;
  double mean = 0;  ///< over time; between two samples memory is taken to change evenly
  double end =
      0;  ///< the mean over 95 to 99.5 % of the time: before the program takes itself apart
};

/// `samples` in order of time, not empty. Time counts from the first to the last.
SeriesFigures figures_of(const std::vector<Sample>& samples);

/// The samples of the first `share` (0 to 1) of the time, and what memory was then; at least the
/// first sample.
std::vector<Sample> first_part(const std::vector<Sample>& samples, double share);

/// Bytes at shares of a run's time, in order; in between they change evenly, before the first and
/// behind the last they stay. 0 where there are none.
using ShareCurve = std::vector<std::pair<double, double>>;
double value_at(const ShareCurve& curve, double share);

}  // namespace heapwise
