// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

namespace heapwise::replay {

/// Reads this process's anonymous resident memory through a file that stays open, into memory that
/// was there before. Not thread-safe: in a footprint replay only the thread whose turn it is calls.
class Sampler {
 public:
  /// Opens the files and finds out whether the cheap one can be trusted: kernels that keep the
  /// counters per CPU may lag behind by some pages. False when /proc tells nothing.
  bool open();
  std::uint64_t rss_anon_bytes();
  /// 1: /proc/self/status, exact and quick; 2: smaps_rollup, which walks all mappings.
  std::uint32_t source() const { return source_; }

 private:
  bool status_is_exact();

  int status_ = -1;
  int rollup_ = -1;
  std::uint32_t source_ = 1;
};

}  // namespace heapwise::replay
