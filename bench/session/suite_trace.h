// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/error.h"

namespace heapwise {

/// A workload's choice becomes a trace in `directory`; a path of a .hwt file is returned as it is.
Expected<std::string> trace_of(const std::string& choice, std::uint64_t seed,
                               const std::string& directory);

/// What results call each workload: its name without parameters, or a file's without its folder and
/// suffix, where that is told apart from the others; otherwise the whole.
std::vector<std::string> suite_names(const std::vector<std::string>& choices);

}  // namespace heapwise
