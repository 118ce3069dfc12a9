// SPDX-License-Identifier: MIT
#include <fmt/format.h>

#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "bench/session/workload_info.h"
#include "cli/measure.h"
#include "cli/verb.h"
#include "results/report/console.h"
#include "results/store.h"

namespace heapwise::cli {
namespace {

struct ReplayVerb {
  std::vector<std::string> traces;
  std::string json;
  bool separate = false;
  bool force = false;
  MeasureOptions measure;
};

Expected<void> run(const ReplayVerb& verb) {
  if (auto place = check_output(verb.json, verb.force); !place) return place;
  Progress progress(verb.measure.quiet);
  const auto workloads =
      verb.separate ? std::vector<unsigned>{} : group_recordings(verb.traces, false);
  const auto result = measure(verb.traces, verb.measure, progress, workloads);
  if (!result) return tl::make_unexpected(result.error());
  if (verb.json == "-") return save_result("-", *result, false);
  // Saved first, as nobody may be there to take what is printed.
  if (!verb.json.empty()) {
    if (auto saved = save_result(verb.json, *result, verb.force); !saved) return saved;
  }
  fmt::print("{}", console_report(*result));
  if (verb.json.empty()) {
    fmt::print("\nNext: heapwise advise {} writes the same as a report with charts.\n",
               verb.traces.front());
  } else {
    fmt::print("\nNext: heapwise report {} -o report.html\n", verb.json);
  }
  return {};
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
  app.callback([verb, &outcome] {
    if (auto done = run(*verb); !done) outcome.exit_code = report_error(done.error());
  });
}

}  // namespace heapwise::cli
