// SPDX-License-Identifier: MIT
#include "results/report/charts.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "results/difference.h"
#include "results/report/text.h"
#include "results/report/thin.h"
#include "results/summarize.h"

namespace heapwise {
namespace {

using Json = nlohmann::json;

constexpr std::size_t kLineSamples = 500;
constexpr std::size_t kFaintSamples = 120;
constexpr std::size_t kFaintLines = 4;
constexpr unsigned kPointerSteps = 240;
constexpr const char* kRecorded = "recorded process, all of it";

/// Okabe and Ito's colours, the ones dark enough for a line on white first.
constexpr std::array<const char*, 8> kColours = {"#0072b2", "#d55e00", "#009e73", "#cc79a7",
                                                 "#b8860b", "#7f5fc7", "#a05a2c", "#8c8c8c"};

/// The four usual allocators have the same colour in every report.
std::string colour_of(const std::string& name, std::size_t& next_free) {
  static constexpr std::array<const char*, 4> kUsual = {"glibc", "jemalloc", "tcmalloc",
                                                        "mimalloc"};
  for (std::size_t index = 0; index < kUsual.size(); ++index) {
    if (name == kUsual[index]) return kColours[index];
  }
  const std::size_t rest = kColours.size() - kUsual.size();
  return kColours[kUsual.size() + next_free++ % rest];
}

/// Three decimals of a figure are below a pixel; more only make the file larger.
double rounded(double value) { return std::round(value * 1000) / 1000; }

/// Microseconds: a trace may last a few milliseconds.
double rounded_time(double time_s) { return std::round(time_s * 1e6) / 1e6; }

// ---- pieces of specifications

Json values(Json rows) { return {{"values", std::move(rows)}}; }

Json quantity(const char* field) { return {{"field", field}, {"type", "quantitative"}}; }

Json colour_scale(const std::vector<Series>& series) {
  Json names = Json::array();
  Json colours = Json::array();
  for (const Series& one : series) {
    names.push_back(one.name);
    colours.push_back(one.colour);
  }
  return {{"field", "series"},
          {"type", "nominal"},
          {"legend", nullptr},
          {"scale", {{"domain", names}, {"range", colours}}}};
}

/// The buttons above the chart put the names of what is not to be drawn into `hidden`.
Json unless_hidden() { return Json::array({{{"filter", "indexof(hidden, datum.series) < 0"}}}); }

Json frame(int height) {
  return {{"width", "container"},
          {"height", height},
          {"padding", {{"left", 2}, {"top", 8}, {"right", 8}, {"bottom", 6}}},
          {"autosize", {{"type", "fit-x"}, {"contains", "padding"}}},
          {"params", Json::array({{{"name", "hidden"}, {"value", Json::array()}}})}};
}

// ---- memory over time

Json time_axis() {
  Json axis = quantity("t");
  axis["title"] = "seconds of the program's time";
  axis["scale"] = {{"nice", false}, {"zero", false}};
  axis["axis"] = {{"grid", false}, {"tickCount", 8}};
  return axis;
}

Json bytes_axis(const char* unit) {
  Json axis = quantity("v");
  axis["title"] = fmt::format("heap, {}", unit);
  axis["scale"] = {{"zero", true}};
  axis["stack"] = nullptr;  // else areas pile up where two samples have the same time
  axis["axis"] = {{"tickCount", 6}};
  return axis;
}

Json rows_of(const std::vector<Sample>& samples, const std::string& name, double unit,
             int repetition) {
  Json rows = Json::array();
  for (const Sample& sample : samples) {
    rows.push_back({{"t", rounded_time(sample.time_s)},
                    {"v", rounded(static_cast<double>(sample.rss_bytes) / unit)},
                    {"series", name},
                    {"run", repetition}});
  }
  return rows;
}

void append(Json& rows, const Json& more) { rows.insert(rows.end(), more.begin(), more.end()); }

/// The runs besides the typical one, faint: how far repetitions lie apart is seen, not read.
Json faint_lines(const std::vector<Series>& series, const WorkloadView& view) {
  Json rows = Json::array();
  int run = 0;
  for (const Series& one : series) {
    for (std::size_t index = 0; index < std::min(kFaintLines, one.others.size()); ++index) {
      append(rows, rows_of(thin(one.others[index]->samples, kFaintSamples), one.name,
                           view.unit.bytes, run++));
    }
  }
  return {{"name", "faint_lines"},
          {"data", values(std::move(rows))},
          {"transform", unless_hidden()},
          {"mark", {{"type", "line"}, {"strokeWidth", 1}, {"opacity", 0.22}, {"tooltip", false}}},
          {"encoding",
           {{"x", time_axis()},
            {"y", bytes_axis(view.unit.name)},
            {"detail", {{"field", "run"}, {"type", "nominal"}}},
            {"color", colour_scale(series)}}}};
}

Json typical_lines(const std::vector<Series>& series, const WorkloadView& view) {
  Json rows = Json::array();
  for (const Series& one : series) {
    if (one.typical == nullptr) continue;
    append(rows, rows_of(thin(one.typical->samples, kLineSamples), one.name, view.unit.bytes, 0));
  }
  return {
      {"name", "lines"},
      {"data", values(std::move(rows))},
      {"transform", unless_hidden()},
      {"mark",
       {{"type", "line"}, {"strokeWidth", 2.5}, {"strokeJoin", "round"}, {"tooltip", false}}},
      {"encoding",
       {{"x", time_axis()}, {"y", bytes_axis(view.unit.name)}, {"color", colour_scale(series)}}}};
}

const Run* any_typical(const std::vector<Series>& series) {
  for (const Series& one : series) {
    if (one.typical != nullptr) return one.typical;
  }
  return nullptr;
}

/// The live bytes, which every allocator was asked for alike: an area with a dashed edge.
std::vector<Json> live_layers(const Run& run, const WorkloadView& view) {
  std::vector<Sample> live = run.samples;
  for (Sample& sample : live) sample.rss_bytes = sample.live_bytes;
  const Json rows = rows_of(thin(live, kLineSamples), "live", view.unit.bytes, 0);
  const Json encoding = {{"x", time_axis()}, {"y", bytes_axis(view.unit.name)}};
  const Json area = {{"name", "live_area"},
                     {"data", values(rows)},
                     {"transform", unless_hidden()},
                     {"mark", {{"type", "area"}, {"opacity", 0.16}, {"tooltip", false}}},
                     {"encoding", encoding}};
  const Json line = {{"name", "live_line"},
                     {"data", values(rows)},
                     {"transform", unless_hidden()},
                     {"mark",
                      {{"type", "line"},
                       {"strokeWidth", 1.5},
                       {"strokeDash", {5, 4}},
                       {"color", "#777777"},
                       {"tooltip", false}}},
                     {"encoding", encoding}};
  return {area, line};
}

Json recorded_layer(const WorkloadInfo& info, const WorkloadView& view) {
  std::vector<Sample> samples;
  for (const auto& [time, rss] : info.recorded_rss) samples.push_back({time, 0, rss});
  return {{"name", "recorded_line"},
          {"data", values(rows_of(thin(samples, kLineSamples), kRecorded, view.unit.bytes, 0))},
          {"transform", unless_hidden()},
          {"mark",
           {{"type", "line"},
            {"strokeWidth", 1.5},
            {"strokeDash", {2, 3}},
            {"color", "#777777"},
            {"tooltip", false}}},
          {"encoding", {{"x", time_axis()}, {"y", bytes_axis(view.unit.name)}}}};
}

struct EndLabel {
  std::string series;
  double time_s, at, place;  ///< place: where the text goes so that no two overlap
};

/// Moves labels apart, up from the lowest, by at least `gap`.
void spread_out(std::vector<EndLabel>& labels, double gap) {
  std::sort(labels.begin(), labels.end(),
            [](const EndLabel& left, const EndLabel& right) { return left.at < right.at; });
  for (std::size_t index = 1; index < labels.size(); ++index) {
    labels[index].place = std::max(labels[index].place, labels[index - 1].place + gap);
  }
}

/// The names at the ends of the lines: no need to look from line to legend and back.
Json line_ends(const std::vector<Series>& series, const WorkloadView& view) {
  std::vector<EndLabel> labels;
  double highest = 0;
  for (const Series& one : series) {
    if (one.typical == nullptr) continue;
    const Sample& last = one.typical->samples.back();
    const double at = static_cast<double>(last.rss_bytes) / view.unit.bytes;
    labels.push_back({one.name, last.time_s, at, at});
    for (const Sample& sample : one.typical->samples) {
      highest = std::max(highest, static_cast<double>(sample.rss_bytes) / view.unit.bytes);
    }
  }
  spread_out(labels, highest * 0.055);
  Json rows = Json::array();
  for (const EndLabel& label : labels) {
    rows.push_back({{"t", rounded_time(label.time_s)},
                    {"v", rounded(label.place)},
                    {"series", label.series},
                    {"text", shorten(label.series, 14)}});
  }
  return {{"name", "line_ends"},
          {"data", values(std::move(rows))},
          {"transform", unless_hidden()},
          {"mark",
           {{"type", "text"},
            {"align", "left"},
            {"dx", 7},
            {"fontSize", 12},
            {"fontWeight", 600},
            {"tooltip", false}}},
          {"encoding",
           {{"x", time_axis()},
            {"y", bytes_axis(view.unit.name)},
            {"text", {{"field", "text"}, {"type", "nominal"}}},
            {"color", colour_scale(series)}}}};
}

/// A vertical line that follows the pointer and tells every curve's value at that time. One row
/// per time with a column per allocator: the names may hold anything, so the columns are numbered.
Json pointer_layer(const std::vector<Series>& series, const WorkloadView& view, double from,
                   double until) {
  Json rows = Json::array();
  Json tooltip = Json::array();
  const auto column = [&tooltip, &view](const std::string& field, const std::string& title) {
    tooltip.push_back({{"field", field},
                       {"type", "quantitative"},
                       {"format", ".1f"},
                       {"title", fmt::format("{}, {}", title, view.unit.name)}});
  };
  tooltip.push_back(
      {{"field", "t"}, {"type", "quantitative"}, {"format", ".2f"}, {"title", "time, s"}});
  column("live", "live");
  const Run* any = any_typical(series);
  for (unsigned step = 0; step <= kPointerSteps; ++step) {
    const double time = from + (until - from) * step / kPointerSteps;
    rows.push_back({{"t", rounded_time(time)},
                    {"live", rounded(live_at(any->samples, time) / view.unit.bytes)}});
  }
  for (std::size_t index = 0; index < series.size(); ++index) {
    if (series[index].typical == nullptr) continue;
    const std::string field = fmt::format("a{}", index);
    column(field, series[index].name);
    for (Json& row : rows) {
      row[field] = rounded(rss_at(series[index].typical->samples, row["t"]) / view.unit.bytes);
    }
  }
  const Json at_pointer = {{"name", "pointer"},
                           {"select",
                            {{"type", "point"},
                             {"fields", {"t"}},
                             {"nearest", true},
                             {"on", "pointermove"},
                             {"clear", "pointerout"}}}};
  return {
      {"name", "pointer_line"},
      {"data", values(std::move(rows))},
      {"params", Json::array({at_pointer})},
      {"mark", {{"type", "rule"}, {"color", "#777777"}, {"strokeWidth", 1}}},
      {"encoding",
       {{"x", time_axis()},
        {"opacity",
         {{"condition", {{"param", "pointer"}, {"empty", false}, {"value", 0.8}}}, {"value", 0}}},
        {"tooltip", tooltip}}}};
}

// ---- memory against speed

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

std::vector<Point> points_of(const std::vector<Series>& series, double unit) {
  std::vector<Point> points;
  for (const Series& one : series) {
    const auto memory = memory_cost(*one.summary);
    if (!memory || !one.summary->ns_per_operation) continue;
    points.push_back({&one, *one.summary->ns_per_operation, divided(*memory, unit)});
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
  Json rows = Json::array();
  for (const Point& point : points) {
    rows.push_back({{"series", point.series->name},
                    {"text", shorten(point.series->name, 22)},
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

Json whisker(const char* name, Json encoding, const Json& colour) {
  encoding["color"] = colour;
  return {{"name", name},
          {"mark", {{"type", "rule"}, {"strokeWidth", 2}, {"opacity", 0.7}, {"tooltip", false}}},
          {"encoding", std::move(encoding)}};
}

Json point_names(const char* name, const char* filter, int dy, const Json& x, const Json& y,
                 const Json& colour) {
  return {{"name", name},
          {"transform", Json::array({{{"filter", filter}}})},
          {"mark",
           {{"type", "text"},
            {"align", "center"},
            {"dy", dy},
            {"fontSize", 12},
            {"fontWeight", 600},
            {"tooltip", false}}},
          {"encoding",
           {{"x", x},
            {"y", y},
            {"text", {{"field", "text"}, {"type", "nominal"}}},
            {"color", colour}}}};
}

}  // namespace

std::vector<Series> series_of(const WorkloadView& view, const Result& result) {
  std::vector<Series> all;
  std::size_t next_free = 0;
  for (const Summary* row : view.rows) {
    Series& one = all.emplace_back();
    one.name = printable(display_name(*row));
    one.colour = colour_of(one.name, next_free);
    one.summary = row;
    std::vector<const Run*> runs;
    for (const Run& run : result.runs) {
      if (run.workload == row->workload && run.allocator == row->allocator &&
          run.tuning == row->tuning && run.status == RunStatus::ok && !run.samples.empty()) {
        runs.push_back(&run);
      }
    }
    if (runs.empty()) continue;
    std::stable_sort(runs.begin(), runs.end(), [](const Run* left, const Run* right) {
      return left->peak_rss_bytes.value_or(0) < right->peak_rss_bytes.value_or(0);
    });
    const auto middle = runs.begin() + static_cast<std::ptrdiff_t>((runs.size() - 1) / 2);
    one.typical = *middle;
    runs.erase(middle);
    one.others = std::move(runs);
  }
  return all;
}

std::optional<nlohmann::json> memory_chart(const WorkloadView& view,
                                           const std::vector<Series>& series) {
  const Run* any = any_typical(series);
  if (any == nullptr) return std::nullopt;
  Json spec = frame(340);
  Json layers = Json::array();
  for (Json& layer : live_layers(*any, view)) layers.push_back(std::move(layer));
  if (view.info != nullptr && !view.info->recorded_rss.empty()) {
    layers.push_back(recorded_layer(*view.info, view));
  }
  layers.push_back(faint_lines(series, view));
  layers.push_back(typical_lines(series, view));
  layers.push_back(line_ends(series, view));
  layers.push_back(
      pointer_layer(series, view, any->samples.front().time_s, any->samples.back().time_s));
  spec["layer"] = std::move(layers);
  return spec;
}

std::optional<nlohmann::json> tradeoff_chart(const WorkloadView& view,
                                             const std::vector<Series>& series) {
  const std::vector<Point> points = points_of(series, view.unit.bytes);
  if (points.size() < 2) return std::nullopt;
  Extent ns, memory;
  for (const Point& point : points) {
    ns.include(point.ns);
    memory.include(point.memory);
  }
  const Json x = tradeoff_axis("ns", "allocator time in replay, ns per operation", ns);
  const Json y = tradeoff_axis("memory", fmt::format("memory, {}", view.unit.name), memory);
  const Json colour = colour_scale(series);

  Json spec = frame(280);
  spec["data"] =
      values(point_rows(points, view.unit.name, x["scale"]["domain"], y["scale"]["domain"]));
  spec["transform"] = unless_hidden();
  Json layers = Json::array();
  for (Json& layer : baseline_layers(points.front(), x, y)) layers.push_back(std::move(layer));
  layers.push_back(
      whisker("ns_interval", {{"x", x}, {"x2", {{"field", "ns_high"}}}, {"y", y}}, colour));
  layers.back()["encoding"]["x"]["field"] = "ns_low";
  layers.push_back(
      whisker("memory_interval", {{"x", x}, {"y", y}, {"y2", {{"field", "memory_high"}}}}, colour));
  layers.back()["encoding"]["y"]["field"] = "memory_low";
  layers.push_back({{"name", "points"},
                    {"mark", {{"type", "circle"}, {"size", 150}, {"opacity", 1}}},
                    {"encoding",
                     {{"x", x},
                      {"y", y},
                      {"color", colour},
                      {"tooltip",
                       {label_column("series", "allocator"), label_column("memory_text", "memory"),
                        label_column("ns_text", "time per operation")}}}}});
  layers.push_back(point_names("point_names", "!datum.below", -14, x, y, colour));
  layers.push_back(point_names("point_names_below", "datum.below", 18, x, y, colour));
  spec["layer"] = std::move(layers);
  return spec;
}

}  // namespace heapwise
