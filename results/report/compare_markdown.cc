// SPDX-License-Identifier: MIT
#include <fmt/format.h>

#include "results/report/compare_view.h"
#include "results/report/escape.h"
#include "results/summarize.h"

namespace heapwise {
namespace {

const char* mark(const FigureChange& one) {
  if (one.gate == Gate::fails) return "❌ worse";
  switch (one.change) {
    case Change::better:
      return "✅ better";
    case Change::same:
      if (one.gate == Gate::unclear) break;
      return "same";
    case Change::worse:
      return "⚠️ worse";
    case Change::inconclusive:
      break;
  }
  return "❔ unclear";
}

std::string row_of(const FigureChange& one) {
  std::string change = signed_percent_text(one.percent);
  if (const std::string range = range_text(one); !range.empty()) change += " (" + range + ")";
  if (!one.reason.empty()) change += "; " + escape_markdown(one.reason);
  return fmt::format("| {} | {} | {} | {} | {} | {} | {} |\n", mark(one),
                     escape_markdown(one.workload),
                     escape_markdown(display_name(one.allocator, one.tuning)), figure_name(one),
                     figure_text(one, one.base), figure_text(one, one.now), change);
}

constexpr const char* kHead =
    "| | workload | allocator | figure | base | new | change (95 % interval) |\n"
    "|---|---|---|---|--:|--:|---|\n";

}  // namespace

std::string compare_markdown(const Comparison& comparison) {
  std::string headline = compare_headline(comparison);
  headline[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(headline[0])));
  const char* sign = comparison.gate() == Gate::fails     ? "❌ "
                     : comparison.gate() == Gate::unclear ? "❔ "
                     : comparison.fail_over_percent       ? "✅ "
                                                          : "";
  std::string text = fmt::format("### heapwise: {}{}\n\n", sign, escape_markdown(headline));
  std::string changed, same;
  for (const FigureChange* one : by_importance(comparison)) {
    (one->is_same() ? same : changed) += row_of(*one);
  }
  if (!changed.empty()) text += kHead + changed + "\n";
  for (const std::string& note : compare_notes(comparison)) {
    text += escape_markdown(note) + "\n\n";
  }
  if (!comparison.differences.empty()) {
    text += "What else differs:\n\n";
    for (const SettingDifference& one : comparison.differences) {
      text += fmt::format("- {}: {} → {}\n", escape_markdown(one.name), escape_markdown(one.base),
                          escape_markdown(one.now));
    }
    text += "\n";
  }
  if (!same.empty()) {
    text += fmt::format("<details><summary>{} stayed the same</summary>\n\n{}{}\n</details>\n",
                        figures_text(comparison.count_same()), kHead, same);
  }
  return text;
}

}  // namespace heapwise
