// SPDX-License-Identifier: MIT
#include "results/summarize.h"

#include <algorithm>
#include <map>
#include <tuple>
#include <utility>

#include "results/statistics.h"

namespace heapwise {
namespace {

using Runs = std::vector<const Run*>;

bool same_subject(const Summary& summary, const Run& run) {
  return summary.workload == run.workload && summary.allocator == run.allocator &&
         summary.tuning == run.tuning;
}

/// What `figure` yields for each run that has it.
template <class Figure>
std::vector<double> values_of(const Runs& runs, Figure figure) {
  std::vector<double> values;
  for (const Run* run : runs) {
    if (const auto value = figure(*run)) values.push_back(static_cast<double>(*value));
  }
  return values;
}

template <class Figure>
std::optional<Interval> interval_of(const Runs& runs, Figure figure) {
  const std::vector<double> values = values_of(runs, figure);
  if (values.empty()) return std::nullopt;
  return median_interval(values);
}

std::optional<double> cpu_ns_per_operation(const Run& run) {
  if (!run.ns_per_operation || run.operations == 0 || run.cpu_seconds <= 0) return std::nullopt;
  return run.cpu_seconds * 1e9 / static_cast<double>(run.operations);
}

/// The runs of each recording apart, in the order of its number.
std::map<unsigned, Runs> by_recording(const Runs& runs) {
  std::map<unsigned, Runs> parts;
  for (const Run* run : runs) parts[run->recording].push_back(run);
  return parts;
}

/// The interval over all recordings: none of their own may lie outside, or it would hide how far
/// the program itself varies.
template <class Figure>
std::optional<Interval> interval_over(const Runs& runs, const std::map<unsigned, Runs>& parts,
                                      Figure figure) {
  auto whole = interval_of(runs, figure);
  if (!whole || parts.size() < 2) return whole;
  for (const auto& [number, part] : parts) {
    const auto one = interval_of(part, figure);
    if (!one) continue;
    whole->low = std::min(whole->low, one->low);
    whole->high = std::max(whole->high, one->high);
  }
  return whole;
}

/// The same of a time. The faster half is one of all recordings: a jump of the machine's speed may
/// last for all replays of one.
template <class Figure>
std::optional<Interval> time_interval_over(const Runs& runs, const std::map<unsigned, Runs>& parts,
                                           Figure figure) {
  auto whole = interval_over(runs, parts, figure);
  std::vector<double> values = values_of(runs, figure);
  if (values.size() >= kFasterHalfValues) whole->faster_half = faster_half(std::move(values));
  return whole;
}

void count_runs(Summary& summary, const Runs& runs) {
  std::map<std::pair<std::string, unsigned>, unsigned> fine;
  for (const Run* run : runs) {
    unsigned& of_kind = fine[{run->purpose, run->recording}];
    if (run->status == RunStatus::ok) {
      ++of_kind;
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

void fill_figures(Summary& summary, const Runs& runs) {
  const auto parts = by_recording(runs);
  const auto of = [&](auto member) {
    return interval_over(runs, parts, [member](const Run& run) { return run.*member; });
  };
  summary.memory_cost_bytes = interval_over(runs, parts, memory_cost);
  const auto time = [](const Run& run) { return run.ns_per_operation; };
  summary.cpu_ns_per_operation = time_interval_over(runs, parts, cpu_ns_per_operation);
  summary.ns_per_operation = time_interval_over(runs, parts, time);
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
  if (parts.size() < 2) return;
  for (const auto& [number, part] : parts) {
    summary.recordings.push_back({number, interval_of(part, memory_cost), interval_of(part, time),
                                  interval_of(part, cpu_ns_per_operation)});
  }
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

std::optional<double> memory_cost(const Run& run) {
  if (!run.peak_rss_bytes || !run.mean_rss_bytes || !run.end_rss_bytes) return std::nullopt;
  return memory_cost_of(static_cast<double>(*run.peak_rss_bytes),
                        static_cast<double>(*run.mean_rss_bytes),
                        static_cast<double>(*run.end_rss_bytes));
}

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
    Runs own, fine;
    for (const Run& run : runs) {
      if (!same_subject(summary, run)) continue;
      own.push_back(&run);
      if (summary.version.empty()) summary.version = run.version;
      if (summary.library.empty()) summary.library = run.library;
      if (summary.settings.empty()) summary.settings = run.settings;
      if (run.status == RunStatus::ok) fine.push_back(&run);
    }
    count_runs(summary, own);
    fill_figures(summary, fine);
  }
  sort_within_workloads(summaries);
  return summaries;
}

const WorkloadInfo* find_workload_info(const Result& result, const std::string& name) {
  const auto found = std::find_if(result.workloads.begin(), result.workloads.end(),
                                  [&name](const WorkloadInfo& one) { return one.name == name; });
  return found == result.workloads.end() ? nullptr : &*found;
}

const Summary* find_summary(const Result& result, const std::string& workload,
                            const AllocatorName& name) {
  for (const Summary& row : result.summary) {
    if (row.workload == workload && same_allocator(row, name)) return &row;
  }
  return nullptr;
}

std::string display_name(const std::string& allocator, const std::string& tuning) {
  return tuning.empty() || tuning == "default" ? allocator : allocator + ":" + tuning;
}

}  // namespace heapwise
