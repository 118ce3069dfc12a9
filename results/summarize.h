// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <vector>

#include "results/result.h"

namespace heapwise {

/// One Summary for each workload, allocator and tuning: workloads in the order in which they first
/// appear (that of allocators is random in a session), glibc before the other allocators, these by
/// name, and each as it comes before its tunings.
/// Only runs that ended ok count towards figures; the others are counted as failures and the first
/// of them is named. A figure that no run has stays empty. The null allocator is left out: what it
/// says stands in Harness.
std::vector<Summary> summarize(const std::vector<Run>& runs);

/// What the memory verdict compares: the mean of what a machine must be able to hold, what is paid
/// for over time, and what a server goes on with.
constexpr double memory_cost_of(double peak, double mean, double end) {
  return (peak + mean + end) / 3;
}

/// The same of a run in bytes; nothing where one of the three is missing.
std::optional<double> memory_cost(const Run& run);

/// Whether two things that have an allocator and a tuning have the same.
template <class One, class Other>
bool same_allocator(const One& one, const Other& other) {
  return one.allocator == other.allocator && one.tuning == other.tuning;
}

/// The workload of this name, or null.
const WorkloadInfo* find_workload_info(const Result& result, const std::string& name);

/// The row of an allocator on a workload, in `result`; null when there is none.
const Summary* find_summary(const Result& result, const std::string& workload,
                            const AllocatorName& name);

/// The name that a person reads and types: "jemalloc", or "jemalloc:background" when tuned.
std::string display_name(const std::string& allocator, const std::string& tuning);
inline std::string display_name(const Summary& summary) {
  return display_name(summary.allocator, summary.tuning);
}
inline std::string display_name(const AllocatorName& name) {
  return display_name(name.allocator, name.tuning);
}

}  // namespace heapwise
