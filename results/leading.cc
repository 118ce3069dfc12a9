// SPDX-License-Identifier: MIT
#include "results/leading.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <tuple>

#include "results/difference.h"
#include "results/statistics.h"
#include "results/summarize.h"
#include "results/thresholds.h"
#include "results/units.h"

namespace heapwise {
namespace {

using Name = std::pair<std::string, std::string>;
using Figure = std::optional<double> (*)(const Run&);

struct Aspect {
  const char* name;
  double worth;
  double least;  ///< of which a multiple is told where the median is less
  Figure figure;
};

const Aspect kAspects[] = {
    {"memory", thresholds::kMemoryPercent, thresholds::kLeastBytes,
     [](const Run& run) { return memory_cost(run); }},
    {"speed", thresholds::kSpeedTimePercent, thresholds::kLeastNs,
     [](const Run& run) { return run.ns_per_operation; }},
    {"tail latency", thresholds::kLatencyPercent, thresholds::kLeastNs,
     [](const Run& run) { return run.latency_p999_ns; }},
};

/// The values of one allocator by repetition.
using Values = std::map<unsigned, double>;

std::map<Name, Values> values_of(const std::vector<Run>& runs, Figure figure) {
  std::set<Name> failed;
  std::map<Name, Values> all;
  for (const Run& run : runs) {
    const Name name{run.allocator, run.tuning};
    if (run.status != RunStatus::ok) failed.insert(name);
    const auto value = figure(run);
    if (value && run.status == RunStatus::ok) all[name][run.repetition] = *value;
  }
  for (const Name& name : failed) all.erase(name);
  return all;
}

double median_of(const Values& values) {
  std::vector<double> list;
  for (const auto& [repetition, value] : values) list.push_back(value);
  return median(std::move(list));
}

std::optional<Leading> leading_of(const std::map<Name, Values>& all, const Aspect& aspect) {
  if (all.size() < 2) return std::nullopt;
  std::vector<std::pair<double, Name>> order;
  order.reserve(all.size());
  for (const auto& [name, values] : all) order.emplace_back(median_of(values), name);
  std::sort(order.begin(), order.end());
  const Name best = order[0].second;
  Name other{"glibc", "default"};
  if (best == other || all.count(other) == 0) other = order[1].second;
  std::vector<double> percents;
  const Values& theirs = all.at(other);
  for (const auto& [repetition, value] : all.at(best)) {
    const auto pair = theirs.find(repetition);
    if (pair == theirs.end()) continue;
    percents.push_back(percent_over(value, pair->second, aspect.least));
  }
  if (percents.empty()) return std::nullopt;
  Leading leading;
  leading.figure = aspect.name;
  leading.best = {best.first, best.second};
  leading.other = {other.first, other.second};
  leading.percent = median_interval(percents);
  leading.pairs = static_cast<unsigned>(percents.size());
  leading.worth = aspect.worth;
  const Interval& told = leading.percent;
  const bool clear =
      told.high < -aspect.worth || (told.low > -aspect.worth && told.high < aspect.worth);
  const bool narrow = told.high - told.low < aspect.worth / 4;
  leading.settled = leading.pairs >= thresholds::kRepetitions && (clear || narrow);
  return leading;
}

std::string subject(const Run& run) {
  return run.workload + "\n" + run.allocator + "\n" + run.tuning + "\n" + run.purpose;
}

// ---- limits

unsigned fewest_rounds(const SuiteInfo& suite) {
  unsigned fewest = ~0U;
  for (const SuiteWorkload& one : suite.progress) fewest = std::min(fewest, one.rounds);
  return suite.progress.empty() ? 0 : fewest;
}

std::vector<Run> runs_of(const Result& result, const std::string& workload) {
  std::vector<Run> runs;
  for (const Run& run : result.runs) {
    if (run.workload != workload) continue;
    runs.push_back(run);
    runs.back().samples.clear();
  }
  return runs;
}

/// Half the widths of the leading comparisons' intervals by figure, with their workloads.
std::map<std::string, std::vector<std::pair<double, std::string>>> widths_of(const Result& result) {
  std::map<std::string, std::vector<std::pair<double, std::string>>> widths;
  for (const SuiteWorkload& one : result.suite->progress) {
    for (const Leading& leading : leading_comparisons(runs_of(result, one.workload))) {
      if (leading.pairs < thresholds::kRepetitions) continue;
      widths[leading.figure].emplace_back((leading.percent.high - leading.percent.low) / 2,
                                          one.workload);
    }
  }
  for (auto& [figure, list] : widths) std::sort(list.begin(), list.end());
  return widths;
}

void tell_rounds(const SuiteInfo& suite, std::vector<std::string>& limits) {
  const auto few =
      std::count_if(suite.progress.begin(), suite.progress.end(),
                    [](const SuiteWorkload& one) { return one.rounds < thresholds::kRepetitions; });
  if (few > 0) {
    limits.push_back(fmt::format(
        "{} of {} workloads had fewer than {} rounds: on these every difference is inconclusive.",
        few, suite.progress.size(), thresholds::kRepetitions));
  }
  if (fewest_rounds(suite) < 5) {
    limits.push_back(
        "With fewer than 5 rounds an interval covers the true median less often than 95 % of the "
        "time; a full suite makes at least 5.");
  }
}

/// What noise hides: half the width of the leading intervals.
void tell_widths(const Result& result, std::vector<std::string>& limits) {
  for (const auto& [figure, widths] : widths_of(result)) {
    const std::string worst =
        fmt::format("below {} on {}", format_percent(widths.back().first), widths.back().second);
    const std::string half = widths.size() == 1
                                 ? ""
                                 : fmt::format(
                                       "below {} are lost in the noise on half of the "
                                       "workloads, and ",
                                       format_percent(widths[widths.size() / 2].first));
    limits.push_back(fmt::format("Differences in {} {}{}{}.", figure, half, worst,
                                 half.empty() ? " are lost in the noise" : ""));
  }
}

void tell_unfinished(const SuiteInfo& suite, std::vector<std::string>& limits) {
  std::string names;
  for (const SuiteWorkload& one : suite.progress) {
    if (one.stopped == "budget" && one.rounds == 0) {
      names += (names.empty() ? "" : ", ") + one.workload;
    }
  }
  if (!names.empty()) limits.push_back("There was no time to finish a round of " + names + ".");
}

}  // namespace

std::vector<Leading> leading_comparisons(const std::vector<Run>& runs) {
  std::vector<Leading> list;
  for (const Aspect& aspect : kAspects) {
    if (auto leading = leading_of(values_of(runs, aspect.figure), aspect)) {
      list.push_back(std::move(*leading));
    }
  }
  return list;
}

std::string describe(const Leading& leading) {
  const auto below = [](double percent) {
    return fmt::format("{} {}", format_percent(percent), percent <= 0 ? "below" : "above");
  };
  return fmt::format("{}: {} {} {} (from {} to {})", leading.figure,
                     display_name(leading.best.allocator, leading.best.tuning),
                     below(leading.percent.median),
                     display_name(leading.other.allocator, leading.other.tuning),
                     below(leading.percent.low), below(leading.percent.high));
}

std::vector<Outlier> outliers_of(const std::vector<Run>& runs) {
  constexpr std::size_t kLeast = 5;
  constexpr double kDeviations = 5 * 1.4826;  // a MAD of a normal distribution is 1/1.4826 of one
  constexpr double kShare = 0.1;
  std::vector<Outlier> outliers;
  for (const Aspect& aspect : kAspects) {
    std::map<std::string, std::vector<double>> groups;
    for (const Run& run : runs) {
      if (run.status != RunStatus::ok) continue;
      if (const auto value = aspect.figure(run)) groups[subject(run)].push_back(*value);
    }
    for (const Run& run : runs) {
      const auto value = aspect.figure(run);
      if (run.status != RunStatus::ok || !value) continue;
      const std::vector<double>& group = groups[subject(run)];
      if (group.size() < kLeast) continue;
      const double center = median(group);
      const double far = std::abs(*value - center);
      if (far <= kDeviations * median_absolute_deviation(group) || far <= kShare * center) continue;
      outliers.push_back({&run, aspect.name, *value / std::max(center, aspect.least)});
    }
  }
  return outliers;
}

std::vector<std::string> limits_of(const Result& result) {
  std::vector<std::string> limits;
  if (!result.suite) return limits;
  tell_rounds(*result.suite, limits);
  tell_unfinished(*result.suite, limits);
  tell_widths(result, limits);
  const auto outliers = outliers_of(result.runs);
  if (!outliers.empty()) {
    const Outlier& first = outliers.front();
    limits.push_back(fmt::format(
        "{} run{} apart from {} kind and {} counted like any other, the first {} on {} with {} "
        "times the median {}.",
        outliers.size(), outliers.size() == 1 ? " stands" : "s stand",
        outliers.size() == 1 ? "its" : "their", outliers.size() == 1 ? "is" : "are",
        display_name(first.run->allocator, first.run->tuning), first.run->workload,
        format_number(first.times_median),
        first.figure == "speed" ? "allocator time" : first.figure));
  }
  return limits;
}

}  // namespace heapwise
