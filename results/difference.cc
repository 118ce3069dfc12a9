// SPDX-License-Identifier: MIT
#include "results/difference.h"

#include <algorithm>
#include <cmath>

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

std::optional<double> share_of_cpu(double ns_per_operation, const WorkloadInfo* workload) {
  if (workload == nullptr || !workload->cpu_s || *workload->cpu_s <= 0) return std::nullopt;
  const double seconds = ns_per_operation * 1e-9 * static_cast<double>(workload->operations);
  return seconds / *workload->cpu_s * 100;
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
  const auto mine = memory_cost(one);
  const auto theirs = memory_cost(other);
  if (!mine || !theirs) return {};
  Difference difference = relative(*mine, *theirs);
  const double bytes = mine->median - theirs->median;
  if (std::abs(bytes) < thresholds::kMemoryBytes ||
      std::abs(difference.percent) <= thresholds::kMemoryPercent) {
    difference.relation = Relation::same;
    return difference;
  }
  const bool apart = mine->high < theirs->low || theirs->high < mine->low;
  decide(difference, one, other, apart, bytes < 0);
  return difference;
}

Difference speed_difference(const Summary& one, const Summary& other,
                            const WorkloadInfo* workload) {
  if (!one.ns_per_operation || !other.ns_per_operation) return {};
  const Interval& mine = *one.ns_per_operation;
  const Interval& theirs = *other.ns_per_operation;
  Difference difference = relative(mine, theirs);
  const double ns = mine.median - theirs.median;
  difference.cpu_percent = share_of_cpu(ns, workload);
  const bool worth = difference.cpu_percent
                         ? std::abs(*difference.cpu_percent) > thresholds::kSpeedCpuPercent
                         : std::abs(difference.percent) > thresholds::kSpeedTimePercent;
  if (!worth) {
    difference.relation = Relation::same;
    return difference;
  }
  const double noise = thresholds::kSpeedMads * std::max(spread(mine), spread(theirs));
  decide(difference, one, other, std::abs(ns) > noise, ns < 0);
  return difference;
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
