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
  std::string colour;  ///< "#0072b2": told apart by the colour-blind, on white and on black; of an
                       ///< allocator's tunings the same
  std::string text_colour;  ///< the same, but dark enough to be read as text on white
  unsigned style = 0;       ///< of the tuning: which dash and which shape
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

/// RSS ÷ live bytes at the peak, in the mean over time and at the end, a row for each allocator.
std::optional<nlohmann::json> fragmentation_chart(const std::vector<Series>& series);

/// Every run as a dot, with the median: no average hides a stray.
std::optional<nlohmann::json> times_chart(const std::vector<Series>& series, const Result& result);
std::optional<nlohmann::json> peaks_chart(const WorkloadView& view,
                                          const std::vector<Series>& series, const Result& result);

/// A chart with the words around it.
struct NamedChart {
  std::string kind;  ///< "memory", "tradeoff", "fragmentation", "times" or "peaks"
  std::string title;
  std::string note;    ///< behind the title, smaller
  std::string spoken;  ///< what it shows, for who cannot see it
  nlohmann::json spec;
};

/// All charts of a workload for which there is data, in the order in which they are shown.
std::vector<NamedChart> charts_of(const WorkloadView& view, const std::vector<Series>& series,
                                  const Result& result);

/// A chart for a file of its own: of a fixed width, with a title, and with the names of the
/// allocators where the page would have buttons.
nlohmann::json standalone(const NamedChart& chart, const std::string& workload);

}  // namespace heapwise
