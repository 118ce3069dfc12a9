// SPDX-License-Identifier: MIT
#include "results/verified_speed.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "results/difference.h"
#include "results/statistics.h"
#include "results/summarize.h"
#include "results/thresholds.h"
#include "results/undisturbed.h"

namespace heapwise {
namespace {

constexpr const char* kFaster = "faster";
constexpr const char* kSlower = "slower";
constexpr const char* kSame = "same";

const AllocatorName& baseline() {
  static const AllocatorName kName{"glibc", "default"};
  return kName;
}

bool is_baseline(const Verification& row) { return same_allocator(row, baseline()); }

/// By round, of runs that ended well.
std::map<unsigned, double> log_cpu_times(const Result& result, const AllocatorName& name) {
  std::map<unsigned, double> times;
  for (const Run& run : result.real_runs) {
    if (!same_allocator(run, name) || run.status != RunStatus::ok || run.cpu_seconds <= 0) continue;
    times[run.repetition] = std::log(run.cpu_seconds);
  }
  return times;
}

void fill_real(Verification& row, const std::map<unsigned, double>& own,
               const std::map<unsigned, double>& base) {
  std::vector<RoundPair> rounds;
  for (const auto& [round, time] : own) {
    const auto other = base.find(round);
    if (other != base.end()) rounds.emplace_back(other->second, time);
  }
  if (rounds.size() < thresholds::kRepetitions) return;  // two tell nothing of their own noise
  const Estimate shift = closest_shift(rounds, kVerifyCpuConfidence);
  row.cpu_change_percent = percent_of_log(shift.value);
  row.cpu_change_low_percent = percent_of_log(shift.low);
  row.cpu_change_high_percent = percent_of_log(shift.high);
  const bool beyond_noise = *row.cpu_change_low_percent > 0 || *row.cpu_change_high_percent < 0;
  const bool counts =
      beyond_noise && std::abs(*row.cpu_change_percent) > thresholds::kSpeedCpuPercent;
  row.real_speed = !counts ? kSame : shift.value < 0 ? kFaster : kSlower;
}

void fill_predicted(Verification& row, const Difference& difference) {
  if (difference.relation == Relation::unknown) return;
  row.predicted_cpu_change_percent = difference.cpu_percent;
  row.predicted_speed = difference.relation == Relation::less   ? kFaster
                        : difference.relation == Relation::more ? kSlower
                                                                : kSame;
}

}  // namespace

void verify_speed(const Result& result, const std::string& workload,
                  std::vector<Verification>& rows) {
  if (std::none_of(rows.begin(), rows.end(), is_baseline)) return;
  const WorkloadInfo* const workload_info = find_workload_info(result, workload);
  const auto base_times = log_cpu_times(result, baseline());
  const Summary* const base = find_summary(result, workload, baseline());
  for (Verification& row : rows) {
    if (is_baseline(row)) continue;
    const AllocatorName name{row.allocator, row.tuning};
    fill_real(row, log_cpu_times(result, name), base_times);
    const Summary* const own = find_summary(result, workload, name);
    if (own == nullptr || base == nullptr) continue;
    fill_predicted(row, speed_difference(*own, *base, workload_info));
  }
}

}  // namespace heapwise
