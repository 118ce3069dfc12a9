// SPDX-License-Identifier: MIT
// How fast a recorded program's time passes in its replay. Trace times are the program's without
// its allocator; what that took is added from two sides: from the recording, which knows what the
// program's own allocator took, and from the replay, which knows what this one does more or less.
#pragma once

#include <string>
#include <vector>

#include "base/error.h"
#include "bench/replay/raw_run.h"
#include "traces/trace.h"

namespace heapwise {

using Reference = std::vector<ReferencePoint>;

/// Of a program that was recorded over the allocator whose replays of one plan are given, by run
/// and sample (one run at least): what they spent, the median, and what that allocator took in the
/// program.
Reference recorded_reference(const std::vector<std::vector<RawSample>>& replays,
                             const std::vector<AllocatorTimeSample>& allocator_times);

/// Where nobody knows what the program's allocator took: the null allocator, which takes nothing.
Reference null_reference(const std::vector<RawSample>& null_samples);

/// Writes the file that a runner reads. The program made `at_once` calls at once (1 or more) on
/// average, where the replay makes one.
Expected<void> write_reference(const std::string& path, const Reference& reference, double at_once);

}  // namespace heapwise
