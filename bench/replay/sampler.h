// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

namespace heapwise::replay {

/// Anonymous resident memory in bytes: at this moment, and the most of any moment since the look
/// before, of which a call that holds an old block and its copy at once may be one.
struct Residence {
  std::uint64_t now = 0;
  std::uint64_t most = 0;
};

/// Reads this process's anonymous resident memory through a file that stays open, into memory that
/// was there before. Not thread-safe: in a footprint replay only the thread whose turn it is calls.
class Sampler {
 public:
  /// Opens the files and finds out whether the cheap one can be trusted: kernels that keep the
  /// counters per CPU may lag behind by some pages. False when /proc tells nothing.
  bool open();
  std::uint64_t rss_anon_bytes();
  /// The most is by the kernel's high-water mark, which is of all resident memory and may lag; a
  /// height of less than half a MiB above what is resident now is not seen.
  Residence look();
  /// 1: /proc/self/status, exact and quick; 2: smaps_rollup, which walks all mappings.
  std::uint32_t source() const { return source_; }

 private:
  bool status_is_exact();

  std::uint64_t mark_ = 0;   ///< the high-water mark at the look before
  std::uint64_t other_ = 0;  ///< resident then and not anonymous
  int status_ = -1;
  int rollup_ = -1;
  std::uint32_t source_ = 1;
};

}  // namespace heapwise::replay
