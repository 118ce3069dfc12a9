// SPDX-License-Identifier: MIT
// What of a trace decides how far its replay can be trusted, beyond what its head says.
#pragma once

#include <cstdint>
#include <string>

#include "base/error.h"

namespace heapwise {

/// Blocks smaller than this share their pages with others, so that some of them are written even
/// where most are not; the rest of a census' blocks below the touch threshold are "middling".
constexpr std::uint64_t kMiddlingBytes = 1024;

/// Requested bytes of live objects at the moment of the most live bytes, by what is known of their
/// pages, and the calls that change the allocator itself.
struct TraceCensus {
  std::uint64_t peak_live_bytes = 0;
  std::uint64_t middling_bytes = 0;  ///< from kMiddlingBytes up to the touch threshold
  std::uint64_t large_bytes = 0;     ///< of at least the touch threshold
  std::uint64_t trims = 0;           ///< calls of malloc_trim
  std::uint64_t mallopts = 0;        ///< calls of mallopt
};

/// Reads a trace to its end, or as far as it can be read. Memory grows with the live heap: 8 bytes
/// for each object that lived at once. Fails where TraceReader::open does.
Expected<TraceCensus> take_census(const std::string& path, std::uint64_t touch_threshold);

}  // namespace heapwise
