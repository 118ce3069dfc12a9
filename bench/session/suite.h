// SPDX-License-Identifier: MIT
// The matrix of workloads × allocators: which run comes next, until enough is known or time is up.
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

struct SuiteProgress {
  std::string workload, allocator, tuning;  ///< allocator is empty while a trace is made
  std::string purpose;
  unsigned number = 0, workloads = 0;  ///< of the workload, from 1
  unsigned round = 0;                  ///< from 1
  double elapsed_s = 0;                ///< over all sittings
  double remaining_s = -1;             ///< negative while nobody can tell
};

struct SuiteOptions {
  /// Mode, rounds, budget, seeds and the lists as typed: what a later sitting must be told alike.
  SuiteInfo info;
  std::uint64_t seed = 1;              ///< of the order of runs
  std::vector<std::string> workloads;  ///< this shard's: choices, or paths of .hwt files
  std::vector<Contender> contenders;
  std::vector<Purpose> purposes;
  std::string library_directory;
  std::string work_directory;               ///< made, locked and removed again; plans lie there
  double timeout_s = 0;                     ///< of one run; 0: by the null runner's time
  const std::atomic<bool>* stop = nullptr;  ///< once true, the present run is given up
  std::function<void(const SuiteProgress&)> progress;  ///< may be empty
  /// Called once no other suite is at work in work_directory, which may have been waited for. Its
  /// failure ends the suite before it has done anything. May be empty.
  std::function<Expected<void>()> alone;
  /// Called with what is known so far after every run. Its failure ends the suite.
  std::function<Expected<void>(const Result&)> save;
};

/// Measures until every workload has its rounds. Fills harness, seed, workloads, runs and suite;
/// the rest is for the caller, and stays as it is in `earlier`.
///
/// Each workload gets info.least_rounds rounds, one workload after the other. Then those whose
/// leading comparisons (results/leading.h) are still open get another round in turn, until they are
/// settled, have info.most_rounds, or the next round would not end within info.budget_s. A round is
/// one run of every contender under every purpose, in an order that follows from the seed. The
/// seed also decides the padding of each run, so that a run is the same whenever it is made.
///
/// Runs that `earlier` has are not made again. A run that dies is a Run with its status; a
/// contender whose run timed out or is unsupported gets no further runs of that purpose on that
/// workload. A workload that cannot be made or replayed is told in info.progress, and the rest goes
/// on. When `stop` is set, what was measured is returned with info.complete false.
///
/// No run is thrown away to warm up: each is a process of its own, whose plan is in memory before
/// its first call, and the null runs that come before have brought runner and plan from the disk.
Expected<Result> run_suite(const SuiteOptions& options, Result earlier);

/// What one round of the workloads costs, relative to each other: by operations, more where threads
/// take turns. Makes their traces in `directory` and removes them. Fails when one cannot be made.
Expected<std::vector<double>> expected_costs(const std::vector<std::string>& workloads,
                                             std::uint64_t seed, const std::string& directory);

/// The items of the `shard`th of `shards` parts (from 1), in their order: the costliest first goes
/// to the part that has least to do so far, so parts take about as long. Pure.
std::vector<std::size_t> shard_of(const std::vector<double>& costs, unsigned shard,
                                  unsigned shards);

}  // namespace heapwise
