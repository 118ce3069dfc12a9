// SPDX-License-Identifier: MIT
#include "workloads/workload.h"

#include <fmt/format.h>

#include <memory>
#include <string>
#include <vector>

#include "cli/places.h"
#include "cli/verb.h"
#include "results/report/text.h"
#include "results/units.h"

namespace heapwise::cli {
namespace {

struct MakeVerb {
  std::string text, output;
  std::uint64_t seed = 1;
  bool force = false;
};

std::string range_of(const Parameter& parameter) {
  return fmt::format("({} to {})", format_quantity(parameter.low, parameter.unit),
                     format_quantity(parameter.high, parameter.unit));
}

void print_parameter(const Parameter& parameter) {
  if (parameter.unit == Unit::path) {
    fmt::print("  {:<11} {:>8}  {}\n", parameter.name, "PATH", parameter.meaning);
    return;
  }
  const std::string line =
      fmt::format("  {:<11} {:>8}  {}", parameter.name,
                  format_quantity(parameter.preset, parameter.unit), parameter.meaning);
  const std::string range = range_of(parameter);
  const bool fits = line.size() + 1 + range.size() <= kTerminalColumns;
  fmt::print("{}{}{}\n", line, fits ? " " : "\n" + std::string(23, ' '), range);
}

void list() {
  for (const Workload& workload : workloads()) {
    fmt::print("{}: {}\n", workload.name, workload.summary);
    for (const Parameter& parameter : workload.parameters) print_parameter(parameter);
    fmt::print("\n");
  }
  fmt::print("Next: heapwise workload make two-wave -o two-wave.hwt\n");
}

Expected<void> make(const MakeVerb& verb) {
  const auto choice = parse_workload(verb.text);
  if (!choice) return tl::make_unexpected(choice.error());
  std::vector<std::string> files;
  for (const Parameter& parameter : choice->workload->parameters) {
    if (parameter.unit == Unit::path) files.push_back(choice->params.path(parameter.name));
  }
  if (auto good = check_places({verb.output}, verb.force, files); !good) return good;
  const auto totals = make_workload(*choice, verb.seed, verb.output, verb.force);
  if (!totals) return tl::make_unexpected(totals.error());
  fmt::print("{}: {}, {} operations, {} at its peak, {} of program time.\n", verb.output,
             choice->text(), format_count(totals->operations),
             format_bytes(static_cast<double>(totals->peak_live_bytes)),
             format_seconds(static_cast<double>(totals->duration_ns) / 1e9));
  fmt::print("\nNext: {} measures it on every allocator.\n", next_command({"replay", verb.output}));
  return {};
}

void add_list(const Command& workload) {
  const Command app =
      workload.add_command("list", "List the workloads with their parameters and presets.");
  app.footer("Example: heapwise workload list");
  app.callback(list);
}

void add_make(const Command& workload, Outcome& outcome) {
  auto verb = std::make_shared<MakeVerb>();
  const Command app = workload.add_command(
      "make",
      "Write the trace of a workload. The same parameters and seed give the same trace, byte for "
      "byte.");
  app.footer(
      "Example: heapwise workload make two-wave:wave=128MiB,idle=5s -o two-wave.hwt\n"
      "Sizes are written as 4096, 64KiB or 1MiB, times as 500us, 10ms or 20s.");
  app.add_option("WORKLOAD", verb->text,
                 "NAME or NAME:KEY=VALUE,KEY=VALUE, where it differs from the presets")
      .required();
  app.add_option("-o,--output", verb->output, "Write the trace to this file (.hwt)").required();
  app.add_option("--seed", verb->seed, "Seed of all random choices (default: 1)");
  app.add_flag("--force", verb->force, "Replace an existing file");
  app.callback([verb, &outcome] {
    if (auto made = make(*verb); !made) outcome.exit_code = report_error(made.error());
  });
}

}  // namespace

void add_workload(const Command& root, Outcome& outcome) {
  const Command app =
      root.add_command("workload", "List the synthetic workloads, and make traces of them.");
  app.footer("Example: heapwise workload list");
  app.require_command();
  add_list(app);
  add_make(app, outcome);
}

}  // namespace heapwise::cli
