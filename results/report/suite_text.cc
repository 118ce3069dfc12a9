// SPDX-License-Identifier: MIT
#include "results/report/suite_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "results/regret.h"
#include "results/report/escape.h"
#include "results/report/text.h"
#include "results/report/view.h"
#include "results/summarize.h"

namespace heapwise {
namespace {

constexpr std::size_t kColumns = 80;
constexpr std::size_t kNameColumns = 29;
constexpr const char* kNothing = "–";

std::string points(double value) { return fmt::format("{:.{}f}", value, value < 9.95 ? 1 : 0); }

std::string cell(const std::optional<RegretFigure>& figure, bool worst) {
  if (!figure) return kNothing;
  return points(worst ? figure->worst : figure->mean);
}

/// Two columns for each figure that was measured for anyone.
struct Column {
  const char* name;
  std::optional<RegretFigure> FleetRow::*figure;
};

std::vector<Column> columns_of(const std::vector<FleetRow>& fleet) {
  std::vector<Column> columns;
  for (const Column& one :
       {Column{"memory %", &FleetRow::memory}, Column{"time %", &FleetRow::speed},
        Column{"p99.9 %", &FleetRow::latency}, Column{"balanced", &FleetRow::balanced}}) {
    const bool any = std::any_of(fleet.begin(), fleet.end(), [&one](const FleetRow& row) {
      return (row.*one.figure).has_value();
    });
    if (any) columns.push_back(one);
  }
  return columns;
}

std::string row_note(const FleetRow& row) {
  std::string note;
  if (row.failures > 0) note += fmt::format("failed on {}", row.failures);
  if (row.missing > 0) {
    note += fmt::format("{}not run on {}", note.empty() ? "" : ", ", row.missing);
  }
  return note;
}

std::string row_text(const FleetRow& row, const std::vector<Column>& columns) {
  std::string line = "  " + pad_right(shorten(printable(display_name(row.allocator, row.tuning)),
                                              kNameColumns - 1),
                                      kNameColumns);
  for (const Column& column : columns) {
    line +=
        pad_left(cell(row.*column.figure, false), 6) + pad_left(cell(row.*column.figure, true), 6);
  }
  line += "\n";
  const std::string note = row_note(row);
  if (!note.empty()) line += "      " + note + "\n";
  return line;
}

/// Best first by what most ask for.
std::vector<const FleetRow*> ordered(const std::vector<FleetRow>& fleet) {
  std::vector<const FleetRow*> rows;
  for (const FleetRow& row : fleet) rows.push_back(&row);
  const auto key = [](const FleetRow& row) {
    const bool whole = row.failures == 0 && row.missing == 0;
    const auto& figure = row.balanced ? row.balanced : row.memory ? row.memory : row.speed;
    return std::pair(!whole || !figure, figure ? figure->mean : 0);
  };
  std::stable_sort(rows.begin(), rows.end(),
                   [&key](const FleetRow* a, const FleetRow* b) { return key(*a) < key(*b); });
  return rows;
}

std::string verdict_line(const WorkloadView& view, std::size_t width) {
  std::string text;
  for (const Recommendation* one : view.verdicts) {
    if (one != view.verdicts.front()) break;
    text = wrap(printable(one->headline), kColumns,
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
  std::string text = "Balanced verdict for each workload\n";
  for (const WorkloadView& view : views) text += verdict_line(view, width);
  return text;
}

std::string failures_text(const Result& result) {
  std::string text;
  for (const Summary& row : result.summary) {
    if (row.failures == 0) continue;
    text += wrap(printable(fmt::format("{}, {}: {}", row.workload, display_name(row),
                                       describe_failure(row))),
                 kColumns, "  ", "    ");
  }
  return text.empty() ? text : "\nFailed runs\n" + text;
}

std::string method_text(const Result& result) {
  if (!result.suite) return {};
  const SuiteInfo& suite = *result.suite;
  std::map<std::string, unsigned> stopped;
  unsigned least = ~0U, most = 0;
  for (const SuiteWorkload& one : suite.progress) {
    ++stopped[one.stopped];
    least = std::min(least, one.rounds);
    most = std::max(most, one.rounds);
  }
  std::string text =
      fmt::format("{} suite, {} runs in {}, seed {}; {} round{}", suite.mode, result.runs.size(),
                  format_seconds(suite.elapsed_s), result.seed,
                  least == most ? fmt::format("{}", most) : fmt::format("{} to {}", least, most),
                  most == 1 ? "" : "s");
  const auto add = [&](const char* why, const char* words) {
    if (stopped[why] > 0) text += fmt::format(", {} {}", stopped[why], words);
  };
  add("narrow", "ended because the leading comparisons were told apart");
  add("most-rounds", "with all their rounds");
  add("budget", "ended by the time budget");
  add("failed", "could not be run");
  return "\n" + wrap(text, kColumns, "Method   ", "         ");
}

std::string failed_workloads(const Result& result) {
  std::string text;
  if (!result.suite) return text;
  for (const SuiteWorkload& one : result.suite->progress) {
    if (one.stopped != "failed") continue;
    text += wrap(printable("! " + one.workload + " could not be run: " + one.reason), kColumns, "",
                 "  ");
  }
  return text;
}

}  // namespace

std::string fleet_text(const Result& result) {
  if (result.fleet.size() < 2) return {};
  const auto columns = columns_of(result.fleet);
  std::string text = "How much worse than the best of each workload: mean, and at most\n";
  std::string head = std::string(kNameColumns + 2, ' ');
  for (const Column& column : columns) head += pad_left(column.name, 12);
  text += head + "\n";
  for (const FleetRow* row : ordered(result.fleet)) text += row_text(*row, columns);
  if (result.fleet_recommendations.empty()) return text;
  text += "\nOne for all\n";
  for (const Recommendation& one : result.fleet_recommendations) {
    text += wrap(printable(one.headline), kColumns, "  " + pad_right(to_string(one.objective), 10),
                 std::string(12, ' '));
  }
  return text;
}

std::string suite_report(const Result& result) {
  std::string text = verdicts_text(result);
  const std::string fleet = fleet_text(result);
  if (!fleet.empty()) text += "\n" + fleet;
  text += failures_text(result) + method_text(result) + failed_workloads(result);
  if (result.suite) {
    const char* label = "Limits   ";
    for (const std::string& limit : result.suite->limits) {
      text += wrap(printable(limit), kColumns, label, "         ");
      label = "         ";
    }
  }
  text += wrap(printable(describe_harness(result.harness)), kColumns, "Harness  ", "         ");
  text += wrap(printable(describe_machine(result.environment)), kColumns, "Machine  ", "         ");
  for (const Warning& warning : result.environment.warnings) {
    text += wrap(printable(warning.what), kColumns, "! ", "  ");
    if (!warning.remedy.empty()) {
      text += wrap("remedy: " + printable(warning.remedy), kColumns, "  ", "  ");
    }
  }
  return text;
}

std::string fleet_markdown(const Result& result) {
  if (result.fleet.size() < 2) return {};
  const auto columns = columns_of(result.fleet);
  std::string text = "### All workloads\n\n";
  for (const Recommendation& one : result.fleet_recommendations) {
    text += fmt::format("- {}: {}\n", to_string(one.objective), escape_markdown(one.headline));
  }
  text += "\n| worse than the best of each workload |";
  std::string rule = "|---|";
  for (const Column& column : columns) {
    text += fmt::format(" {}, mean | at most | on |", column.name);
    rule += "--:|--:|---|";
  }
  text += "\n" + rule + "\n";
  for (const FleetRow* row : ordered(result.fleet)) {
    text += "| " + escape_markdown(display_name(row->allocator, row->tuning));
    const std::string note = row_note(*row);
    if (!note.empty()) text += " (" + note + ")";
    text += " |";
    for (const Column& column : columns) {
      const auto& figure = row->*column.figure;
      text +=
          fmt::format(" {} | {} | {} |", cell(figure, false), cell(figure, true),
                      figure && figure->worst > 0 ? escape_markdown(figure->worst_workload) : "");
    }
    text += "\n";
  }
  return text + "\n";
}

}  // namespace heapwise
