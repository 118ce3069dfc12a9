// SPDX-License-Identifier: MIT
#include <fmt/format.h>

#include "results/report/compare_view.h"
#include "results/report/escape.h"
#include "results/summarize.h"

namespace heapwise {
namespace {

std::string message_of(const FigureChange& one) {
  if (!one.percent) return one.reason;
  std::string text =
      fmt::format("{} → {}, {} ({})", figure_text(one, one.base), figure_text(one, one.now),
                  signed_percent_text(one.percent), range_text(one));
  return one.reason.empty() ? text : text + "; " + one.reason;
}

std::string case_of(const FigureChange& one) {
  std::string text = fmt::format(
      "    <testcase classname=\"{}\" name=\"{}\"", escape_html("heapwise." + one.workload),
      escape_html(display_name(one.allocator, one.tuning) + " " + figure_name(one)));
  const std::string message = escape_html(message_of(one));
  if (one.gate == Gate::fails) {
    return text + fmt::format("><failure message=\"{}\"/></testcase>\n", message);
  }
  if (one.gate == Gate::unclear || one.change == Change::inconclusive) {
    return text + fmt::format("><skipped message=\"{}\"/></testcase>\n", message);
  }
  return text + fmt::format("><system-out>{}</system-out></testcase>\n", message);
}

struct Suite {
  std::string cases;
  unsigned tests = 0, failures = 0, skipped = 0;

  void add(const FigureChange& one) {
    cases += case_of(one);
    ++tests;
    if (one.gate == Gate::fails) {
      ++failures;
    } else if (one.gate == Gate::unclear || one.change == Change::inconclusive) {
      ++skipped;
    }
  }
};

}  // namespace

std::string compare_junit(const Comparison& comparison) {
  std::vector<std::pair<std::string, Suite>> suites;
  Suite all;
  for (const FigureChange& one : comparison.changes) {
    if (suites.empty() || suites.back().first != one.workload) {
      suites.emplace_back(one.workload, Suite{});
    }
    suites.back().second.add(one);
    all.add(one);
  }
  std::string text = fmt::format(
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
      "<testsuites name=\"heapwise\" tests=\"{}\" failures=\"{}\" errors=\"0\" skipped=\"{}\">\n",
      all.tests, all.failures, all.skipped);
  for (const auto& [name, suite] : suites) {
    text += fmt::format(
        "  <testsuite name=\"{}\" tests=\"{}\" failures=\"{}\" errors=\"0\" skipped=\"{}\">\n{}"
        "  </testsuite>\n",
        escape_html(name), suite.tests, suite.failures, suite.skipped, suite.cases);
  }
  return text + "</testsuites>\n";
}

}  // namespace heapwise
