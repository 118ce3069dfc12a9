// SPDX-License-Identifier: MIT
// Many results of the same machine over time: what changed when.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "results/result.h"

namespace heapwise {

/// What a trend keeps of a night's result.
struct Night {
  std::string created;  ///< RFC 3339, UTC
  std::string file;     ///< where it came from
  Environment environment;
  std::string heapwise_version;
  std::vector<Summary> summary;
};

/// Milliseconds since 1970 of "2026-11-20T22:00:00Z"; nothing where it is not such a time.
std::optional<double> milliseconds_of(const std::string& created);

/// Takes from a result what a trend needs; the runs with their samples may go.
Night night_of(Result result, const std::string& file);

struct TrendPoint {
  std::size_t night = 0;  ///< index into Trend::nights
  double median = 0, low = 0, high = 0;
};

/// From this night on a figure is at another level. A single bad night is none.
struct Step {
  std::size_t point = 0;  ///< index into TrendSeries::points, the first at the new level
  /// Medians of the levels; of times less what all allocators of a night have in common.
  double before = 0, after = 0, percent = 0;
};

/// One figure of one allocator on one workload over the nights.
struct TrendSeries {
  std::string workload, allocator, tuning;
  std::string figure;  ///< "memory_cost_bytes" or "ns_per_operation"
  std::vector<TrendPoint> points;
  std::vector<Step> steps;
};

/// Something that changed between one night and the one before.
struct TrendEvent {
  std::size_t night = 0;
  std::string what;       ///< "kernel 6.1.0 → 6.1.2", "jemalloc 5.2 → 5.3"
  std::string allocator;  ///< whose version it is; empty: of all
};

struct Trend {
  std::vector<Night> nights;  ///< in order of time
  std::vector<TrendSeries> series;
  std::vector<TrendEvent> events;
};

/// Puts nights in order and finds steps and events. Of times, steps are sought in what remains when
/// that by which all allocators of a night were slow or fast together is taken out.
Trend trend_of(std::vector<Night> nights);

/// Where the level of `values` changes by more than `least` (a share), with three values or more at
/// either level: binary segmentation that at each split lowers the sum of distances to the levels'
/// medians the most, and goes on while the levels' difference exceeds five standard errors of a
/// median. The noise is estimated from neighbouring values, so that steps do not count as noise.
/// Indices of the first value at a new level, ascending.
std::vector<std::size_t> find_steps(const std::vector<double>& values, double least);

}  // namespace heapwise
