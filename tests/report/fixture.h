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

/// The first workload of full_result() under `workloads` names, with each allocator under `tunings`
/// tunings: as large as a suite's result gets.
Result large_result(unsigned workloads, unsigned tunings);

/// How the four allocators are deployed on Debian.
std::vector<Deployment> deployments();

}  // namespace heapwise::fixture
