// SPDX-License-Identifier: MIT
#include "bench/replay/runner_name.h"

namespace heapwise::replay {

extern const char* const runner_name = HEAPWISE_RUNNER;
extern const char* const runner_linkage = HEAPWISE_LINKAGE;

}  // namespace heapwise::replay
