// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <vector>

#include "results/result.h"

namespace heapwise {

/// At most `limit` of the samples (limit >= 4), the first and the last among them, and from each of
/// equal stretches of time the one with the least and the one with the most resident bytes: what
/// is left out can't be seen on a chart, and no peak is ever left out.
std::vector<Sample> thin(const std::vector<Sample>& samples, std::size_t limit);

/// The resident bytes at a time: of the last sample at or before it, or of the first.
double rss_at(const std::vector<Sample>& samples, double time_s);
double live_at(const std::vector<Sample>& samples, double time_s);

}  // namespace heapwise
