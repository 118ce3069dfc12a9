// SPDX-License-Identifier: MIT
// The real runs of a verification: the same command again and again, under each allocator in turn.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "allocators/allocator.h"
#include "base/error.h"
#include "bench/session/real_run.h"
#include "bench/session/real_run_load.h"
#include "results/result.h"

namespace heapwise {

struct VerifyProgress {
  std::string allocator, tuning;
  unsigned repetition = 0;
  unsigned done = 0, total = 0;
};

struct VerifyOptions {
  std::vector<std::string> command;  ///< {port} stands for a port that is free
  LoadScript load;                   ///< command and wait_file with {port} too
  bool wait_any_port = false;        ///< wait for what {port} becomes, and not for load.wait_port
  std::vector<Contender> contenders;
  unsigned repetitions = 5;
  std::uint64_t seed = 1;
  std::string workload;           ///< name in the runs
  std::string input;              ///< file on standard input of each run; empty: nothing
  std::string library_directory;  ///< where the runners are, which confirm settings; empty: none do
  std::string mark_library;       ///< libheapwise_mark.so
  bool over_linked = false;      ///< the program is linked to an allocator: glibc must be preloaded
  ImageChoice image;             ///< whose memory is compared
  double recorded_wall_s = 0;    ///< of the recorded run, which the timeout follows
  int recorded_wait_status = 0;  ///< how a good run ends
  std::function<void(const VerifyProgress&)> progress;  ///< may be empty
};

struct RealRuns {
  std::vector<Run> runs;          ///< for Result::real_runs
  double non_heap_bytes = 0;      ///< mean over the plain run
  std::vector<Warning> warnings;  ///< allocators that the program cannot run on, with the way out
};

/// A command and its load with a fresh port in the place of {port}.
struct PortedCommand {
  std::vector<std::string> command;
  LoadScript load;
};
Expected<PortedCommand> with_free_port(const std::vector<std::string>& command,
                                       const LoadScript& load, bool wait_any_port);

/// One run under glibc as it is, to compare a recorded run with, which also tells which files are
/// the program's own. Fails when the program cannot be run again. Not thread-safe.
Expected<RealRunEnd> run_plainly(const VerifyOptions& options);

/// After such a run, `repetitions` rounds of all contenders in balanced random order. A run that
/// dies is a Run with its status; the rest of that allocator's runs are made nevertheless, as it
/// may not die each time. Not thread-safe.
Expected<RealRuns> run_all_for_real(const VerifyOptions& options, const RealRunEnd& plain);

/// The heap of a process: its anonymous memory less what of it was not heap at the same time.
/// Between two looks at that it is taken to change evenly; where it is a large part of the whole,
/// only the moments of these looks count, and those between two looks that agree. Time counts in
/// seconds; `anonymous` may be empty.
std::vector<Sample> heap_samples(const std::vector<ProcessMoment>& anonymous,
                                 const std::vector<ProcessMoment>& non_heap);

}  // namespace heapwise
