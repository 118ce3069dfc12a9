// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include "results/result.h"

namespace heapwise {

/// Looks at this machine as it is now and names what disturbs a measurement on it. Never fails:
/// what cannot be read stays empty. Reads /proc and /sys only; takes a few milliseconds.
Environment look_at_machine();

/// The warnings that follow from the other fields of `environment`, in order of weight. A pure
/// function, so that every warning can be tested without the machine that deserves it.
std::vector<Warning> judge_machine(const Environment& machine);

/// The limit in a control group's cpu.max, "QUOTA PERIOD", in cores; 0 when it sets none.
double cores_of_cpu_max(const std::string& text);

}  // namespace heapwise
