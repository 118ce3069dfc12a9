// SPDX-License-Identifier: MIT
#pragma once

#include <vector>

#include "results/recommend.h"
#include "results/result.h"

namespace heapwise::fixture {

/// A result as a session leaves it, made up but the same each time: `two-wave`, where glibc keeps
/// what the first wave freed and jemalloc returns it, and a recorded server with a long name, a
/// command full of HTML, thousands of samples and one allocator that crashed. Five repetitions,
/// summaries and verdicts included.
Result full_result();

/// How the four allocators are deployed on Debian.
std::vector<Deployment> deployments();

}  // namespace heapwise::fixture
