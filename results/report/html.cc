// SPDX-License-Identifier: MIT
#include "results/report/html.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "results/difference.h"
#include "results/report/charts.h"
#include "results/report/escape.h"
#include "results/report/html_table.h"
#include "results/report/matrix_html.h"
#include "results/report/pack.h"
#include "results/report/page_html.h"
#include "results/report/suite_html.h"
#include "results/report/text.h"
#include "results/report/verification_view.h"
#include "results/report/view.h"
#include "results/summarize.h"
#include "results/thresholds.h"

namespace heapwise {
namespace {

/// Up to so many workloads have their whole verdict on the first screen; more have a line there,
/// and the rest in their sections.
constexpr std::size_t kVerdictCards = 2;

/// The page as it grows: its body, and the charts that the script will draw into it.
struct Page {
  std::string body;
  nlohmann::json charts = nlohmann::json::array();
  unsigned sections = 0;

  template <class... Arguments>
  void add(fmt::format_string<Arguments...> format, Arguments&&... arguments) {
    fmt::format_to(std::back_inserter(body), format, std::forward<Arguments>(arguments)...);
  }
};

/// A sentence in which no number is torn from its unit at the end of a line.
std::string prose(const std::string& text) { return escape_html(glue_units(text)); }

// ---- the verdict, which comes first

const char* badge_of(VerdictKind verdict) {
  switch (verdict) {
    case VerdictKind::better:
      return "better";
    case VerdictKind::same:
      return "no change";
    case VerdictKind::inconclusive:
      break;
  }
  return "inconclusive";
}

const Summary* row_of(const WorkloadView& view, const AllocatorName& name) {
  for (const Summary* row : view.rows) {
    if (row->allocator == name.allocator && row->tuning == name.tuning) return row;
  }
  return nullptr;
}

struct Tile {
  std::string name;
  std::string change;     ///< "−48 %", "same" or "not clear"
  const char* direction;  ///< "less", "more" or "even": its colour
  std::string from_to;
};

/// The change of one figure, large enough to be read from across a table.
void add_tile(Page& page, const Tile& tile) {
  page.add(
      "<li><span class=\"name\">{}</span><span class=\"change {}\">{}</span>"
      "<span class=\"from\">{}</span></li>\n",
      tile.name, tile.direction, tile.change, tile.from_to);
}

std::string signed_percent(double percent) {
  return (percent < 0 ? "−" : "+") + format_percent(percent);
}

/// What the verdict says of a figure; `name`, `from_to`: as of a Tile.
void add_compared_tile(Page& page, const Difference& difference, const std::string& name,
                       const std::string& from_to) {
  const bool counts =
      difference.relation == Relation::less || difference.relation == Relation::more;
  const char* unranked = difference.relation == Relation::same ? "same" : "not clear";
  add_tile(page, {name, counts ? signed_percent(difference.percent) : unranked,
                  counts ? (difference.percent < 0 ? "less" : "more") : "even", from_to});
}

/// Of several recordings the verdict compares one figure within each; intervals of others reach
/// over all recordings, and overlap where the program itself varies.
void add_recordings_tile(Page& page, const Summary& base, const Summary& choice) {
  const auto before = memory_cost(base), after = memory_cost(choice);
  if (!before || !after) return;
  add_compared_tile(page, memory_difference(choice, base),
                    "memory (mean of peak, mean and end RSS)",
                    format_bytes(before->median) + " → " + format_bytes(after->median));
}

void add_memory_tile(Page& page, const char* name, const std::optional<Interval>& before,
                     const std::optional<Interval>& after) {
  if (!before || !after) return;
  const double percent = percent_over(after->median, before->median, thresholds::kLeastBytes);
  const bool apart = after->high < before->low || before->high < after->low;
  const bool worth = std::abs(percent) >= thresholds::kMemoryPercent &&
                     std::abs(after->median - before->median) >= thresholds::kMemoryBytes;
  const bool counts = apart && worth;
  const std::string unranked = worth ? "not clear" : "same";
  add_tile(page, {name, counts ? signed_percent(percent) : unranked,
                  counts ? (percent < 0 ? "less" : "more") : "even",
                  format_bytes(before->median) + " → " + format_bytes(after->median)});
}

void add_speed_tile(Page& page, const WorkloadInfo* info, const Summary& base,
                    const Summary& choice) {
  const Difference speed = speed_difference(choice, base, info);
  if (speed.relation == Relation::unknown) return;
  const auto before = compared_time(base, speed.basis, info);
  const auto after = compared_time(choice, speed.basis, info);
  const std::string name =
      fmt::format("allocator {} per operation{}", speed.basis.all_threads ? "CPU time" : "time",
                  speed.basis.starts_tell ? ", process starts included" : "");
  add_compared_tile(page, speed, name,
                    format_ns(before->median) + " → " + format_ns(after->median));
}

void add_tiles(Page& page, const WorkloadView& view, const Recommendation& verdict) {
  const Summary* base = row_of(view, verdict.over);
  const Summary* choice = row_of(view, verdict.choice);
  if (base == nullptr || choice == nullptr || base == choice) return;
  page.add("<ul class=\"tiles\" aria-label=\"{} instead of {}\">\n",
           escape_html(display_name(*choice)), escape_html(display_name(*base)));
  if (base->recordings.size() > 1) {
    add_recordings_tile(page, *base, *choice);
  } else {
    add_memory_tile(page, "peak RSS", base->peak_rss_bytes, choice->peak_rss_bytes);
    add_memory_tile(page, "mean RSS over time", base->mean_rss_bytes, choice->mean_rss_bytes);
    add_memory_tile(page, "RSS at the end", base->end_rss_bytes, choice->end_rss_bytes);
    add_memory_tile(page, "RSS 10 s later", base->drained_10s_rss_bytes,
                    choice->drained_10s_rss_bytes);
  }
  add_speed_tile(page, view.info, *base, *choice);
  page.add("</ul>\n");
}

/// One line for each workload: what a reader of a suite wants first.
void add_verdict_list(Page& page, const std::vector<WorkloadView>& views, unsigned first) {
  page.add("<ul class=\"answers\" aria-label=\"The verdict on each workload\">\n");
  for (std::size_t index = 0; index < views.size(); ++index) {
    const WorkloadView& view = views[index];
    const Recommendation* verdict = view.verdicts.empty() ? nullptr : view.verdicts.front();
    page.add(
        "<li class=\"{}\"><a href=\"#w{}\">{}</a> <span class=\"badge\">{}</span> "
        "<span class=\"headline\">{}</span></li>\n",
        verdict == nullptr ? "none" : to_string(verdict->verdict), first + index,
        escape_html(view.name), verdict == nullptr ? "no verdict" : badge_of(verdict->verdict),
        verdict == nullptr ? "No verdict in this result" : prose(verdict->headline));
  }
  page.add("</ul>\n");
}

void add_verdict(Page& page, const WorkloadView& view, unsigned section) {
  if (view.verdicts.empty()) {
    page.add(
        "<div class=\"verdict\"><h2><a href=\"#w{}\">{}</a></h2><p class=\"headline\">No verdict "
        "in this result</p></div>\n",
        section, escape_html(view.name));
    return;
  }
  const Recommendation& first = *view.verdicts.front();
  page.add(
      "<div class=\"verdict {}\"><h2><a href=\"#w{}\">{}</a> <span class=\"badge\">{}</span></h2>\n"
      "<p class=\"headline\">{}</p>\n",
      to_string(first.verdict), section, escape_html(view.name), badge_of(first.verdict),
      prose(first.headline));
  add_tiles(page, view, first);
  if (view.verdicts.size() > 1) {
    page.add("<dl class=\"others\">");
    for (const Recommendation* other : view.verdicts) {
      if (other == &first) continue;
      page.add("<dt>for {} alone</dt><dd>{}</dd>\n", to_string(other->objective),
               other->headline == first.headline ? "the same choice" : prose(other->headline));
    }
    page.add("</dl>\n");
  }
  if (first.verdict == VerdictKind::better) {
    page.add(
        "<div class=\"deploy\"><pre><code>{}</code></pre><button class=\"copy\" "
        "type=\"button\">Copy</button></div>\n",
        escape_html(first.how_to));
  }
  page.add("</div>\n");
}

// ---- one workload

void add_chart(Page& page, const std::string& id, const NamedChart& chart) {
  page.add(
      "<figure><figcaption>{} <span class=\"muted\">{}</span> <button class=\"save\" "
      "type=\"button\" data-format=\"svg\">Save SVG</button> <button class=\"save\" "
      "type=\"button\" data-format=\"png\">PNG</button></figcaption>\n"
      "<div class=\"chart\" id=\"{}\" role=\"img\" aria-label=\"{}\" "
      "style=\"--height:{}px\"></div></figure>\n",
      escape_html(chart.title), escape_html(chart.note), id, escape_html(chart.spoken),
      chart.spec.value("height", 300) + 60);
  page.charts.push_back({{"id", id}, {"spec", packed(chart.spec)}});
}

void add_chip(Page& page, const std::string& name, const std::string& colour, const char* dash) {
  page.add(
      "<button class=\"chip\" type=\"button\" aria-pressed=\"true\" data-series=\"{0}\" "
      "style=\"--series:{1};--dash:{2}\">{0}</button>\n",
      escape_html(name), colour, dash);
}

void add_chips(Page& page, const WorkloadView& view, const std::vector<Series>& series) {
  page.add("<div class=\"chips\" role=\"group\" aria-label=\"Lines to show\">\n");
  for (const Series& one : series) {
    const bool measured = one.typical != nullptr || one.summary->ns_per_operation.has_value();
    if (measured) add_chip(page, one.name, one.colour, one.style == 0 ? "solid" : "dashed");
  }
  add_chip(page, "live", "#777777", "dashed");
  if (view.info != nullptr && !view.info->recorded_rss.empty()) {
    add_chip(page, kRecordedSeries, "#777777", "dotted");
  }
  page.add("</div>\n");
}

void add_reasons(Page& page, const WorkloadView& view) {
  if (view.verdicts.empty()) return;
  page.add("<div><h3>Why</h3><ul class=\"reasons\">\n");
  for (const std::string& reason : view.verdicts.front()->reasons) {
    page.add("<li>{}</li>\n", prose(reason));
  }
  page.add("</ul></div>\n");
}

void add_workload(Page& page, const WorkloadView& view, const Result& result, unsigned section,
                  bool with_verdict) {
  const std::vector<Series> series = series_of(view, result);
  page.add("<section id=\"w{}\"><h2>{}</h2>\n", section, escape_html(view.name));
  if (view.info != nullptr) {
    page.add("<p class=\"muted\">{}<br>{}</p>\n", escape_html(origin_of(*view.info)),
             escape_html(describe_workload(*view.info)));
  }
  if (with_verdict) add_verdict(page, view, section);
  std::vector<NamedChart> charts = charts_of(view, series, result);
  const auto memory = std::find_if(charts.begin(), charts.end(),
                                   [](const NamedChart& one) { return one.kind == "memory"; });
  add_chips(page, view, series);
  if (memory != charts.end()) {
    add_chart(page, fmt::format("memory-{}", section), *memory);
    charts.erase(memory);
  } else {
    page.add("<p class=\"muted\">No run left samples of memory over time.</p>\n");
  }
  page.add("<div class=\"pair\">\n");
  bool tradeoff = false;
  for (const NamedChart& chart : charts) {
    tradeoff = tradeoff || chart.kind == "tradeoff";
    if (chart.kind == "tradeoff") {
      add_chart(page, fmt::format("tradeoff-{}", section), chart);
    }
  }
  if (!tradeoff) {
    page.add(
        "<p class=\"muted\">Memory and speed were not both measured for two allocators.</p>\n");
  }
  add_reasons(page, view);
  page.add("</div>\n<div class=\"pair\">\n");
  for (const NamedChart& chart : charts) {
    if (chart.kind != "tradeoff") {
      add_chart(page, fmt::format("{}-{}", chart.kind, section), chart);
    }
  }
  page.add("</div>\n{}</section>\n", html_table(view, series));
}

// ---- predicted and real, of a verification

void add_verification(Page& page, const Result& result, unsigned section) {
  if (result.verification.empty()) return;
  page.add("<section id=\"verified-{}\"><h2>Predicted and real</h2>\n", section);
  for (const std::string& sentence : verification_sentences(result)) {
    page.add("<p>{}.</p>\n", prose(sentence));
  }
  page.add("{}<div class=\"pair\">\n", verification_table(result));
  for (std::size_t index = 0; index < result.verification.size(); ++index) {
    const Verification& row = result.verification[index];
    auto chart = verification_chart(result, row);
    if (!chart) continue;
    const std::string spoken = spoken_verification(row);
    (*chart)["description"] = spoken;
    add_chart(page, fmt::format("verified-{}-{}", section, index),
              {"verified", display_name(row.allocator, row.tuning),
               "blue: predicted; grey: the program itself; faint: other runs", spoken,
               std::move(*chart)});
  }
  page.add("</div></section>\n");
}

// ---- what holds for all of it

void add_warnings(Page& page, const Result& result) {
  for (const Warning& warning : warnings_of(result)) {
    page.add("<div class=\"warning\"><strong>{}</strong>", escape_html(warning.what));
    if (!warning.remedy.empty()) {
      page.add("<br>Remedy: <code>{}</code>", escape_html(warning.remedy));
    }
    page.add("</div>\n");
  }
}

void add_fact(Page& page, const char* name, const std::string& value) {
  if (!value.empty()) page.add("<dt>{}</dt><dd>{}</dd>\n", name, escape_html(value));
}

void add_machine(Page& page, const Result& result) {
  const Environment& machine = result.environment;
  page.add("<section><h2>The machine</h2>\n<dl class=\"facts\">\n");
  add_fact(page, "host", machine.host);
  add_fact(page, "hardware and system", describe_machine(machine));
  add_fact(page, "frequency governor", machine.frequency_governor);
  add_fact(page, "load before the session", fmt::format("{:.2f}", machine.load_average));
  add_fact(page, "built by",
           machine.compiler + (machine.build_type.empty() ? "" : ", ") + machine.build_type);
  add_fact(page, "harness", describe_harness(result.harness));
  page.add("</dl></section>\n");
}

void add_method(Page& page, const Result& result) {
  const bool any = std::any_of(result.summary.begin(), result.summary.end(),
                               [](const Summary& one) { return one.repetitions > 0; });
  const std::string figures = any ? "Figures are " + escape_html(describe_method(result)) + "."
                                  : "There are no figures, as no run ended well.";
  page.add(
      "<section><h2>How the figures were taken</h2>\n<p>What the program asked of malloc was "
      "replayed in a fresh process for each run and allocator, in interleaved order (seed {}). "
      "RSS is the heap's: anonymous resident memory less what the same process takes without a "
      "heap. Live is what the program had asked for and not yet freed. Memory and time come from "
      "separate runs. Time is allocator time in replay, not the program's. {} "
      "<code>docs/measuring.md</code> in the source says how each is taken and what can be wrong "
      "with it.</p></section>\n",
      result.seed, figures);
}

void add_title(Page& page, const Result& result) {
  page.add(
      "<header><h1>Which malloc?</h1><span class=\"muted\">heapwise {} · {}{}</span></header>\n",
      escape_html(result.heapwise_version), escape_html(result.created),
      result.environment.host.empty() ? "" : " · " + escape_html(result.environment.host));
}

/// The machine in a line, and what disturbs it: before the figures that depend on it.
void add_machine_line(Page& page, const Result& result) {
  const std::vector<Warning> warnings = warnings_of(result);
  page.add("<p class=\"machine muted\">{}</p>\n", prose(describe_machine(result.environment)));
  if (warnings.empty()) return;
  page.add("<details class=\"disturbed\"><summary>{} warning{}: {}</summary>\n", warnings.size(),
           warnings.size() == 1 ? "" : "s",
           escape_html(warnings.front().what) + (warnings.size() > 1 ? "; …" : ""));
  add_warnings(page, result);
  page.add("</details>\n");
}

void add_result(Page& page, const Result& result) {
  const std::vector<WorkloadView> views = views_of(result);
  const unsigned first = page.sections;
  add_title(page, result);
  add_machine_line(page, result);
  add_verification(page, result, first);
  const bool many = views.size() > kVerdictCards;
  if (many) {
    add_verdict_list(page, views, first);
  } else {
    for (std::size_t index = 0; index < views.size(); ++index) {
      add_verdict(page, views[index], first + static_cast<unsigned>(index));
    }
  }
  page.body += html_matrix(result, views, first);
  page.body += html_fleet(result, first) + html_suite(result, first);
  for (const WorkloadView& view : views) add_workload(page, view, result, page.sections++, many);
  add_machine(page, result);
  add_method(page, result);
}

std::string title_of(const std::vector<Result>& results) {
  std::string names;
  for (const Result& result : results) {
    for (const WorkloadView& view : views_of(result)) {
      if (!names.empty()) names += ", ";
      names += view.name;
    }
  }
  return "heapwise: " + names;
}

}  // namespace

std::string html_report(const std::vector<Result>& results) {
  std::vector<Result> complete;
  complete.reserve(results.size());
  for (const Result& result : results) complete.push_back(with_summary(result));
  Page page;
  for (const Result& result : complete) add_result(page, result);

  return html_page(title_of(complete), page.body, page.charts);
}

}  // namespace heapwise
