// SPDX-License-Identifier: MIT
#include <fmt/format.h>

#include <map>

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

std::string case_of(const std::string& workload, const std::string& name,
                    const std::string& outcome) {
  return fmt::format("    <testcase classname=\"{}\" name=\"{}\">{}</testcase>\n",
                     escape_html("heapwise." + workload), escape_html(name), outcome);
}

std::string skipped(const std::string& message) {
  return fmt::format("<skipped message=\"{}\"/>", escape_html(message));
}

struct Suite {
  std::string cases;
  unsigned tests = 0, failures = 0, skips = 0;

  void add(const FigureChange& one) {
    const std::string name = display_name(one.allocator, one.tuning) + " " + figure_name(one);
    const std::string message = message_of(one);
    std::string outcome = fmt::format("<system-out>{}</system-out>", escape_html(message));
    if (one.gate == Gate::fails) {
      outcome = fmt::format("<failure message=\"{}\"/>", escape_html(message));
      ++failures;
    } else if (one.gate == Gate::unclear || one.change == Change::inconclusive) {
      outcome = skipped(message);
      ++skips;
    }
    cases += case_of(one.workload, name, outcome);
    ++tests;
  }
  void add(const Absent& one) {
    const std::string name = display_name(one.allocator, one.tuning), figure = figure_name(one);
    cases += case_of(one.workload, figure.empty() ? name : name + " " + figure,
                     skipped("missing from the new result"));
    ++tests;
    ++skips;
  }
};

/// A suite for each workload, in the order of the comparison.
class Suites {
 public:
  template <class One>
  void add(const One& one) {
    const auto [place, is_new] = places_.emplace(one.workload, all.size());
    if (is_new) all.emplace_back(one.workload, Suite{});
    all[place->second].second.add(one);
    sum.add(one);
  }

  std::vector<std::pair<std::string, Suite>> all;
  Suite sum;

 private:
  std::map<std::string, std::size_t> places_;
};

}  // namespace

std::string compare_junit(const Comparison& comparison) {
  Suites suites;
  for (const FigureChange& one : comparison.changes) suites.add(one);
  for (const Absent& one : comparison.only_in_base) suites.add(one);
  std::string text = fmt::format(
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
      "<testsuites name=\"heapwise\" tests=\"{}\" failures=\"{}\" errors=\"0\" skipped=\"{}\">\n",
      suites.sum.tests, suites.sum.failures, suites.sum.skips);
  for (const auto& [name, suite] : suites.all) {
    text += fmt::format(
        "  <testsuite name=\"{}\" tests=\"{}\" failures=\"{}\" errors=\"0\" skipped=\"{}\">\n{}"
        "  </testsuite>\n",
        escape_html(name), suite.tests, suite.failures, suite.skips, suite.cases);
  }
  return text + "</testsuites>\n";
}

}  // namespace heapwise
