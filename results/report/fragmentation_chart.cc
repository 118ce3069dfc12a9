// SPDX-License-Identifier: MIT
#include <array>

#include "results/report/chart_parts.h"
#include "results/report/charts.h"
#include "results/units.h"

namespace heapwise {
namespace {

using namespace parts;

struct Moment {
  const char* name;
  std::optional<Interval> Summary::*figure;
};
constexpr std::array<Moment, 3> kMoments = {{{"peak", &Summary::fragmentation_peak},
                                             {"mean", &Summary::fragmentation_mean},
                                             {"end", &Summary::fragmentation_end}}};
/// At the end of a program that frees nearly all, the ratio is in the thousands and says nothing.
constexpr double kTooFarToDraw = 20;

Json rows_of(const std::vector<Series>& series) {
  Json rows = Json::array();
  for (const Series& one : series) {
    for (const Moment& moment : kMoments) {
      const auto& figure = one.summary->*moment.figure;
      if (!figure || figure->median > kTooFarToDraw) continue;
      rows.push_back({{"series", one.name},
                      {"moment", moment.name},
                      {"ratio", rounded(figure->median)},
                      {"low", rounded(figure->low)},
                      {"high", rounded(std::min(figure->high, kTooFarToDraw))}});
    }
  }
  return rows;
}

}  // namespace

std::optional<Json> fragmentation_chart(const std::vector<Series>& series) {
  Json rows = rows_of(series);
  if (rows.empty()) return std::nullopt;
  Json x = quantity("ratio");
  x["title"] = "heap RSS ÷ live bytes";
  x["scale"] = {{"zero", false}, {"nice", true}};
  const Json y = series_axis(series);
  Json range_x = x;
  range_x["field"] = "low";
  const Json moments = {{"field", "moment"},
                        {"type", "nominal"},
                        {"title", "at"},
                        {"sort", {"peak", "mean", "end"}},
                        {"legend", {{"orient", "top"}}}};
  Json shape = moments;
  shape["scale"] = {{"domain", {"peak", "mean", "end"}},
                    {"range", {"circle", "square", "triangle-up"}}};
  Json offset = moments;
  offset.erase("legend");
  offset.erase("title");
  Json spec = row_frame(series.size());
  spec["data"] = values(std::move(rows));
  spec["transform"] = unless_hidden();
  spec["layer"] = Json::array(
      {{{"name", "ratio_interval"},
        {"mark", {{"type", "rule"}, {"strokeWidth", 2}, {"opacity", 0.5}, {"tooltip", false}}},
        {"encoding",
         {{"x", range_x},
          {"x2", {{"field", "high"}}},
          {"y", y},
          {"yOffset", offset},
          {"color", colour_scale(series)}}}},
       {{"name", "ratios"},
        {"mark", {{"type", "point"}, {"filled", true}, {"size", 70}, {"opacity", 1}}},
        {"encoding",
         {{"x", x},
          {"y", y},
          {"yOffset", offset},
          {"shape", shape},
          {"color", colour_scale(series)},
          {"tooltip",
           Json::array({{{"field", "series"}, {"type", "nominal"}, {"title", "allocator"}},
                        {{"field", "moment"}, {"type", "nominal"}, {"title", "at"}},
                        {{"field", "ratio"}, {"type", "quantitative"}, {"title", "RSS ÷ live"}},
                        {{"field", "low"}, {"type", "quantitative"}, {"title", "from"}},
                        {{"field", "high"}, {"type", "quantitative"}, {"title", "to"}}})}}}}});
  return spec;
}

}  // namespace heapwise
