// SPDX-License-Identifier: MIT
#include <fmt/format.h>

#include "results/report/compare_view.h"
#include "results/report/text.h"
#include "results/summarize.h"

namespace heapwise {
namespace {

std::string capitalised(std::string text) {
  if (!text.empty() && text[0] >= 'a' && text[0] <= 'z') text[0] = static_cast<char>(text[0] - 32);
  return text;
}

std::string settings_text(const Comparison& comparison) {
  std::string text;
  for (const SettingDifference& one : comparison.differences) {
    text += wrap(printable(fmt::format("{}: {} → {}", one.name, one.base, one.now)),
                 kTerminalColumns, one.prevents ? "! " : "  ", "    ");
  }
  return text.empty() ? text : "What else differs\n" + text + "\n";
}

std::string verdict_word(const FigureChange& one) {
  if (one.gate == Gate::fails) return "WORSE";
  const bool open = one.change == Change::same && one.gate == Gate::unclear;
  return open || one.change == Change::inconclusive ? "unclear" : to_string(one.change);
}

std::string line_of(const std::string& verdict, const std::string& figure, const std::string& base,
                    const std::string& now, const std::string& change, const std::string& range) {
  std::string line = "    " + pad_right(verdict, 9) + pad_right(figure, 10) + pad_left(base, 10) +
                     pad_left(now, 10) + pad_left(change, 9) + "  " + range;
  line.erase(line.find_last_not_of(' ') + 1);
  return line + "\n";
}

std::string row_text(const FigureChange& one) {
  std::string text =
      line_of(verdict_word(one), figure_name(one), figure_text(one, one.base),
              figure_text(one, one.now), signed_percent_text(one.percent), range_text(one));
  if (one.reason.empty()) return text;
  return text + wrap(printable(one.reason), kTerminalColumns, "             ", "             ");
}

}  // namespace

std::string compare_console(const Comparison& comparison, bool all) {
  std::string text = settings_text(comparison);
  std::string subject;
  bool any = false;
  for (const FigureChange* one : by_importance(comparison)) {
    if (one->is_same() && !all) continue;
    if (!any) text += line_of("", "", "base", "new", "change", "95 % interval");
    any = true;
    std::string here =
        wrap(printable(display_name(one->allocator, one->tuning) + " on " + one->workload),
             kTerminalColumns, "  ", "      ");
    if (here != subject) text += here;
    subject = std::move(here);
    text += row_text(*one);
  }
  if (any) text += "\n";
  text += wrap(capitalised(compare_headline(comparison)) + ".", kTerminalColumns, "", "");
  const unsigned same = comparison.count_same();
  if (same > 0 && !all && any) text += fmt::format("{} of the figures stayed the same.\n", same);
  for (const std::string& note : compare_notes(comparison)) {
    text += wrap(printable(note), kTerminalColumns, "", "  ");
  }
  return text;
}

}  // namespace heapwise
