// SPDX-License-Identifier: MIT
// Sizes and lifetimes as programs have them, by comparisons and whole numbers only: a logarithm
// from libm may differ in its last bit from machine to machine, and then so would the trace.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>

#include "base/rng.h"

namespace heapwise {

/// Every doubling in [low, high) is equally likely, what is left above the last whole one as much
/// as a whole one; 0 < low <= high, and low when they are the same.
inline std::uint64_t log_uniform(Rng& rng, std::uint64_t low, std::uint64_t high) {
  if (low == high) return low;
  const auto octaves = static_cast<std::uint64_t>(std::bit_width((high - 1) / low));
  const std::uint64_t start = low << rng.below(octaves);
  return start + rng.below(std::min(start, high - start));
}

/// A bell over the doublings of [low, low << octaves): those in the middle are the most likely, and
/// the tail is to the right, much like a lognormal.
inline std::uint64_t bell(Rng& rng, std::uint64_t low, unsigned octaves) {
  const std::uint64_t coins = rng.next() >> (64 - (octaves - 1));
  const std::uint64_t start = low << std::popcount(coins);
  return start + rng.below(start);
}

/// Exponentially distributed with mean 1. John von Neumann's method: the length of a falling run of
/// uniform numbers decides whether its first is taken ("Various techniques used in connection with
/// random digits", 1951).
inline double exponential(Rng& rng) {
  for (double whole = 0;; ++whole) {
    const double first = rng.unit();
    double last = first;
    bool odd = true;
    for (double next = rng.unit(); next < last; next = rng.unit()) {
      last = next;
      odd = !odd;
    }
    if (odd) return whole + first;
  }
}

}  // namespace heapwise
