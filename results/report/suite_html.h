// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "results/result.h"

namespace heapwise {

/// What to run on everywhere, and the table of regrets; empty where there is no fleet. `number`
/// tells its id from that of another result on the same page.
std::string html_fleet(const Result& result, unsigned number);

/// How a suite was run and what it cannot tell; empty for other results.
std::string html_suite(const Result& result, unsigned number);

}  // namespace heapwise
