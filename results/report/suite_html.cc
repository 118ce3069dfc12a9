// SPDX-License-Identifier: MIT
#include "results/report/suite_html.h"

#include <fmt/format.h>

#include "results/report/escape.h"
#include "results/report/fleet_view.h"
#include "results/summarize.h"

namespace heapwise {
namespace {

std::string answers(const Result& result) {
  std::string text = "<ul class=\"answers\">\n";
  for (const Recommendation& one : result.fleet_recommendations) {
    text += fmt::format(
        "<li class=\"{}\"><strong>{}</strong> <span class=\"headline\">{}</span></li>\n",
        to_string(one.verdict), to_string(one.objective), escape_html(one.headline));
  }
  return text + "</ul>\n";
}

std::string heading(const std::string& text) {
  return fmt::format("<th scope=\"col\"><button class=\"sort\" type=\"button\">{}</button></th>",
                     escape_html(text));
}

std::string table_row(const FleetRow& row, const std::vector<FleetColumn>& columns) {
  const std::string note = fleet_note(row);
  std::string text = fmt::format("<tr><th scope=\"row\">{}{}</th>",
                                 escape_html(display_name(row.allocator, row.tuning)),
                                 note.empty() ? "" : " <small>" + escape_html(note) + "</small>");
  for (const FleetColumn& column : columns) {
    const auto& figure = row.*column.figure;
    const auto value = [&figure](double number) {
      return figure ? fmt::format("{}", number) : std::string{};
    };
    text += fmt::format("<td data-value=\"{}\">{}</td>", value(figure ? figure->mean : 0),
                        fleet_cell(figure, false));
    const bool some = figure && figure->worst > 0;
    text += fmt::format("<td data-value=\"{}\">{}{}</td>", value(figure ? figure->worst : 0),
                        fleet_cell(figure, true),
                        some ? "<small>" + escape_html(figure->worst_workload) + "</small>" : "");
  }
  return text + "</tr>\n";
}

}  // namespace

std::string html_fleet(const Result& result, unsigned number) {
  if (result.fleet.size() < 2) return {};
  const auto columns = fleet_columns(result.fleet);
  std::string text =
      fmt::format("<section id=\"fleet-{}\"><h2>One for all workloads</h2>\n", number) +
      answers(result) +
      "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"How much "
      "worse than the best of each workload\"><table class=\"matrix\">\n"
      "<caption>How much worse than the best of each workload: on average over the "
      "workloads, and at most, with the workload. Differences that do not count are "
      "0.</caption>\n<thead><tr><th scope=\"col\">allocator</th>";
  for (const FleetColumn& column : columns) {
    text += heading(std::string(column.name) + ", mean") + heading("at most");
  }
  text += "</tr></thead>\n<tbody>\n";
  for (const FleetRow* row : fleet_order(result.fleet)) text += table_row(*row, columns);
  return text + "</tbody></table></div></section>\n";
}

std::string html_suite(const Result& result, unsigned number) {
  if (!result.suite) return {};
  std::string limits;
  for (const std::string& limit : result.suite->limits) {
    limits += "<li>" + escape_html(limit) + "</li>\n";
  }
  for (const SuiteWorkload& one : result.suite->progress) {
    if (one.stopped != "failed") continue;
    limits += "<li>" + escape_html(one.workload + " could not be run: " + one.reason) + "</li>\n";
  }
  if (!limits.empty()) limits = "<h2>What this suite cannot tell</h2>\n<ul>\n" + limits + "</ul>\n";
  return fmt::format("<section id=\"limits-{}\">{}<p class=\"muted\">{}.</p></section>\n", number,
                     limits, escape_html(describe_suite(result)));
}

}  // namespace heapwise
