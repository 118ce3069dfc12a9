// SPDX-License-Identifier: MIT
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "allocators/allocator.h"
#include "base/files.h"
#include "bench/session/bench_flags.h"
#include "bench/session/bench_json.h"
#include "bench/session/bench_primitives.h"
#include "bench/session/environment.h"
#include "cli/bench_table.h"
#include "cli/measure.h"
#include "cli/places.h"
#include "cli/progress.h"
#include "cli/verb.h"
#include "cli/version.h"
#include "results/report/text.h"
#include "results/units.h"

namespace heapwise::cli {
namespace {

struct BenchVerb {
  std::string allocators;
  unsigned repetitions = 5;
  std::uint64_t seed = 0;  ///< 0: drawn from the clock
  double timeout_s = 300;
  std::string json;
  bool list = false, force = false, quiet = false;
};

/// What Google Benchmark's own flags say overrides ours.
Expected<BenchFlags> take_flags(BenchVerb& verb, const std::vector<std::string>& words) {
  auto flags = sort_bench_flags(words);
  if (!flags) return flags;
  if (flags->repetitions) verb.repetitions = *flags->repetitions;
  if (flags->json_to_stdout && verb.json.empty()) verb.json = "-";
  if (!flags->output.empty()) verb.json = flags->output;
  verb.list = verb.list || flags->list;
  return flags;
}

/// The null allocator first: what the loops themselves cost.
Expected<std::vector<Contender>> contenders_of(const BenchVerb& verb) {
  auto named = verb.allocators.empty() ? default_contenders() : parse_contenders(verb.allocators);
  if (!named) return named;
  std::vector<Contender> contenders{{"null", "default", "null", {}, {}}};
  for (Contender& one : *named) {
    if (one.allocator != "null") contenders.push_back(std::move(one));
  }
  return contenders;
}

void print_end(const BenchVerb& verb, const BenchResult& result) {
  fmt::print("{}", bench_table(result));
  fmt::print("\n{}", wrap(fmt::format("CPU time of one call or pair of calls, real time where "
                                      "there are threads (×); median of {} processes each, in "
                                      "random order (--seed {}); ± is the widest half range of the "
                                      "row. null is what the loop itself costs.",
                                      result.repetitions, result.seed),
                          kTerminalColumns, "", ""));
  std::vector<Warning> warnings = look_at_machine().warnings;
  warnings.insert(warnings.end(), result.warnings.begin(), result.warnings.end());
  for (const Warning& warning : warnings) {
    fmt::print("{}", wrap(warning.what, kTerminalColumns, "! ", "  "));
    if (!warning.remedy.empty()) {
      fmt::print("{}", wrap("remedy: " + warning.remedy, kTerminalColumns, "  ", "  "));
    }
  }
  if (verb.json.empty()) {
    fmt::print("\nNext: heapwise bench --json R.json keeps this in Google Benchmark's JSON.\n");
  } else {
    fmt::print("\nNext: compare.py filters {} glibc jemalloc (of Google Benchmark's tools)\n",
               shell_quoted(verb.json));
  }
}

Expected<int> run(BenchVerb& verb, const std::vector<std::string>& words) {
  const auto flags = take_flags(verb, words);
  if (!flags) return tl::make_unexpected(flags.error());
  if (verb.list) {
    const auto names = list_primitives(library_directory(), flags->passed);
    if (!names) return tl::make_unexpected(names.error());
    for (const std::string& name : *names) fmt::print("{}\n", name);
    return kFine;
  }
  if (auto place = check_places({verb.json}, verb.force); !place) {
    return tl::make_unexpected(place.error());
  }
  auto contenders = contenders_of(verb);
  if (!contenders) return tl::make_unexpected(contenders.error());
  BenchOptions options;
  options.contenders = *std::move(contenders);
  options.repetitions = verb.repetitions;
  options.seed = verb.seed == 0 ? seed_from_clock() : verb.seed;
  options.library_directory = library_directory();
  options.flags = flags->passed;
  options.timeout_s = verb.timeout_s;
  Progress progress(verb.quiet);
  const auto begun = std::chrono::steady_clock::now();
  const auto show = [&](const std::string& primitive, const std::string& contender,
                        std::size_t done, std::size_t total) {
    const std::chrono::duration<double> spent = std::chrono::steady_clock::now() - begun;
    const double fraction = static_cast<double>(done) / static_cast<double>(total);
    progress.show(primitive + " · " + contender, fraction,
                  done == 0 ? -1 : spent.count() * (1 / fraction - 1));
  };
  bool placed = verb.force;
  const auto save = [&](const BenchResult& result) -> Expected<void> {
    if (verb.json.empty() || verb.json == "-") return {};
    auto done = write_file(
        verb.json, to_benchmark_json(result, HEAPWISE_VERSION, flags->aggregates_only), placed);
    placed = true;
    return done;
  };
  const auto result = bench_primitives(options, show, save);
  progress.clear();
  if (!result) return tl::make_unexpected(result.error());
  if (verb.json == "-") {
    fmt::print("{}", to_benchmark_json(*result, HEAPWISE_VERSION, flags->aggregates_only));
  } else {
    print_end(verb, *result);
  }
  const bool some = std::any_of(result->runs.begin(), result->runs.end(),
                                [](const auto& one) { return one.status == RunStatus::ok; });
  if (!some) say("heapwise: no primitive ended well, so there is nothing to decide by\n");
  return some ? kFine : kInconclusive;
}

}  // namespace

void add_bench(const Command& root, Outcome& outcome) {
  auto verb = std::make_shared<BenchVerb>();
  const Command app = root.add_command(
      "bench",
      "Measure the primitives of every allocator with Google Benchmark: what malloc and free, "
      "calloc, realloc, new and delete cost by size, in batches and across threads. Every "
      "primitive of every allocator is a process of its own, and the allocators take turns.\n"
      "What stands behind -- goes to Google Benchmark.\n"
      "Example: heapwise bench --json bench.json -- --benchmark_filter=malloc_free");
  app.add_option("--allocators", verb->allocators,
                 "Which to compare, as in heapwise replay. Default: all that were built "
                 "but those that take part only where named (see heapwise allocators)");
  app.add_option("--repetitions", verb->repetitions, "Processes of each primitive and allocator")
      .range(1, 1000)
      .show_default();
  app.add_option("--json", verb->json,
                 "Write one file in Google Benchmark's JSON, or - for stdout; names end with the "
                 "allocator's, such as malloc_free/64/jemalloc");
  app.add_option("--seed", verb->seed,
                 "Of the order of runs; kept in the file. Default: drawn anew")
      .positive();
  app.add_option("--timeout", verb->timeout_s, "Seconds that one process may take")
      .positive()
      .show_default();
  app.add_flag("--list", verb->list, "List the primitives and run none");
  app.add_flag("--force", verb->force, "Replace an existing file");
  app.takes_words();
  app.add_flag("--quiet", verb->quiet, "No progress");
  app.callback([verb, &outcome] { outcome.exit_code = exit_code_of(run(*verb, outcome.command)); });
}

}  // namespace heapwise::cli
