// SPDX-License-Identifier: MIT
#include "results/report/suite_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "results/regret.h"
#include "results/report/escape.h"
#include "results/report/fleet_view.h"
#include "results/report/text.h"
#include "results/report/view.h"
#include "results/summarize.h"

namespace heapwise {
namespace {

constexpr std::size_t kNameColumns = 29;

std::string row_text(const FleetRow& row, const std::vector<FleetColumn>& columns) {
  std::string line = "  " + pad_right(shorten(printable(display_name(row.allocator, row.tuning)),
                                              kNameColumns - 1),
                                      kNameColumns);
  for (const FleetColumn& column : columns) {
    line += pad_left(fleet_cell(row.*column.figure, false), 6) +
            pad_left(fleet_cell(row.*column.figure, true), 6);
  }
  line += "\n";
  const std::string note = fleet_note(row);
  if (!note.empty()) line += "      " + note + "\n";
  return line;
}

std::string verdict_line(const WorkloadView& view, std::size_t width) {
  std::string text;
  for (const Recommendation* one : view.verdicts) {
    if (one != view.verdicts.front()) break;
    text = wrap(printable(one->headline), kTerminalColumns,
                "  " + pad_right(shorten(printable(view.name), width), width) + "  ",
                std::string(width + 4, ' '));
  }
  return text;
}

std::string verdicts_text(const Result& result) {
  const auto views = views_of(result);
  std::size_t width = 0;
  for (const WorkloadView& view : views) width = std::max(width, view.name.size());
  width = std::min<std::size_t>(width, 24);
  std::string text =
      views.empty() ? "No workload was run\n" : "Balanced verdict for each workload\n";
  for (const WorkloadView& view : views) text += verdict_line(view, width);
  return text;
}

std::string failures_text(const Result& result) {
  std::string text;
  for (const Summary& row : result.summary) {
    if (row.failures == 0) continue;
    text += wrap(printable(fmt::format("{}, {}: {}", row.workload, display_name(row),
                                       describe_failure(row))),
                 kTerminalColumns, "  ", "    ");
  }
  return text.empty() ? text : "\nFailed runs\n" + text;
}

std::string fact(const char* name, const std::string& sentence) {
  if (sentence.empty()) return {};
  return wrap(printable(sentence), kTerminalColumns, pad_right(name, 9), std::string(9, ' '));
}

std::string failed_workloads(const Result& result) {
  std::string text;
  if (!result.suite) return text;
  for (const SuiteWorkload& one : result.suite->progress) {
    if (one.stopped != "failed") continue;
    text += wrap(printable("! " + one.workload + " could not be run: " + one.reason),
                 kTerminalColumns, "", "  ");
  }
  return text;
}

}  // namespace

std::string fleet_text(const Result& result) {
  if (result.fleet.size() < 2) return {};
  const auto columns = fleet_columns(result.fleet);
  std::string text = "How much worse than the best of each workload: mean, and at most\n";
  std::string head = std::string(kNameColumns + 2, ' ');
  for (const FleetColumn& column : columns) head += pad_left(column.name, 12);
  text += head + "\n";
  for (const FleetRow* row : fleet_order(result.fleet)) text += row_text(*row, columns);
  if (result.fleet_recommendations.empty()) return text;
  text += "\nOne for all\n";
  for (const Recommendation& one : result.fleet_recommendations) {
    text += wrap(printable(one.headline), kTerminalColumns,
                 "  " + pad_right(to_string(one.objective), 10), std::string(12, ' '));
  }
  return text;
}

std::string suite_report(const Result& result) {
  std::string text = verdicts_text(result);
  const std::string fleet = fleet_text(result);
  if (!fleet.empty()) text += "\n" + fleet;
  text += failures_text(result);
  if (result.suite) {
    text += "\n" + wrap(describe_suite(result), kTerminalColumns, "Method   ", "         ");
    text += failed_workloads(result);
    const char* label = "Limits   ";
    for (const std::string& limit : result.suite->limits) {
      text += wrap(printable(limit), kTerminalColumns, label, "         ");
      label = "         ";
    }
  }
  text += fact("Harness", describe_harness(result.harness));
  text += fact("Machine", describe_machine(result.environment));
  for (const Warning& warning : result.environment.warnings) {
    text += wrap(printable(warning.what), kTerminalColumns, "! ", "  ");
    if (!warning.remedy.empty()) {
      text += wrap("remedy: " + printable(warning.remedy), kTerminalColumns, "  ", "  ");
    }
  }
  return text;
}

std::string fleet_markdown(const Result& result) {
  if (result.fleet.size() < 2) return {};
  const auto columns = fleet_columns(result.fleet);
  std::string text = "### All workloads\n\n";
  for (const Recommendation& one : result.fleet_recommendations) {
    text += fmt::format("- {}: {}\n", to_string(one.objective), escape_markdown(one.headline));
  }
  text += "\n| worse than the best of each workload |";
  std::string rule = "|---|";
  for (const FleetColumn& column : columns) {
    text += fmt::format(" {}, mean | at most | on |", column.name);
    rule += "--:|--:|---|";
  }
  text += "\n" + rule + "\n";
  for (const FleetRow* row : fleet_order(result.fleet)) {
    text += "| " + escape_markdown(display_name(row->allocator, row->tuning));
    const std::string note = fleet_note(*row);
    if (!note.empty()) text += " (" + note + ")";
    text += " |";
    for (const FleetColumn& column : columns) {
      const auto& figure = row->*column.figure;
      text +=
          fmt::format(" {} | {} | {} |", fleet_cell(figure, false), fleet_cell(figure, true),
                      figure && figure->worst > 0 ? escape_markdown(figure->worst_workload) : "");
    }
    text += "\n";
  }
  return text + "\n";
}

std::string suite_markdown(const Result& result) {
  if (!result.suite) return {};
  std::string text = escape_markdown(describe_suite(result)) + ".\n\n";
  for (const std::string& limit : result.suite->limits)
    text += "- " + escape_markdown(limit) + "\n";
  return text + "\n";
}

}  // namespace heapwise
