// SPDX-License-Identifier: MIT
#include "results/compare.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "base/files.h"
#include "cli/places.h"
#include "cli/verb.h"
#include "results/report/compare_view.h"
#include "results/store.h"

namespace heapwise::cli {
namespace {

struct CompareVerb {
  std::string base, now;
  std::string markdown, json, junit;
  CompareOptions options;
  double fail_over = 0;
  bool all = false, force = false;
};

/// Writes what was asked for besides the table.
Expected<void> write_forms(const CompareVerb& verb, const Comparison& comparison) {
  if (!verb.markdown.empty()) {
    auto done = write_file(verb.markdown, compare_markdown(comparison), verb.force);
    if (!done) return done;
  }
  if (!verb.junit.empty()) {
    auto done = write_file(verb.junit, compare_junit(comparison), verb.force);
    if (!done) return done;
  }
  if (verb.json.empty()) return {};
  return write_file(verb.json, compare_json(comparison), verb.force);
}

/// A line of its own; nothing where there is nothing to say.
std::string next_step(const CompareVerb& verb, const Comparison& comparison, bool suite) {
  const auto is_unclear = [](const FigureChange& one) {
    return one.gate == Gate::unclear || one.change == Change::inconclusive;
  };
  const auto unclear =
      std::count_if(comparison.changes.begin(), comparison.changes.end(), is_unclear);
  const bool all_alone =
      std::all_of(comparison.changes.begin(), comparison.changes.end(),
                  [&](const FigureChange& one) { return one.alone || !is_unclear(one); });
  if (unclear > 0 && all_alone) {
    return "\nNext: measure both again with one more allocator, which tells a slower machine.\n";
  }
  if (unclear > 0) {
    return fmt::format("\nNext: measure both again with more {}, on an idle machine.\n",
                       suite ? "--rounds" : "--repetitions");
  }
  if (verb.base == "-" || verb.now == "-") return {};  // it is gone
  return fmt::format("\nNext: {} shows the figures behind it.\n",
                     next_command({"report", verb.base, verb.now, "-o", "report.html"}));
}

int exit_code_of(const Comparison& comparison) {
  switch (comparison.gate()) {
    case Gate::passes:
      return kFine;
    case Gate::fails:
      return kFailed;
    case Gate::unclear:
      break;
  }
  return kInconclusive;
}

/// Yields the exit code.
Expected<int> run(const CompareVerb& verb) {
  if (verb.base == "-" && verb.now == "-") {
    return fail(ErrorCode::usage, "only one of the two results can come from standard input");
  }
  auto places =
      check_places({verb.markdown, verb.json, verb.junit}, verb.force, {verb.base, verb.now});
  if (!places) return tl::make_unexpected(places.error());
  const auto base = load_result(verb.base);
  if (!base) return tl::make_unexpected(base.error());
  const auto now = load_result(verb.now);
  if (!now) return tl::make_unexpected(now.error());
  auto comparison = compare(*base, *now, verb.options);
  if (!comparison) return tl::make_unexpected(comparison.error());
  comparison->base_name = verb.base;
  comparison->now_name = verb.now;
  if (auto done = write_forms(verb, *comparison); !done) return tl::make_unexpected(done.error());
  if (verb.json != "-" && verb.markdown != "-" && verb.junit != "-") {
    fmt::print("{}{}", compare_console(*comparison, verb.all),
               next_step(verb, *comparison, now->suite.has_value()));
  }
  return exit_code_of(*comparison);
}

}  // namespace

void add_compare(const Command& root, Outcome& outcome) {
  auto verb = std::make_shared<CompareVerb>();
  const Command app = root.add_command(
      "compare",
      "Compare a result with an earlier one of the same machine and settings: for each workload, "
      "allocator and figure whether it became better, worse, stayed the same or cannot be told "
      "from noise. With --fail-over, exit with 1 for a regression beyond that limit which noise "
      "does not explain, and with 3 where there may be one.\n"
      "Example: heapwise compare last-night.json tonight.json --fail-over 5 --markdown -");
  app.add_option("BASE", verb->base, "The earlier result (JSON), or - for stdin").required();
  app.add_option("NEW", verb->now, "The result to judge (JSON), or - for stdin").required();
  app.add_option("--fail-over", verb->fail_over,
                 "Per cent of memory or time that a figure may get worse before this fails")
      .range(0.0, 10000.0);
  app.add_flag("--anyway", verb->options.anyway,
               "Compare although the machine, its settings or the workloads differ; times are then "
               "compared by the clock");
  app.add_flag("--all", verb->all, "Show also what stayed the same");
  app.add_option("--markdown", verb->markdown,
                 "Write the comparison as Markdown, for a pull request; - for stdout");
  app.add_option("--json", verb->json, "Write it as JSON; - for stdout");
  app.add_option("--junit", verb->junit, "Write it as JUnit XML, for a CI server; - for stdout");
  app.add_flag("--force", verb->force, "Replace existing files");
  app.callback([verb, app, &outcome] {
    if (app.given("--fail-over")) verb->options.fail_over_percent = verb->fail_over;
    outcome.exit_code = exit_code_of(run(*verb));
  });
}

}  // namespace heapwise::cli
