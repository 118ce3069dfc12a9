// SPDX-License-Identifier: MIT
#include "results/report/fleet_view.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>

#include "results/report/text.h"
#include "results/units.h"

namespace heapwise {
namespace {

std::string points(double value) { return fmt::format("{:.{}f}", value, value < 9.95 ? 1 : 0); }

}  // namespace

std::string fleet_cell(const std::optional<RegretFigure>& figure, bool worst) {
  if (!figure) return kNothing;
  return points(worst ? figure->worst : figure->mean);
}

std::vector<FleetColumn> fleet_columns(const std::vector<FleetRow>& fleet) {
  std::vector<FleetColumn> columns;
  for (const FleetColumn& one :
       {FleetColumn{"memory %", &FleetRow::memory}, FleetColumn{"time %", &FleetRow::speed},
        FleetColumn{"p99.9 %", &FleetRow::latency}, FleetColumn{"balanced", &FleetRow::balanced}}) {
    const bool any = std::any_of(fleet.begin(), fleet.end(), [&one](const FleetRow& row) {
      return (row.*one.figure).has_value();
    });
    if (any) columns.push_back(one);
  }
  return columns;
}

std::string fleet_note(const FleetRow& row) {
  std::string note;
  if (row.failures > 0) note += fmt::format("failed on {}", row.failures);
  if (row.missing > 0) {
    note += fmt::format("{}not run on {}", note.empty() ? "" : ", ", row.missing);
  }
  return note;
}

std::vector<const FleetRow*> fleet_order(const std::vector<FleetRow>& fleet) {
  std::vector<const FleetRow*> rows;
  rows.reserve(fleet.size());
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

std::string describe_suite(const Result& result) {
  const SuiteInfo& suite = *result.suite;
  if (suite.progress.empty()) {
    return fmt::format("{} suite, shard {} of {}: none of its workloads is in this shard",
                       suite.mode, suite.shard, suite.shards);
  }
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
  return text;
}

}  // namespace heapwise
