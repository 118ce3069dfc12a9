// SPDX-License-Identifier: MIT
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>

#include "results/report/escape.h"
#include "results/report/text.h"
#include "results/report/thin.h"
#include "results/report/verification_view.h"
#include "results/series.h"
#include "results/summarize.h"
#include "results/units.h"
#include "results/verification.h"
#include "results/verified_speed.h"

namespace heapwise {
namespace {

using Json = nlohmann::json;

constexpr std::size_t kStrongSamples = 400;
constexpr std::size_t kFaintSamples = 100;
constexpr std::size_t kFaintLines = 4;
constexpr const char* kRealColour = "#777777";
constexpr const char* kPredictedColour = "#0072b2";

double rounded(double value) { return std::round(value * 1000) / 1000; }

std::string bytes_cell(const std::optional<std::uint64_t>& bytes) {
  if (!bytes) return "<td data-value=\"\">–</td>";
  return fmt::format("<td data-value=\"{}\">{}</td>", *bytes,
                     escape_html(format_bytes(static_cast<double>(*bytes))));
}

std::string percent_cell(const std::optional<double>& percent, const std::string& shown) {
  if (!percent) return "<td data-value=\"\">–</td>";
  return fmt::format("<td data-value=\"{}\">{}</td>", rounded(*percent), escape_html(shown));
}

std::string figure_cells(const VerifiedFigure& figure) {
  return bytes_cell(figure.predicted) + bytes_cell(figure.real) +
         percent_cell(figure.error_percent, signed_percent(figure.error_percent)) +
         percent_cell(figure.noise_percent,
                      "± " + format_percent(figure.noise_percent.value_or(0)));
}

std::string row_html(const Verification& row) {
  const std::string name = escape_html(display_name(row.allocator, row.tuning));
  std::string text;
  for (const VerifiedFigure& figure : verified_figures(row)) {
    text += fmt::format("<tr><td data-value=\"{0}\">{0}</td><td data-value=\"{1}\">{1}</td>{2}",
                        name, figure.name, figure_cells(figure));
    const bool peak = figure.name == std::string_view("peak");
    text += peak ? percent_cell(row.error_percent_of_process,
                                signed_percent(row.error_percent_of_process))
                 : "<td data-value=\"\"></td>";
    text += "</tr>\n";
  }
  if (const auto cpu = verified_cpu(row)) {
    text += fmt::format(
        "<tr><td data-value=\"{0}\">{0}</td><td data-value=\"CPU time\">CPU time</td>"
        "<td data-value=\"\">{1}</td><td data-value=\"\">{2}</td><td data-value=\"\"></td>"
        "<td data-value=\"\">{3}</td><td data-value=\"\"></td></tr>\n",
        name, escape_html(cpu->predicted), escape_html(cpu->real), escape_html(cpu->noise));
  }
  const std::string failures = describe_real_failures(row);
  if (failures.empty()) return text;
  return text + fmt::format(
                    "<tr><td data-value=\"{0}\">{0}</td><td class=\"failure\" "
                    "data-value=\"\" colspan=\"6\">{1}</td></tr>\n",
                    name, escape_html(failures));
}

std::string heading(const char* text) {
  return fmt::format("<th scope=\"col\"><button class=\"sort\" type=\"button\">{}</button></th>",
                     text);
}

// ---- the chart

/// The runs of one side, the one with the median peak in front.
using Side = std::vector<const Run*>;

Side side_of(const std::vector<Run>& runs, const Verification& row, const char* purpose) {
  Side side;
  for (const Run& run : runs) {
    if (run.purpose == purpose && run.workload == row.workload && run.allocator == row.allocator &&
        run.tuning == row.tuning && !run.samples.empty() && run.status == RunStatus::ok) {
      side.push_back(&run);
    }
  }
  std::stable_sort(side.begin(), side.end(), [](const Run* left, const Run* right) {
    return left->peak_rss_bytes.value_or(0) < right->peak_rss_bytes.value_or(0);
  });
  if (!side.empty()) {
    const auto middle = side.begin() + static_cast<std::ptrdiff_t>((side.size() - 1) / 2);
    std::rotate(side.begin(), middle, middle + 1);
  }
  return side;
}

void add_rows(Json& rows, const std::vector<Sample>& samples, std::size_t most, double unit,
              std::size_t run) {
  const double begin = samples.front().time_s;
  const double span = samples.back().time_s - begin;
  for (const Sample& sample : thin(samples, most)) {
    rows.push_back({{"t", rounded(span > 0 ? (sample.time_s - begin) / span * 100 : 0)},
                    {"v", rounded(static_cast<double>(sample.rss_bytes) / unit)},
                    {"run", run}});
  }
}

Json lines(const char* name, Json rows, const char* colour, bool strong, const char* unit) {
  return {{"name", name},
          {"data", {{"values", std::move(rows)}}},
          {"mark",
           {{"type", "line"},
            {"color", colour},
            {"strokeWidth", strong ? 2.5 : 1},
            {"opacity", strong ? 1 : 0.25},
            {"tooltip", false}}},
          {"encoding",
           {{"x",
             {{"field", "t"},
              {"type", "quantitative"},
              {"title", "per cent of the run"},
              {"scale", {{"domain", {0, 100}}}},
              {"axis", {{"grid", false}, {"tickCount", 5}}}}},
            {"y",
             {{"field", "v"},
              {"type", "quantitative"},
              {"title", fmt::format("heap, {}", unit)},
              {"axis", {{"tickCount", 5}}}}},
            {"detail", {{"field", "run"}, {"type", "nominal"}}}}}};
}

/// The strong line of a side and its faint ones.
void add_side(Json& faint, Json& strong, const Side& side, const char* colour, const char* name,
              const std::function<double(const Run&)>& share_of, const ByteUnit& unit) {
  Json one = Json::array();
  Json others = Json::array();
  for (std::size_t i = 0; i < std::min(side.size(), kFaintLines + 1); ++i) {
    const std::vector<Sample> samples = first_part(side[i]->samples, share_of(*side[i]));
    add_rows(i == 0 ? one : others, samples, i == 0 ? kStrongSamples : kFaintSamples, unit.bytes,
             i);
  }
  const std::string other_name = std::string(name) + "_others";
  faint.push_back(lines(other_name.c_str(), std::move(others), colour, false, unit.name));
  strong.push_back(lines(name, std::move(one), colour, true, unit.name));
}

}  // namespace

std::string verification_table(const Result& result) {
  std::string text =
      "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Predicted and real\">"
      "<table>\n<caption>Medians of the heap’s RSS. Error: (predicted − real) ÷ real; noise: half "
      "the range of the real runs. CPU time: against glibc’s default, with its " +
      fmt::format("{:.0f} %", kVerifyCpuConfidence * 100) + " interval.</caption>\n<thead><tr>";
  for (const char* name :
       {"allocator", "figure", "predicted", "real", "error", "noise", "of the process"}) {
    text += heading(name);
  }
  text += "</tr></thead>\n<tbody>\n";
  for (const Verification& row : result.verification) text += row_html(row);
  return text + "</tbody></table></div>\n";
}

std::optional<nlohmann::json> verification_chart(const Result& result, const Verification& row) {
  const Side real = side_of(result.real_runs, row, "real");
  const Side predicted = side_of(result.runs, row, "footprint");
  if (real.empty() || predicted.empty()) return std::nullopt;
  const ByteUnit unit = byte_unit(static_cast<double>(
      std::max(row.real_peak_rss_bytes.value_or(0), row.predicted_peak_rss_bytes.value_or(0))));
  Json layers = Json::array();
  Json strong = Json::array();
  const auto whole = [](const Run& /*run*/) { return 1.0; };
  const auto measured = [&](const Run& run) {
    return measured_share_of(result, run, row.measured_share);
  };
  add_side(layers, strong, real, kRealColour, "real", whole, unit);
  add_side(layers, strong, predicted, kPredictedColour, "predicted", measured, unit);
  layers.insert(layers.end(), strong.begin(), strong.end());
  return Json{{"width", "container"},
              {"height", 220},
              {"padding", {{"left", 2}, {"top", 8}, {"right", 8}, {"bottom", 6}}},
              {"autosize", {{"type", "fit-x"}, {"contains", "padding"}}},
              {"params", Json::array({{{"name", "hidden"}, {"value", Json::array()}}})},
              {"layer", std::move(layers)}};
}

std::string spoken_verification(const Verification& row) {
  std::string text = fmt::format("{}: predicted and real heap over the run.",
                                 display_name(row.allocator, row.tuning));
  for (const VerifiedFigure& figure : verified_figures(row)) {
    if (!figure.predicted || !figure.real) continue;
    text += fmt::format(" {}: predicted {}, real {}.", figure.name,
                        format_bytes(static_cast<double>(*figure.predicted)),
                        format_bytes(static_cast<double>(*figure.real)));
  }
  return text;
}

}  // namespace heapwise
