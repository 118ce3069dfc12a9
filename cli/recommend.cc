// SPDX-License-Identifier: MIT
#include "results/recommend.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/files.h"
#include "cli/deployments.h"
#include "cli/places.h"
#include "cli/verb.h"
#include "results/json.h"
#include "results/report/console.h"
#include "results/report/text.h"
#include "results/store.h"
#include "results/summarize.h"

namespace heapwise::cli {
namespace {

const std::map<std::string, Objective> kObjectives = {{"balanced", Objective::balanced},
                                                      {"memory", Objective::memory},
                                                      {"speed", Objective::speed},
                                                      {"latency", Objective::latency}};

struct RecommendVerb {
  std::string result;
  std::string objective = "balanced";
  std::string json;
  bool strict = false;
  bool force = false;
};

bool is_inconclusive(const Recommendation& one) { return one.verdict == VerdictKind::inconclusive; }

/// How many repetitions the workloads need that these could not tell about.
unsigned repetitions_for(const Result& result, const std::vector<Recommendation>& verdicts) {
  unsigned needed = 0;
  for (const Recommendation& one : verdicts) {
    if (!wants_more_runs(one)) continue;
    const Summary* base = find_summary(result, one.workload, one.over);
    needed = std::max(needed, more_repetitions(base == nullptr ? 0 : base->repetitions));
  }
  return needed;
}

/// A line of its own; nothing where there is nothing to say.
std::string next_step(const std::string& name, const Result& result,
                      const std::vector<Recommendation>& verdicts) {
  if (std::any_of(verdicts.begin(), verdicts.end(), wants_more_runs)) {
    return fmt::format("Next: measure again with more {} {}\n",
                       result.suite ? "rounds: heapwise suite --rounds"
                                    : "repetitions: heapwise replay TRACE --repetitions",
                       repetitions_for(result, verdicts));
  }
  if (name == "-") return {};  // it is gone
  return fmt::format("Next: {} shows the figures behind it.\n",
                     next_command({"report", name, "-o", "report.html"}));
}

/// Yields the exit code.
Expected<int> run(const RecommendVerb& verb) {
  if (auto good = check_places({verb.json}, verb.force, {verb.result}); !good) {
    return tl::make_unexpected(good.error());
  }
  auto result = load_result(verb.result);
  if (!result) return tl::make_unexpected(result.error());
  if (result->summary.empty()) result->summary = summarize(result->runs);
  const auto verdicts =
      recommend_all(*result, kObjectives.at(verb.objective), deployments_of(*result));
  if (!verdicts) return tl::make_unexpected(verdicts.error());
  if (!verb.json.empty()) {
    auto written = write_file(verb.json, to_json(verdicts->made), verb.force);
    if (!written) return tl::make_unexpected(written.error());
  }
  const bool open = std::any_of(verdicts->made.begin(), verdicts->made.end(), is_inconclusive);
  if (verb.json != "-") {
    fmt::print("{}", verdict_report(verdicts->made));
    std::fflush(stdout);
  }
  for (const std::string& one : verdicts->missing) {
    say(wrap(printable(one), kTerminalColumns, "! ", "  "));
  }
  if (verb.json != "-") fmt::print("{}", next_step(verb.result, *result, verdicts->made));
  return verb.strict && (open || !verdicts->missing.empty()) ? kInconclusive : kFine;
}

}  // namespace

void add_recommend(const Command& root, Outcome& outcome) {
  auto verb = std::make_shared<RecommendVerb>();
  const Command app = root.add_command(
      "recommend",
      "Say from a result which allocator each workload should run on, by how much it is better, "
      "why, and how to deploy it. A difference inside the noise is called the same, and then glibc "
      "is kept.\n"
      "Example: heapwise recommend redis.json --objective memory");
  app.add_option("RESULT", verb->result, "A result (JSON), or - for stdin").required();
  app.add_option("--objective", verb->objective,
                 "What counts: balanced (memory and speed together), memory (mean of peak, "
                 "mean and end RSS), speed (allocator time) or latency (what one call in a "
                 "thousand exceeds)")
      .one_of(kObjectives)
      .show_default();
  app.add_flag(
      "--strict", verb->strict,
      "Exit with 3 when any verdict is inconclusive or missing, for scripts that need a decision");
  app.add_option("--json", verb->json, "Write the verdicts as JSON to this file, or - for stdout");
  app.add_flag("--force", verb->force, "Replace an existing file");
  app.callback([verb, &outcome] { outcome.exit_code = exit_code_of(run(*verb)); });
}

}  // namespace heapwise::cli
