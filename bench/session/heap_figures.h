// SPDX-License-Identifier: MIT
// From what a runner left behind to the figures of a Run. Pure functions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "bench/replay/raw_run.h"
#include "results/result.h"

namespace heapwise {

/// Of the samples of one run, replayed or real, so many are kept.
constexpr std::size_t kKeptSamples = 1000;

/// What the trace says about the memory that was asked for, in requested bytes.
struct LiveFigures {
  std::uint64_t peak_bytes = 0;
  double mean_bytes = 0;
  std::uint64_t end_bytes = 0;  ///< where exit begins, or after the last op
  bool exit_known = false;
};

/// A raw run with its samples, copied out of its file.
struct RawFigures {
  RawRun run{};
  std::vector<RawSample> samples;
  std::unique_ptr<RawLatency> latency;  ///< of a latency run; null otherwise
};

/// Fills the memory figures of a footprint run. The heap's resident bytes are RssAnon less
/// `null_rss_bytes`, what the null runner had before its first op: so what an allocator takes at
/// its start counts as its own.
void fill_footprint(Run& run, const RawFigures& raw, const LiveFigures& live,
                    std::uint64_t null_rss_bytes);

/// Fills the time figures of a throughput run.
void fill_throughput(Run& run, const RawFigures& raw);

/// Fills the latency figures of a latency run from its histograms: a percentile is the middle of
/// the step that it falls into, less the cost of reading the clock and never below 0; the maximum
/// is exact. `run` is left without them when the raw run has none or its clock stood still.
void fill_latency(Run& run, const RawFigures& raw);

/// At most `count` of the samples, the first, the last, the largest and the one with most live
/// bytes among them; the rest evenly.
std::vector<Sample> thinned(const std::vector<Sample>& samples, std::size_t count);

}  // namespace heapwise
