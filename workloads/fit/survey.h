// SPDX-License-Identifier: MIT
// The first look at a trace: what must be known before learning begins.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/error.h"

namespace heapwise::fit {

/// Time that passed before an operation without another.
struct Gap {
  std::uint64_t operation = 0;
  std::uint64_t ns = 0;
};

struct Survey {
  std::uint64_t operations = 0;   ///< before exit began
  std::uint64_t duration_ns = 0;  ///< until then
  std::uint64_t giant_bytes = 0;  ///< objects that reach this size are giants
  std::vector<Gap> pauses;        ///< the longest, by operation
};

/// Fails as learn() does.
Expected<Survey> survey(const std::string& path);

}  // namespace heapwise::fit
