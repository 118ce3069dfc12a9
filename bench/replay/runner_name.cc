// SPDX-License-Identifier: MIT
#include "bench/replay/runner_name.h"

namespace heapwise::replay {

const char* runner_name() { return HEAPWISE_RUNNER; }
const char* runner_linkage() { return HEAPWISE_LINKAGE; }

}  // namespace heapwise::replay
