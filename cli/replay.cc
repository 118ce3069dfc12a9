// SPDX-License-Identifier: MIT
#include <fmt/format.h>

#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "bench/session/workload_info.h"
#include "cli/measure.h"
#include "cli/places.h"
#include "cli/verb.h"
#include "results/json.h"
#include "results/report/console.h"

namespace heapwise::cli {
namespace {

struct ReplayVerb {
  std::vector<std::string> traces;
  std::string json;
  bool separate = false;
  bool force = false;
  MeasureOptions measure;
};

/// Yields the exit code.
Expected<int> run(const ReplayVerb& verb) {
  if (auto good = check_places({verb.json}, verb.force, verb.traces); !good) {
    return tl::make_unexpected(good.error());
  }
  Progress progress(verb.measure.quiet);
  const auto workloads =
      verb.separate ? std::vector<unsigned>{} : group_recordings(verb.traces, false);
  const auto result = measure(verb.traces, verb.measure, progress, workloads);
  if (!result) return tl::make_unexpected(result.error());
  // Saved first, as nobody may be there to take what is printed.
  std::string saved;
  if (!verb.json.empty()) {
    auto kept = keep(verb.json, to_json(*result), verb.force);
    if (!kept) return tl::make_unexpected(kept.error());
    saved = *std::move(kept);
  }
  if (verb.json == "-") return exit_code_of_runs(*result);
  fmt::print("{}", console_report(*result));
  if (saved.empty()) {
    fmt::print("\nNext: {} writes the same as a report with charts.\n",
               next_command({"advise", verb.traces.front()}));
  } else {
    fmt::print("\nNext: {}\n", next_command({"report", saved, "-o", "report.html"}));
  }
  return exit_code_of_runs(*result);
}

}  // namespace

void add_replay(const Command& root, Outcome& outcome) {
  auto verb = std::make_shared<ReplayVerb>();
  const Command app = root.add_command(
      "replay",
      "Replay one or more traces on every allocator and print what they cost. Traces that were "
      "recorded from the same command are recordings of one workload: intervals reach over all of "
      "them.\n"
      "Example: heapwise replay redis.hwt --allocators glibc,jemalloc --json redis.json");
  app.add_option("TRACE", verb->traces, "Traces (.hwt) to replay").required();
  app.add_option("--json", verb->json, "Write the result as JSON to this file, or - for stdout");
  app.add_flag("--separate", verb->separate,
               "Every trace is a workload of its own, though the command is the same");
  app.add_flag("--force", verb->force, "Replace an existing file");
  verb->measure.add_to(app);
  app.callback([verb, &outcome] { outcome.exit_code = exit_code_of(run(*verb)); });
}

}  // namespace heapwise::cli
