// SPDX-License-Identifier: MIT
#include "results/report/trend_chart.h"

#include <fmt/format.h>

#include <cmath>

#include "results/report/chart_parts.h"
#include "results/report/text.h"
#include "results/summarize.h"

namespace heapwise {
namespace {

using namespace parts;

Json date_axis() {
  return {{"field", "t"},
          {"type", "temporal"},
          {"title", nullptr},
          {"axis", {{"grid", false}, {"tickCount", 8}}}};
}

Json value_axis(const std::string& title) {
  Json axis = quantity("v");
  axis["title"] = title;
  axis["scale"] = {{"zero", false}, {"nice", true}};
  return axis;
}

struct Rows {
  Json points = Json::array(), steps = Json::array();
};

std::string text_colour_of(const std::vector<Series>& series, const std::string& name) {
  for (const Series& one : series) {
    if (one.name == name) return one.text_colour;
  }
  return "#737373";
}

/// The name of a column for the pointer's tooltip; an allocator's own may hold anything.
std::string column_of(const std::vector<Series>& series, const std::string& name) {
  for (std::size_t index = 0; index < series.size(); ++index) {
    if (series[index].name == name) return fmt::format("a{}", index);
  }
  return "none";
}

void add_rows(Rows& rows, const TrendSeries& one, const std::vector<Series>& series,
              const TrendCalendar& calendar, double unit) {
  const std::string name = printable(display_name(one.allocator, one.tuning));
  const std::string column = column_of(series, name);
  for (const TrendPoint& point : one.points) {
    rows.points.push_back({{"d", calendar.days[point.night]},
                           {"v", rounded(point.median / unit)},
                           {"column", column},
                           {"series", name}});
  }
  for (const Step& step : one.steps) {
    const TrendPoint& point = one.points[step.point];
    rows.steps.push_back(
        {{"d", calendar.days[point.night]},
         {"v", rounded(point.median / unit)},
         {"series", name},
         {"ink", text_colour_of(series, name)},
         {"up", step.percent > 0},
         {"text", fmt::format("{}{:.0f} %", step.percent > 0 ? "+" : "−", std::abs(step.percent))},
         {"detail", fmt::format("{} → {}", format_number(step.before / unit),
                                format_number(step.after / unit))}});
  }
}

Json tooltip_of(const char* field, const char* title, const char* type = "nominal") {
  return {{"field", field}, {"title", title}, {"type", type}};
}

Json event_layer(const Trend& trend, const TrendCalendar& calendar, const Json& x) {
  Json rows = Json::array();
  for (const TrendEvent& event : trend.events) {
    rows.push_back(
        {{"d", calendar.days[event.night]}, {"what", event.what}, {"series", event.allocator}});
  }
  return {{"name", "events"},
          {"data", values(std::move(rows))},
          {"mark",
           {{"type", "rule"}, {"color", "#777777"}, {"strokeDash", {4, 3}}, {"strokeWidth", 1.5}}},
          {"encoding",
           {{"x", x},
            {"tooltip",
             Json::array({tooltip_of("what", "changed"), tooltip_of("t", "night", "temporal")})}}}};
}

Json nights_layer(const std::vector<Series>& series, const Json& x, const Json& y) {
  return {
      {"name", "nights"},
      {"mark", {{"type", "line"}, {"strokeWidth", 1.5}, {"tooltip", false}}},
      {"encoding",
       {{"x", x}, {"y", y}, {"color", colour_scale(series)}, {"strokeDash", dash_scale(series)}}}};
}

Json steps_layer(const std::vector<Series>& series, const Json& rows, const Json& x,
                 const Json& y) {
  const Json shape = {
      {"field", "up"},
      {"type", "nominal"},
      {"legend", nullptr},
      {"scale", {{"domain", {true, false}}, {"range", {"triangle-up", "triangle-down"}}}}};
  return {{"name", "steps"},
          {"data", values(rows)},
          {"mark", {{"type", "point"}, {"filled", true}, {"size", 130}, {"opacity", 1}}},
          {"encoding",
           {{"x", x},
            {"y", y},
            {"color", colour_scale(series)},
            {"shape", shape},
            {"tooltip",
             Json::array({tooltip_of("series", "step of"), tooltip_of("text", "change"),
                          tooltip_of("detail", "level"), tooltip_of("t", "since", "temporal")})}}}};
}

Json step_texts_layer(const Json& rows, const Json& x, const Json& y) {
  return {
      {"name", "step_texts"},
      {"data", values(rows)},
      {"mark",
       {{"type", "text"}, {"dy", -13}, {"fontWeight", 600}, {"fontSize", 11}, {"tooltip", false}}},
      {"encoding",
       {{"x", x}, {"y", y}, {"text", {{"field", "text"}, {"type", "nominal"}}}, {"color", ink()}}}};
}

/// A vertical line at the night nearest to the pointer, which tells every allocator's figure.
Json pointer_layer(const std::vector<Series>& series, const Json& x, const Json& to_date) {
  Json tooltip = Json::array({tooltip_of("t", "night", "temporal")});
  for (std::size_t index = 0; index < series.size(); ++index) {
    Json column = tooltip_of("", series[index].name.c_str(), "quantitative");
    column["field"] = fmt::format("a{}", index);
    column["format"] = ".4~g";
    tooltip.push_back(std::move(column));
  }
  const Json shown = {{"condition", {{"param", "pointer"}, {"empty", false}, {"value", 0.8}}},
                      {"value", 0}};
  const Json select = {{"type", "point"},
                       {"fields", {"t"}},
                       {"nearest", true},
                       {"on", "pointermove"},
                       {"clear", "pointerout"}};
  return {
      {"name", "pointer_line"},
      {"transform",
       Json::array(
           {to_date, {{"pivot", "column"}, {"value", "v"}, {"op", "mean"}, {"groupby", {"t"}}}})},
      {"params", Json::array({{{"name", "pointer"}, {"select", select}}})},
      {"mark", {{"type", "rule"}, {"color", "#777777"}, {"strokeWidth", 1}}},
      {"encoding", {{"x", x}, {"opacity", shown}, {"tooltip", std::move(tooltip)}}}};
}

}  // namespace

TrendCalendar calendar_of(const Trend& trend) {
  TrendCalendar calendar;
  for (const Night& night : trend.nights) {
    const double ms = milliseconds_of(night.created).value_or(calendar.start_ms);
    if (calendar.days.empty()) calendar.start_ms = ms;
    // Finer than a second: results on one place would be drawn as one.
    calendar.days.push_back(std::round((ms - calendar.start_ms) / 864e5 * 1e5) / 1e5);
  }
  return calendar;
}

std::optional<Json> trend_chart(const Trend& trend, const TrendCalendar& calendar,
                                const std::vector<Series>& series, const std::string& workload,
                                const std::string& figure, const ByteUnit& unit) {
  Rows rows;
  for (const TrendSeries& one : trend.series) {
    if (one.workload == workload && one.figure == figure) {
      add_rows(rows, one, series, calendar, unit.bytes);
    }
  }
  if (rows.points.empty()) return std::nullopt;
  const Json x = date_axis();
  const Json y = value_axis(figure == "memory_cost_bytes" ? fmt::format("memory, {}", unit.name)
                                                          : "ns per operation");
  Json spec = frame(240);
  const Json to_date = {{"calculate", fmt::format("datum.d*864e5+{:.0f}", calendar.start_ms)},
                        {"as", "t"}};
  const auto with_date = [&to_date](Json layer) {
    Json transform = Json::array({to_date});
    for (const Json& one : unless_hidden()) transform.push_back(one);
    layer["transform"] = std::move(transform);
    return layer;
  };
  Json layers = Json::array();
  if (!trend.events.empty()) layers.push_back(with_date(event_layer(trend, calendar, x)));
  spec["data"] = values(std::move(rows.points));
  layers.push_back(with_date(nights_layer(series, x, y)));
  if (!rows.steps.empty()) {
    layers.push_back(with_date(steps_layer(series, rows.steps, x, y)));
    layers.push_back(with_date(step_texts_layer(rows.steps, x, y)));
  }
  layers.push_back(pointer_layer(series, x, to_date));
  spec["layer"] = std::move(layers);
  return spec;
}

}  // namespace heapwise
