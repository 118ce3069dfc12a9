// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace heapwise {

/// One line of a profile: how often objects of a size are asked for and how many there are.
struct SizeRate {
  std::uint64_t size = 0;
  double allocations_per_s = 0;
  double live = 0;
};

/// Reads lines of `size, alloc_rate, num_live`, the column order of fleetbench's distributions;
/// empty lines, lines that begin with # and one header line are passed over. `name` is for
/// messages. Fails with the file, the line and a remedy where a line is no such thing, a number is
/// negative or out of range, or nothing is ever allocated or nothing alive.
Expected<std::vector<SizeRate>> parse_fleet_profile(std::string_view text, const std::string& name);

}  // namespace heapwise
