// SPDX-License-Identifier: MIT
#include "results/report/charts.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>

#include "results/difference.h"
#include "results/report/chart_parts.h"
#include "results/report/text.h"
#include "results/summarize.h"

namespace heapwise {
namespace {

struct Colour {
  const char* mark;
  const char* text;  ///< of a contrast of 4.5 : 1 to white; page.css has the one for a dark page
};

/// Okabe and Ito's colours, the ones dark enough for a line on white first.
constexpr std::array<Colour, 8> kColours = {{{"#0072b2", "#0072b2"},
                                             {"#d55e00", "#be5400"},
                                             {"#009e73", "#00835f"},
                                             {"#cc79a7", "#9f5e82"},
                                             {"#b8860b", "#936b09"},
                                             {"#7f5fc7", "#7f5fc7"},
                                             {"#a05a2c", "#a05a2c"},
                                             {"#8c8c8c", "#737373"}}};

/// Colours go by allocator and styles by tuning. The four usual allocators have the same colour in
/// every report.
class Styles {
 public:
  void give(Series& series) {
    const std::string& allocator = series.summary->allocator;
    if (colours_.count(allocator) == 0) colours_[allocator] = colour_of(allocator);
    series.colour = colours_[allocator].mark;
    series.text_colour = colours_[allocator].text;
    series.style = used_[allocator]++;
  }

 private:
  Colour colour_of(const std::string& allocator) {
    static constexpr std::array<const char*, 4> kUsual = {"glibc", "jemalloc", "tcmalloc",
                                                          "mimalloc"};
    for (std::size_t index = 0; index < kUsual.size(); ++index) {
      if (allocator == kUsual[index]) return kColours[index];
    }
    return kColours[kUsual.size() + next_free_++ % (kColours.size() - kUsual.size())];
  }

  std::map<std::string, Colour> colours_;
  std::map<std::string, unsigned> used_;
  std::size_t next_free_ = 0;
};

}  // namespace

std::vector<Series> series_of(const WorkloadView& view, const Result& result) {
  std::vector<Series> all;
  Styles styles;
  for (const Summary* row : view.rows) {
    Series& one = all.emplace_back();
    one.name = printable(display_name(*row));
    one.summary = row;
    styles.give(one);
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

namespace {

/// What the memory chart shows, for who cannot see it.
std::string spoken_memory(const WorkloadView& view) {
  std::string text = "Resident memory over time. ";
  for (const Summary* row : view.rows) {
    if (!row->peak_rss_bytes || !row->end_rss_bytes) continue;
    text += fmt::format("{}: peak {}, end {}. ", display_name(*row),
                        format_bytes(row->peak_rss_bytes->median),
                        format_bytes(row->end_rss_bytes->median));
  }
  return text;
}

std::string spoken_tradeoff(const WorkloadView& view) {
  std::string text = "Memory against allocator time. ";
  for (const Summary* row : view.rows) {
    const auto memory = memory_cost(*row);
    const auto time = shown_time(view, *row);
    if (!memory || !time) continue;
    text += fmt::format("{}: {}, {}. ", display_name(*row), format_bytes(memory->median),
                        format_ns(time->median));
  }
  return text;
}

std::string spoken_fragmentation(const WorkloadView& view) {
  std::string text = "Resident ÷ live bytes. ";
  for (const Summary* row : view.rows) {
    if (!row->fragmentation_peak || !row->fragmentation_mean) continue;
    text += fmt::format("{}: {} at the peak, {} in the mean. ", display_name(*row),
                        format_ratio(row->fragmentation_peak->median),
                        format_ratio(row->fragmentation_mean->median));
  }
  return text;
}

std::string spoken_runs(const WorkloadView& view, const char* what,
                        std::optional<Interval> Summary::*figure, std::string (*format)(double)) {
  std::string text = fmt::format("{} of every run. ", what);
  for (const Summary* row : view.rows) {
    const auto& interval = row->*figure;
    if (!interval) continue;
    text += fmt::format("{}: median {}, {} to {}. ", display_name(*row), format(interval->median),
                        format(interval->low), format(interval->high));
  }
  return text;
}

}  // namespace

std::vector<NamedChart> charts_of(const WorkloadView& view, const std::vector<Series>& series,
                                  const Result& result) {
  std::vector<NamedChart> charts;
  const auto add = [&charts](NamedChart words, std::optional<nlohmann::json> spec) {
    if (!spec) return;
    words.spec = *std::move(spec);
    words.spec["description"] = words.spoken;  // what the drawn chart is labelled with
    charts.push_back(std::move(words));
  };
  add({"memory",
       "Heap over time",
       "resident (lines; faint: the other repetitions) and live (grey area)",
       spoken_memory(view),
       {}},
      memory_chart(view, series));
  add({"tradeoff",
       "Memory against speed",
       "better is down and left; memory: mean of peak, mean and end RSS; line: nothing is better "
       "in both",
       spoken_tradeoff(view),
       {}},
      tradeoff_chart(view, series));
  add({"fragmentation",
       "Resident ÷ live",
       "1 is a heap without waste; bars: 95 % interval",
       spoken_fragmentation(view),
       {}},
      fragmentation_chart(series));
  add({"times",
       "Time of every run",
       view.time.all_threads ? "wall time; bar: median" : "bar: median",
       spoken_runs(view, "Time per operation", &Summary::ns_per_operation, format_ns),
       {}},
      times_chart(series, result));
  add({"peaks",
       "Peak of every run",
       "bar: median",
       spoken_runs(view, "Peak RSS", &Summary::peak_rss_bytes, format_bytes),
       {}},
      peaks_chart(view, series, result));
  return charts;
}

namespace {

/// A picture has no buttons beside it that name the series: where the chart has no room for their
/// names, a legend does.
void add_legend(nlohmann::json& spec) {
  const auto is = [](const nlohmann::json& layer, const char* name) {
    return layer.value("name", "") == name;
  };
  for (const nlohmann::json& layer : spec["layer"]) {
    if (is(layer, "line_ends") || is(layer, "point_names")) return;
  }
  nlohmann::json legend = {{"title", nullptr},  {"orient", "bottom"}, {"columns", 3},
                           {"labelLimit", 260}, {"symbolLimit", 200}, {"symbolOpacity", 1}};
  for (nlohmann::json& layer : spec["layer"]) {  // one that has none would take it from all
    for (const char* channel : {"color", "strokeDash", "shape"}) {
      if (!layer["encoding"].contains(channel)) continue;
      nlohmann::json& encoding = layer["encoding"][channel];
      const std::string label = parts::label_expression(encoding["scale"]["domain"], 26);
      if (!label.empty()) legend["labelExpr"] = label;
      encoding["legend"] = legend;
    }
  }
}

}  // namespace

nlohmann::json standalone(const NamedChart& chart, const std::string& workload) {
  nlohmann::json spec = chart.spec;
  if (chart.kind == "memory" || chart.kind == "tradeoff") add_legend(spec);
  spec["width"] = 760;
  spec["title"] = {{"text", printable(workload) + ": " + chart.title},
                   {"subtitle", chart.note},
                   {"anchor", "start"},
                   {"fontSize", 15}};
  spec["autosize"] = {{"type", "pad"}};
  spec["background"] = "white";
  spec["padding"] = 12;
  return spec;
}

}  // namespace heapwise
