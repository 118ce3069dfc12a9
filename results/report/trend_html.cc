// SPDX-License-Identifier: MIT
#include "results/report/trend_html.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <tuple>

#include "results/report/escape.h"
#include "results/report/pack.h"
#include "results/report/page_html.h"
#include "results/report/text.h"
#include "results/report/trend_chart.h"
#include "results/summarize.h"
#include "results/units.h"

namespace heapwise {
namespace {

/// A step with the series it belongs to.
struct Found {
  const TrendSeries* series;
  const Step* step;
  std::size_t night;
};

/// The latest first, and of one night the largest first.
std::vector<Found> steps_of(const Trend& trend) {
  std::vector<Found> all;
  for (const TrendSeries& series : trend.series) {
    for (const Step& step : series.steps) {
      all.push_back({&series, &step, series.points[step.point].night});
    }
  }
  std::stable_sort(all.begin(), all.end(), [](const Found& left, const Found& right) {
    if (left.night != right.night) return left.night > right.night;
    return std::abs(left.step->percent) > std::abs(right.step->percent);
  });
  return all;
}

std::string nights_text(const Trend& trend) {
  return fmt::format("{} night{}", trend.nights.size(), trend.nights.size() == 1 ? "" : "s");
}

std::string day_of(const Night& night) { return night.created.substr(0, 10); }

std::string value_text(const TrendSeries& series, double value) {
  return series.figure == "memory_cost_bytes" ? format_bytes(value) : format_ns(value);
}

const char* figure_word(const TrendSeries& series) {
  return series.figure == "memory_cost_bytes" ? "memory" : "time";
}

/// What else changed that night and concerns the allocator.
std::string cause_of(const Trend& trend, const Found& found) {
  std::string text;
  for (const TrendEvent& event : trend.events) {
    const bool concerns = event.allocator.empty() || event.allocator == found.series->allocator;
    if (event.night != found.night || !concerns) continue;
    if (!text.empty()) text += "; ";
    text += event.what;
  }
  return text;
}

std::string percent_text(double percent) {
  return (percent < 0 ? "−" : "+") + format_percent(percent);
}

std::string steps_table(const Trend& trend) {
  const std::vector<Found> steps = steps_of(trend);
  if (steps.empty()) {
    return fmt::format("<p class=\"headline\">No step in {}.</p>\n", nights_text(trend));
  }
  std::string text =
      "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Steps\"><table>\n"
      "<caption>Levels that changed for three nights or more; a single bad night is none. Times "
      "are less what all allocators of a night have in common.</caption>\n<thead><tr>";
  for (const char* heading : {"since", "workload", "allocator", "figure", "before", "after",
                              "change", "what else changed"}) {
    text += fmt::format("<th scope=\"col\"><button class=\"sort\" type=\"button\">{}</button></th>",
                        heading);
  }
  text += "</tr></thead>\n<tbody>\n";
  for (const Found& one : steps) {
    const TrendSeries& series = *one.series;
    const std::string name = escape_html(display_name(series.allocator, series.tuning));
    const std::string workload = escape_html(series.workload), cause = cause_of(trend, one);
    text += fmt::format(
        "<tr><td data-value=\"{0}\">{0}</td><td data-value=\"{1}\">{1}</td><td "
        "data-value=\"{2}\">{2}</td><td data-value=\"{3}\">{3}</td><td data-value=\"{4}\">{5}</td>"
        "<td data-value=\"{6}\">{7}</td><td class=\"{8}\" data-value=\"{9}\">{10}</td><td "
        "data-value=\"{11}\">{11}</td></tr>\n",
        escape_html(day_of(trend.nights[one.night])), workload, name, figure_word(series),
        one.step->before, value_text(series, one.step->before), one.step->after,
        value_text(series, one.step->after), one.step->percent > 0 ? "more" : "less",
        one.step->percent, percent_text(one.step->percent),
        escape_html(cause.empty() ? kNothing : cause));
  }
  return text + "</tbody></table></div>\n";
}

std::string events_list(const Trend& trend) {
  if (trend.events.empty()) return {};
  std::string text = "<h2>What changed around it</h2>\n<dl class=\"facts\">\n";
  for (auto event = trend.events.rbegin(); event != trend.events.rend(); ++event) {
    text += fmt::format("<dt>{}</dt><dd>{}</dd>\n", escape_html(day_of(trend.nights[event->night])),
                        escape_html(event->what));
  }
  return text + "</dl>\n";
}

std::vector<std::string> workloads_of(const Trend& trend) {
  std::vector<std::string> names;
  for (const TrendSeries& one : trend.series) {
    if (std::find(names.begin(), names.end(), one.workload) == names.end()) {
      names.push_back(one.workload);
    }
  }
  return names;
}

/// The allocators of a workload, as rows that charts take their colours from.
std::vector<Summary> rows_of(const Trend& trend, const std::string& workload) {
  std::vector<Summary> rows;
  for (const TrendSeries& one : trend.series) {
    if (one.workload != workload) continue;
    const bool known = std::any_of(rows.begin(), rows.end(), [&one](const Summary& row) {
      return row.allocator == one.allocator && row.tuning == one.tuning;
    });
    if (known) continue;
    Summary& row = rows.emplace_back();
    row.workload = workload;
    row.allocator = one.allocator;
    row.tuning = one.tuning;
  }
  std::stable_sort(rows.begin(), rows.end(), [](const Summary& left, const Summary& right) {
    const auto rank = [](const Summary& one) {
      return std::tuple(one.allocator != "glibc", one.allocator, one.tuning != "default",
                        one.tuning);
    };
    return rank(left) < rank(right);
  });
  return rows;
}

double largest(const Trend& trend, const std::string& workload) {
  double most = 0;
  for (const TrendSeries& one : trend.series) {
    if (one.workload != workload || one.figure != "memory_cost_bytes") continue;
    for (const TrendPoint& point : one.points) most = std::max(most, point.median);
  }
  return most;
}

/// What a chart shows, for who cannot see it.
std::string spoken(const Trend& trend, const std::string& workload, const std::string& figure) {
  std::string text = figure == "memory_cost_bytes" ? "Memory over the nights. "
                                                   : "Time per operation over the nights. ";
  for (const TrendSeries& one : trend.series) {
    if (one.workload != workload || one.figure != figure || one.points.empty()) continue;
    text += fmt::format(
        "{}: {} at first, {} at last, {} step{}. ", display_name(one.allocator, one.tuning),
        value_text(one, one.points.front().median), value_text(one, one.points.back().median),
        one.steps.size(), one.steps.size() == 1 ? "" : "s");
  }
  return text;
}

void add_workload(std::string& body, nlohmann::json& charts, const Trend& trend,
                  const TrendCalendar& calendar, const std::string& workload, std::size_t number) {
  const std::vector<Summary> rows = rows_of(trend, workload);
  WorkloadView view;
  view.name = workload;
  for (const Summary& row : rows) view.rows.push_back(&row);
  const std::vector<Series> series = series_of(view, Result{});
  body += fmt::format(
      "<section id=\"w{}\"><h2>{}</h2>\n<div class=\"chips\" role=\"group\" "
      "aria-label=\"Lines to show\">\n",
      number, escape_html(workload));
  for (const Series& one : series) {
    body += fmt::format(
        "<button class=\"chip\" type=\"button\" aria-pressed=\"true\" data-series=\"{0}\" "
        "style=\"--series:{1};--dash:{2}\">{0}</button>\n",
        escape_html(one.name), one.colour, one.style == 0 ? "solid" : "dashed");
  }
  body += "</div>\n";
  const ByteUnit bytes = byte_unit(largest(trend, workload));
  for (const char* figure : {"memory_cost_bytes", "ns_per_operation"}) {
    const bool memory = std::string_view(figure) == "memory_cost_bytes";
    auto spec =
        trend_chart(trend, calendar, series, workload, figure, memory ? bytes : ByteUnit{"ns", 1});
    if (!spec) continue;
    const std::string label = spoken(trend, workload, figure);
    (*spec)["description"] = label;
    const std::string id = fmt::format("{}-{}", memory ? "memory" : "times", number);
    body += fmt::format(
        "<figure><figcaption>{} <span class=\"muted\">{}</span> <button class=\"save\" "
        "type=\"button\" data-format=\"svg\">Save SVG</button> <button class=\"save\" "
        "type=\"button\" data-format=\"png\">PNG</button></figcaption>\n<div class=\"chart\" "
        "id=\"{}\" role=\"img\" aria-label=\"{}\" style=\"--height:300px\"></div></figure>\n",
        memory ? "Memory" : "Time",
        memory ? "mean of peak, mean and end RSS"
               : "allocator time in replay, as the clock told it",
        id, escape_html(label));
    charts.push_back({{"id", id}, {"spec", packed(*std::move(spec))}});
  }
  body += "</section>\n";
}

}  // namespace

std::string trend_html(const Trend& trend) {
  std::string body = fmt::format(
      "<header><h1>Night by night</h1><span class=\"muted\">{}{}</span></header>\n",
      nights_text(trend),
      trend.nights.empty() ? std::string()
                           : fmt::format(", {} to {}", escape_html(day_of(trend.nights.front())),
                                         escape_html(day_of(trend.nights.back()))));
  body += "<h2>Steps</h2>\n" + steps_table(trend) + events_list(trend);
  nlohmann::json charts = nlohmann::json::array();
  const TrendCalendar calendar = calendar_of(trend);
  std::size_t number = 0;
  for (const std::string& workload : workloads_of(trend)) {
    add_workload(body, charts, trend, calendar, workload, number++);
  }
  return html_page("heapwise: night by night", body, charts);
}

std::string trend_text(const Trend& trend, std::size_t most) {
  const std::vector<Found> steps = steps_of(trend);
  std::string text = fmt::format("{}, {} step{}\n", nights_text(trend), steps.size(),
                                 steps.size() == 1 ? "" : "s");
  for (std::size_t index = 0; index < std::min(most, steps.size()); ++index) {
    const Found& one = steps[index];
    const std::string cause = cause_of(trend, one);
    text += wrap(
        printable(fmt::format(
            "{}  {}, {}: {} {} → {} ({}){}", day_of(trend.nights[one.night]), one.series->workload,
            display_name(one.series->allocator, one.series->tuning), figure_word(*one.series),
            value_text(*one.series, one.step->before), value_text(*one.series, one.step->after),
            percent_text(one.step->percent), cause.empty() ? "" : "; " + cause)),
        80, "  ", "      ");
  }
  if (steps.size() > most) text += fmt::format("  and {} more\n", steps.size() - most);
  return text;
}

}  // namespace heapwise
