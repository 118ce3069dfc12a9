// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include "results/result.h"

namespace heapwise {

/// One HTML file that needs nothing else: the machine in a line with its warnings, which are folded
/// except on paper, and the verdicts; then for each workload its charts and a table; how all of it
/// was measured last.
/// Figures and verdicts are readable without JavaScript; the charts are drawn by it. Makes no
/// network request. Several results follow each other, each with its own machine.
std::string html_report(const std::vector<Result>& results);

}  // namespace heapwise
