// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include "base/error.h"
#include "bench/session/replay.h"

namespace heapwise::cli {

/// The purposes of these names, each once. Fails with those that there are.
Expected<std::vector<Purpose>> purposes_of(const std::vector<std::string>& names);

/// The same from `text`, where commas separate them.
Expected<std::vector<Purpose>> parse_purposes(const std::string& text);

}  // namespace heapwise::cli
