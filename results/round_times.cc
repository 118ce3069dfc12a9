// SPDX-License-Identifier: MIT
#include "results/round_times.h"

#include <algorithm>
#include <cmath>

#include "results/robust.h"
#include "results/statistics.h"
#include "results/thresholds.h"

namespace heapwise {
namespace {

void fill(TimeTable& table, const std::vector<const Run*>& runs, TimeClock clock,
          std::map<unsigned, double> RoundTimes::*side) {
  for (const Run* run : runs) {
    if (run->purpose != "throughput" || run->status != RunStatus::ok) continue;
    if (!run->ns_per_operation || run->operations == 0) continue;
    const double ns = clock == TimeClock::wall
                          ? *run->ns_per_operation
                          : run->cpu_seconds * 1e9 / static_cast<double>(run->operations);
    if (ns <= 0) continue;
    (table[{run->allocator, run->tuning}].*side)[run->repetition] = std::log(ns);
  }
}

double middle(const RoundTimes& times) {
  std::vector<double> values;
  for (const auto& [round, value] : times.base) values.push_back(value);
  for (const auto& [round, value] : times.now) values.push_back(value);
  return median(std::move(values));
}

struct Control {
  const RoundTimes* times;
  double middle;  ///< subtracted, so that a round that lacks one control is not off by its level
};

std::vector<Control> controls_of(const TimeTable& table, const Contestant& who) {
  std::vector<Control> controls;
  for (const auto& [name, times] : table) {
    if (name != who && times.both()) controls.push_back({&times, middle(times)});
  }
  return controls;
}

std::vector<ShiftCell::Value> relative(const std::map<unsigned, double>& own,
                                       const std::vector<Control>& controls,
                                       std::map<unsigned, double> RoundTimes::*side) {
  std::vector<ShiftCell::Value> values;
  for (const auto& [round, value] : own) {
    std::vector<double> others;
    for (const Control& control : controls) {
      const auto& rounds = control.times->*side;
      const auto found = rounds.find(round);
      if (found != rounds.end()) others.push_back(found->second - control.middle);
    }
    if (!others.empty()) values.push_back({value - median(std::move(others)), round});
  }
  return values;
}

std::vector<ShiftCell::Value> absolute(const std::map<unsigned, double>& own) {
  std::vector<ShiftCell::Value> values;
  for (const auto& [round, value] : own) values.push_back({value, round});
  return values;
}

void add_if_enough(std::vector<ShiftCell::View>& views, ShiftCell::View view) {
  if (view.base.size() >= 2 && view.now.size() >= 2) views.push_back(std::move(view));
}

double scatter(const std::vector<ShiftCell::Value>& values) {
  std::vector<double> sorted;
  for (const auto& one : values) sorted.push_back(one.value);
  std::sort(sorted.begin(), sorted.end());
  return trimmed_mean(sorted).variance;
}

/// The median over the allocators of how much their first view scatters.
double scatter(const TimeTable& table) {
  std::vector<double> all;
  for (const auto& [who, times] : table) {
    if (!times.both()) continue;
    const auto views = views_of_times(table, who, false);
    if (!views.empty()) all.push_back(scatter(views[0].base) + scatter(views[0].now));
  }
  return all.empty() ? HUGE_VAL : median(std::move(all));
}

}  // namespace

TimeTable time_table(const std::vector<const Run*>& base, const std::vector<const Run*>& now,
                     TimeClock clock) {
  TimeTable table;
  fill(table, base, clock, &RoundTimes::base);
  fill(table, now, clock, &RoundTimes::now);
  return table;
}

std::vector<ShiftCell::View> views_of_times(const TimeTable& table, const Contestant& who,
                                            bool by_clock) {
  std::vector<ShiftCell::View> views;
  const auto own = table.find(who);
  if (own == table.end()) return views;
  const std::vector<Control> controls = controls_of(table, who);
  if (!by_clock && !controls.empty()) {
    add_if_enough(views, {relative(own->second.base, controls, &RoundTimes::base),
                          relative(own->second.now, controls, &RoundTimes::now)});
  }
  if (by_clock || views.empty() || controls.size() < thresholds::kControls) {
    add_if_enough(views, {absolute(own->second.base), absolute(own->second.now)});
  }
  return views;
}

TimeClock quieter_clock(const std::vector<const Run*>& base, const std::vector<const Run*>& now,
                        unsigned threads) {
  if (threads != 1) return TimeClock::wall;
  const double wall = scatter(time_table(base, now, TimeClock::wall));
  const double cpu = scatter(time_table(base, now, TimeClock::cpu));
  return cpu < wall ? TimeClock::cpu : TimeClock::wall;
}

}  // namespace heapwise
