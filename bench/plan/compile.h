// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "traces/reader.h"

namespace heapwise::plan {

/// What the compiler learnt of a trace and made of it.
struct PlanFacts {
  TraceInfo info;
  Capabilities capabilities = 0;
  TraceTotals totals;
  std::optional<TraceDamage> damage;
  std::vector<ResidencySample> residency;
  std::vector<AllocatorTimeSample> allocator_times;

  std::uint64_t operations = 0, allocations = 0;
  std::uint32_t threads = 0;
  std::uint64_t duration_ns = 0;  ///< made up, op by op, when the trace has no times
  std::uint64_t busy_ns = 0;      ///< of the milliseconds in which a call was made
  double threads_at_once = 1;     ///< that made calls in the same one; mean over all calls
  std::uint64_t peak_live_bytes = 0;
  double mean_live_bytes = 0;         ///< over the trace's time; end_live_bytes if that is 0
  std::uint64_t end_live_bytes = 0;   ///< where exit begins, or after the last op
  std::uint64_t last_live_bytes = 0;  ///< after the last op
  bool exit_known = false;

  std::uint64_t words = 0, runs = 0, slots = 0, mailboxes = 0;
  std::uint64_t crossings = 0;  ///< objects handed to another thread
};

/// Reads the trace twice and writes its plan to `plan_path`. Memory grows with the live heap; for
/// objects that cross threads, and for the plan itself, there must be space in the plan's
/// directory: 12 bytes an op and 4 an allocation.
Expected<PlanFacts> compile_plan(const std::string& trace_path, const std::string& plan_path);

}  // namespace heapwise::plan
