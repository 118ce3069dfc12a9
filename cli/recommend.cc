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
#include "cli/verb.h"
#include "results/json.h"
#include "results/report/console.h"
#include "results/store.h"
#include "results/summarize.h"
#include "results/units.h"

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

bool any_inconclusive(const std::vector<Recommendation>& verdicts) {
  return std::any_of(verdicts.begin(), verdicts.end(), [](const Recommendation& one) {
    return one.verdict == VerdictKind::inconclusive;
  });
}

/// A line of its own; nothing where there is nothing to say.
std::string next_step(const std::string& result, const std::vector<Recommendation>& verdicts) {
  if (any_inconclusive(verdicts)) {
    return "Next: measure again with more repetitions: heapwise replay TRACE --repetitions 10\n";
  }
  if (result == "-") return {};  // it is gone
  return fmt::format("Next: heapwise report {} -o report.html shows the figures behind it.\n",
                     shell_quoted(result));
}

/// Yields the exit code.
Expected<int> run(const RecommendVerb& verb) {
  auto result = load_result(verb.result);
  if (!result) return tl::make_unexpected(result.error());
  if (result->summary.empty()) result->summary = summarize(result->runs);
  const auto verdicts =
      recommend_all(*result, kObjectives.at(verb.objective), deployments_of(*result));
  if (!verdicts) return tl::make_unexpected(verdicts.error());
  if (!verb.json.empty()) {
    auto written = write_file(verb.json, to_json(*verdicts), verb.force);
    if (!written) return tl::make_unexpected(written.error());
  }
  if (verb.json != "-") {
    fmt::print("{}{}", verdict_report(*verdicts), next_step(verb.result, *verdicts));
  }
  return verb.strict && any_inconclusive(*verdicts) ? kInconclusive : kFine;
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
  app.add_flag("--strict", verb->strict,
               "Exit with 3 when any verdict is inconclusive, for scripts that need a decision");
  app.add_option("--json", verb->json, "Write the verdicts as JSON to this file, or - for stdout");
  app.add_flag("--force", verb->force, "Replace an existing file");
  app.callback([verb, &outcome] {
    const auto code = run(*verb);
    outcome.exit_code = code ? *code : report_error(code.error());
  });
}

}  // namespace heapwise::cli
