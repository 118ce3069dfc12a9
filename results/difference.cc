// SPDX-License-Identifier: MIT
#include "results/difference.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "results/statistics.h"
#include "results/summarize.h"
#include "results/thresholds.h"

namespace heapwise {
namespace {

Difference relative(const Interval& one, const Interval& other, double least) {
  Difference difference;
  difference.percent = percent_over(one.median, other.median, least);
  difference.low = percent_over(one.low, other.high, least);
  difference.high = percent_over(one.high, other.low, least);
  return difference;
}

/// A difference as one recording shows it, before the verdict.
struct Part {
  Difference difference;
  double bytes = 0;     ///< memory only
  bool apart = false;   ///< memory only: the intervals are
  double ns = 0;        ///< speed only
  double noise_ns = 0;  ///< speed only: what ns must be beyond
};

bool worth_having_memory(const Part& part) {
  return std::abs(part.bytes) >= thresholds::kMemoryBytes &&
         std::abs(part.difference.percent) > thresholds::kMemoryPercent;
}

bool worth_having_speed(const Part& part) {
  const Difference& difference = part.difference;
  return difference.cpu_percent
             ? std::abs(*difference.cpu_percent) > thresholds::kSpeedReplayCpuPercent
             : std::abs(difference.percent) > thresholds::kSpeedTimePercent;
}

unsigned repetitions_of_both(const Summary& one, const Summary& other) {
  return std::min(one.repetitions, other.repetitions);
}

bool enough_repetitions(const Summary& one, const Summary& other) {
  return repetitions_of_both(one, other) >= thresholds::kRepetitions;
}

Relation direction(const Part& part) {
  return part.difference.percent < 0 ? Relation::less : Relation::more;
}

/// The MAD, and where another tool left that out, the one that goes with the interval: of normal
/// values the median has a standard error of 1.253 σ / √n, half a 95 % interval is 1.96 of these,
/// and the MAD is 0.6745 σ. Of few values it is no more than half the interval.
double spread(const Interval& interval, unsigned repetitions) {
  constexpr double kMadOfHalf = 0.6745 / (1.96 * 1.253);
  const double half = (interval.high - interval.low) / 2;
  return interval.mad.value_or(half * std::max(1.0, kMadOfHalf * std::sqrt(repetitions)));
}

bool knows_cpu(const WorkloadInfo* workload) {
  return workload != nullptr && workload->cpu_s && *workload->cpu_s > 0 && workload->operations > 0;
}

double share_of_cpu(double ns_per_operation, const WorkloadInfo& workload) {
  const double seconds = ns_per_operation * 1e-9 * static_cast<double>(workload.operations);
  return seconds / *workload.cpu_s * 100;
}

/// CPU time of all threads can be weighed against the program's; wall time is less than that with
/// several threads.
template <class Figures>
const std::optional<Interval>& time_of(const Figures& figures, const TimeBasis& basis) {
  return basis.cpu ? figures.cpu_ns_per_operation : figures.ns_per_operation;
}

/// With the spread that as few runs as have a faster half would need to be as sure of the median.
Interval of_faster_half(const Interval& times) {
  const FasterHalf& half = *times.faster_half;
  const double runs = static_cast<double>(half.runs) / static_cast<double>(kFasterHalfValues);
  const double spread = half.mad * thresholds::kMadOfFasterHalf / std::sqrt(runs);
  return {half.median, half.low, half.high, spread, {}};
}

bool are_apart(const Interval& mine, const Interval& theirs) {
  return mine.high < theirs.low || theirs.high < mine.low;
}

Part compare_memory(const Interval& mine, const Interval& theirs) {
  Part part;
  part.difference = relative(mine, theirs, thresholds::kLeastBytes);
  part.bytes = mine.median - theirs.median;
  part.apart = are_apart(mine, theirs);
  return part;
}

/// What one start of a process takes beyond one under whoever takes least, in seconds; nothing
/// where it is not known, or not what it is worth.
std::optional<double> start_s(const Summary& row, const WorkloadInfo* workload) {
  if (!knows_cpu(workload)) return std::nullopt;
  std::optional<double> least, own;
  for (const StartCost& one : workload->start_costs) {
    least = std::min(least.value_or(one.cpu_s), one.cpu_s);
    if (one.allocator == row.allocator && one.tuning == row.tuning) own = one.cpu_s;
  }
  if (!own) return std::nullopt;
  return *own - *least;
}

Interval moved(Interval interval, double ns) {
  interval.median += ns;
  interval.low += ns;
  interval.high += ns;
  return interval;
}

/// With the starts of the program's processes, where the basis has them.
Interval with_starts(const Interval& time, const Summary& row, const TimeBasis& basis,
                     const WorkloadInfo* workload) {
  if (!basis.starts) return time;
  const double starts_ns = *workload->process_starts * 1e9;
  return moved(time,
               *start_s(row, workload) * starts_ns / static_cast<double>(workload->operations));
}

/// Of rows that have `repetitions` each.
Part compare_speed(const Interval& mine, const Interval& theirs, unsigned repetitions,
                   const WorkloadInfo* workload) {
  Part part;
  part.difference = relative(mine, theirs, thresholds::kLeastNs);
  part.ns = mine.median - theirs.median;
  if (knows_cpu(workload)) part.difference.cpu_percent = share_of_cpu(part.ns, *workload);
  part.noise_ns =
      thresholds::kSpeedMads * std::max(spread(mine, repetitions), spread(theirs, repetitions));
  return part;
}

/// The middle of all recordings.
Part middle_of(const std::vector<Part>& parts) {
  Part middle = parts.front();
  std::vector<double> percents, cpu, bytes;
  for (const Part& part : parts) {
    percents.push_back(part.difference.percent);
    bytes.push_back(part.bytes);
    if (part.difference.cpu_percent) cpu.push_back(*part.difference.cpu_percent);
    middle.difference.low = std::min(middle.difference.low, part.difference.low);
    middle.difference.high = std::max(middle.difference.high, part.difference.high);
  }
  middle.difference.percent = median(percents);
  middle.bytes = median(bytes);
  if (cpu.size() == parts.size()) middle.difference.cpu_percent = median(cpu);
  return middle;
}

bool memory_is_sure(const std::vector<Part>& parts) {
  return std::all_of(parts.begin(), parts.end(), [](const Part& part) { return part.apart; });
}

/// Of speed the recordings are asked together: each has few replays, whose noise is their own, so
/// that of the mean over k recordings is less by the square root of k.
bool speed_is_sure(const std::vector<Part>& parts) {
  double ns = 0, squares = 0;
  for (const Part& part : parts) {
    ns += part.ns;
    squares += part.noise_ns * part.noise_ns;
  }
  return std::abs(ns) > std::sqrt(squares);
}

/// How one kind of figure is judged.
struct Judge {
  bool (*worth_having)(const Part&);
  bool (*is_sure)(const std::vector<Part>&);
};
constexpr Judge kMemory{worth_having_memory, memory_is_sure};
constexpr Judge kSpeed{worth_having_speed, speed_is_sure};

/// The verdict. The program's own variation moves all allocators alike, so they are compared within
/// each recording. What counts must be worth having in the middle, sure, and of the same sign in
/// all; that each alone is worth having would be asked too much of a difference near the limit.
Difference decide(const Summary& one, const Summary& other, const std::vector<Part>& parts,
                  const Judge& judge) {
  const Part middle = middle_of(parts);
  Difference difference = middle.difference;
  const bool enough = enough_repetitions(one, other);
  const auto in_both_directions = [&parts](const auto& counts) {
    const auto some_are = [&](Relation which) {
      return std::any_of(parts.begin(), parts.end(), [&](const Part& part) {
        return counts(part) && direction(part) == which;
      });
    };
    return some_are(Relation::less) && some_are(Relation::more);
  };
  const bool disagree =
      enough && in_both_directions([&](const Part& part) { return judge.is_sure({part}); });
  if (!judge.worth_having(middle)) {
    if (!in_both_directions(judge.worth_having)) {
      difference.relation = Relation::same;
      return difference;
    }
    difference.relation = Relation::unclear;
    difference.too_few = !enough;
    difference.recordings_disagree = disagree;
    return difference;
  }
  const bool one_sign = std::all_of(parts.begin(), parts.end(), [&](const Part& part) {
    return direction(part) == direction(middle);
  });
  difference.too_few = !enough;
  difference.recordings_disagree = disagree;
  const bool counts = one_sign && judge.is_sure(parts) && !difference.too_few;
  difference.relation = counts ? direction(middle) : Relation::unclear;
  return difference;
}

/// The figures of the same recording on the other side, or null.
const RecordingFigures* counterpart(const RecordingFigures& one, const Summary& other) {
  for (const RecordingFigures& theirs : other.recordings) {
    if (theirs.recording == one.recording) return &theirs;
  }
  return nullptr;
}

}  // namespace

double percent_over(double value, double base, double least) {
  return (std::max(value, least) / std::max(base, least) - 1) * 100;
}

std::optional<Interval> memory_cost(const Summary& summary) {
  if (summary.memory_cost_bytes) return summary.memory_cost_bytes;
  if (!summary.peak_rss_bytes || !summary.mean_rss_bytes || !summary.end_rss_bytes) {
    return std::nullopt;
  }
  const Interval& peak = *summary.peak_rss_bytes;
  const Interval& mean = *summary.mean_rss_bytes;
  const Interval& end = *summary.end_rss_bytes;
  return Interval{memory_cost_of(peak.median, mean.median, end.median),
                  memory_cost_of(peak.low, mean.low, end.low),
                  memory_cost_of(peak.high, mean.high, end.high), std::nullopt};
}

Difference memory_difference(const Summary& one, const Summary& other) {
  std::vector<Part> parts;
  for (const RecordingFigures& mine : one.recordings) {
    const RecordingFigures* theirs = counterpart(mine, other);
    if (theirs == nullptr || !mine.memory_cost_bytes || !theirs->memory_cost_bytes) continue;
    parts.push_back(compare_memory(*mine.memory_cost_bytes, *theirs->memory_cost_bytes));
  }
  if (!parts.empty()) return decide(one, other, parts, kMemory);
  const auto mine = memory_cost(one);
  const auto theirs = memory_cost(other);
  if (!mine || !theirs) return {};
  return decide(one, other, {compare_memory(*mine, *theirs)}, kMemory);
}

std::optional<double> start_difference_s(const Summary& one, const Summary& other,
                                         const WorkloadInfo* workload) {
  const auto mine = start_s(one, workload);
  const auto theirs = start_s(other, workload);
  if (!mine || !theirs || workload->process_starts.value_or(0) == 0) return std::nullopt;
  return *mine - *theirs;
}

namespace {

/// Whether what the rows' starts differ by is to be seen in a figure.
bool starts_tell(const std::vector<const Summary*>& rows, const WorkloadInfo* workload) {
  double most = 0;
  double least = *start_s(*rows.front(), workload);
  for (const Summary* row : rows) {
    most = std::max(most, *start_s(*row, workload));
    least = std::min(least, *start_s(*row, workload));
  }
  const double share = (most - least) * *workload->process_starts / *workload->cpu_s;
  return share * 100 >= thresholds::kStartStoryPercent;
}

/// What all these rows have; there is one at least and each has a time.
TimeBasis basis_of(const std::vector<const Summary*>& rows, const WorkloadInfo* workload) {
  TimeBasis basis;
  const auto all = [&rows](const auto& has) { return std::all_of(rows.begin(), rows.end(), has); };
  basis.cpu = knows_cpu(workload) &&
              all([](const Summary* row) { return row->cpu_ns_per_operation.has_value(); });
  basis.all_threads = basis.cpu && workload->threads > 1;
  basis.faster_half =
      all([&basis](const Summary* row) { return time_of(*row, basis)->faster_half.has_value(); });
  basis.starts =
      knows_cpu(workload) && workload->process_starts.value_or(0) > 0 &&
      all([workload](const Summary* row) { return start_s(*row, workload).has_value(); });
  basis.starts_tell = basis.starts && starts_tell(rows, workload);
  return basis;
}

}  // namespace

TimeBasis time_basis(const std::vector<const Summary*>& rows, const WorkloadInfo* workload) {
  std::vector<const Summary*> timed;
  for (const Summary* row : rows) {
    if (row->failures == 0 && row->ns_per_operation) timed.push_back(row);
  }
  return timed.empty() ? TimeBasis{} : basis_of(timed, workload);
}

std::optional<Interval> compared_time(const Summary& row, const TimeBasis& basis,
                                      const WorkloadInfo* workload) {
  const auto& time = time_of(row, basis);
  if (!time || (basis.faster_half && !time->faster_half)) return std::nullopt;
  if (basis.starts && !start_s(row, workload)) return std::nullopt;
  return with_starts(basis.faster_half ? of_faster_half(*time) : *time, row, basis, workload);
}

namespace {

/// Each recording by itself, where there are several that both sides ran.
std::vector<Part> speed_parts(const Summary& one, const Summary& other, const TimeBasis& basis,
                              const WorkloadInfo* workload) {
  std::vector<Part> parts;
  for (const RecordingFigures& figures : one.recordings) {
    const RecordingFigures* theirs = counterpart(figures, other);
    if (basis.faster_half || theirs == nullptr) continue;
    const auto& mine = time_of(figures, basis);
    if (!mine || !time_of(*theirs, basis)) continue;
    parts.push_back(compare_speed(with_starts(*mine, one, basis, workload),
                                  with_starts(*time_of(*theirs, basis), other, basis, workload),
                                  repetitions_of_both(one, other), workload));
  }
  return parts;
}

}  // namespace

Difference speed_difference(const Summary& one, const Summary& other,
                            const WorkloadInfo* workload) {
  if (!one.ns_per_operation || !other.ns_per_operation) return {};
  const TimeBasis basis = basis_of({&one, &other}, workload);
  const auto mine = compared_time(one, basis, workload);
  const auto theirs = compared_time(other, basis, workload);
  if (!mine || !theirs) return {};
  std::vector<Part> parts = speed_parts(one, other, basis, workload);
  if (parts.empty()) {
    parts.push_back(compare_speed(*mine, *theirs, repetitions_of_both(one, other), workload));
  }
  Difference difference = decide(one, other, parts, kSpeed);
  difference.basis = basis;
  return difference;
}

Difference latency_difference(const Summary& one, const Summary& other) {
  if (!one.latency_p999_ns || !other.latency_p999_ns) return {};
  const Interval& mine = *one.latency_p999_ns;
  const Interval& theirs = *other.latency_p999_ns;
  Difference difference = relative(mine, theirs, thresholds::kLeastNs);
  const double ns = mine.median - theirs.median;
  if (std::abs(ns) < thresholds::kLatencyNs ||
      std::abs(difference.percent) <= thresholds::kLatencyPercent) {
    difference.relation = Relation::same;
    return difference;
  }
  difference.too_few = !enough_repetitions(one, other);
  const bool counts = are_apart(mine, theirs) && !difference.too_few;
  difference.relation = counts ? (ns < 0 ? Relation::less : Relation::more) : Relation::unclear;
  return difference;
}

}  // namespace heapwise
