// SPDX-License-Identifier: MIT
#include "results/compare.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <set>

#include "results/permutation.h"
#include "results/robust.h"
#include "results/round_times.h"
#include "results/statistics.h"
#include "results/summarize.h"
#include "results/thresholds.h"
#include "results/units.h"
#include "results/wording.h"

namespace heapwise {
namespace {

constexpr std::array<std::string_view, 4> kChangeNames = {"better", "same", "worse",
                                                          "inconclusive"};
constexpr std::array<std::string_view, 3> kGateNames = {"passes", "fails", "unclear"};

struct MemoryFigure {
  const char* name;
  std::optional<std::uint64_t> Run::*member;
};
constexpr std::array<MemoryFigure, 3> kMemoryFigures = {{
    {"peak_rss_bytes", &Run::peak_rss_bytes},
    {"mean_rss_bytes", &Run::mean_rss_bytes},
    {"end_rss_bytes", &Run::end_rss_bytes},
}};

/// The runs of one result by workload, and by allocator within.
struct Index {
  std::map<std::string, RunList> by_workload;
  std::map<std::pair<std::string, Contestant>, RunList> by_cell;
  std::vector<std::pair<std::string, Contestant>> order;  ///< of workloads as the result has them
};

Index index_of(const Result& result) {
  Index index;
  for (const Run& run : result.runs) {
    index.by_workload[run.workload].push_back(&run);
    if (run.allocator == "null") continue;
    index.by_cell[{run.workload, {run.allocator, run.tuning}}].push_back(&run);
  }
  // A result's runs stand in random order; the summary's order is the reader's.
  for (const Summary& row : summarize(result.runs)) {
    index.order.emplace_back(row.workload, Contestant{row.allocator, row.tuning});
  }
  return index;
}

const RunList& runs_in(const std::map<std::string, RunList>& lists, const std::string& name) {
  static const RunList kNone;
  const auto found = lists.find(name);
  return found == lists.end() ? kNone : found->second;
}

/// A figure on its way to a verdict.
struct Candidate {
  FigureChange change;
  ShiftCell cell;
  double least_worth = 0;  ///< per cent
  double least_bytes = 0;  ///< 0 for times
};

/// Whether the recordings of a workload are those of the other result. Without any there is but
/// one, which comparability.h sees to.
bool same_recordings(const WorkloadInfo& base, const WorkloadInfo& now) {
  return std::equal(base.recordings.begin(), base.recordings.end(), now.recordings.begin(),
                    now.recordings.end(), [](const auto& left, const auto& right) {
                      return left.operations == right.operations && left.threads == right.threads &&
                             left.peak_live_bytes == right.peak_live_bytes;
                    });
}

class Comparer {
 public:
  Comparer(const Result& base, const Result& now, const CompareOptions& options)
      : base_(base), now_(now), options_(options) {
    comparison_.base_created = base.created;
    comparison_.now_created = now.created;
    comparison_.fail_over_percent = options.fail_over_percent;
    comparison_.differences = differences_between(base, now);
    by_clock_ = comparison_.by_clock = prevented();
  }

  Expected<Comparison> run() {
    if (by_clock_ && !options_.anyway) return refusal();
    const Index base = index_of(base_), now = index_of(now_);
    for (const auto& [workload, who] : base.order) {
      const auto other = now.by_cell.find({workload, who});
      if (other == now.by_cell.end()) {
        comparison_.only_in_base.push_back({workload, who.first, who.second, {}});
      } else {
        add_cell(workload, who, base, now);
      }
    }
    for (const auto& [workload, who] : now.order) {
      if (base.by_cell.count({workload, who}) == 0) {
        comparison_.only_in_now.push_back({workload, who.first, who.second, {}});
      }
    }
    if (candidates_.empty()) return nothing_in_common();
    judge();
    look_at_the_machine();
    return std::move(comparison_);
  }

 private:
  bool prevented() const {
    return std::any_of(comparison_.differences.begin(), comparison_.differences.end(),
                       [](const SettingDifference& one) { return one.prevents; });
  }

  tl::unexpected<Error> refusal() const;
  tl::unexpected<Error> nothing_in_common() const;

  void add_cell(const std::string& workload, const Contestant& who, const Index& base,
                const Index& now);
  /// Whether both results have a figure; notes it where only one has.
  bool in_both(const FigureChange& figure, bool in_base, bool in_now);
  void add_failures(FigureChange change, const RunList& before, const RunList& after);
  void add_memory(const FigureChange& like, const RunList& before, const RunList& after,
                  const Rounds& rounds);
  void add_time(const FigureChange& like, const TimeTable& table);
  void judge();
  void judge_failures();
  void judge_shift(Candidate& candidate);
  void look_at_the_machine();
  unsigned threads_of(const std::string& workload) const;
  const Rounds& rounds_of(const std::string& workload, const RunList& before, const RunList& after);
  const TimeTable& times_of(const std::string& workload, const RunList& before,
                            const RunList& after);

  const Result& base_;
  const Result& now_;
  const CompareOptions& options_;
  bool by_clock_ = false;  ///< machines differ: that they do is what is asked for
  Comparison comparison_;
  std::vector<Candidate> candidates_;
  std::map<std::string, Rounds> rounds_;
  std::map<std::string, TimeTable> times_;
  std::map<std::string, TimeClock> clocks_;
};

tl::unexpected<Error> Comparer::refusal() const {
  std::string what = "these results do not compare, because they differ in more than allocators:";
  for (const SettingDifference& one : comparison_.differences) {
    if (one.prevents) what += fmt::format("\n  {}: {} → {}", one.name, one.base, one.now);
  }
  return fail(ErrorCode::unsupported, what,
              "measure both on one machine with the same settings; to see what the change itself "
              "does, give --anyway");
}

tl::unexpected<Error> Comparer::nothing_in_common() const {
  return fail(ErrorCode::bad_input,
              "the two results have no allocator on the same workload in common with runs that "
              "ended well",
              "compare results of the same workloads: heapwise report shows what each has");
}

bool Comparer::in_both(const FigureChange& figure, bool in_base, bool in_now) {
  const Absent one{figure.workload, figure.allocator, figure.tuning, figure.figure};
  if (in_base && !in_now) comparison_.only_in_base.push_back(one);
  if (in_now && !in_base) comparison_.only_in_now.push_back(one);
  return in_base && in_now;
}

void Comparer::add_cell(const std::string& workload, const Contestant& who, const Index& base,
                        const Index& now) {
  const RunList& before = base.by_cell.at({workload, who});
  const RunList& after = now.by_cell.at({workload, who});
  FigureChange like;
  like.workload = workload;
  like.allocator = who.first;
  like.tuning = who.second;
  const RunList &all_before = runs_in(base.by_workload, workload),
                &all_after = runs_in(now.by_workload, workload);
  add_failures(like, before, after);
  add_memory(like, before, after, rounds_of(workload, all_before, all_after));
  add_time(like, times_of(workload, all_before, all_after));
}

bool ended_well(const Run* run) { return run->status == RunStatus::ok; }

/// How the runs of one side ended.
struct Endings {
  explicit Endings(const RunList& runs) : all(static_cast<unsigned>(runs.size())) {
    for (const Run* run : runs) {
      failed += ended_well(run) ? 0 : 1;
      ++(ended_well(run) ? good : bad)[run->purpose];
      if (!ended_well(run) && first_failed == nullptr) first_failed = run;
    }
  }
  double rate() const { return static_cast<double>(failed) / all; }
  std::string text() const {
    std::string said =
        fmt::format("{} of {} runs {}", failed, all, to_string(first_failed->status));
    if (!first_failed->status_detail.empty()) said += ": " + first_failed->status_detail;
    return said;
  }

  unsigned failed = 0, all = 0;
  std::map<std::string, unsigned> good, bad;  ///< by purpose
  const Run* first_failed = nullptr;
};

/// The purposes of which some runs ended well before and all fail now.
std::vector<std::string> lost_purposes(const Endings& was, const Endings& is) {
  std::vector<std::string> lost;
  for (const auto& [purpose, count] : is.bad) {
    if (was.good.count(purpose) > 0 && is.good.count(purpose) == 0) lost.push_back(purpose);
  }
  return lost;
}

/// An allocator that begins to fail has become worse, whatever its figures, and so has one that
/// fails where it went well now and then. Of one that failed before and fails more often now, the
/// rates are judged with those of all others (judge_failures).
void Comparer::add_failures(FigureChange change, const RunList& before, const RunList& after) {
  const Endings was(before), is(after);
  const std::vector<std::string> lost = lost_purposes(was, is);
  const bool more = is.rate() > was.rate() || !lost.empty();
  if (!more && is.rate() == was.rate()) return;
  change.figure = "status";
  change.base_runs = was.all;
  change.now_runs = is.all;
  const Endings &worse = more ? is : was, &better = more ? was : is;
  if (better.failed > 0 && lost.empty()) {
    change.probability = chance_of_failures(better.failed, better.all, worse.failed, worse.all);
    if (!more && *change.probability > thresholds::kFamilyError) return;
  }
  change.change = more ? Change::worse : Change::better;
  const std::string others =
      better.failed == 0 ? "none" : fmt::format("{} of {}", better.failed, better.all);
  change.reason = fmt::format("{}, {} {}", worse.text(), others, more ? "before" : "now");
  if (!lost.empty())
    change.reason += fmt::format("; no run for {} ends well any more", enumerate(lost));
  Candidate candidate;
  candidate.change = std::move(change);
  candidates_.push_back(std::move(candidate));
}

std::vector<ShiftCell::Value> memory_values(const RunList& runs, const MemoryFigure& figure,
                                            const Rounds& rounds) {
  std::vector<ShiftCell::Value> values;
  for (const Run* run : runs) {
    if (run->purpose != "footprint" || run->status != RunStatus::ok || !(run->*figure.member)) {
      continue;
    }
    const double bytes =
        std::max(thresholds::kLeastBytes, static_cast<double>(*(run->*figure.member)));
    const Round round = rounds.of(*run);
    values.push_back({std::log(bytes), round.number, round.block});
  }
  return values;
}

/// Without values where the two sides have no recording in common.
void set_levels(FigureChange& change, const ShiftCell::View& view) {
  change.base_runs = static_cast<unsigned>(view.base.size());
  change.now_runs = static_cast<unsigned>(view.now.size());
  if (view.base.empty() || view.now.empty()) return;
  change.base = std::exp(trimmed(view.base).mean);
  change.now = std::exp(trimmed(view.now).mean);
}

void Comparer::add_memory(const FigureChange& like, const RunList& before, const RunList& after,
                          const Rounds& rounds) {
  for (const MemoryFigure& figure : kMemoryFigures) {
    Candidate candidate;
    candidate.change = like;
    candidate.change.figure = figure.name;
    ShiftCell::View view{memory_values(before, figure, rounds),
                         memory_values(after, figure, rounds)};
    if (!in_both(candidate.change, !view.base.empty(), !view.now.empty())) continue;
    view = on_one_level(std::move(view));
    set_levels(candidate.change, view);
    candidate.cell = {{view}, thresholds::kSessionMemoryError};
    candidate.least_worth = thresholds::kMemoryPercent;
    candidate.least_bytes = thresholds::kMemoryBytes;
    candidates_.push_back(std::move(candidate));
  }
}

const Rounds& Comparer::rounds_of(const std::string& workload, const RunList& before,
                                  const RunList& after) {
  const auto known = rounds_.find(workload);
  if (known != rounds_.end()) return known->second;
  const WorkloadInfo *base = find_workload_info(base_, workload),
                     *now = find_workload_info(now_, workload);
  const bool same = base == nullptr || now == nullptr || same_recordings(*base, *now);
  return rounds_.emplace(workload, Rounds(before, after, same)).first->second;
}

const TimeTable& Comparer::times_of(const std::string& workload, const RunList& before,
                                    const RunList& after) {
  const auto known = times_.find(workload);
  if (known != times_.end()) return known->second;
  const Rounds& rounds = rounds_of(workload, before, after);
  const TimeClock clock = quieter_clock(before, after, rounds, threads_of(workload));
  clocks_[workload] = clock;
  return times_[workload] = time_table(before, after, rounds, clock);
}

unsigned Comparer::threads_of(const std::string& workload) const {
  const WorkloadInfo *base = find_workload_info(base_, workload),
                     *now = find_workload_info(now_, workload);
  return base != nullptr ? base->threads : now != nullptr ? now->threads : 0;
}

/// How many others both results have times of: what only one has tells no machine from another.
std::size_t witnesses_of(const TimeTable& table, const Contestant& who) {
  return static_cast<std::size_t>(std::count_if(table.begin(), table.end(), [&](const auto& one) {
    return one.first != who && one.second.both();
  }));
}

void Comparer::add_time(const FigureChange& like, const TimeTable& table) {
  const Contestant who{like.allocator, like.tuning};
  const auto own = table.find(who);
  if (own == table.end()) return;
  Candidate candidate;
  candidate.change = like;
  candidate.change.figure = "ns_per_operation";
  if (!in_both(candidate.change, !own->second.base.empty(), !own->second.now.empty())) return;
  candidate.change.clock = clocks_[like.workload] == TimeClock::cpu ? "cpu" : "wall";
  set_levels(candidate.change,
             on_one_level({values_of(own->second.base), values_of(own->second.now)}));
  candidate.cell = {views_of_times(table, who, by_clock_), thresholds::kSessionTimeError};
  const std::size_t witnesses = witnesses_of(table, who);
  candidate.change.relative =
      candidate.cell.views.size() == 1 && !by_clock_ && witnesses >= thresholds::kControls;
  candidate.change.alone = !by_clock_ && witnesses == 0;
  candidate.least_worth = thresholds::kSpeedTimePercent;
  candidates_.push_back(std::move(candidate));
}

/// The view whose shift is nearest to nothing, which is all that the views agree on.
Shift agreed_shift(const ShiftCell& cell, bool& agree) {
  std::optional<Shift> least;
  agree = true;
  for (const ShiftCell::View& view : cell.views) {
    const Shift shift = shift_of(view, cell.floor);
    if (least && (shift.difference > 0) != (least->difference > 0)) agree = false;
    if (!least || std::abs(shift.difference) < std::abs(least->difference)) least = shift;
  }
  return least.value_or(Shift{});
}

std::string why_unclear(const Candidate& candidate, bool agree) {
  if (std::abs(*candidate.change.percent) <= candidate.least_worth) {
    return "the runs scatter too much to call it the same";
  }
  if (candidate.change.alone) {
    return "no other allocator in both results tells it from a slower machine";
  }
  return agree ? "noise explains as much" : "by the clock it moved the other way";
}

void Comparer::judge_shift(Candidate& candidate) {
  FigureChange& change = candidate.change;
  bool agree = true;
  const Shift shift = agreed_shift(candidate.cell, agree);
  const double two_sided = student_quantile(0.975, shift.freedom) * shift.error;
  const double one_sided = student_quantile(0.95, shift.freedom) * shift.error;
  change.percent = percent_of_log(shift.difference);
  change.low = percent_of_log(shift.difference - two_sided);
  change.high = percent_of_log(shift.difference + two_sided);
  const double worth = candidate.least_worth;
  const bool too_small =
      candidate.least_bytes > 0 && std::abs(*change.now - *change.base) < candidate.least_bytes;
  const bool beyond_chance = !candidate.change.alone && change.probability &&
                             *change.probability <= thresholds::kFamilyError;
  if (beyond_chance && std::abs(*change.percent) > worth && !too_small) {
    change.change = *change.percent > 0 ? Change::worse : Change::better;
  } else if (too_small || (*change.low > -worth && *change.high < worth)) {
    change.change = Change::same;
  } else {
    change.change = Change::inconclusive;
    change.reason = why_unclear(candidate, agree);
  }
  if (!options_.fail_over_percent || too_small) return;
  const double limit = *options_.fail_over_percent;
  const bool blind =
      percent_of_log(one_sided) > limit;  // a regression of the limit would not be seen
  const bool certain = *change.low > limit * thresholds::kGateCertainty;
  if (beyond_chance && agree && certain && *change.percent > limit) {
    change.gate = Gate::fails;
    change.change = Change::worse;  // however little the limit is
    change.reason.clear();
  } else if (*change.percent > limit || blind) {
    change.gate = Gate::unclear;
    if (change.change == Change::same) {
      change.reason = fmt::format("the same to within {:g} %, but perhaps beyond the limit", worth);
    }
  }
}

/// Of the allocators that failed before and fail more often now, those of which chance does not
/// explain it, by Bonferroni's bound.
void Comparer::judge_failures() {
  const auto is_judged = [](const FigureChange& one) {
    return one.figure == "status" && one.change == Change::worse && one.probability;
  };
  const auto judged = std::count_if(candidates_.begin(), candidates_.end(),
                                    [&](const Candidate& one) { return is_judged(one.change); });
  for (Candidate& one : candidates_) {
    FigureChange& change = one.change;
    if (is_judged(change)) {
      change.probability = std::min(1.0, *change.probability * static_cast<double>(judged));
      if (*change.probability > thresholds::kFamilyError) {
        change.change = Change::inconclusive;
        change.reason += "; chance explains as much";
      }
    }
    if (change.figure != "status" || !options_.fail_over_percent) continue;
    if (change.change == Change::worse) change.gate = Gate::fails;
    if (change.change == Change::inconclusive) change.gate = Gate::unclear;
  }
}

void Comparer::judge() {
  judge_failures();
  std::vector<ShiftCell> cells;
  std::vector<std::size_t> places;
  for (std::size_t index = 0; index < candidates_.size(); ++index) {
    const Candidate& one = candidates_[index];
    const bool enough =
        std::min(one.change.base_runs, one.change.now_runs) >= thresholds::kCompareRepetitions;
    if (!enough || one.cell.views.empty()) continue;
    cells.push_back(one.cell);
    places.push_back(index);
  }
  const std::vector<double> probabilities = adjusted_probabilities(cells);
  for (std::size_t index = 0; index < places.size(); ++index) {
    Candidate& candidate = candidates_[places[index]];
    candidate.change.probability = probabilities[index];
    judge_shift(candidate);
  }
  for (Candidate& one : candidates_) {
    if (!one.change.percent && one.change.figure != "status") {
      one.change.reason = fmt::format("fewer than {} runs a side", thresholds::kCompareRepetitions);
      if (options_.fail_over_percent) one.change.gate = Gate::unclear;
    }
    comparison_.changes.push_back(std::move(one.change));
  }
}

/// What befell all alike.
void Comparer::look_at_the_machine() {
  std::vector<double> shifts;
  for (const FigureChange& one : comparison_.changes) {
    if (one.figure == "ns_per_operation" && one.base && one.now) {
      shifts.push_back((*one.now / *one.base - 1) * 100);
    }
  }
  if (shifts.size() >= thresholds::kControls) {
    comparison_.common_time_percent = median(std::move(shifts));
  }
  const auto &before = base_.harness.null_ns_per_operation,
             &after = now_.harness.null_ns_per_operation;
  if (before && after && *before > 0) {
    comparison_.harness_time_percent = (*after / *before - 1) * 100;
  }
}

}  // namespace

unsigned Comparison::count(Change change) const {
  return static_cast<unsigned>(
      std::count_if(changes.begin(), changes.end(),
                    [change](const FigureChange& one) { return one.change == change; }));
}

unsigned Comparison::count(Gate gate) const {
  return static_cast<unsigned>(
      std::count_if(changes.begin(), changes.end(),
                    [gate](const FigureChange& one) { return one.gate == gate; }));
}

unsigned Comparison::count_same() const {
  return static_cast<unsigned>(std::count_if(
      changes.begin(), changes.end(), [](const FigureChange& one) { return one.is_same(); }));
}

Gate Comparison::gate() const {
  if (count(Gate::fails) > 0) return Gate::fails;
  const bool open = fail_over_percent && !only_in_base.empty();
  return open || count(Gate::unclear) > 0 ? Gate::unclear : Gate::passes;
}

Expected<Comparison> compare(const Result& base, const Result& now, const CompareOptions& options) {
  return Comparer(base, now, options).run();
}

std::string to_string(Change change) {
  return std::string(kChangeNames[static_cast<std::size_t>(change)]);
}

std::string to_string(Gate gate) { return std::string(kGateNames[static_cast<std::size_t>(gate)]); }

}  // namespace heapwise
