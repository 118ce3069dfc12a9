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

/// The verdict on a difference that is large enough to matter: is it beyond the noise?
void decide(Difference& difference, const Summary& one, const Summary& other, bool beyond_noise,
            bool is_less) {
  difference.too_few = std::min(one.repetitions, other.repetitions) < thresholds::kRepetitions;
  if (difference.too_few || !beyond_noise) {
    difference.relation = Relation::unclear;
  } else {
    difference.relation = is_less ? Relation::less : Relation::more;
  }
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

Difference compare_memory(const Summary& one, const Summary& other, const Interval& mine,
                          const Interval& theirs) {
  Difference difference = relative(mine, theirs);
  const double bytes = mine.median - theirs.median;
  if (std::abs(bytes) < thresholds::kMemoryBytes ||
      std::abs(difference.percent) <= thresholds::kMemoryPercent) {
    difference.relation = Relation::same;
    return difference;
  }
  const bool apart = mine.high < theirs.low || theirs.high < mine.low;
  decide(difference, one, other, apart, bytes < 0);
  return difference;
}

Difference compare_speed(const Summary& one, const Summary& other, const Times& times,
                         const WorkloadInfo* workload) {
  Difference difference = relative(*times.mine, *times.theirs);
  const double ns = times.mine->median - times.theirs->median;
  if (knows_cpu(workload)) difference.cpu_percent = share_of_cpu(ns, *workload);
  const bool worth = difference.cpu_percent
                         ? std::abs(*difference.cpu_percent) > thresholds::kSpeedCpuPercent
                         : std::abs(difference.percent) > thresholds::kSpeedTimePercent;
  if (!worth) {
    difference.relation = Relation::same;
    return difference;
  }
  const double noise =
      thresholds::kSpeedMads * std::max(spread(*times.mine), spread(*times.theirs));
  decide(difference, one, other, std::abs(ns) > noise, ns < 0);
  return difference;
}

/// What the recordings say together. The program's own variation moves all allocators alike, so
/// they are compared within each recording; the recordings must agree before a difference counts.
Difference together(const std::vector<Difference>& parts) {
  Difference all = parts.front();
  std::vector<double> percents, cpu;
  bool agree = true;
  for (const Difference& part : parts) {
    percents.push_back(part.percent);
    if (part.cpu_percent) cpu.push_back(*part.cpu_percent);
    all.low = std::min(all.low, part.low);
    all.high = std::max(all.high, part.high);
    all.too_few = all.too_few || part.too_few;
    agree = agree && part.relation == parts.front().relation;
  }
  all.percent = median(percents);
  if (cpu.size() == parts.size()) all.cpu_percent = median(cpu);
  if (!agree) all.relation = Relation::unclear;
  return all;
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
  std::vector<Difference> parts;
  for (const RecordingFigures& mine : one.recordings) {
    const RecordingFigures* theirs = counterpart(mine, other);
    if (theirs == nullptr || !mine.memory_cost_bytes || !theirs->memory_cost_bytes) continue;
    parts.push_back(
        compare_memory(one, other, *mine.memory_cost_bytes, *theirs->memory_cost_bytes));
  }
  if (!parts.empty()) return together(parts);
  const auto mine = memory_cost(one);
  const auto theirs = memory_cost(other);
  return mine && theirs ? compare_memory(one, other, *mine, *theirs) : Difference{};
}

Difference speed_difference(const Summary& one, const Summary& other,
                            const WorkloadInfo* workload) {
  std::vector<Difference> parts;
  for (const RecordingFigures& mine : one.recordings) {
    const RecordingFigures* theirs = counterpart(mine, other);
    if (theirs == nullptr) continue;
    const Times times = times_of(mine, *theirs, workload);
    if (times.mine && times.theirs) parts.push_back(compare_speed(one, other, times, workload));
  }
  if (!parts.empty()) return together(parts);
  const Times times = times_of(one, other, workload);
  return times.mine && times.theirs ? compare_speed(one, other, times, workload) : Difference{};
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
  const bool apart = mine.high < theirs.low || theirs.high < mine.low;
  decide(difference, one, other, apart, ns < 0);
  return difference;
}

}  // namespace heapwise
