// SPDX-License-Identifier: MIT
// What a trace is like, in figures: its size, its sizes, its lifetimes.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>

#include "base/error.h"
#include "traces/reader.h"

namespace heapwise {

/// Counts by powers of two: bucket 0 is for 0, bucket k for 2^(k-1) up to 2^k - 1.
struct Histogram {
  std::array<std::uint64_t, 65> count{};
  std::array<std::uint64_t, 65> sum{};  ///< of the values counted

  void add(std::uint64_t value);
  /// The smallest and the largest value of a bucket.
  static std::uint64_t low(std::size_t bucket);
  static std::uint64_t high(std::size_t bucket);
};

/// Live figures are requested bytes of live objects.
struct TraceProfile {
  std::uint64_t operations = 0;  ///< allocations, reallocations and frees
  std::uint64_t allocations = 0, reallocations = 0, frees = 0;
  std::uint64_t callocs = 0, aligned = 0;  ///< among the allocations
  std::uint64_t allocated_bytes = 0;       ///< by allocations; what reallocs add is not in it
  std::uint32_t threads = 0;
  std::uint64_t duration_ns = 0;
  std::uint64_t peak_live_bytes = 0, peak_live_objects = 0;
  double mean_live_bytes = 0;  ///< over the trace's time; end_live_bytes if that is 0
  /// Where exit begins, if that is known; after the last op otherwise.
  std::uint64_t end_live_bytes = 0, end_live_objects = 0;
  std::optional<std::uint64_t> exit_begin_ns;
  Histogram sizes;                    ///< as allocated, in bytes
  Histogram lifetimes_ns;             ///< of the objects that were freed, from allocation to free
  std::uint64_t freed_elsewhere = 0;  ///< frees by another thread than the one that allocated
};

/// Reads what is left of a trace; the reader then knows of damage and totals. Memory grows with the
/// live heap of the trace only.
TraceProfile profile_trace(TraceReader& reader);

/// The same of a file, from its first op. Fails where TraceReader::open does; a damaged trace has a
/// profile of what could be read.
Expected<TraceProfile> profile_trace(const std::string& path);

}  // namespace heapwise
