// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include "results/report/charts.h"
#include "results/report/view.h"

namespace heapwise {

/// The table of one workload: live bytes, a row for each allocator, failures with their status.
/// Sorts by its headings where there is JavaScript.
std::string html_table(const WorkloadView& view, const std::vector<Series>& series);

}  // namespace heapwise
