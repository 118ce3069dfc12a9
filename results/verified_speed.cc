// SPDX-License-Identifier: MIT
#include "results/verified_speed.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "results/difference.h"
#include "results/robust.h"
#include "results/thresholds.h"

namespace heapwise {
namespace {

constexpr const char* kFaster = "faster";
constexpr const char* kSlower = "slower";
constexpr const char* kSame = "same";

bool is_baseline(const Verification& row) {
  return row.allocator == "glibc" && row.tuning == "default";
}

/// By round, of runs that ended well.
std::map<unsigned, double> log_cpu_times(const Result& result, const Verification& row) {
  std::map<unsigned, double> times;
  for (const Run& run : result.real_runs) {
    if (run.allocator != row.allocator || run.tuning != row.tuning) continue;
    if (run.status != RunStatus::ok || run.cpu_seconds <= 0) continue;
    times[run.repetition] = std::log(run.cpu_seconds);
  }
  return times;
}

double percent_of(double log_ratio) { return std::expm1(log_ratio) * 100; }

void fill_real(Verification& row, const std::map<unsigned, double>& own,
               const std::map<unsigned, double>& base) {
  std::vector<double> shifts;
  for (const auto& [round, time] : own) {
    const auto other = base.find(round);
    if (other != base.end()) shifts.push_back(time - other->second);
  }
  if (shifts.size() < 2) return;
  std::sort(shifts.begin(), shifts.end());
  const TrimmedMean shift = trimmed_mean(shifts);
  const double margin =
      student_quantile((1 + kVerifyCpuConfidence) / 2, shift.freedom) * std::sqrt(shift.variance);
  row.cpu_change_percent = percent_of(shift.mean);
  row.cpu_change_low_percent = percent_of(shift.mean - margin);
  row.cpu_change_high_percent = percent_of(shift.mean + margin);
  const bool beyond_noise = *row.cpu_change_low_percent > 0 || *row.cpu_change_high_percent < 0;
  const bool counts =
      beyond_noise && std::abs(*row.cpu_change_percent) > thresholds::kSpeedCpuPercent;
  row.real_speed = !counts ? kSame : shift.mean < 0 ? kFaster : kSlower;
}

const Summary* summary_of(const Result& result, const std::string& workload,
                          const Verification& row) {
  const auto found =
      std::find_if(result.summary.begin(), result.summary.end(), [&](const Summary& one) {
        return one.workload == workload && one.allocator == row.allocator &&
               one.tuning == row.tuning;
      });
  return found == result.summary.end() ? nullptr : &*found;
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
  const auto base = std::find_if(rows.begin(), rows.end(), is_baseline);
  if (base == rows.end()) return;
  const auto info = std::find_if(result.workloads.begin(), result.workloads.end(),
                                 [&](const WorkloadInfo& one) { return one.name == workload; });
  const auto base_times = log_cpu_times(result, *base);
  const Summary* const base_summary = summary_of(result, workload, *base);
  for (Verification& row : rows) {
    if (is_baseline(row)) continue;
    fill_real(row, log_cpu_times(result, row), base_times);
    const Summary* const own = summary_of(result, workload, row);
    if (own == nullptr || base_summary == nullptr) continue;
    const WorkloadInfo* const workload_info = info == result.workloads.end() ? nullptr : &*info;
    fill_predicted(row, speed_difference(*own, *base_summary, workload_info));
  }
}

}  // namespace heapwise
