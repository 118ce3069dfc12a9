// SPDX-License-Identifier: MIT
// What the replay said of speed, against the CPU time of the real runs.
#pragma once

#include <string>
#include <vector>

#include "results/result.h"

namespace heapwise {

/// A real difference in CPU time counts beyond this interval, in which the true one lies with this
/// probability: dozens of rows are looked at, and each is a chance to be wrong.
constexpr double kVerifyCpuConfidence = 0.99;

/// Fills cpu_change_percent and its interval, predicted_cpu_change_percent, real_speed and
/// predicted_speed of all rows but that of glibc's default, which they are compared with. Real runs
/// are compared round by round, by the ratio of CPU times, as the machine's speed is another each
/// minute, or by the fastest quarter of many, as it also jumps (undisturbed.h). Pure.
void verify_speed(const Result& result, const std::string& workload,
                  std::vector<Verification>& rows);

}  // namespace heapwise
