// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "results/result.h"

namespace heapwise {

/// A suite's result for the terminal, 80 columns: a line of verdict for each workload, the table of
/// regrets, what to run on everywhere, how it was measured and what it cannot tell.
std::string suite_report(const Result& result);

/// The table of regrets and the choice for all workloads; empty where there is no fleet.
std::string fleet_text(const Result& result);

/// The same as Markdown.
std::string fleet_markdown(const Result& result);

/// How a suite was run and what it cannot tell, as Markdown; empty for other results.
std::string suite_markdown(const Result& result);

}  // namespace heapwise
