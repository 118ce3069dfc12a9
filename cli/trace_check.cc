// SPDX-License-Identifier: MIT
#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <vector>

#include "cli/places.h"
#include "cli/trace_verbs.h"
#include "results/units.h"

namespace heapwise::cli {
namespace {

/// The exit code for one file.
int check(const std::string& path) {
  auto reader = TraceReader::open(path);
  if (!reader) {
    report_error(reader.error());
    return kUsage;
  }
  for (Op op; reader->next(op);) {
  }
  if (reader->damage()) {
    fmt::print("{}\n", damage_sentence(*reader));
    if (reader->totals().operations > 0) return kFailed;
    report_error(nothing_left(path, *reader->damage()));
    return kUsage;
  }
  const TraceTotals& totals = reader->totals();
  fmt::print("{} is whole: {} operations.\n", printable(path, 500),
             format_count(totals.operations));
  if (totals.dropped_events > 0) {
    fmt::print("  note: the recorder had to drop {} events.\n",
               format_count(totals.dropped_events));
  }
  return kFine;
}

int check_all(const std::vector<std::string>& paths) {
  int worst = kFine;
  for (const std::string& path : paths) worst = std::max(worst, check(path));
  if (worst == kFine) {
    fmt::print("\nNext: {} says what is in it.\n", next_command({"trace", "info", paths.front()}));
  } else if (worst == kFailed) {
    fmt::print(
        "\nNext: what was read can be used as it is (heapwise replay); record again for the "
        "rest.\n");
  }
  return worst;
}

}  // namespace

std::string damage_sentence(const TraceReader& reader) {
  const TraceDamage& damage = *reader.damage();
  const std::uint64_t size = damage.offset + damage.missing_bytes;
  std::string text =
      fmt::format("{} is damaged: {}.\n  {} operations were read", printable(reader.path(), 500),
                  damage.what, format_count(reader.totals().operations));
  if (damage.missing_bytes == 0) {
    return text + "; what would follow was never written.";
  }
  return text + fmt::format(" up to byte {}.\n  The {} bytes behind it ({} of the file) were not.",
                            format_count(damage.offset), format_count(damage.missing_bytes),
                            format_percent(100.0 * static_cast<double>(damage.missing_bytes) /
                                           static_cast<double>(size)));
}

void add_trace_check(const Command& trace, Outcome& outcome) {
  auto files = std::make_shared<std::vector<std::string>>();
  const Command app = trace.add_command(
      "check",
      "Read traces to their ends and say whether they are whole.\n"
      "Exit status: 0 whole, 1 damaged or cut short but readable up to there, 2 nothing to read.");
  app.footer("Example: heapwise trace check *.hwt");
  app.add_option("FILE", *files, "Traces (.hwt)").required();
  app.callback([files, &outcome] { outcome.exit_code = check_all(*files); });
}

}  // namespace heapwise::cli
