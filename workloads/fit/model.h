// SPDX-License-Identifier: MIT
// What is learnt of a trace so that another can be made like it. Data only; no order of calls, no
// contents and no names of the program are kept beyond what stands here.
//
// The clock of a model is not time but operations: a trace is cut into phases of equally many, and
// a *position* is a phase plus the share of it that is over, 2.5 is in the middle of the third.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "traces/op.h"

namespace heapwise::fit {

/// Sizes below 16 have a bucket each, above there are four for every doubling.
std::uint32_t bucket_of(std::uint64_t size);
/// The smallest and the largest size of a bucket.
std::uint64_t bucket_low(std::uint32_t bucket);
std::uint64_t bucket_high(std::uint32_t bucket);
constexpr std::uint32_t kBuckets = 16 + 4 * 60;

/// Lifetimes within a phase and delays before a realloc: operations, by powers of two.
constexpr std::uint32_t kSpans = 40;
std::uint32_t span_of(std::uint64_t operations);

/// How an object of a cell ends: never (0), after a span (1 + span) or in a later phase (kLater +
/// its number).
using Fate = std::uint32_t;
constexpr Fate kNever = 0;
constexpr Fate kSoon = 1;
constexpr Fate kLater = 100;

/// What objects of one bucket of sizes are like. Counts are of allocations and reallocs.
struct Sizes {
  std::uint32_t bucket = 0;
  std::vector<std::pair<std::uint64_t, std::uint64_t>> common;  ///< exact size, count
  std::uint64_t others = 0;                                     ///< any other size of the bucket
  double callocs = 0, aligned = 0;                              ///< shares of the allocations
  std::uint32_t align_log2 = 0;                                 ///< of the aligned ones
  double written = 1;  ///< share of the pages, where the trace measured it
  /// What becomes of an object while it has a size of this bucket.
  std::uint64_t ends = 0;                                       ///< freed, or still there
  std::vector<std::pair<std::uint32_t, std::uint64_t>> grows;   ///< realloc to that bucket, count
  std::vector<std::pair<std::uint32_t, std::uint64_t>> delays;  ///< span before the realloc, count
};

/// So many objects allocated in a phase share a bucket and a fate.
struct Cell {
  std::uint32_t bucket = 0;
  Fate fate = kNever;
  std::uint64_t count = 0;
};

/// Objects of one phase that die in a later one: where in that phase, and whether in the order in
/// which they were born (1), the opposite one (-1) or none (0).
struct Flow {
  std::uint32_t to = 0;
  double mean = 0.5, spread = 0;  ///< of the share of the phase that is over when they die
  double order = 0;               ///< correlation of the places of birth and death
};

struct Phase {
  double active_ns = 0;  ///< without pauses
  double changes = 0;    ///< share of allocations by another thread than the one before
  std::vector<Cell> cells;
  std::vector<Flow> flows;
  std::vector<std::pair<std::uint32_t, std::uint64_t>> makers;  ///< thread, allocations
};

struct Thread {
  std::uint32_t creator = 0;
  double start = 0;
  double end = -1;  ///< negative: it never did
};

/// Who frees what a thread has allocated; apart for objects that die soon and later.
struct Handover {
  std::uint32_t maker = 0, freer = 0;
  std::uint64_t soon = 0, later = 0;
};

struct Pause {
  double position = 0;
  std::uint64_t ns = 0;
};

/// One of the largest objects, as it was: there are too few of them for chances.
struct Giant {
  double born = 0, died = -1;  ///< negative: never
  std::uint32_t maker = 0, freer = 0;
  OpKind kind = OpKind::malloc;
  std::uint32_t align_log2 = 0;
  std::uint64_t size = 0;
  std::vector<std::pair<double, std::uint64_t>> steps;  ///< position and size of reallocs
  std::uint64_t pages = 0;                              ///< written, where that was measured
};

/// Figures of a replay, in bytes; negative where there is none.
struct Footprint {
  double peak = -1, mean = -1, end = -1;
};

/// How the replay of what was synthesized compares with that of the recording, on one allocator;
/// medians. `allocator` is empty for the bytes that were live.
struct Tried {
  std::string allocator, tuning;
  Footprint recorded, fitted;
};

/// The error of one figure in per cent of what was recorded; nothing where that is 0 or missing.
std::optional<double> error_percent(double recorded, double fitted);

/// The mean over allocators of the errors' absolute values, in per cent; negative where there is
/// none. The row of live bytes is left out.
Footprint mean_error(const std::vector<Tried>& tried);

struct Model {
  std::string name;  ///< of the trace
  std::uint64_t operations = 0;
  std::uint64_t duration_ns = 0;
  bool written_measured = false;  ///< the trace knows which pages were written
  std::uint64_t written_threshold = 8192;
  std::vector<Sizes> sizes;  ///< by bucket
  std::vector<Phase> phases;
  std::vector<Thread> threads;  ///< thread 0 first
  std::vector<Handover> handovers;
  std::vector<Pause> pauses;  ///< by position
  std::vector<Giant> giants;  ///< by birth
  std::vector<Tried> tried;   ///< empty when that was not measured
};

}  // namespace heapwise::fit
