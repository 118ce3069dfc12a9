// SPDX-License-Identifier: MIT
#include "workloads/fit/model.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace heapwise::fit {

std::uint32_t bucket_of(std::uint64_t size) {
  if (size < 16) return static_cast<std::uint32_t>(size);
  const auto octave = static_cast<std::uint32_t>(std::bit_width(size) - 1);
  const auto quarter = static_cast<std::uint32_t>((size >> (octave - 2)) & 3U);
  return std::min(16 + 4 * (octave - 4) + quarter, kBuckets - 1);
}

std::uint64_t bucket_low(std::uint32_t bucket) {
  if (bucket < 16) return bucket;
  const std::uint32_t octave = 4 + (bucket - 16) / 4;
  return (4ULL + (bucket - 16) % 4) << (octave - 2);
}

std::uint64_t bucket_high(std::uint32_t bucket) {
  return bucket < 16 ? bucket : bucket_low(bucket + 1) - 1;
}

std::uint32_t span_of(std::uint64_t operations) {
  const auto span = static_cast<std::uint32_t>(std::bit_width(operations));
  return std::min(span, kSpans - 1);
}

std::optional<double> error_percent(double recorded, double fitted) {
  if (recorded <= 0 || fitted < 0) return std::nullopt;
  return 100 * (fitted - recorded) / recorded;
}

Footprint mean_error(const std::vector<Tried>& tried) {
  const auto mean = [&tried](double Footprint::*figure) {
    double sum = 0, count = 0;
    for (const Tried& one : tried) {
      const auto error = error_percent(one.recorded.*figure, one.fitted.*figure);
      if (one.allocator.empty() || !error) continue;
      sum += std::abs(*error);
      ++count;
    }
    return count == 0 ? -1 : sum / count;
  };
  return {mean(&Footprint::peak), mean(&Footprint::mean), mean(&Footprint::end)};
}

}  // namespace heapwise::fit
