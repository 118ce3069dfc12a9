// SPDX-License-Identifier: MIT
#pragma once

#include <vector>

#include "results/recommend.h"
#include "results/result.h"

namespace heapwise::cli {

/// Fills what follows from the runs: summary, flags, verdicts, regrets, and a suite's limits.
void complete(Result& result, const std::vector<Deployment>& deployments);

}  // namespace heapwise::cli
