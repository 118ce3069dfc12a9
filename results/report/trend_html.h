// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "results/trend.h"

namespace heapwise {

/// One page: what changed when, in a table, then for each workload memory and time over the nights,
/// with a mark at each step and a line where an allocator, the kernel or heapwise changed.
std::string trend_html(const Trend& trend);

/// The same table for a terminal or a log: a line for each step, the latest first.
std::string trend_text(const Trend& trend, std::size_t most);

}  // namespace heapwise
