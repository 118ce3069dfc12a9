// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "bench/session/bench_primitives.h"

namespace heapwise::cli {

/// The primitives by allocators, medians in ns, in 80 columns; where there are more allocators than
/// that holds, in several tables. Then what failed.
std::string bench_table(const BenchResult& result);

}  // namespace heapwise::cli
