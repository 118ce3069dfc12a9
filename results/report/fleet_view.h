// SPDX-License-Identifier: MIT
// What every form of a suite's report shows. Pure functions.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "results/result.h"

namespace heapwise {

/// A figure of the table of regrets: shown as its mean and at most.
struct FleetColumn {
  const char* name;  ///< with its unit
  std::optional<RegretFigure> FleetRow::*figure;
};

/// The figures that were measured for anyone.
std::vector<FleetColumn> fleet_columns(const std::vector<FleetRow>& fleet);

/// The mean, or the worst of all workloads; a dash where there is none.
std::string fleet_cell(const std::optional<RegretFigure>& figure, bool worst);

/// "failed on 1, not run on 2"; empty where it was run on all.
std::string fleet_note(const FleetRow& row);

/// The rows, least balanced regret first, those that failed anywhere last. Points into `fleet`.
std::vector<const FleetRow*> fleet_order(const std::vector<FleetRow>& fleet);

/// What was run, how long, and why it ended. `result.suite` must be there.
std::string describe_suite(const Result& result);

}  // namespace heapwise
