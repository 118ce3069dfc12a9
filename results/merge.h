// SPDX-License-Identifier: MIT
// One result from the shards of a suite, and what must be alike for that. Pure functions.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "base/error.h"
#include "results/result.h"

namespace heapwise {

/// A difference in words: "repetitions: 3 against 5".
using SettingDifferences = std::vector<std::string>;

/// What two results of suites were told differently, or were made by differently: mode, workloads,
/// allocators, purposes, rounds, seeds, number of shards, version of heapwise. Which shard it is
/// does not count, nor the budget, of which one that is gone on with may get more. Both must have a
/// suite.
SettingDifferences suite_differences(const Result& one, const Result& other);

/// What differs between two machines so that their figures do not compare (comparability.h).
SettingDifferences machine_differences(const Environment& one, const Environment& other);

/// Puts the shards of one suite together; each comes with the name to call it by. Fails, naming
/// them, when one is no shard, was cut short, is there twice or is missing, when settings or
/// versions of heapwise or an allocator differ, or when two have the same workload. Machines may
/// differ, as each workload was measured on one: that is a warning, and `machines` has them all.
/// Summary, regrets and verdicts are left to the caller.
Expected<Result> merge_shards(const std::vector<std::pair<std::string, Result>>& shards);

}  // namespace heapwise
