// SPDX-License-Identifier: MIT
// A session of replays piece by piece, for those who decide on each run themselves.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/rng.h"
#include "bench/plan/compile.h"
#include "bench/session/replay.h"
#include "bench/session/runner.h"
#include "results/result.h"

namespace heapwise {

/// The throughput of the null runner is the median of so many runs.
constexpr unsigned kNullRuns = 3;
/// So is the time that the replay spends on the allocator that the program was recorded over.
constexpr unsigned kReferenceRuns = 3;

/// Tells the caller what goes on and guesses how long it will take: each purpose is taken to go on
/// as it did so far.
class ProgressTeller {
  using Clock = std::chrono::steady_clock;

 public:
  explicit ProgressTeller(const ReplayOptions& options)
      : tell_(options.progress), start_(Clock::now()) {
    const auto each = static_cast<unsigned>(options.contenders.size()) * options.repetitions;
    progress_.total = static_cast<unsigned>(options.traces.size());
    left_["plan"] = progress_.total;
    for (const Purpose purpose : options.purposes) {
      const unsigned null_runs = purpose == Purpose::throughput ? kNullRuns : 1;
      left_[to_string(purpose)] += each * static_cast<unsigned>(options.traces.size());
      left_["null"] += null_runs * static_cast<unsigned>(options.traces.size());
    }
    progress_.total += left_["null"];
    for (const Purpose purpose : options.purposes) progress_.total += left_[to_string(purpose)];
  }

  void workload(std::string name) { progress_.workload = std::move(name); }

  void begin(const Contender& contender, const std::string& purpose, unsigned repetition) {
    progress_.allocator = contender.allocator;
    progress_.tuning = contender.tuning;
    progress_.purpose = purpose;
    progress_.repetition = repetition;
    progress_.elapsed_s = seconds_since(start_);
    progress_.remaining_s = remaining();
    if (tell_) tell_(progress_);
    began_ = Clock::now();
  }
  void end() {
    const std::string& kind = progress_.allocator == "null" ? "null" : progress_.purpose;
    Spent& spent = spent_[kind];
    spent.seconds += seconds_since(began_);
    ++spent.count;
    if (left_[kind] > 0) --left_[kind];
    ++progress_.done;
  }

 private:
  struct Spent {
    double seconds = 0;
    unsigned count = 0;
  };

  static double seconds_since(Clock::time_point when) {
    return std::chrono::duration<double>(Clock::now() - when).count();
  }
  double remaining() {
    double sum = 0;
    for (const auto& [kind, count] : left_) {
      if (count == 0) continue;
      const Spent& spent = spent_[kind];
      if (spent.count == 0) return -1;
      sum += spent.seconds / spent.count * count;
    }
    return sum;
  }

  std::function<void(const ReplayProgress&)> tell_;
  Clock::time_point start_, began_;
  ReplayProgress progress_;
  std::map<std::string, unsigned> left_;
  std::map<std::string, Spent> spent_;
};

/// Replays traces one by one. Either replay_workload() does it all, or the caller opens one trace
/// and says when each run is to be made. Not thread-safe.
class Session {
 public:
  /// Plans and raw runs go to `directory`, which must be there. Keeps a reference to `options`.
  Session(const ReplayOptions& options, std::string directory)
      : options_(options),
        directory_(std::move(directory)),
        progress_(options),
        rng_(options.seed) {
    result_.seed = options.seed;
  }

  /// Opens each recording of a workload, makes all its runs and removes its plan.
  Expected<void> replay_workload(const std::vector<std::string>& recordings);

  /// Compiles the plan and describes the workload.
  Expected<plan::PlanFacts> open(const std::string& trace);
  /// Measures the harness itself on the open trace; every run needs its figures.
  Expected<void> run_null(const plan::PlanFacts& facts);
  /// Takes them from an earlier session on the same trace.
  void restore_null(const WorkloadInfo& earlier);
  Expected<Run> run_item(const Item& item, unsigned repetition, const plan::PlanFacts& facts);
  /// What of the next run is left to chance follows from `seed` alone.
  void reseed(std::uint64_t seed) { rng_ = Rng(seed); }
  WorkloadInfo& workload() { return result_.workloads.back(); }
  const Harness& harness() const { return result_.harness; }

  Result take_result() { return std::move(result_); }

 private:
  /// What the null runner showed on the present trace.
  struct Null {
    std::uint64_t rss_bytes = 0;
    std::vector<RawSample> samples;  ///< footprint
    std::map<Purpose, double> seconds;
  };

  Expected<WorkloadInfo> replay_trace(const std::string& trace);
  Expected<RunnerEnd> run_null_once(Purpose purpose, unsigned repetition);
  Expected<void> run_rounds(const plan::PlanFacts& facts);
  Expected<void> measure_reference(const plan::PlanFacts& facts);
  std::string reference_path() const { return directory_ + "/reference"; }
  Expected<RunnerEnd> call_runner(const Contender& contender, Purpose purpose, double timeout_s);
  double timeout(Purpose purpose, const plan::PlanFacts& facts) const;
  std::string unused_name(const std::string& name) const;
  void warn_of_settings(const Item& item, const RunnerEnd& end);
  bool has_purpose(Purpose purpose) const {
    return std::count(options_.purposes.begin(), options_.purposes.end(), purpose) != 0;
  }

  const ReplayOptions& options_;
  std::string directory_;
  ProgressTeller progress_;
  Rng rng_;
  Result result_;
  WorkloadInfo opened_;     ///< of the present recording
  unsigned recording_ = 0;  ///< of the present workload
  Null null_;
  bool reference_known_ = false;  ///< of this recording; its file is there
  double null_ns_ = 0;
  std::uint64_t null_operations_ = 0;
  std::uint64_t padding_ = 0;  ///< of the run before
};

}  // namespace heapwise
