// SPDX-License-Identifier: MIT
// Flags: warnings that say what a prediction may be wrong about, or that an allocator cannot be put
// under a program in the usual way. Each has a stable code, which is also its anchor in
// docs/measuring.md. Everything here is pure and thread-safe.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "results/result.h"
#include "traces/census.h"
#include "traces/trace.h"

namespace heapwise {

/// What a flag means for LD_PRELOAD.
enum class Preload {
  works,    ///< the flag is not about that
  useless,  ///< the system or the program passes a preloaded allocator by
  unsafe,   ///< blocks of two allocators would meet: the program may crash
  never,    ///< and no other allocator can be linked either
};

struct FlagKind {
  const char* code;
  Preload preload;
};

/// Every code that heapwise gives a workload or a row.
const std::vector<FlagKind>& flag_kinds();

/// The worst that a workload's flags say of preloading, with the flag that says it.
struct PreloadVerdict {
  Preload preload = Preload::works;
  std::string code;
};
PreloadVerdict preload_verdict(const WorkloadInfo& workload);

/// What is known of a trace and of the machine that replays it.
struct TraceEvidence {
  TraceInfo info;
  TraceTotals totals;
  Capabilities capabilities = 0;
  std::string damage;  ///< a sentence; empty for a whole trace
  unsigned threads = 0;
  std::optional<TraceCensus> census;
  unsigned cpus_here = 0;       ///< 0: not known
  std::string huge_pages_here;  ///< empty: not known
};

/// What the trace alone says, in the order in which it is worth reading.
std::vector<Warning> trace_flags(const TraceEvidence& evidence);

/// What the figures say. Adds flags to the workloads and the summary's rows; one that is there
/// already is not added again. Wants result.summary filled.
void flag_predictions(Result& result);

/// Adds a warning to a list unless one of the same code and words is there.
void add_flag(std::vector<Warning>& warnings, Warning warning);
bool has_flag(const std::vector<Warning>& warnings, std::string_view code);

/// "jemalloc" of "libjemalloc.so.2" and "tcmalloc" of "libtcmalloc_minimal.so.4".
std::string allocator_of_library(std::string_view file_name);

}  // namespace heapwise
