// SPDX-License-Identifier: MIT
#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <vector>

#include "allocators/allocator.h"
#include "base/error.h"
#include "bench/replay/raw_run.h"
#include "bench/session/heap_figures.h"
#include "results/result.h"

namespace heapwise {

/// One replay of one plan.
struct RunnerCall {
  std::string library_directory;
  Contender contender;
  std::string plan;
  std::string raw;        ///< where the raw run is to be put; replaced
  std::string reference;  ///< a file that write_reference() made; empty where there is none
  std::uint64_t sample_capacity = 0;
  Purpose purpose = Purpose::footprint;
  ReplayClock clock = ReplayClock::trace;
  unsigned processors = 0;  ///< that a run for speed may use at once; 0: all
  double timeout_s = 60;
  /// Length of a variable that does nothing but move the stack, and with it what lies beside it.
  std::uint64_t environment_padding = 0;
  const std::atomic<bool>* stop = nullptr;  ///< once true, the run is killed; may be null
};

/// What came of it; the figures are there when status is ok.
struct RunnerEnd {
  RunStatus status = RunStatus::ok;
  std::string detail;
  RawFigures raw;
  double seconds = 0;  ///< of the whole process
  /// Of the contender's ad-hoc settings, those that may or may not be at work, as a shell would
  /// set them.
  std::string unconfirmed_settings;
  bool in_real_time = false;  ///< a setting shows what it does with ReplayClock::recorded only
};

/// "footprint", "throughput" or "latency"
std::string to_string(Purpose purpose);

/// The path of the runner of an allocator.
std::string runner_path(const std::string& library_directory, const std::string& allocator);

/// Has the contender's runner say who it is and end: for who wants to know, or to see it start.
std::vector<std::string> identify_command(const std::string& library_directory,
                                          const Contender& contender);

/// What a runner finds in its environment: hardly anything, the tuning's settings, and the library
/// to preload. Variables of the user's that steer an allocator do not get there.
Settings runner_environment(const Contender& contender, std::uint64_t padding);

/// Runs a runner in a process of its own, when confirm_settings() finds nothing against it; if it
/// does, the run is `unsupported`. Fails when there is no such runner, or the raw run cannot be
/// written.
Expected<RunnerEnd> run_runner(const RunnerCall& call);

}  // namespace heapwise
