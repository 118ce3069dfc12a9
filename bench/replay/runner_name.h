// SPDX-License-Identifier: MIT
#pragma once

namespace heapwise::replay {

/// What tells one runner from another: defined in runner_name.cc, which is compiled for each.
const char* runner_name();
const char* runner_linkage();

}  // namespace heapwise::replay
