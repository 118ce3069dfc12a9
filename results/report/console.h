// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include "results/result.h"

namespace heapwise {

/// The whole result as text of at most 80 columns: a table and the verdicts for each workload, then
/// what holds for all of them: the harness's own cost, the machine, its warnings with the remedy.
/// Bytes in the result that a terminal would obey (escape sequences) come out as '?'.
std::string console_report(const Result& result);

/// The verdicts alone, as `heapwise recommend` prints them.
std::string verdict_report(const std::vector<Recommendation>& recommendations);

}  // namespace heapwise
