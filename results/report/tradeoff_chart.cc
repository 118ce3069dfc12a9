// SPDX-License-Identifier: MIT
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "results/difference.h"
#include "results/report/chart_parts.h"
#include "results/summarize.h"

namespace heapwise {
namespace {

using namespace parts;

struct Point {
  const Series* series;
  Interval ns, memory;
};

/// A domain around the values that leaves room and is never narrower than 30 % of them, so that a
/// difference of a per cent does not look like a chasm.
Json domain(double low, double high) {
  const double middle = (low + high) / 2;
  const double half = std::max((high - low) / 2 * 1.35, middle * 0.15);
  return {std::max(0.0, rounded(middle - half)), rounded(middle + half)};
}

struct Extent {
  double low = HUGE_VAL, high = -HUGE_VAL;
  void include(const Interval& interval) {
    low = std::min(low, interval.low);
    high = std::max(high, interval.high);
  }
};

std::string interval_text(const Interval& interval, const char* unit) {
  return fmt::format("{} {} ({} to {})", format_number(interval.median), unit,
                     format_number(interval.low), format_number(interval.high));
}

Interval divided(const Interval& interval, double unit) {
  return {interval.median / unit, interval.low / unit, interval.high / unit, std::nullopt};
}

std::vector<Point> points_of(const WorkloadView& view, const std::vector<Series>& series) {
  std::vector<Point> points;
  for (const Series& one : series) {
    const auto memory = memory_cost(*one.summary);
    const auto time = shown_time(view, *one.summary);
    if (memory && time) points.push_back({&one, *time, divided(*memory, view.unit.bytes)});
  }
  return points;
}

/// Whether the name of a point goes below it, because one that lies close above it in the chart has
/// its own name there.
bool name_below(const Point& point, const std::vector<Point>& points, const Json& ns_domain,
                const Json& memory_domain) {
  const auto share = [](double distance, const Json& domain) {
    return distance / (domain[1].get<double>() - domain[0].get<double>());
  };
  return std::any_of(points.begin(), points.end(), [&](const Point& other) {
    const double right = share(std::abs(other.ns.median - point.ns.median), ns_domain);
    const double up = share(other.memory.median - point.memory.median, memory_domain);
    return &other != &point && right < 0.25 && up >= 0 && up < 0.12;
  });
}

Json point_rows(const std::vector<Point>& points, const char* unit, const Json& ns_domain,
                const Json& memory_domain) {
  std::vector<Series> shown;
  shown.reserve(points.size());
  for (const Point& point : points) shown.push_back(*point.series);
  const std::vector<std::string> names = short_names(shown, 22);
  Json rows = Json::array();
  for (std::size_t index = 0; index < points.size(); ++index) {
    const Point& point = points[index];
    rows.push_back({{"series", point.series->name},
                    {"text", names[index]},
                    {"ink", point.series->text_colour},
                    {"below", name_below(point, points, ns_domain, memory_domain)},
                    {"ns", rounded(point.ns.median)},
                    {"ns_low", rounded(point.ns.low)},
                    {"ns_high", rounded(point.ns.high)},
                    {"ns_text", interval_text(point.ns, "ns")},
                    {"memory", rounded(point.memory.median)},
                    {"memory_low", rounded(point.memory.low)},
                    {"memory_high", rounded(point.memory.high)},
                    {"memory_text", interval_text(point.memory, unit)}});
  }
  return rows;
}

Json tradeoff_axis(const char* field, const std::string& title, const Extent& extent) {
  Json axis = quantity(field);
  axis["title"] = title;
  axis["scale"] = {{"domain", domain(extent.low, extent.high)}, {"nice", false}, {"zero", false}};
  axis["axis"] = {{"tickCount", 5}};
  return axis;
}

Json label_column(const char* field, const char* title) {
  return {{"field", field}, {"type", "nominal"}, {"title", title}};
}

/// Dashed lines through the baseline: what lies left of the one and below the other is better.
std::vector<Json> baseline_layers(const Point& baseline, const Json& x, const Json& y) {
  const Json data =
      values(Json::array({{{"ns", baseline.ns.median}, {"memory", baseline.memory.median}}}));
  const Json mark = {{"type", "rule"},
                     {"strokeDash", {3, 3}},
                     {"color", "#777777"},
                     {"opacity", 0.6},
                     {"tooltip", false}};
  return {{{"name", "baseline_time"}, {"data", data}, {"mark", mark}, {"encoding", {{"x", x}}}},
          {{"name", "baseline_memory"}, {"data", data}, {"mark", mark}, {"encoding", {{"y", y}}}}};
}

/// A line through the points than which no other is better in one figure and as good in the other.
Json front_layer(std::vector<Point> points, const Json& x, const Json& y) {
  std::sort(points.begin(), points.end(), [](const Point& left, const Point& right) {
    return std::pair(left.ns.median, left.memory.median) <
           std::pair(right.ns.median, right.memory.median);
  });
  Json rows = Json::array();
  double least = HUGE_VAL;
  for (const Point& point : points) {
    if (point.memory.median >= least) continue;
    least = point.memory.median;
    rows.push_back({{"ns", rounded(point.ns.median)}, {"memory", rounded(least)}});
  }
  return {{"name", "front"},
          {"data", values(std::move(rows))},
          {"mark",
           {{"type", "line"},
            {"interpolate", "step-after"},
            {"color", "#777777"},
            {"strokeWidth", 1.5},
            {"opacity", 0.7},
            {"tooltip", false}}},
          {"encoding", {{"x", x}, {"y", y}, {"order", {{"field", "ns"}}}}}};
}

Json whisker(const char* name, Json encoding, const Json& colour) {
  encoding["color"] = colour;
  return {{"name", name},
          {"mark", {{"type", "rule"}, {"strokeWidth", 2}, {"opacity", 0.7}, {"tooltip", false}}},
          {"encoding", std::move(encoding)}};
}

Json point_names(const char* name, const char* filter, int dy, const Json& x, const Json& y) {
  return {
      {"name", name},
      {"transform", Json::array({{{"filter", filter}}})},
      {"mark",
       {{"type", "text"},
        {"align", "center"},
        {"dy", dy},
        {"fontSize", 12},
        {"fontWeight", 600},
        {"tooltip", false}}},
      {"encoding",
       {{"x", x}, {"y", y}, {"text", {{"field", "text"}, {"type", "nominal"}}}, {"color", ink()}}}};
}

/// What the verdict compares with: not glibc where the program is linked to another allocator. Null
/// where that is not drawn.
const Point* baseline_of(const WorkloadView& view, const std::vector<Point>& points) {
  if (view.verdicts.empty()) return &points.front();
  const AllocatorName& over = view.verdicts.front()->over;
  const auto found = std::find_if(points.begin(), points.end(), [&over](const Point& one) {
    return same_allocator(*one.series->summary, over);
  });
  return found == points.end() ? nullptr : &*found;
}

}  // namespace

std::optional<nlohmann::json> tradeoff_chart(const WorkloadView& view,
                                             const std::vector<Series>& series) {
  const std::vector<Point> points = points_of(view, series);
  if (points.size() < 2) return std::nullopt;
  Extent ns, memory;
  for (const Point& point : points) {
    ns.include(point.ns);
    memory.include(point.memory);
  }
  const Json x = tradeoff_axis("ns",
                               fmt::format("allocator {} in replay, ns per operation",
                                           view.time.all_threads ? "CPU time" : "time"),
                               ns);
  const Json y = tradeoff_axis("memory", fmt::format("memory, {}", view.unit.name), memory);
  const Json colour = colour_scale(series);

  Json spec = frame(280);
  spec["data"] =
      values(point_rows(points, view.unit.name, x["scale"]["domain"], y["scale"]["domain"]));
  spec["transform"] = unless_hidden();
  Json layers = Json::array();
  if (const Point* baseline = baseline_of(view, points)) {
    for (Json& layer : baseline_layers(*baseline, x, y)) layers.push_back(std::move(layer));
  }
  layers.push_back(front_layer(points, x, y));
  layers.push_back(
      whisker("ns_interval", {{"x", x}, {"x2", {{"field", "ns_high"}}}, {"y", y}}, colour));
  layers.back()["encoding"]["x"]["field"] = "ns_low";
  layers.push_back(
      whisker("memory_interval", {{"x", x}, {"y", y}, {"y2", {{"field", "memory_high"}}}}, colour));
  layers.back()["encoding"]["y"]["field"] = "memory_low";
  layers.push_back({{"name", "points"},
                    {"mark", {{"type", "point"}, {"filled", true}, {"size", 140}, {"opacity", 1}}},
                    {"encoding",
                     {{"x", x},
                      {"y", y},
                      {"color", colour},
                      {"shape", shape_scale(series)},
                      {"tooltip",
                       {label_column("series", "allocator"), label_column("memory_text", "memory"),
                        label_column("ns_text", "time per operation")}}}}});
  if (points.size() <= kMostNames) {
    layers.push_back(point_names("point_names", "!datum.below", -14, x, y));
    layers.push_back(point_names("point_names_below", "datum.below", 18, x, y));
  }
  spec["layer"] = std::move(layers);
  return spec;
}

}  // namespace heapwise
