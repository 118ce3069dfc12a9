// SPDX-License-Identifier: MIT
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <tuple>

#include "results/report/compare_view.h"
#include "results/report/text.h"
#include "results/summarize.h"
#include "results/thresholds.h"
#include "results/units.h"
#include "results/wording.h"

namespace heapwise {
namespace {

std::string counted(unsigned count, const char* what) { return figures_text(count) + " " + what; }

/// What the gate fails on: figures that are worse, and allocators that fail.
std::string failures_text(const Comparison& comparison) {
  unsigned worse = 0;
  std::set<std::pair<std::string, std::string>> failing;
  for (const FigureChange& one : comparison.changes) {
    if (one.gate != Gate::fails) continue;
    if (one.figure == "status") {
      failing.emplace(one.allocator, one.tuning);
    } else {
      ++worse;
    }
  }
  std::vector<std::string> parts;
  if (worse > 0) {
    parts.push_back(counted(worse, worse == 1 ? "is" : "are") + " worse by more than " +
                    format_percent(*comparison.fail_over_percent));
  }
  if (!failing.empty()) {
    parts.push_back(fmt::format("{} allocator{} more often", failing.size(),
                                failing.size() == 1 ? " fails" : "s fail"));
  }
  return enumerate(parts);
}

/// What the gate cannot decide, and why: noise, a lone allocator, too few runs and failures are no
/// one thing.
std::string unclear_text(const Comparison& comparison) {
  unsigned noisy = 0, alone = 0, few = 0;
  std::set<std::pair<std::string, std::string>> failing;
  for (const FigureChange& one : comparison.changes) {
    if (one.gate != Gate::unclear) continue;
    if (one.figure == "status") {
      failing.emplace(one.allocator, one.tuning);
    } else if (one.alone && one.percent) {
      ++alone;
    } else if (one.percent) {
      ++noisy;
    } else {
      ++few;
    }
  }
  std::vector<std::string> parts;
  if (noisy > 0) {
    parts.push_back(counted(noisy, "may be") +
                    fmt::format(" worse by more than {}: too much noise to tell",
                                format_percent(*comparison.fail_over_percent)));
  }
  if (alone > 0) {
    parts.push_back(counted(alone, "may be") +
                    fmt::format(" worse by more than {}: no other allocator tells {} from a slower "
                                "machine",
                                format_percent(*comparison.fail_over_percent),
                                alone == 1 ? "it" : "them"));
  }
  if (few > 0) {
    parts.push_back(counted(few, few == 1 ? "has" : "have") +
                    fmt::format(" fewer than {} runs a side: too few to tell",
                                thresholds::kCompareRepetitions));
  }
  if (!failing.empty()) {
    parts.push_back(fmt::format("{} allocator{} more often, but chance explains as much",
                                failing.size(), failing.size() == 1 ? " fails" : "s fail"));
  }
  return fmt::format("{}", fmt::join(parts, "; "));
}

std::string gate_headline(const Comparison& comparison) {
  const double limit = *comparison.fail_over_percent;
  if (comparison.count(Gate::fails) > 0) return failures_text(comparison);
  if (comparison.count(Gate::unclear) > 0) return unclear_text(comparison);
  if (!comparison.only_in_base.empty()) {
    return fmt::format("no regression beyond {}, but {} of the base {} missing",
                       format_percent(limit), comparison.only_in_base.size(),
                       comparison.only_in_base.size() == 1 ? "is" : "are");
  }
  return fmt::format("no regression beyond {} in {}", format_percent(limit),
                     figures_text(comparison.changes.size()));
}

/// Those of an allocator on a workload together: "load, jemalloc: peak RSS, end RSS".
std::vector<std::string> joined_texts(const std::vector<Absent>& list) {
  std::vector<std::string> texts;
  const Absent* last = nullptr;
  for (const Absent& one : list) {
    const bool goes_on = last != nullptr && last->workload == one.workload &&
                         last->allocator == one.allocator && last->tuning == one.tuning;
    if (goes_on) {
      texts.back() += ", " + figure_name(one);
    } else {
      texts.push_back(absent_text(one));
    }
    last = &one;
  }
  return texts;
}

int importance(const FigureChange& one) {
  if (one.gate == Gate::fails) return 0;
  if (one.change == Change::worse) return 1;
  if (one.gate == Gate::unclear) return 2;
  if (one.change == Change::inconclusive) return 3;
  return one.change == Change::better ? 4 : 5;
}

}  // namespace

std::string figures_text(std::size_t count) {
  return fmt::format("{} figure{}", count, count == 1 ? "" : "s");
}

std::string figure_name(const FigureChange& change) {
  if (change.figure == "ns_per_operation") return change.clock == "cpu" ? "CPU time" : "time";
  if (change.figure == "status") return "runs";
  if (change.figure == "peak_rss_bytes") return "peak RSS";
  if (change.figure == "mean_rss_bytes") return "mean RSS";
  return "end RSS";
}

std::string figure_name(const Absent& absent) {
  if (absent.figure.empty()) return {};
  FigureChange like;
  like.figure = absent.figure;
  return figure_name(like);
}

std::string absent_text(const Absent& absent) {
  const std::string figure = figure_name(absent);
  return absent.workload + ", " + display_name(absent.allocator, absent.tuning) +
         (figure.empty() ? figure : ": " + figure);
}

std::string figure_text(const FigureChange& change, const std::optional<double>& value) {
  if (!value) return kNothing;
  return change.figure == "ns_per_operation" ? format_ns(*value) : format_bytes(*value);
}

std::string signed_percent_text(const std::optional<double>& percent) {
  if (!percent) return kNothing;
  const std::string size = format_percent(*percent);
  if (size == "0.0 %" || size == "0 %") return "0 %";
  return (*percent < 0 ? "−" : "+") + size;
}

std::string range_text(const FigureChange& change) {
  if (!change.low || !change.high) return {};
  const auto bare = [](double percent) {
    std::string text = signed_percent_text(percent);
    return text.substr(0, text.size() - 2);
  };
  return bare(*change.low) + " to " + signed_percent_text(change.high);
}

std::string compare_headline(const Comparison& comparison) {
  if (comparison.fail_over_percent) return gate_headline(comparison);
  const unsigned worse = comparison.count(Change::worse), better = comparison.count(Change::better),
                 unclear = comparison.count(Change::inconclusive);
  if (worse + better == 0) {
    return unclear == 0 ? "nothing changed in " + figures_text(comparison.changes.size())
                        : counted(unclear, "cannot be told") + ", none changed clearly";
  }
  std::vector<std::string> parts;
  if (worse > 0) parts.push_back(counted(worse, "worse"));
  if (better > 0) parts.push_back(fmt::format("{} better", better));
  if (unclear > 0) parts.push_back(fmt::format("{} not to be told", unclear));
  return fmt::format("{} of {}", enumerate(parts), comparison.changes.size());
}

std::vector<std::string> compare_notes(const Comparison& comparison) {
  std::vector<std::string> notes;
  const auto& common = comparison.common_time_percent;
  if (common && std::abs(*common) > thresholds::kCommonShift) {
    std::string note = fmt::format("All allocators together took {} {} by the clock",
                                   format_percent(*common), *common > 0 ? "longer" : "less");
    if (comparison.harness_time_percent) {
      note += fmt::format(", the harness alone {}",
                          signed_percent_text(comparison.harness_time_percent));
    }
    const bool by_ratio = std::any_of(comparison.changes.begin(), comparison.changes.end(),
                                      [](const FigureChange& one) { return one.relative; });
    notes.push_back(
        note + (comparison.by_clock ? "; as the results differ in more than allocators, times are "
                                      "compared by the clock all the same."
                : by_ratio          ? ": what befalls all alike is the machine's doing; times are "
                                      "compared by their ratio to the other allocators of the same "
                                      "round."
                                    : ": what befalls all alike may be the machine's doing."));
  }
  const auto missing = [&notes](const std::vector<Absent>& absent, const char* where) {
    if (absent.empty()) return;
    const std::vector<std::string> list = joined_texts(absent);
    std::vector<std::string> shown(list.begin(),
                                   list.begin() + std::min<long>(3, std::ssize(list)));
    if (list.size() > 3) shown.push_back(fmt::format("{} more", list.size() - 3));
    notes.push_back(fmt::format("Only in the {} result: {}.", where, fmt::join(shown, "; ")));
  };
  missing(comparison.only_in_base, "base");
  missing(comparison.only_in_now, "new");
  return notes;
}

std::vector<const FigureChange*> by_importance(const Comparison& comparison) {
  std::vector<const FigureChange*> sorted;
  for (const FigureChange& one : comparison.changes) sorted.push_back(&one);
  std::stable_sort(sorted.begin(), sorted.end(), [](const auto* left, const auto* right) {
    const auto rank = [](const FigureChange& one) {
      return std::tuple(importance(one),
                        one.is_same() || !one.percent ? 0.0 : -std::abs(*one.percent));
    };
    return rank(*left) < rank(*right);
  });
  return sorted;
}

}  // namespace heapwise
