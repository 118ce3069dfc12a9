// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "base/files.h"
#include "traces/recorder/convert.h"
#include "traces/recorder/spool.h"

namespace heapwise {

/// The recorder's clock, read outside.
using TickClock = std::function<std::uint64_t()>;

/// What the first write to a page costs on this machine, in ticks: the least of a few tries.
std::uint32_t measure_fault(const TickClock& clock);

/// The table of large blocks in a spool, as far as it is in use.
struct LargeBlocks {
  const spool::LargeBlock* entries = nullptr;
  std::uint32_t count = 0;
};

/// Watches from outside how many pages a process has written of its large blocks. Of blocks from
/// 128 KiB on it looks every 2 ms, of the others in turn; less often where looking would take more
/// than a twentieth of one CPU. Each block with more than 8 MiB to look at has time of its own,
/// together no more than a tenth: the page map of one of gigabytes takes so long to read that
/// nothing would be seen of the others meanwhile. What is written stays so: pages up to the first
/// unwritten one are not looked at again.
class TouchScan {
 public:
  /// Null where the process's page map cannot be read.
  static std::unique_ptr<TouchScan> open(std::int32_t pid);

  /// Looks, if it is time to. True when more was written than the last time, so that there may soon
  /// be more.
  bool step(const LargeBlocks& blocks, const TickClock& clock);

  /// What was seen, in order of time. Ends the watch.
  std::vector<recorder::TouchSample> take();

 private:
  /// What was seen last of the block of one entry.
  struct Seen {
    std::uint64_t address = 0;
    std::uint64_t pages = 0;
    std::uint64_t prefix = 0;  ///< pages from the first on without a gap
    std::uint64_t ticks = 0;
    std::int64_t next_ns = 0;  ///< not before, if it is huge
    std::uint32_t turn = 0;
    bool told = false;  ///< the count at `ticks` is among the samples
  };

  TouchScan(std::int32_t pid, Fd map) : pid_(pid), map_(std::move(map)) {}
  void tell(Seen& seen);
  /// Whether nothing is there, and nothing is left to be told of it.
  static bool is_empty(const spool::LargeBlock& block, const Seen& seen);
  /// Whether another block has the entry now, or pages were given back.
  static bool is_another(const spool::LargeBlock& block, const Seen& seen);
  static bool is_huge(const spool::LargeBlock& block, const Seen& seen);
  bool look_often(const LargeBlocks& blocks, const TickClock& clock);
  bool look_at_huge(const LargeBlocks& blocks, const TickClock& clock);
  /// True when something is new.
  bool look(const spool::LargeBlock& block, Seen& seen, const TickClock& clock);
  /// Counts the pages of the block that are there, from its prefix on. False when the process has
  /// no such memory (any more). Where libc has unmapped the block, the recorder's own page in front
  /// of it is gone too.
  bool count_pages(Seen& seen, std::uint64_t held);
  /// Of `wanted` pages from this one on, whether they have content; false when that is not known.
  bool read_pages(std::uint64_t page, std::uint64_t wanted);
  /// Takes from them those that were only read.
  void drop_zero_pages(std::uint64_t page, std::uint64_t wanted);

  std::int32_t pid_;
  Fd map_;
  std::vector<std::uint64_t> buffer_;
  std::vector<void*> asked_;
  std::vector<int> nodes_;
  std::vector<Seen> seen_;
  std::vector<recorder::TouchSample> samples_;
  std::uint32_t next_small_ = 0;
  std::int64_t next_ns_ = 0, next_huge_ns_ = 0;
  std::int64_t huge_ = 0;  ///< so many blocks had time of their own
};

}  // namespace heapwise
