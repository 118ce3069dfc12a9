// SPDX-License-Identifier: MIT
#pragma once

namespace heapwise::replay {

/// What tells one runner from another: defined in runner_name.cc, which is compiled for each.
extern const char* const runner_name;
extern const char* const runner_linkage;

}  // namespace heapwise::replay
