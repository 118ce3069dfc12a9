// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "results/result.h"

namespace heapwise {

/// What to run on everywhere, and the table of regrets; empty where there is no fleet.
std::string html_fleet(const Result& result);

/// How a suite was run and what it cannot tell; empty for other results.
std::string html_suite(const Result& result);

}  // namespace heapwise
