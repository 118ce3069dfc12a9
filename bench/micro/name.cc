// SPDX-License-Identifier: MIT
#include "bench/micro/primitives.h"

namespace heapwise::micro {

const char* allocator_name() { return HEAPWISE_RUNNER; }

}  // namespace heapwise::micro
