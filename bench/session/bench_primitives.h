// SPDX-License-Identifier: MIT
// Runs the primitives of bench/micro: every primitive of every allocator is a process of its own,
// and the allocators take turns.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "allocators/allocator.h"
#include "base/error.h"
#include "results/result.h"

namespace heapwise {

struct BenchOptions {
  std::vector<Contender> contenders;
  unsigned repetitions = 5;
  std::uint64_t seed = 1;          ///< of the order of runs and of the size of environments
  std::string library_directory;   ///< where the programs are
  std::vector<std::string> flags;  ///< Google Benchmark's, but for those of bench_flags.h
  double timeout_s = 300;          ///< of one primitive
};

/// One primitive on one allocator, once.
struct PrimitiveRun {
  std::size_t primitive = 0, contender = 0;  ///< indices into BenchResult's
  unsigned repetition = 0;
  RunStatus status = RunStatus::ok;
  std::string detail;  ///< why not ok
  std::string entry;   ///< Google Benchmark's JSON object of it; empty when not ok
  double ns = 0;       ///< per iteration: of CPU time, or of real time where that is what counts
};

struct BenchResult {
  std::vector<std::string> primitives;  ///< as Google Benchmark names them
  std::vector<std::string> contenders;  ///< as in results: "jemalloc:decay-0"
  std::vector<std::string> versions;    ///< of each contender; empty where none ran
  std::string context;                  ///< Google Benchmark's, of the first process
  std::uint64_t seed = 0;
  unsigned repetitions = 0;
  std::vector<Warning> warnings;  ///< about settings
  std::vector<PrimitiveRun> runs;
};

/// Told before each run.
using BenchProgress = std::function<void(const std::string& primitive, const std::string& contender,
                                         std::size_t done, std::size_t total)>;

/// The primitives that `flags` choose. Fails when Google Benchmark does not understand them, or
/// they choose none.
Expected<std::vector<std::string>> list_primitives(const std::string& library_directory,
                                                   const std::vector<std::string>& flags);

/// Runs them. A run that dies is a run with its status; a contender whose settings have no effect
/// has one unsupported run of each primitive. Calls `saved` after each repetition, so that a long
/// bench loses little; an error of it ends the bench. Fails otherwise only when nothing can be run.
Expected<BenchResult> bench_primitives(
    const BenchOptions& options, const BenchProgress& progress,
    const std::function<Expected<void>(const BenchResult&)>& saved);

/// The path of the program with an allocator's primitives.
std::string micro_path(const std::string& library_directory, const std::string& allocator);

}  // namespace heapwise
