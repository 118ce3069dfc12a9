// SPDX-License-Identifier: MIT
#include "results/round_times.h"

#include <algorithm>
#include <cmath>
#include <set>
#include <tuple>

#include "results/statistics.h"
#include "results/thresholds.h"

namespace heapwise {
namespace {

void fill(TimeTable& table, const RunList& runs, const Rounds& rounds, TimeClock clock,
          std::map<Round, double> RoundTimes::*side) {
  for (const Run* run : runs) {
    if (run->purpose != "throughput" || run->status != RunStatus::ok) continue;
    if (!run->ns_per_operation || run->operations == 0) continue;
    const double ns = clock == TimeClock::wall
                          ? *run->ns_per_operation
                          : run->cpu_seconds * 1e9 / static_cast<double>(run->operations);
    if (ns <= 0) continue;
    (table[{run->allocator, run->tuning}].*side)[rounds.of(*run)] = std::log(ns);
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

std::vector<ShiftCell::Value> relative(const std::map<Round, double>& own,
                                       const std::vector<Control>& controls,
                                       std::map<Round, double> RoundTimes::*side) {
  std::vector<ShiftCell::Value> values;
  for (const auto& [round, value] : own) {
    std::vector<double> others;
    for (const Control& control : controls) {
      const auto& rounds = control.times->*side;
      const auto found = rounds.find(round);
      if (found != rounds.end()) others.push_back(found->second - control.middle);
    }
    if (others.empty()) continue;
    values.push_back({value - median(std::move(others)), round.number, round.block});
  }
  return values;
}

void add_if_enough(std::vector<ShiftCell::View>& views, ShiftCell::View view) {
  view = on_one_level(std::move(view));
  if (view.base.size() >= 2 && view.now.size() >= 2) views.push_back(std::move(view));
}

/// The median over the allocators of how much their first view scatters.
double scatter(const TimeTable& table) {
  std::vector<double> all;
  for (const auto& [who, times] : table) {
    if (!times.both()) continue;
    const auto views = views_of_times(table, who, false);
    if (!views.empty()) {
      all.push_back(trimmed(views[0].base).variance + trimmed(views[0].now).variance);
    }
  }
  return all.empty() ? HUGE_VAL : median(std::move(all));
}

}  // namespace

Rounds::Rounds(const RunList& base, const RunList& now, bool same_recordings) {
  const auto recordings_of = [](const RunList& runs) {
    std::set<unsigned> recordings;
    for (const Run* run : runs) recordings.insert(run->recording);
    return recordings;
  };
  same_recordings = same_recordings && recordings_of(base) == recordings_of(now);
  add(base, same_recordings);
  add(now, same_recordings);
}

void Rounds::add(const RunList& runs, bool by_recording) {
  using Likeness = std::tuple<std::string, std::string, std::string, unsigned, unsigned>;
  using Place = std::tuple<unsigned, unsigned, unsigned>;
  std::map<Likeness, unsigned> seen;  // another tool may number no repetitions
  std::map<const Run*, Place> places;
  std::map<Place, unsigned> numbers;
  for (const Run* run : runs) {
    const unsigned before =
        seen[{run->allocator, run->tuning, run->purpose, run->recording, run->repetition}]++;
    const Place place{run->recording, run->repetition, before};
    places[run] = place;
    numbers[place] = 0;
  }
  unsigned next = 0;
  for (auto& [place, number] : numbers) number = next++;
  for (const auto& [run, place] : places) {
    rounds_[run] = {numbers[place], by_recording ? run->recording : 0};
  }
}

TimeTable time_table(const RunList& base, const RunList& now, const Rounds& rounds,
                     TimeClock clock) {
  TimeTable table;
  fill(table, base, rounds, clock, &RoundTimes::base);
  fill(table, now, rounds, clock, &RoundTimes::now);
  return table;
}

std::vector<ShiftCell::Value> values_of(const std::map<Round, double>& times) {
  std::vector<ShiftCell::Value> values;
  values.reserve(times.size());
  for (const auto& [round, value] : times) values.push_back({value, round.number, round.block});
  return values;
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
    add_if_enough(views, {values_of(own->second.base), values_of(own->second.now)});
  }
  return views;
}

TimeClock quieter_clock(const RunList& base, const RunList& now, const Rounds& rounds,
                        unsigned threads) {
  if (threads != 1) return TimeClock::wall;
  const double wall = scatter(time_table(base, now, rounds, TimeClock::wall));
  const double cpu = scatter(time_table(base, now, rounds, TimeClock::cpu));
  return cpu < wall ? TimeClock::cpu : TimeClock::wall;
}

}  // namespace heapwise
