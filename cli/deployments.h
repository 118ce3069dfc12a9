// SPDX-License-Identifier: MIT
#pragma once

#include <vector>

#include "allocators/allocator.h"
#include "results/recommend.h"

namespace heapwise::cli {

/// How each contender is deployed on this system.
std::vector<Deployment> deployments_of(const std::vector<Contender>& contenders);

/// The same for every allocator and tuning that appears in a result, wherever it was measured: a
/// library of a user's own stands under the path that it had there.
std::vector<Deployment> deployments_of(const Result& result);

}  // namespace heapwise::cli
