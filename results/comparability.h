// SPDX-License-Identifier: MIT
// What two results have in common: figures compare only where nothing but the allocator differs.
#pragma once

#include <string>
#include <vector>

#include "results/result.h"

namespace heapwise {

/// One thing that is not the same in both results.
struct SettingDifference {
  std::string name;  ///< "kernel", "workload redis: operations"
  std::string base, now;
  /// True where figures no longer compare: another machine, another load, other ways to measure.
  /// False for what is only to be known: another version of an allocator is what one compares.
  bool prevents = true;
};

/// All differences, those of the machine first. Workloads and allocators that only one side has are
/// none: there is nothing to compare there.
std::vector<SettingDifference> differences_between(const Result& base, const Result& now);

/// The part of the environment on which figures depend, as a name fit for a file: processor, cores,
/// memory, kernel release, huge pages. Results of one class compare.
std::string machine_class(const Environment& environment);

}  // namespace heapwise
