// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include "results/result.h"

namespace heapwise {

/// One HTML file that needs nothing else: verdicts first, then for each workload the charts of
/// memory over time and of memory against speed, and a table; the machine and its warnings last.
/// Figures and verdicts are readable without JavaScript; the charts are drawn by it. Makes no
/// network request. Several results follow each other, each with its own machine.
std::string html_report(const std::vector<Result>& results);

}  // namespace heapwise
