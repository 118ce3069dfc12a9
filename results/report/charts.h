// SPDX-License-Identifier: MIT
// The charts as Vega-Lite specifications: data and drawing in one JSON value, nothing fetched.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "results/report/view.h"

namespace heapwise {

/// One line of the memory chart and one point of the scatter, in a colour of its own.
struct Series {
  std::string name;    ///< as displayed; unique within a workload
  std::string colour;  ///< "#0072b2": told apart by the colour-blind, on white and on black
  const Summary* summary = nullptr;
  const Run* typical = nullptr;    ///< the footprint run with the median peak; null: none
  std::vector<const Run*> others;  ///< the remaining footprint runs
};

/// The name under which the recorded process's own memory is drawn and hidden.
constexpr const char* kRecordedSeries = "recorded process, all of it";

/// The series of a workload in the order of its rows. Points into `result`.
std::vector<Series> series_of(const WorkloadView& view, const Result& result);

/// RSS over time for every allocator, live bytes as an area, the recorded process's own RSS where
/// the trace has it. Nothing where no run left samples.
std::optional<nlohmann::json> memory_chart(const WorkloadView& view,
                                           const std::vector<Series>& series);

/// Memory cost against allocator time with both intervals. Nothing where fewer than two allocators
/// have both.
std::optional<nlohmann::json> tradeoff_chart(const WorkloadView& view,
                                             const std::vector<Series>& series);

}  // namespace heapwise
