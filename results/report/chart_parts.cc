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

Json unless_hidden() { return Json::array({{{"filter", "indexof(hidden, datum.series) < 0"}}}); }

Json frame(int height) {
  return {{"width", "container"},
          {"height", height},
          {"padding", {{"left", 2}, {"top", 8}, {"right", 8}, {"bottom", 6}}},
          {"autosize", {{"type", "fit-x"}, {"contains", "padding"}}},
          {"params", Json::array({{{"name", "hidden"}, {"value", Json::array()}}})}};
}

}  // namespace heapwise::parts
