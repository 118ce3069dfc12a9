// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include "results/report/view.h"

namespace heapwise {

/// The table of workloads × allocators, one for memory, one for time and one for latency where they
/// were measured, with a button for each: every cell has the figure, by how much it is above the
/// least of its row, and a shade for that. Rows lead to the workloads' sections, whose numbers
/// begin at `first_section`. Empty where nothing was measured on two allocators. Regrets are made
/// anew: those of an older file may be wrong.
std::string html_matrix(const Result& result, const std::vector<WorkloadView>& views,
                        unsigned first_section);

}  // namespace heapwise
