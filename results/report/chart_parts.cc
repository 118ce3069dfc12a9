// SPDX-License-Identifier: MIT
#include "results/report/chart_parts.h"

#include <cmath>

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
