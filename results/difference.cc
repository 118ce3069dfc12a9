// SPDX-License-Identifier: MIT
#include "results/difference.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "results/statistics.h"
#include "results/thresholds.h"

namespace heapwise {
namespace {

double percent_of(double value, double base) { return base > 0 ? (value / base - 1) * 100 : 0; }

Difference relative(const Interval& one, const Interval& other) {
  Difference difference;
  difference.percent = percent_of(one.median, other.median);
  difference.low = percent_of(one.low, other.high);
  difference.high = percent_of(one.high, other.low);
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

bool enough_repetitions(const Summary& one, const Summary& other) {
  return std::min(one.repetitions, other.repetitions) >= thresholds::kRepetitions;
}

Relation direction(const Part& part) {
  return part.difference.percent < 0 ? Relation::less : Relation::more;
}

/// Where another tool left out the MAD: half the interval, which is never less than the MAD.
double spread(const Interval& interval) {
  return interval.mad.value_or((interval.high - interval.low) / 2);
}

bool knows_cpu(const WorkloadInfo* workload) {
  return workload != nullptr && workload->cpu_s && *workload->cpu_s > 0;
}

double share_of_cpu(double ns_per_operation, const WorkloadInfo& workload) {
  const double seconds = ns_per_operation * 1e-9 * static_cast<double>(workload.operations);
  return seconds / *workload.cpu_s * 100;
}

/// Two figures of speed: CPU time of all threads where it can be weighed against the program's,
/// else wall time, which with several threads is less.
struct Times {
  std::optional<Interval> mine, theirs;
};

template <class Figures>
Times times_of(const Figures& one, const Figures& other, const WorkloadInfo* workload) {
  if (knows_cpu(workload) && one.cpu_ns_per_operation && other.cpu_ns_per_operation) {
    return {one.cpu_ns_per_operation, other.cpu_ns_per_operation};
  }
  return {one.ns_per_operation, other.ns_per_operation};
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
  part.difference = relative(mine, theirs);
  part.bytes = mine.median - theirs.median;
  part.apart = are_apart(mine, theirs);
  return part;
}

/// What one start of a process takes beyond one under whoever takes least, in seconds; nothing
/// where it is not known, or not what it is worth.
std::optional<double> start_s(const Summary& row, const WorkloadInfo* workload) {
  if (!knows_cpu(workload) || workload->operations == 0) return std::nullopt;
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

/// The times per operation with the starts of the program's processes, where both sides' are known.
Times with_starts(const Times& times, const Summary& one, const Summary& other,
                  const WorkloadInfo* workload) {
  const auto mine = start_s(one, workload);
  const auto theirs = start_s(other, workload);
  if (!mine || !theirs) return times;
  const double starts_ns = workload->process_starts.value_or(0) * 1e9;
  const double each_ns = starts_ns / static_cast<double>(workload->operations);
  return {moved(*times.mine, *mine * each_ns), moved(*times.theirs, *theirs * each_ns)};
}

Part compare_speed(const Times& times, const WorkloadInfo* workload) {
  Part part;
  part.difference = relative(*times.mine, *times.theirs);
  part.ns = times.mine->median - times.theirs->median;
  if (knows_cpu(workload)) part.difference.cpu_percent = share_of_cpu(part.ns, *workload);
  part.noise_ns = thresholds::kSpeedMads * std::max(spread(*times.mine), spread(*times.theirs));
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
  const bool one_sign = std::all_of(parts.begin(), parts.end(), [&](const Part& part) {
    return direction(part) == direction(middle);
  });
  if (!judge.worth_having(middle)) {
    const auto some_are = [&](Relation which) {
      return std::any_of(parts.begin(), parts.end(), [&](const Part& part) {
        return judge.worth_having(part) && direction(part) == which;
      });
    };
    const bool contradicted = some_are(Relation::less) && some_are(Relation::more);
    difference.relation = contradicted ? Relation::unclear : Relation::same;
    return difference;
  }
  difference.too_few = !enough_repetitions(one, other);
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

std::optional<Interval> memory_cost(const Summary& summary) {
  if (summary.memory_cost_bytes) return summary.memory_cost_bytes;
  if (!summary.peak_rss_bytes || !summary.mean_rss_bytes || !summary.end_rss_bytes) {
    return std::nullopt;
  }
  const Interval& peak = *summary.peak_rss_bytes;
  const Interval& mean = *summary.mean_rss_bytes;
  const Interval& end = *summary.end_rss_bytes;
  return Interval{(peak.median + mean.median + end.median) / 3, (peak.low + mean.low + end.low) / 3,
                  (peak.high + mean.high + end.high) / 3, std::nullopt};
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

Difference speed_difference(const Summary& one, const Summary& other,
                            const WorkloadInfo* workload) {
  const Times whole = times_of(one, other, workload);
  if (!whole.mine || !whole.theirs) return {};
  std::vector<Part> parts;
  const auto add = [&](const Times& times) {
    parts.push_back(compare_speed(with_starts(times, one, other, workload), workload));
  };
  if (whole.mine->faster_half && whole.theirs->faster_half) {
    add({of_faster_half(*whole.mine), of_faster_half(*whole.theirs)});
    return decide(one, other, parts, kSpeed);
  }
  for (const RecordingFigures& mine : one.recordings) {
    const RecordingFigures* theirs = counterpart(mine, other);
    if (theirs == nullptr) continue;
    const Times times = times_of(mine, *theirs, workload);
    if (times.mine && times.theirs) add(times);
  }
  if (parts.empty()) add(whole);
  return decide(one, other, parts, kSpeed);
}

Difference latency_difference(const Summary& one, const Summary& other) {
  if (!one.latency_p999_ns || !other.latency_p999_ns) return {};
  const Interval& mine = *one.latency_p999_ns;
  const Interval& theirs = *other.latency_p999_ns;
  Difference difference = relative(mine, theirs);
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
