// SPDX-License-Identifier: MIT
// Which of many shifts are more than chance, judged together: the labels "base" and "new" are dealt
// out anew to the rounds, thousands of times, and what the largest shift of all comes to by that is
// what chance can do (P. H. Westfall and S. S. Young, "Resampling-Based Multiple Testing", 1993:
// step-down maxT). Nothing is assumed about the distribution, and figures that go together, such as
// the peak and the mean of one run, do not count as independent ones.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "results/robust.h"

namespace heapwise {

/// One figure of one allocator on one workload in both results. A shift counts as large as it is in
/// every view, and as none where they disagree in sign: the same runs may be seen by the clock and
/// relative to others of their rounds.
struct ShiftCell {
  struct Value {
    double value;
    unsigned round;      ///< from 0 within its result, each value of a side another
    unsigned block = 0;  ///< labels are dealt out within it: the recording that was replayed
  };
  struct View {
    std::vector<Value> base, now;  ///< two values or more each
  };
  std::vector<View> views;  ///< one or more, of the same rounds
  double floor = 0.001;     ///< shift_between's
};

/// Recordings differ more than allocators do. Moves the values of each block to the level that all
/// blocks have in common, by the median of both sides together, so that dealing labels out within
/// the blocks is as fair as it was. Drops a block of which one side has no value.
ShiftCell::View on_one_level(ShiftCell::View view);

TrimmedMean trimmed(const std::vector<ShiftCell::Value>& values);

/// shift_between both sides of a view that is on one level.
Shift shift_of(const ShiftCell::View& view, double floor);

/// The probability, for each cell, that chance alone makes any of the cells shift as much: adjusted
/// for all of them. A family-wise error rate is kept by rejecting what lies below it. With n rounds
/// a side it is never below 2 / (2n over n): 0.1 for three, 0.029 for four, 0.008 for five.
/// Deterministic: the same cells and seed give the same answer. At most `draws` dealings, all of
/// them where there are fewer.
std::vector<double> adjusted_probabilities(const std::vector<ShiftCell>& cells,
                                           std::size_t draws = 4000, std::uint64_t seed = 1);

}  // namespace heapwise
