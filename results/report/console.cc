// SPDX-License-Identifier: MIT
#include "results/report/console.h"

#include <fmt/format.h>

#include "results/report/suite_text.h"
#include "results/report/text.h"
#include "results/report/verification_view.h"
#include "results/report/view.h"
#include "results/summarize.h"

namespace heapwise {
namespace {

constexpr std::size_t kNameColumns = 17;
constexpr std::size_t kLatencyColumns = 9;

/// One line of the table; every row has the same columns.
struct Cells {
  std::string name, peak, peak_spread, over_live, mean, end, later, ns, ns_spread;
};

std::string line_of(const Cells& cells) {
  std::string line = "  " + pad_right(cells.name, kNameColumns) + pad_left(cells.peak, 8) +
                     pad_left(cells.peak_spread, 6) + pad_left(cells.over_live, 8) +
                     pad_left(cells.mean, 8) + pad_left(cells.end, 8) + pad_left(cells.later, 8) +
                     pad_left(cells.ns, 8) + pad_left(cells.ns_spread, 6);
  line.erase(line.find_last_not_of(' ') + 1);
  return line + "\n";
}

std::string number(const std::optional<Interval>& figure, double unit) {
  return figure ? format_number(figure->median / unit) : kNothing;
}

/// Empty below three repetitions: there is no interval to speak of.
std::string spread(const std::optional<Interval>& figure, unsigned repetitions) {
  if (!figure || repetitions < 3) return "";
  const double percent = half_width_percent(*figure);
  return percent < 9.95 ? fmt::format("{:.1f}%", percent) : fmt::format("{:.0f}%", percent);
}

Cells live_cells(const WorkloadInfo& info, double unit) {
  Cells cells;
  cells.name = "live";
  cells.peak = format_number(static_cast<double>(info.peak_live_bytes) / unit);
  cells.mean = format_number(info.mean_live_bytes / unit);
  cells.end = format_number(static_cast<double>(info.end_live_bytes) / unit);
  return cells;
}

Cells figure_cells(const WorkloadView& view, const Summary& row) {
  const double unit = view.unit.bytes;
  const auto time = shown_time(view, row);
  Cells cells;
  cells.peak = number(row.peak_rss_bytes, unit);
  cells.peak_spread = spread(row.peak_rss_bytes, row.repetitions);
  cells.over_live = number(row.fragmentation_peak, 1);
  cells.mean = number(row.mean_rss_bytes, unit);
  cells.end = number(row.end_rss_bytes, unit);
  cells.later = number(row.drained_10s_rss_bytes, unit);
  cells.ns = number(time, 1);
  cells.ns_spread = spread(time, row.repetitions);
  return cells;
}

/// The names of a workload's rows as its tables show them.
std::vector<std::string> names_of(const WorkloadView& view) {
  std::vector<std::string> names;
  names.reserve(view.rows.size());
  for (const Summary* row : view.rows) names.push_back(printable(display_name(*row)));
  return distinct_names(names, kNameColumns);
}

std::string row_text(const WorkloadView& view, const Summary& row, std::string name) {
  const std::string before = take_wide_name(name, kNameColumns);
  std::string text;
  if (row.peak_rss_bytes || row.ns_per_operation) {
    Cells cells = figure_cells(view, row);
    cells.name = name;
    text = line_of(cells);
  }
  if (row.failures == 0) return text.empty() ? text : before + text;
  name = pad_right(name, kNameColumns);
  const std::string indent(kNameColumns + 4, ' ');
  return before + text +
         wrap(printable(describe_failure(row)), kTerminalColumns,
              text.empty() ? "  " + name + "  " : indent, indent);
}

/// How long single calls took has no room beside the rest.
std::string latency_table(const WorkloadView& view) {
  const auto line = [](const std::string& name, std::initializer_list<std::string> cells) {
    std::string text = "  " + pad_right(name, kNameColumns);
    for (const std::string& cell : cells) text += pad_left(cell, kLatencyColumns);
    return text + "\n";
  };
  std::string text = "\n" + line("one call, ns", {"p50", "p99", "p99.9", "most"});
  std::vector<std::string> names = names_of(view);
  for (std::size_t index = 0; index < view.rows.size(); ++index) {
    const Summary* row = view.rows[index];
    if (!row->latency_p999_ns) continue;
    text += take_wide_name(names[index], kNameColumns);
    text += line(names[index], {number(row->latency_p50_ns, 1), number(row->latency_p99_ns, 1),
                                number(row->latency_p999_ns, 1), number(row->latency_max_ns, 1)});
  }
  return text;
}

std::string table(const WorkloadView& view) {
  Cells head{fmt::format("heap RSS, {}", view.unit.name),
             "peak",
             "±",
             "× live",
             "mean",
             "end",
             "+10 s",
             "ns/op",
             "±"};
  std::string text = line_of(head);
  if (view.info != nullptr) text += line_of(live_cells(*view.info, view.unit.bytes));
  const std::vector<std::string> names = names_of(view);
  for (std::size_t index = 0; index < view.rows.size(); ++index) {
    text += row_text(view, *view.rows[index], names[index]);
  }
  if (const std::string time = describe_time(view); !time.empty()) {
    text += wrap("ns/op: " + time, kTerminalColumns, "  ", "  ");
  }
  return has_latency(view) ? text + latency_table(view) : text;
}

/// Lines to be pasted: whole, however long they are.
std::string indented(const std::string& lines, const std::string& indent) {
  std::string text;
  std::size_t at = 0;
  while (at < lines.size()) {
    const std::size_t end = std::min(lines.find('\n', at), lines.size());
    text += indent + printable(lines.substr(at, end - at)) + "\n";
    at = end + 1;
  }
  return text;
}

/// The verdicts on one workload: a line for each objective, then why and how for the first, which
/// is the one most ask for.
std::string verdicts(const std::vector<const Recommendation*>& list) {
  std::string text;
  for (const Recommendation* one : list) {
    text += wrap(printable(one->headline), kTerminalColumns,
                 "  " + pad_right(to_string(one->objective), 10), std::string(12, ' '));
  }
  const Recommendation& first = *list.front();
  text += list.size() > 1 ? fmt::format("\n  Why ({})\n", to_string(first.objective)) : "\n  Why\n";
  for (const std::string& reason : first.reasons) {
    text += wrap(printable(reason), kTerminalColumns, "  - ", "    ");
  }
  return text + "\n  How\n" + indented(first.how_to, "    ");
}

std::string workload_text(const WorkloadView& view) {
  std::string text;
  if (view.info == nullptr) {
    text = wrap(printable(view.name), kTerminalColumns, "", "  ");
  } else {
    text = shorten(printable(view.name), kTerminalColumns) + "\n" +
           shorten("  " + printable(origin_of(*view.info)), kTerminalColumns) + "\n" +
           wrap(describe_workload(*view.info), kTerminalColumns, "  ", "  ");
  }
  text += "\n" + table(view);
  if (!view.verdicts.empty()) text += "\n" + verdicts(view.verdicts);
  return text + "\n";
}

std::string warning_text(const Warning& warning) {
  std::string text = wrap(printable(warning.what), kTerminalColumns, "! ", "  ");
  if (!warning.remedy.empty()) {
    text += wrap("remedy: " + printable(warning.remedy), kTerminalColumns, "  ", "  ");
  }
  return text;
}

std::string fact(const char* name, const std::string& sentence) {
  if (sentence.empty()) return {};
  return wrap(printable(sentence), kTerminalColumns, pad_right(name, 9), std::string(9, ' '));
}

}  // namespace

std::string console_report(const Result& result) {
  const Result complete = with_summary(result);
  std::string text = verification_text(complete, kTerminalColumns);
  for (const WorkloadView& view : views_of(complete)) text += workload_text(view);
  if (const std::string fleet = fleet_text(complete); !fleet.empty()) text += fleet + "\n";
  text += fact("Figures", describe_method(complete));
  text += fact("Harness", describe_harness(complete.harness));
  text += fact("Machine", describe_machine(complete.environment));
  for (const Warning& warning : warnings_of(complete)) text += warning_text(warning);
  return text;
}

std::string verdict_report(const std::vector<Recommendation>& recommendations) {
  std::string text;
  for (const Recommendation& one : recommendations) {
    text += shorten(printable(one.workload), kTerminalColumns) + "\n" + verdicts({&one}) + "\n";
  }
  return text;
}

}  // namespace heapwise
