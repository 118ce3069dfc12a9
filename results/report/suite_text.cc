// SPDX-License-Identifier: MIT
#include "results/report/suite_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <optional>

#include "results/regret.h"
#include "results/report/escape.h"
#include "results/report/fleet_view.h"
#include "results/report/text.h"
#include "results/report/view.h"
#include "results/summarize.h"

namespace heapwise {
namespace {

constexpr std::size_t kNameColumns = 29;

std::vector<std::string> fleet_names(const std::vector<const FleetRow*>& rows) {
  std::vector<std::string> names;
  names.reserve(rows.size());
  for (const FleetRow* row : rows) {
    names.push_back(printable(display_name(row->allocator, row->tuning)));
  }
  return distinct_names(names, kNameColumns - 1);
}

std::string row_text(const FleetRow& row, std::string name,
                     const std::vector<FleetColumn>& columns) {
  std::string line = take_wide_name(name, kNameColumns - 1);
  line += "  " + pad_right(name, kNameColumns);
  for (const FleetColumn& column : columns) {
    line += pad_left(fleet_cell(row.*column.figure, false), 6) +
            pad_left(fleet_cell(row.*column.figure, true), 6);
  }
  line += "\n";
  const std::string note = fleet_note(row);
  if (!note.empty()) line += "      " + note + "\n";
  return line;
}

constexpr std::size_t kWorkloadColumns = 24;

/// The objective that all lines have in common, or nothing.
std::optional<Objective> common_objective(const std::vector<WorkloadView>& views) {
  std::optional<Objective> common;
  for (const WorkloadView& view : views) {
    if (view.verdicts.empty()) continue;
    const Objective own = view.verdicts.front()->objective;
    if (common && *common != own) return std::nullopt;
    common = own;
  }
  return common;
}

/// The first verdict on a workload; with its objective where that is not the same for all.
std::string headline_of(const WorkloadView& view, bool with_objective) {
  if (view.verdicts.empty()) return "no verdict";
  const Recommendation& first = *view.verdicts.front();
  return (with_objective ? to_string(first.objective) + ": " : "") + printable(first.headline);
}

std::string verdicts_text(const Result& result) {
  const auto views = views_of(result);
  if (views.empty()) return "No workload was run\n";
  std::vector<std::string> names;
  names.reserve(views.size());
  for (const WorkloadView& view : views) names.push_back(printable(view.name));
  names = distinct_names(names, kWorkloadColumns);
  std::size_t width = 0;
  for (const std::string& name : names) {
    width = std::max(width, std::min(kWorkloadColumns, display_width(name)));
  }
  const auto objective = common_objective(views);
  std::string text = (objective ? to_string(*objective) + " verdict" : "verdict");
  text.front() = static_cast<char>(std::toupper(static_cast<unsigned char>(text.front())));
  text += " for each workload\n";
  for (std::size_t index = 0; index < views.size(); ++index) {
    text += take_wide_name(names[index], width);
    text += wrap(headline_of(views[index], !objective), kTerminalColumns,
                 "  " + pad_right(names[index], width) + "  ", std::string(width + 4, ' '));
  }
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
  const std::vector<const FleetRow*> rows = fleet_order(result.fleet);
  const std::vector<std::string> names = fleet_names(rows);
  for (std::size_t index = 0; index < rows.size(); ++index) {
    text += row_text(*rows[index], names[index], columns);
  }
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
