// SPDX-License-Identifier: MIT
#include "results/summarize.h"

#include <algorithm>
#include <map>
#include <tuple>

#include "results/statistics.h"

namespace heapwise {
namespace {

bool same_subject(const Summary& summary, const Run& run) {
  return summary.workload == run.workload && summary.allocator == run.allocator &&
         summary.tuning == run.tuning;
}

/// The interval of what `figure` yields for each run that has it.
template <class Figure>
std::optional<Interval> interval_of(const std::vector<const Run*>& runs, Figure figure) {
  std::vector<double> values;
  for (const Run* run : runs) {
    if (const auto value = figure(*run)) values.push_back(static_cast<double>(*value));
  }
  if (values.empty()) return std::nullopt;
  return median_interval(values);
}

std::optional<double> memory_cost(const Run& run) {
  if (!run.peak_rss_bytes || !run.mean_rss_bytes || !run.end_rss_bytes) return std::nullopt;
  return (static_cast<double>(*run.peak_rss_bytes) + static_cast<double>(*run.mean_rss_bytes) +
          static_cast<double>(*run.end_rss_bytes)) /
         3;
}

void count_runs(Summary& summary, const std::vector<const Run*>& runs) {
  std::map<std::string, unsigned> fine;
  for (const Run* run : runs) {
    unsigned& of_purpose = fine[run->purpose];
    if (run->status == RunStatus::ok) {
      ++of_purpose;
    } else if (summary.failures++ == 0) {
      summary.failure = to_string(run->status);
      if (!run->status_detail.empty()) summary.failure += ": " + run->status_detail;
    }
  }
  const auto fewest = std::min_element(
      fine.begin(), fine.end(),
      [](const auto& left, const auto& right) { return left.second < right.second; });
  if (fewest != fine.end()) summary.repetitions = fewest->second;
}

void fill_figures(Summary& summary, const std::vector<const Run*>& runs) {
  const auto of = [&runs](auto member) {
    return interval_of(runs, [member](const Run& run) { return run.*member; });
  };
  summary.memory_cost_bytes = interval_of(runs, memory_cost);
  summary.ns_per_operation = of(&Run::ns_per_operation);
  summary.peak_rss_bytes = of(&Run::peak_rss_bytes);
  summary.mean_rss_bytes = of(&Run::mean_rss_bytes);
  summary.end_rss_bytes = of(&Run::end_rss_bytes);
  summary.drained_1s_rss_bytes = of(&Run::drained_1s_rss_bytes);
  summary.drained_10s_rss_bytes = of(&Run::drained_10s_rss_bytes);
  summary.fragmentation_peak = of(&Run::fragmentation_peak);
  summary.fragmentation_mean = of(&Run::fragmentation_mean);
  summary.fragmentation_end = of(&Run::fragmentation_end);
  summary.latency_p50_ns = of(&Run::latency_p50_ns);
  summary.latency_p99_ns = of(&Run::latency_p99_ns);
  summary.latency_p999_ns = of(&Run::latency_p999_ns);
  summary.latency_max_ns = of(&Run::latency_max_ns);
}

/// What a list of allocators is sorted by.
auto rank(const Summary& one) {
  return std::tuple(one.allocator != "glibc", one.allocator, one.tuning != "default", one.tuning);
}

void sort_within_workloads(std::vector<Summary>& summaries) {
  std::map<std::string, std::size_t> places;
  for (const Summary& one : summaries) places.emplace(one.workload, places.size());
  std::stable_sort(summaries.begin(), summaries.end(),
                   [&places](const Summary& left, const Summary& right) {
                     const auto a = places[left.workload], b = places[right.workload];
                     return a != b ? a < b : rank(left) < rank(right);
                   });
}

}  // namespace

std::vector<Summary> summarize(const std::vector<Run>& runs) {
  std::vector<Summary> summaries;
  for (const Run& run : runs) {
    const bool known = std::any_of(summaries.begin(), summaries.end(),
                                   [&run](const Summary& one) { return same_subject(one, run); });
    if (known || run.allocator == "null") continue;
    Summary& summary = summaries.emplace_back();
    summary.workload = run.workload;
    summary.allocator = run.allocator;
    summary.tuning = run.tuning;
  }
  for (Summary& summary : summaries) {
    std::vector<const Run*> own, fine;
    for (const Run& run : runs) {
      if (!same_subject(summary, run)) continue;
      own.push_back(&run);
      if (summary.version.empty()) summary.version = run.version;
      if (run.status == RunStatus::ok) fine.push_back(&run);
    }
    count_runs(summary, own);
    fill_figures(summary, fine);
  }
  sort_within_workloads(summaries);
  return summaries;
}

std::string display_name(const std::string& allocator, const std::string& tuning) {
  return tuning.empty() || tuning == "default" ? allocator : allocator + ":" + tuning;
}

}  // namespace heapwise
