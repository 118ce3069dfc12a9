// SPDX-License-Identifier: MIT
// Differences put into words, the same everywhere.
#pragma once

#include <string>
#include <vector>

#include "results/difference.h"

namespace heapwise {

/// "42 % less memory than glibc (31 % to 44 %)", "memory the same", "memory not clear (8 % less,
/// within the noise)". Without `base` the words stop after "memory": for the second clause of a
/// sentence.
std::string memory_phrase(const Difference& difference, const std::string& base = {});

/// "12 % less allocator time than glibc (8 % to 15 %; 2.9 % of the program's CPU time)", or "no
/// detectable difference in speed" where it does not rank. Never a speed-up of the program.
std::string speed_phrase(const Difference& difference, const std::string& base = {});

/// What speed_difference compares: "allocator time", or "allocator CPU time" where that of several
/// threads is added up, so that wall time may tell another story.
std::string time_name(const Difference& difference);

/// "12 % less tail latency than glibc (8 % to 15 %)": at the 99.9th percentile of all calls.
std::string latency_phrase(const Difference& difference, const std::string& base = {});

/// "a", "a and b", "a, b and c"
std::string enumerate(const std::vector<std::string>& names, const char* last = "and");

}  // namespace heapwise
