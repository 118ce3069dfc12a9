// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "base/error.h"
#include "results/result.h"

namespace heapwise {

/// Reads a result from a file, or from standard input for "-".
Expected<Result> load_result(const std::string& path);

/// Writes a result whole or not at all; "-" is standard output. An existing file is only replaced
/// when `force` is true.
Expected<void> save_result(const std::string& path, const Result& result, bool force);

}  // namespace heapwise
