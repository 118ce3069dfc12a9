// SPDX-License-Identifier: MIT
// What is known of a trace beside its ops. Data only.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace heapwise {

/// What a trace's source was able to see. No report may claim a fidelity that is not among these.
enum class Capability : std::uint32_t {
  threads = 1U << 0,    ///< which thread called, and where threads start and end
  time = 1U << 1,       ///< when it called
  alignment = 1U << 2,  ///< alignment of aligned allocations
  zeroed = 1U << 3,     ///< calloc told from malloc
  residency = 1U << 4,  ///< the recorded process's own resident memory now and then
  touch = 1U << 5,      ///< which pages of the larger blocks were written
  complete = 1U << 6,   ///< every call from the first to the last, none dropped
};

/// A set of Capability bits, as the file stores it.
using Capabilities = std::uint32_t;

constexpr Capabilities operator|(Capability a, Capability b) {
  return static_cast<Capabilities>(a) | static_cast<Capabilities>(b);
}
constexpr Capabilities operator|(Capabilities a, Capability b) {
  return a | static_cast<Capabilities>(b);
}
constexpr bool has(Capabilities set, Capability one) {
  return (set & static_cast<Capabilities>(one)) != 0;
}

/// The names of the set bits, in the order above.
std::vector<std::string> capability_names(Capabilities set);

enum class TraceSource : std::uint8_t { recorded = 1, synthetic = 2, imported = 3 };

/// "recorded", "synthetic" or "imported".
std::string to_string(TraceSource source);

/// Written when a trace is begun. Everything that a reader may want before the first op.
struct TraceInfo {
  TraceSource source = TraceSource::recorded;
  Capabilities capabilities = 0;  ///< what is promised; TraceTotals can withdraw `complete`
  std::string name;               ///< short name for tables: program or workload
  std::vector<std::string> command;
  /// Facts beside the above as key and value, in the order written: "pid", "parent_pid",
  /// "executable", "directory", "kernel", "cpus", "page_size", "libc",
  /// "transparent_hugepage", "created" (RFC 3339), "recording" (the same in all traces of one
  /// session), "executable.privileges" ("setuid" and the like), "env.NAME" for variables that steer
  /// an allocator, "workload" with its parameters, "seed", "recorder.*" for counters and costs.
  std::vector<std::pair<std::string, std::string>> facts;

  /// The value of a fact, or nothing.
  std::optional<std::string> fact(const std::string& key) const;
};

/// The number of bytes from which on a trace knows which pages of a block were written, or from
/// which on it could have known: 8192 where it does not say.
std::uint64_t touch_threshold(const TraceInfo& info);

/// The recorded process's own resident memory at a moment of the trace.
struct ResidencySample {
  std::uint64_t time_ns = 0;
  std::uint64_t rss_anon_bytes = 0;
  std::uint64_t rss_total_bytes = 0;
};

/// What the allocator that the program was recorded over had taken of its time by a moment of the
/// trace. The trace's own times leave it out; both together are the program's time over that one.
struct AllocatorTimeSample {
  std::uint64_t time_ns = 0;
  std::uint64_t allocator_ns = 0;
};

/// Written when a trace is ended.
struct TraceTotals {
  std::uint64_t ops = 0;         ///< every Op of any kind
  std::uint64_t operations = 0;  ///< those of is_operation()
  std::uint64_t allocations = 0;
  std::uint64_t duration_ns = 0;
  std::uint64_t peak_live_bytes = 0;
  std::uint64_t peak_live_objects = 0;
  std::uint64_t end_live_bytes = 0;
  std::uint32_t threads = 0;
  std::uint64_t dropped_events = 0;  ///< known to be missing; not 0 withdraws `complete`
  /// Facts known only at the end, like those of TraceInfo: "exit_status", "exit_signal",
  /// "cpu_seconds", "children_cpu_seconds", "wall_seconds", "process_starts", "max_rss_bytes",
  /// "recorder.*". The command's own process has CPU time and starts of all that it waited for;
  /// how much of the time was its children's stands beside it.
  std::vector<std::pair<std::string, std::string>> facts;

  std::optional<std::string> fact(const std::string& key) const;
};

}  // namespace heapwise
