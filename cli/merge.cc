// SPDX-License-Identifier: MIT
#include "results/merge.h"

#include <fmt/format.h>

#include <memory>
#include <string>
#include <vector>

#include "cli/complete.h"
#include "cli/deployments.h"
#include "cli/measure.h"
#include "cli/places.h"
#include "cli/verb.h"
#include "results/report/suite_text.h"
#include "results/store.h"
#include "results/summarize.h"

namespace heapwise::cli {
namespace {

struct MergeVerb {
  std::vector<std::string> shards;
  std::string output;
  bool force = false;
};

/// Yields the exit code.
Expected<int> run(const MergeVerb& verb) {
  if (auto good = check_places({verb.output}, verb.force, verb.shards); !good) {
    return tl::make_unexpected(good.error());
  }
  std::vector<std::pair<std::string, Result>> shards;
  for (const std::string& path : verb.shards) {
    auto result = load_result(path);
    if (!result) return tl::make_unexpected(result.error());
    shards.emplace_back(path, std::move(*result));
  }
  auto merged = merge_shards(shards);
  if (!merged) return tl::make_unexpected(merged.error());
  merged->summary = summarize(merged->runs);  // what deployments_of() goes by
  complete(*merged, deployments_of(*merged));
  auto saved = save_result(verb.output, *merged, verb.force);
  if (!saved) return tl::make_unexpected(saved.error());
  if (verb.output != "-") {
    fmt::print("{}\nNext: {}\n", suite_report(*merged),
               next_command({"report", verb.output, "-o", "report.html"}));
  }
  return exit_code_of_runs(*merged);
}

}  // namespace

void add_merge(const Command& root, Outcome& outcome) {
  auto verb = std::make_shared<MergeVerb>();
  const Command app = root.add_command(
      "merge",
      "Put the shards of a suite together into one result. Refuses shards of different settings or "
      "versions, and names what is missing.\n"
      "Example: heapwise merge shard-1.json shard-2.json -o suite.json");
  app.add_option("SHARD", verb->shards, "Results of heapwise suite --shard (JSON)").required();
  app.add_option("-o,--output", verb->output, "The result to write (JSON), or - for stdout")
      .required();
  app.add_flag("--force", verb->force, "Replace an existing file");
  app.callback([verb, &outcome] { outcome.exit_code = exit_code_of(run(*verb)); });
}

}  // namespace heapwise::cli
