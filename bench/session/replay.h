// SPDX-License-Identifier: MIT
// Replays traces on allocators: the plan is compiled once per trace, every run is a process of its
// own, and the runs of the contenders take turns.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "allocators/allocator.h"
#include "base/error.h"
#include "bench/replay/raw_run.h"
#include "results/result.h"

namespace heapwise {

/// What a session is doing, told before each step.
struct ReplayProgress {
  std::string workload;
  std::string allocator, tuning;  ///< empty while a plan is compiled
  std::string purpose;            ///< "plan", "footprint" or "throughput"
  unsigned repetition = 0;        ///< from 0; the harness's own runs are repetition 0 of "null"
  unsigned done = 0, total = 0;   ///< steps
  double elapsed_s = 0;
  double remaining_s = -1;  ///< estimate; negative while there is none
};

struct ReplayOptions {
  std::vector<std::string> traces;  ///< paths of .hwt files
  /// For each trace the number of its workload: traces of one number are recordings of the same.
  /// Empty: each trace is a workload of its own. See group_recordings().
  std::vector<unsigned> workloads;
  std::vector<Contender> contenders;
  unsigned repetitions = 5;
  std::vector<Purpose> purposes{Purpose::footprint, Purpose::throughput};
  ReplayClock clock = ReplayClock::trace;
  std::uint64_t seed = 1;                   ///< of the order of runs
  std::string library_directory;            ///< where the runners are
  std::string temporary_parent;             ///< for plans; empty: $TMPDIR or /tmp
  double timeout_s = 0;                     ///< of one run; 0: derived from the null runner's time
  const std::atomic<bool>* stop = nullptr;  ///< once true, the present run is killed
  std::function<void(const ReplayProgress&)> progress;  ///< may be empty
};

/// One contender under one purpose.
struct Item {
  Contender contender;
  Purpose purpose;
};

/// Runs it all and fills `harness`, `seed`, `workloads` and `runs` of a Result; the rest is for the
/// caller. A run that dies is a Run with its status; an Error means that the session itself could
/// not go on: a trace that cannot be read, a missing runner, no space for a plan.
///
/// Throughput runs report wall time ÷ operations: the inverse of what all threads together got
/// done. Every recording of a workload is replayed `repetitions` times; the workload then has the
/// figures of the recording whose peak is in the middle, and the warnings of all. Two workloads of
/// the same name get a number behind it. Not thread-safe: one session at a
/// time.
Expected<Result> replay(const ReplayOptions& options);

}  // namespace heapwise
