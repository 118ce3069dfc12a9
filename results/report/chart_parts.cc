// SPDX-License-Identifier: MIT
#include "results/report/chart_parts.h"

#include <cmath>

#include "results/report/text.h"

namespace heapwise::parts {

double rounded(double value) { return std::round(value * 1000) / 1000; }

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

Json ink() { return {{"field", "ink"}, {"type", "nominal"}, {"scale", nullptr}}; }

namespace {

Json style_scale(const std::vector<Series>& series, const Json& styles) {
  Json names = Json::array(), range = Json::array();
  for (const Series& one : series) {
    names.push_back(one.name);
    range.push_back(styles[one.style % styles.size()]);
  }
  return {{"field", "series"},
          {"type", "nominal"},
          {"legend", nullptr},
          {"scale", {{"domain", names}, {"range", range}}}};
}

}  // namespace

Json dash_scale(const std::vector<Series>& series) {
  return style_scale(series, Json::array({{1, 0}, {7, 3}, {2, 2}, {9, 3, 2, 3}, {4, 4}}));
}

Json shape_scale(const std::vector<Series>& series) {
  return style_scale(series, {"circle", "square", "triangle-up", "diamond", "cross"});
}

namespace {

std::vector<std::string> full_names(const std::vector<Series>& series) {
  std::vector<std::string> names;
  names.reserve(series.size());
  for (const Series& one : series) names.push_back(one.name);
  return names;
}

}  // namespace

std::vector<std::string> short_names(const std::vector<Series>& series, std::size_t columns) {
  return distinct_names(full_names(series), columns);
}

std::string label_expression(const std::vector<std::string>& names, std::size_t columns) {
  const std::vector<std::string> cut = distinct_names(names, columns);
  Json labels = Json::object();
  for (std::size_t index = 0; index < names.size(); ++index) {
    if (cut[index] != names[index]) labels[names[index]] = cut[index];
  }
  return labels.empty() ? std::string() : "(" + labels.dump() + ")[datum.label] || datum.label";
}

Json series_axis(const std::vector<Series>& series) {
  Json axis = {{"labelLimit", 240}};
  const std::string label = label_expression(full_names(series), 22);
  if (!label.empty()) axis["labelExpr"] = label;
  Json y = {{"field", "series"}, {"type", "nominal"}, {"title", nullptr}, {"sort", nullptr}};
  y["axis"] = std::move(axis);
  return y;
}

Json unless_hidden() { return Json::array({{{"filter", "indexof(hidden, datum.series) < 0"}}}); }

Json frame(int height) {
  return {{"width", "container"},
          {"height", height},
          {"padding", {{"left", 2}, {"top", 8}, {"right", 8}, {"bottom", 6}}},
          {"autosize", {{"type", "fit-x"}, {"contains", "padding"}}},
          {"params", Json::array({{{"name", "hidden"}, {"value", Json::array()}}})}};
}

Json row_frame(std::size_t rows) {
  Json spec = frame(static_cast<int>(60 + 26 * rows));
  spec["config"] = {{"axisY", {{"domain", false}, {"ticks", false}}}};
  return spec;
}

}  // namespace heapwise::parts
