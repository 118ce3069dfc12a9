// SPDX-License-Identifier: MIT
#include "cli/measure.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <ctime>
#include <map>
#include <set>

#include "allocators/allocator.h"
#include "base/files.h"
#include "bench/session/environment.h"
#include "bench/session/replay.h"
#include "bench/session/starts.h"
#include "cli/complete.h"
#include "cli/deployments.h"
#include "cli/purposes.h"
#include "cli/verb.h"
#include "cli/version.h"
#include "results/summarize.h"
#include "results/thresholds.h"

namespace heapwise::cli {
namespace {

const std::map<std::string, ReplayClock> kClocks = {{"trace", ReplayClock::trace},
                                                    {"recorded", ReplayClock::recorded},
                                                    {"none", ReplayClock::none}};

/// Whether any two traces are recordings of the same workload.
bool has_several(const std::vector<unsigned>& workloads) {
  return std::set<unsigned>(workloads.begin(), workloads.end()).size() < workloads.size();
}

void show(Progress& progress, const ReplayProgress& step) {
  const double fraction = step.total == 0 ? -1 : static_cast<double>(step.done) / step.total;
  if (step.allocator.empty()) {
    progress.show("compiling " + step.workload, fraction);
    return;
  }
  progress.show(
      fmt::format("{} · {} · {} · round {}", step.workload,
                  display_name(step.allocator, step.tuning), step.purpose, step.repetition + 1),
      fraction, step.remaining_s);
}

/// Where they count: of programs of which it is known what they use and how often they start.
void add_start_costs(Result& result, const ReplayOptions& options, Progress& progress) {
  const auto counts = [](const WorkloadInfo& one) {
    return one.cpu_s && one.process_starts.value_or(0) > 0;
  };
  if (std::none_of(result.workloads.begin(), result.workloads.end(), counts)) return;
  progress.show("starting a process under each allocator", -1);
  const auto costs = measure_starts(options.library_directory, options.contenders);
  for (WorkloadInfo& one : result.workloads) {
    if (counts(one)) one.start_costs = costs;
  }
}

}  // namespace

std::uint64_t seed_from_clock() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  // Whoever reads the result's JSON into doubles, as JavaScript does, rounds what is beyond 2^53.
  constexpr std::uint64_t kExact = (std::uint64_t{1} << 53) - 1;
  return (static_cast<std::uint64_t>(now.count()) & kExact) | 1U;
}

void MeasureOptions::add_to(const Command& verb) {
  verb.add_option("--allocators", allocators,
                  "Which to compare, separated by commas: NAME, NAME:TUNING, NAME=/path/lib.so, "
                  "each with @VAR=VALUE;VAR=VALUE behind. Default: all that were built "
                  "but those that take part only where named (see heapwise allocators)");
  verb.add_option("--repetitions", repetitions,
                  "Rounds of runs. Fewer than 3 give no interval, and no verdict that one is "
                  "better. Where several "
                  "recordings of a workload are replayed, the default is 3 of each")
      .range(1, 1000)
      .note_given(repetitions_given)
      .show_default();
  verb.add_option("--clock", clock,
                  "The time that allocators see: trace (recorded time, passing at once), recorded "
                  "(replayed in real time) or none")
      .one_of(kClocks)
      .show_default();
  verb.add_option(
          "--purposes", purposes,
          "Measure footprint, throughput, latency (each call timed), or several, with commas")
      .show_default();
  verb.add_option("--seed", seed, "Of the order of runs; kept in the result. Default: drawn anew")
      .positive();
  verb.add_option("--timeout", timeout_s, "Seconds that one run may take. Default: as is usual")
      .not_negative();
  verb.add_flag("--quiet", quiet, "No progress");
}

Expected<std::vector<Contender>> contenders_of(const MeasureOptions& options) {
  return options.allocators.empty() ? default_contenders() : parse_contenders(options.allocators);
}

Expected<Result> measure(const std::vector<std::string>& traces, const MeasureOptions& options,
                         Progress& progress, const std::vector<unsigned>& workloads) {
  ReplayOptions replay_options;
  replay_options.traces = traces;
  replay_options.workloads = workloads;
  auto contenders = contenders_of(options);
  if (!contenders) return tl::make_unexpected(contenders.error());
  const auto is_null = [](const Contender& one) { return one.allocator == "null"; };
  if (std::all_of(contenders->begin(), contenders->end(), is_null)) {
    return fail(ErrorCode::usage, "the null allocator is what the others are measured against",
                "it runs with each session; name one that allocates (heapwise allocators)");
  }
  replay_options.contenders = *std::move(contenders);
  replay_options.repetitions = has_several(workloads) && !options.repetitions_given
                                   ? std::min(options.repetitions, thresholds::kRepetitions)
                                   : options.repetitions;
  auto purposes = parse_purposes(options.purposes);
  if (!purposes) return tl::make_unexpected(purposes.error());
  replay_options.purposes = *std::move(purposes);
  replay_options.clock = kClocks.at(options.clock);
  replay_options.seed = options.seed == 0 ? seed_from_clock() : options.seed;
  replay_options.timeout_s = options.timeout_s;
  replay_options.library_directory = library_directory();
  replay_options.progress = [&progress](const ReplayProgress& step) { show(progress, step); };

  // Looked at before the runs, which are themselves a load.
  Environment environment = look_at_machine();
  auto result = replay(replay_options);
  if (result) add_start_costs(*result, replay_options, progress);
  progress.clear();
  if (!result) return result;
  result->environment = std::move(environment);
  result->heapwise_version = HEAPWISE_VERSION;
  result->created = fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(std::time(nullptr)));
  complete(*result, deployments_of(replay_options.contenders));
  return result;
}

int exit_code_of_runs(const Result& result) {
  std::string why;
  for (const Run& one : result.runs) {
    if (one.status == RunStatus::ok) return kFine;
    if (why.empty() && !one.status_detail.empty()) {
      why = display_name(one.allocator, one.tuning) + ": " + one.status_detail;
    }
  }
  if (result.suite && result.runs.empty()) {
    for (const SuiteWorkload& one : result.suite->progress) {
      if (why.empty()) why = one.reason;
    }
  }
  say(fmt::format("heapwise: {}, so there is nothing to decide by{}\n",
                  result.runs.empty()
                      ? "no run was made"
                      : fmt::format("none of {} runs ended well", result.runs.size()),
                  why.empty() ? "" : ": " + why));
  return kInconclusive;
}

}  // namespace heapwise::cli
