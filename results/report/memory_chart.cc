// SPDX-License-Identifier: MIT
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "results/report/chart_parts.h"
#include "results/report/thin.h"

namespace heapwise {
namespace {

using namespace parts;

constexpr std::size_t kLineSamples = 500;
constexpr std::size_t kFaintSamples = 120;
constexpr std::size_t kFaintLines = 4;
constexpr unsigned kPointerSteps = 240;

/// With many lines each gets fewer points: twenty workloads of sixteen variants are still a file
/// that can be mailed.
constexpr std::size_t kManySeries = 8;
std::size_t line_samples(const std::vector<Series>& series) {
  return series.size() <= kManySeries ? kLineSamples : 160;
}
std::size_t faint_samples(const std::vector<Series>& series) {
  return series.size() <= kManySeries ? kFaintSamples : 40;
}
std::size_t faint_lines_each(const std::vector<Series>& series) {
  return series.size() <= kManySeries ? kFaintLines : 2;
}
unsigned pointer_steps(const std::vector<Series>& series) {
  return series.size() <= kManySeries ? kPointerSteps : 120;
}

/// Microseconds: a trace may last a few milliseconds.
double rounded_time(double time_s) { return std::round(time_s * 1e6) / 1e6; }

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
    for (std::size_t index = 0; index < std::min(faint_lines_each(series), one.others.size());
         ++index) {
      append(rows, rows_of(thin(one.others[index]->samples, faint_samples(series)), one.name,
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
    append(rows,
           rows_of(thin(one.typical->samples, line_samples(series)), one.name, view.unit.bytes, 0));
  }
  return {{"name", "lines"},
          {"data", values(std::move(rows))},
          {"transform", unless_hidden()},
          {"mark",
           {{"type", "line"}, {"strokeWidth", 2.5}, {"strokeJoin", "round"}, {"tooltip", false}}},
          {"encoding",
           {{"x", time_axis()},
            {"y", bytes_axis(view.unit.name)},
            {"strokeDash", dash_scale(series)},
            {"color", colour_scale(series)}}}};
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
  const Json area = {
      {"name", "live_area"},
      {"data", values(rows)},
      {"transform", unless_hidden()},
      {"mark", {{"type", "area"}, {"color", "#777777"}, {"opacity", 0.16}, {"tooltip", false}}},
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
  return {
      {"name", "recorded_line"},
      {"data", values(rows_of(thin(samples, kLineSamples), kRecordedSeries, view.unit.bytes, 0))},
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
  std::string series, text, ink;
  double time_s, at, place;  ///< place: where the text goes so that no two overlap
};

/// Moves labels apart, up from the lowest, by at least `gap`, and down again from what is drawn
/// highest: they stretch no axis.
void spread_out(std::vector<EndLabel>& labels, double gap, double highest) {
  std::sort(labels.begin(), labels.end(),
            [](const EndLabel& left, const EndLabel& right) { return left.at < right.at; });
  for (std::size_t index = 1; index < labels.size(); ++index) {
    labels[index].place = std::max(labels[index].place, labels[index - 1].place + gap);
  }
  for (auto label = labels.rbegin(); label != labels.rend(); ++label) {
    label->place = std::min(label->place, highest);
    highest = label->place - gap;
  }
}

/// The names at the ends of the lines: no need to look from line to legend and back.
Json line_ends(const std::vector<Series>& series, const WorkloadView& view) {
  std::vector<EndLabel> labels;
  const std::vector<std::string> names = short_names(series, 14);
  double highest = 0;
  for (std::size_t index = 0; index < series.size(); ++index) {
    const Series& one = series[index];
    if (one.typical == nullptr) continue;
    const Sample& last = one.typical->samples.back();
    const double at = static_cast<double>(last.rss_bytes) / view.unit.bytes;
    labels.push_back({one.name, names[index], one.text_colour, last.time_s, at, at});
    for (const Sample& sample : one.typical->samples) {
      highest = std::max(highest, static_cast<double>(sample.rss_bytes) / view.unit.bytes);
    }
  }
  spread_out(labels, highest * 0.055, highest);
  Json rows = Json::array();
  for (const EndLabel& label : labels) {
    rows.push_back({{"t", rounded_time(label.time_s)},
                    {"v", rounded(label.place)},
                    {"series", label.series},
                    {"text", label.text},
                    {"ink", label.ink}});
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
            {"color", ink()}}}};
}

/// Whether a line through the samples would have no length.
bool is_a_moment(const Run& run) { return run.samples.front().time_s == run.samples.back().time_s; }

/// Runs that were sampled at one moment only, which no line shows.
Json moments_layer(const std::vector<Series>& series, const WorkloadView& view) {
  Json rows = Json::array();
  for (const Series& one : series) {
    if (one.typical == nullptr || !is_a_moment(*one.typical)) continue;
    append(rows, rows_of({one.typical->samples.back()}, one.name, view.unit.bytes, 0));
  }
  return {
      {"name", "moments"},
      {"data", values(std::move(rows))},
      {"transform", unless_hidden()},
      {"mark",
       {{"type", "point"}, {"filled", true}, {"size", 90}, {"opacity", 1}, {"tooltip", false}}},
      {"encoding",
       {{"x", time_axis()}, {"y", bytes_axis(view.unit.name)}, {"color", colour_scale(series)}}}};
}

/// Whether the names of the lines have room at their ends.
bool has_room_for_names(const std::vector<Series>& series) {
  const auto drawn = std::count_if(series.begin(), series.end(),
                                   [](const Series& one) { return one.typical != nullptr; });
  const bool any_height = std::any_of(series.begin(), series.end(), [](const Series& one) {
    return one.typical != nullptr &&
           std::any_of(one.typical->samples.begin(), one.typical->samples.end(),
                       [](const Sample& s) { return s.rss_bytes > 0; });
  });
  return any_height && static_cast<std::size_t>(drawn) <= kMostNames;
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
                       {"format", ".4~g"},
                       {"title", fmt::format("{}, {}", title, view.unit.name)}});
  };
  // Four digits tell 4 ms from 4.1, but would write a day with an exponent.
  const char* const time_format = until < 10'000 ? ".4~g" : ".0f";
  tooltip.push_back(
      {{"field", "t"}, {"type", "quantitative"}, {"format", time_format}, {"title", "time, s"}});
  column("live", "live");
  const Run* any = any_typical(series);
  const unsigned steps = pointer_steps(series);
  for (unsigned step = 0; step <= steps; ++step) {
    const double time = from + (until - from) * step / steps;
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

}  // namespace

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
  // With one repetition there is none, and a layer without rows has no extent.
  Json faint = faint_lines(series, view);
  if (!faint["data"]["values"].empty()) layers.push_back(std::move(faint));
  layers.push_back(typical_lines(series, view));
  Json moments = moments_layer(series, view);
  if (!moments["data"]["values"].empty()) layers.push_back(std::move(moments));
  if (has_room_for_names(series)) layers.push_back(line_ends(series, view));
  layers.push_back(
      pointer_layer(series, view, any->samples.front().time_s, any->samples.back().time_s));
  spec["layer"] = std::move(layers);
  return spec;
}

}  // namespace heapwise
