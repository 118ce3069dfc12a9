// SPDX-License-Identifier: MIT
#include <fmt/format.h>

#include "results/report/chart_parts.h"
#include "results/report/charts.h"
#include "results/units.h"

namespace heapwise {
namespace {

using namespace parts;

struct Figure {
  const char* title;
  double unit;
  std::optional<double> (*of)(const Run&);
  std::optional<Interval> Summary::*summary;
};

std::optional<double> time_of(const Run& run) { return run.ns_per_operation; }
std::optional<double> peak_of(const Run& run) {
  if (!run.peak_rss_bytes) return std::nullopt;
  return static_cast<double>(*run.peak_rss_bytes);
}

Json strip(const std::vector<Series>& series, const Result& result, const Figure& figure,
           const std::string& title) {
  Json dots = Json::array(), medians = Json::array();
  for (const Series& one : series) {
    const Summary& row = *one.summary;
    for (const Run& run : result.runs) {
      if (run.workload != row.workload || run.allocator != row.allocator ||
          run.tuning != row.tuning || run.status != RunStatus::ok) {
        continue;
      }
      if (const auto value = figure.of(run)) {
        dots.push_back({{"series", one.name},
                        {"v", rounded(*value / figure.unit)},
                        {"repetition", run.repetition + 1}});
      }
    }
    if (row.*figure.summary) {
      medians.push_back(
          {{"series", one.name}, {"v", rounded((row.*figure.summary)->median / figure.unit)}});
    }
  }
  if (dots.empty()) return nullptr;
  Json x = quantity("v");
  x["title"] = title;
  x["scale"] = {{"zero", false}, {"nice", true}};
  Json y = series_axis(series);
  y["axis"]["grid"] = true;
  Json spec = row_frame(series.size());
  spec["layer"] = Json::array(
      {{{"name", "medians"},
        {"data", values(std::move(medians))},
        {"transform", unless_hidden()},
        {"mark", {{"type", "tick"}, {"thickness", 3}, {"tooltip", false}}},
        {"encoding", {{"x", x}, {"y", y}, {"color", colour_scale(series)}}}},
       {{"name", "runs"},
        {"data", values(std::move(dots))},
        {"transform", unless_hidden()},
        {"mark", {{"type", "circle"}, {"size", 55}, {"opacity", 0.6}}},
        {"encoding",
         {{"x", x},
          {"y", y},
          {"color", colour_scale(series)},
          {"tooltip",
           Json::array(
               {{{"field", "series"}, {"type", "nominal"}, {"title", "allocator"}},
                {{"field", "repetition"}, {"type", "quantitative"}, {"title", "repetition"}},
                {{"field", "v"}, {"type", "quantitative"}, {"title", title}}})}}}}});
  return spec;
}

std::optional<Json> unless_null(Json spec) {
  if (spec.is_null()) return std::nullopt;
  return spec;
}

}  // namespace

std::optional<Json> times_chart(const std::vector<Series>& series, const Result& result) {
  return unless_null(strip(series, result, {"time", 1, time_of, &Summary::ns_per_operation},
                           "ns per operation, every run"));
}

std::optional<Json> peaks_chart(const WorkloadView& view, const std::vector<Series>& series,
                                const Result& result) {
  return unless_null(strip(series, result,
                           {"peak", view.unit.bytes, peak_of, &Summary::peak_rss_bytes},
                           fmt::format("peak heap RSS, {}, every run", view.unit.name)));
}

}  // namespace heapwise
