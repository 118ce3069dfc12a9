// SPDX-License-Identifier: MIT
// The way from traces to a result with its verdicts, shared by `advise` and `replay`.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "allocators/allocator.h"
#include "base/error.h"
#include "cli/command_line.h"
#include "cli/progress.h"
#include "results/result.h"

namespace heapwise::cli {

/// What the user may say about a measurement.
struct MeasureOptions {
  std::string allocators;  ///< as typed; empty: all that were built
  unsigned repetitions = 5;
  bool repetitions_given = false;
  std::string clock = "trace";
  std::string purposes = "footprint,throughput";
  std::uint64_t seed = 0;  ///< 0: drawn from the clock
  double timeout_s = 0;
  bool quiet = false;

  /// Adds the flags to a verb.
  void add_to(const Command& verb);
};

/// The allocators that the options ask for. Like parse_purposes(), to be asked before a program is
/// recorded, which may take an hour, so that a wrong word costs nothing.
Expected<std::vector<Contender>> contenders_of(const MeasureOptions& options);

/// Replays the traces and derives summary, environment, flags and verdicts. `workloads` says which
/// traces are recordings of the same (ReplayOptions); empty: none. Checks the options before it
/// runs anything.
Expected<Result> measure(const std::vector<std::string>& traces, const MeasureOptions& options,
                         Progress& progress, const std::vector<unsigned>& workloads = {});

/// What a command that made these runs exits with: kFine, or kInconclusive, having said why, where
/// none of them ended well.
int exit_code_of_runs(const Result& result);

/// Another seed each time; never 0, and below 2^53.
std::uint64_t seed_from_clock();

}  // namespace heapwise::cli
