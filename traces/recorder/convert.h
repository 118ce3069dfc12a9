// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "base/error.h"
#include "traces/op.h"
#include "traces/trace.h"

namespace heapwise::recorder {

/// An object that is alive at some moment, by its address.
struct LiveObject {
  std::uint64_t address = 0;
  std::uint64_t size = 0;
  OpKind kind = OpKind::malloc;
  std::uint8_t align_log2 = 0;
  std::uint64_t touched_pages = 0;  ///< of a large one: written by then
};

/// The recorded process's memory at a moment of CLOCK_MONOTONIC.
struct MemorySample {
  std::uint64_t monotonic_ns = 0;
  std::uint64_t rss_anon_bytes = 0;
  std::uint64_t rss_total_bytes = 0;
};

/// How many pages of a large block were found written.
struct TouchSample {
  std::uint64_t ticks = 0;
  std::uint64_t address = 0;
  std::uint64_t pages = 0;
};

/// How ticks become time: at `ticks` it was `monotonic_ns`.
struct TickScale {
  std::uint64_t ticks = 0;
  std::uint64_t monotonic_ns = 0;
  double ns_per_tick = 1;

  /// CLOCK_MONOTONIC, in nanoseconds, when the ticks were so many.
  double monotonic_at(std::uint64_t when) const {
    return static_cast<double>(monotonic_ns) +
           (static_cast<double>(when) - static_cast<double>(ticks)) * ns_per_tick;
  }
};

struct ConversionRequest {
  std::string raw_path;
  std::string output;
  bool overwrite = false;
  std::string name;
  std::vector<std::pair<std::string, std::string>> facts;      ///< beside those of the spool
  std::vector<std::pair<std::string, std::string>> end_facts;  ///< likewise
  double cpu_seconds = 0;  ///< used while it was recorded, by the recorder too; 0: not known
  std::vector<MemorySample> residency;
  std::vector<TouchSample> touches;  ///< taken while the process ran, in order of time
  TickScale scale;
  bool cut_short = false;  ///< the process lived on behind the last event for who knows how long
  unsigned cpus = 1;       ///< how many threads can run at once at most
  /// What the process inherited from the one it was forked from, if that is known.
  std::vector<LiveObject> inherited;
  /// Moments, in ticks and in order, at which the live objects are wanted: forks.
  std::vector<std::uint64_t> snapshots_at;
  /// Takes those of one of these moments, in no particular order of theirs.
  std::function<void(std::size_t moment, std::vector<LiveObject>)> take_snapshot;
};

struct Conversion {
  TraceTotals totals;
  std::uint64_t implied_frees = 0;  ///< an address was given out again that nobody had freed
  std::uint64_t unknown_frees = 0;  ///< a free or realloc of an address nobody had been given
  /// Larger than an address space, or more than a trace can hold: left out, and counted as dropped.
  std::uint64_t impossible = 0;
};

/// Turns a raw spool into a trace. Events that the recorder could not see (a library that reaches
/// libc past it) leave contradictions; these are resolved and counted in the trace's facts. Memory
/// grows with the live objects and threads, and by 48 bytes for each block of 4 KiB and more; else
/// not with the length of the recording.
Expected<Conversion> convert_spool(const ConversionRequest& request);

}  // namespace heapwise::recorder
