// SPDX-License-Identifier: MIT
#include "results/report/markdown.h"

#include <fmt/format.h>

#include "results/report/escape.h"
#include "results/report/suite_text.h"
#include "results/report/text.h"
#include "results/report/view.h"
#include "results/summarize.h"

namespace heapwise {
namespace {

std::string cell(const std::optional<Interval>& figure, double unit, bool with_spread) {
  if (!figure) return kNothing;
  std::string text = format_number(figure->median / unit);
  if (with_spread) text += fmt::format(" ± {}", format_percent(half_width_percent(*figure)));
  return text;
}

std::string row_text(const WorkloadView& view, const Summary& row) {
  const double unit = view.unit.bytes;
  const bool latency = has_latency(view);
  const std::string name = escape_markdown(display_name(row));
  const bool spread = row.repetitions >= 3;
  std::string text;
  if (row.peak_rss_bytes || row.ns_per_operation || row.latency_p999_ns) {
    text = fmt::format(
        "| {} | {} | {} | {} | {} | {} | {} |{}\n", name, cell(row.peak_rss_bytes, unit, spread),
        cell(row.fragmentation_peak, 1, false), cell(row.mean_rss_bytes, unit, spread),
        cell(row.end_rss_bytes, unit, spread), cell(row.drained_10s_rss_bytes, unit, spread),
        cell(shown_time(view, row), 1, spread),
        latency ? " " + cell(row.latency_p999_ns, 1, spread) + " |" : "");
  }
  if (row.failures > 0) {
    text += fmt::format("| {} | {} | | | | | |{}\n", name, escape_markdown(describe_failure(row)),
                        latency ? " |" : "");
  }
  return text;
}

std::string table(const WorkloadView& view) {
  const double unit = view.unit.bytes;
  const bool latency = has_latency(view);
  std::string text = fmt::format(
      "| heap RSS, {} | peak | ÷ live | mean | end | 10 s later | {}ns per operation |{}\n"
      "|---|--:|--:|--:|--:|--:|--:|{}\n",
      view.unit.name, view.time.all_threads ? "CPU " : "", latency ? " p99.9 of a call, ns |" : "",
      latency ? "--:|" : "");
  if (view.info != nullptr) {
    text += fmt::format("| *live* | {} | | {} | {} | | |{}\n",
                        format_number(static_cast<double>(view.info->peak_live_bytes) / unit),
                        format_number(view.info->mean_live_bytes / unit),
                        format_number(static_cast<double>(view.info->end_live_bytes) / unit),
                        latency ? " |" : "");
  }
  for (const Summary* row : view.rows) text += row_text(view, *row);
  const std::string time = describe_time(view);
  return time.empty() ? text : text + "\nThe time per operation is " + time + ".\n";
}

std::string folded(const Recommendation& verdict) {
  std::string text = "\n<details><summary>Why and how</summary>\n\n";
  for (const std::string& reason : verdict.reasons) text += "- " + escape_markdown(reason) + "\n";
  return text + "\n<pre>" + escape_html(verdict.how_to) + "</pre>\n\n</details>\n";
}

std::string workload_text(const WorkloadView& view) {
  std::string text = "### " + escape_markdown(view.name) + "\n\n";
  for (const Recommendation* verdict : view.verdicts) {
    const bool first = verdict == view.verdicts.front();
    text += fmt::format("- {}: {}{}{}\n", to_string(verdict->objective), first ? "**" : "",
                        escape_markdown(verdict->headline), first ? "**" : "");
  }
  if (!view.verdicts.empty()) text += "\n";
  if (view.info != nullptr) text += escape_markdown(describe_workload(*view.info)) + ".\n\n";
  text += table(view);
  if (!view.verdicts.empty()) text += folded(*view.verdicts.front());
  return text + "\n";
}

}  // namespace

std::string markdown_report(const Result& result) {
  const Result complete = with_summary(result);
  std::string text;
  for (const WorkloadView& view : views_of(complete)) text += workload_text(view);
  text += fleet_markdown(complete) + suite_markdown(complete);
  text += "<sub>heapwise " + escape_markdown(complete.heapwise_version) + "; " +
          escape_markdown(describe_method(complete));
  for (const std::string& sentence :
       {describe_harness(complete.harness), describe_machine(complete.environment)}) {
    if (!sentence.empty()) text += "; " + escape_markdown(sentence);
  }
  text += "</sub>\n";
  for (const Warning& warning : warnings_of(complete)) {
    text += "\n> **Warning:** " + escape_markdown(warning.what);
    if (!warning.remedy.empty()) text += " (remedy: " + escape_markdown(warning.remedy) + ")";
    text += "\n";
  }
  return text;
}

}  // namespace heapwise
