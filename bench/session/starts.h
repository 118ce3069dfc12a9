// SPDX-License-Identifier: MIT
// What it costs to start a process under an allocator.
#pragma once

#include <string>
#include <vector>

#include "allocators/allocator.h"
#include "results/result.h"

namespace heapwise {

/// CPU time of a process that starts under each contender and does nothing: what the linker has to
/// do for the allocator and what that library needs, and what it sets up. Contenders take turns,
/// and the figure is the median of the faster half. Whoever does not start is left out. Takes a
/// tenth of a second or two for each contender. Not thread-safe.
std::vector<StartCost> measure_starts(const std::string& library_directory,
                                      const std::vector<Contender>& contenders);

}  // namespace heapwise
