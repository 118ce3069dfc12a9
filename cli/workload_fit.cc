// SPDX-License-Identifier: MIT
#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "allocators/allocator.h"
#include "base/files.h"
#include "base/temporary_directory.h"
#include "cli/measure.h"
#include "cli/places.h"
#include "cli/verb.h"
#include "results/summarize.h"
#include "results/units.h"
#include "workloads/fit/json.h"
#include "workloads/fit/learn.h"
#include "workloads/workload.h"

namespace heapwise::cli {
namespace {

constexpr double kMiB = 1024.0 * 1024.0;

struct FitVerb {
  std::string trace, output, allocators;
  unsigned repetitions = 3;
  std::uint64_t seed = 1;
  bool force = false, no_replay = false, quiet = false;
};

double median(const std::optional<Interval>& interval) { return interval ? interval->median : -1; }

fit::Footprint of(const Summary& summary) {
  return {median(summary.peak_rss_bytes), median(summary.mean_rss_bytes),
          median(summary.end_rss_bytes)};
}

fit::Footprint of(const WorkloadInfo& workload) {
  return {static_cast<double>(workload.peak_live_bytes), workload.mean_live_bytes,
          static_cast<double>(workload.end_live_bytes)};
}

std::string mib(double bytes) {
  if (bytes < 0) return "-";
  const double value = bytes / kMiB;
  return fmt::format("{:.{}f}", value, value < 10 ? 2 : value < 100 ? 1 : 0);
}

std::string trio(double recorded, double fitted) {
  const auto error = fit::error_percent(recorded, fitted);
  return fmt::format("{:>8}{:>7}{:>7}", mib(recorded), mib(fitted),
                     error ? fmt::format("{:+.0f}%", *error) : "-");
}

std::string percent(double value) { return value < 0 ? "-" : fmt::format("{:.1f} %", value); }

std::string name_of(const fit::Tried& one) {
  return one.allocator.empty() ? "live" : display_name(one.allocator, one.tuning);
}

void print_errors(const std::vector<fit::Tried>& tried) {
  std::size_t width = 13;
  for (const fit::Tried& one : tried) width = std::max(width, name_of(one).size() + 1);
  fmt::print("\n{:<{}}{:>22}{:>22}{:>22}\n", "heap RSS, MiB", width, "peak", "mean", "end");
  fmt::print("{:<{}}", "", width);
  for (int i = 0; i < 3; ++i) fmt::print("{:>8}{:>7}{:>7}", "trace", "fitted", "error");
  fmt::print("\n");
  for (const fit::Tried& one : tried) {
    fmt::print("{:<{}}{}{}{}\n", name_of(one), width, trio(one.recorded.peak, one.fitted.peak),
               trio(one.recorded.mean, one.fitted.mean), trio(one.recorded.end, one.fitted.end));
  }
  const fit::Footprint mean = fit::mean_error(tried);
  fmt::print("\nMean error: peak {}, mean {}, end {}.\n", percent(mean.peak), percent(mean.mean),
             percent(mean.end));
}

void print_verdicts(const Result& result, const std::string& recorded, const std::string& fitted) {
  const Recommendation *first = nullptr, *second = nullptr;
  for (const Recommendation& one : result.recommendations) {
    if (one.objective != Objective::memory) continue;
    if (one.workload == recorded) first = &one;
    if (one.workload == fitted) second = &one;
  }
  if (first == nullptr || second == nullptr) return;
  const std::string a = display_name(first->choice.allocator, first->choice.tuning);
  const std::string b = display_name(second->choice.allocator, second->choice.tuning);
  if (a == b) {
    fmt::print("For memory, both recommend {}.\n", a);
  } else {
    fmt::print("For memory, the recording recommends {} and what was fitted {}.\n", a, b);
  }
}

/// The first workload is the recording, the second what was made from the model.
std::vector<fit::Tried> compare(const Result& result) {
  const WorkloadInfo& recorded = result.workloads.at(0);
  const WorkloadInfo& fitted = result.workloads.at(1);
  std::vector<fit::Tried> tried = {{"", "", of(recorded), of(fitted)}};
  for (const Summary& one : result.summary) {
    if (one.workload != recorded.name) continue;
    for (const Summary& other : result.summary) {
      if (other.workload != fitted.name || other.allocator != one.allocator ||
          other.tuning != one.tuning) {
        continue;
      }
      tried.push_back({one.allocator, one.tuning, of(one), of(other)});
    }
  }
  return tried;
}

/// Tries out the model at verb.output and keeps its error there.
Expected<void> measure_error(const FitVerb& verb, fit::Model& model) {
  const auto folder = TemporaryDirectory::make();
  if (!folder) return tl::make_unexpected(folder.error());
  const Workload* workload = find_workload("fitted");
  WorkloadChoice fitted{workload, Params(workload->parameters)};
  fitted.params.set_path("file", verb.output);
  const std::string trace = folder->path() + "/fitted.hwt";
  const auto made = make_workload(fitted, verb.seed, trace, false);
  if (!made) return tl::make_unexpected(made.error());
  MeasureOptions options;
  options.allocators = verb.allocators;
  options.repetitions = verb.repetitions;
  options.purposes = "footprint";
  options.seed = verb.seed;
  options.quiet = verb.quiet;
  Progress progress(verb.quiet);
  const auto result = measure({verb.trace, trace}, options, progress);
  if (!result) return tl::make_unexpected(result.error());
  model.tried = compare(*result);
  auto written = write_file(verb.output, fit::to_json(model), true);
  if (!written) return written;
  print_errors(model.tried);
  print_verdicts(*result, result->workloads.at(0).name, result->workloads.at(1).name);
  return {};
}

Expected<void> run(const FitVerb& verb) {
  if (verb.output == "-") {
    return fail(ErrorCode::usage, "the model cannot go to standard output",
                "give a file: what was learnt is tried out from there");
  }
  if (auto good = check_places({verb.output}, verb.force, {verb.trace}); !good) return good;
  if (const auto taken = parse_workload(verb.output);
      !taken || taken->params.path("file") != verb.output) {
    return fail(ErrorCode::usage, verb.output + " would not be taken for a workload",
                "give it a name that ends with .json and has no comma");
  }
  if (!verb.allocators.empty()) {
    if (auto known = parse_contenders(verb.allocators); !known) {
      return tl::make_unexpected(known.error());
    }
  }
  auto model = fit::learn(verb.trace);
  if (!model) return tl::make_unexpected(model.error());
  const std::string text = fit::to_json(*model);
  if (auto written = write_file(verb.output, text, verb.force); !written) return written;
  fmt::print("{}: learnt from {} operations of {}, {}.\n", verb.output,
             format_count(model->operations), model->name,
             format_bytes(static_cast<double>(text.size())));
  if (!verb.no_replay) {
    if (auto measured = measure_error(verb, *model); !measured) return measured;
  }
  fmt::print("\nNext: {}\n",
             next_command({"workload", "make", verb.output + ":length=1000%", "-o", "long.hwt"}));
  return {};
}

}  // namespace

void add_workload_fit(const Command& root, Outcome& outcome) {
  auto verb = std::make_shared<FitVerb>();
  const Command app = root.command("workload")
                          .add_command("fit",
                                       "Learn from a trace what matters to an allocator, and write "
                                       "it to a file from which traces of "
                                       "any length can be made. Then replay the trace and what was "
                                       "made, and print the error.");
  app.footer(
      "Example: heapwise workload fit redis.hwt -o redis.json\n"
      "The file is a workload: heapwise workload make redis.json:length=1000%,scale=50%.\n"
      "It holds sizes, lifetimes, threads, pauses and the error; no contents and no order of "
      "calls.");
  app.add_option("TRACE", verb->trace, "The trace (.hwt) to learn from").required();
  app.add_option("-o,--output", verb->output, "Write the model to this file (.json)").required();
  app.add_option("--allocators", verb->allocators,
                 "Show the error for these, as replay takes them. Default: all that were built "
                 "but those that take part only where named (see heapwise allocators)");
  app.add_option("--repetitions", verb->repetitions, "Rounds of replays of both")
      .range(1, 1000)
      .show_default();
  app.add_option("--seed", verb->seed, "Seed of the trace that is made and of the order of runs")
      .positive()
      .show_default();
  app.add_flag("--no-replay", verb->no_replay, "Do not measure the error");
  app.add_flag("--quiet", verb->quiet, "No progress");
  app.add_flag("--force", verb->force, "Replace an existing file");
  app.callback([verb, &outcome] {
    if (auto done = run(*verb); !done) outcome.exit_code = report_error(done.error());
  });
}

}  // namespace heapwise::cli
