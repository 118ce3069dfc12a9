// SPDX-License-Identifier: MIT
#include "bench/session/workload_info.h"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <optional>
#include <utility>

#include "bench/session/environment.h"
#include "results/flags.h"
#include "results/statistics.h"
#include "traces/census.h"
#include "traces/reader.h"

namespace heapwise {
namespace {

constexpr std::size_t kKeptResidency = 1000;
constexpr double kSecond = 1e9;

/// Flags, with what the machine and another look at the trace say.
void add_flags(WorkloadInfo& info, const plan::PlanFacts& facts, const std::string& trace_path) {
  TraceEvidence evidence;
  evidence.info = facts.info;
  evidence.info.name = info.name;
  evidence.totals = facts.totals;
  evidence.capabilities = facts.capabilities;
  if (facts.damage) evidence.damage = facts.damage->what;
  evidence.threads = facts.threads;
  evidence.cpus_here = static_cast<unsigned>(sysconf(_SC_NPROCESSORS_ONLN));
  evidence.huge_pages_here = look_at_machine().transparent_hugepage;
  if (facts.info.source == TraceSource::recorded) {
    if (const auto census = take_census(trace_path, touch_threshold(facts.info))) {
      evidence.census = *census;
    }
  }
  info.warnings = trace_flags(evidence);
}

void add_residency(WorkloadInfo& info, const std::vector<ResidencySample>& samples) {
  const std::size_t step = samples.size() / kKeptResidency + 1;
  for (std::size_t i = 0; i < samples.size(); i += step) {
    info.recorded_rss.emplace_back(static_cast<double>(samples[i].time_ns) / kSecond,
                                   samples[i].rss_anon_bytes);
  }
}

/// 1 where threads take turns (an interpreter's global lock), however many there are: the number of
/// threads that call in the same millisecond, and no more than the CPU time allows.
std::optional<double> busy_processors(const plan::PlanFacts& facts, std::optional<double> cpu_s) {
  if (!cpu_s || facts.threads < 2 || facts.busy_ns == 0) return std::nullopt;
  const double by_cpu = *cpu_s * kSecond / static_cast<double>(facts.busy_ns);
  const int processors = std::atoi(facts.info.fact("cpus").value_or("0").c_str());
  const double at_most = processors > 0 ? processors : by_cpu;
  return std::max(1.0, std::min({by_cpu, facts.threads_at_once, at_most}));
}

}  // namespace

std::optional<double> own_cpu_s(const WorkloadInfo& workload) {
  if (!workload.cpu_s) return std::nullopt;
  return std::max(0.0, *workload.cpu_s - workload.children_cpu_s.value_or(0));
}

WorkloadInfo workload_info(const plan::PlanFacts& facts, const std::string& trace_path) {
  WorkloadInfo info;
  info.name = facts.info.name;
  if (info.name.empty()) info.name = std::filesystem::path(trace_path).stem().string();
  info.source = to_string(facts.info.source);
  info.trace = trace_path;
  info.command = facts.info.command;
  info.operations = facts.operations;
  info.allocations = facts.allocations;
  info.threads = facts.threads;
  info.peak_live_bytes = facts.peak_live_bytes;
  info.mean_live_bytes = facts.mean_live_bytes;
  info.end_live_bytes = facts.end_live_bytes;
  info.duration_s = static_cast<double>(facts.duration_ns) / kSecond;
  if (const auto cpu = facts.totals.fact("cpu_seconds")) info.cpu_s = std::atof(cpu->c_str());
  if (const auto cpu = facts.totals.fact("children_cpu_seconds")) {
    info.children_cpu_s = std::atof(cpu->c_str());
  }
  if (const auto starts = facts.totals.fact("process_starts")) {
    info.process_starts = static_cast<unsigned>(std::atoi(starts->c_str()));
  }
  info.busy_processors = busy_processors(facts, own_cpu_s(info));
  info.capabilities = capability_names(facts.capabilities);
  add_residency(info, facts.residency);
  info.linked_allocator = facts.info.fact("recorder.linked_allocator").value_or("");
  add_flags(info, facts, trace_path);
  return info;
}

void merge_recordings(WorkloadInfo& workload, const std::vector<WorkloadInfo>& recordings) {
  std::vector<const WorkloadInfo*> by_peak;
  by_peak.reserve(recordings.size());
  for (const WorkloadInfo& one : recordings) by_peak.push_back(&one);
  std::stable_sort(by_peak.begin(), by_peak.end(), [](const auto* left, const auto* right) {
    return left->peak_live_bytes < right->peak_live_bytes;
  });
  std::vector<Warning> warnings = std::move(workload.warnings);
  workload = *by_peak[by_peak.size() / 2];
  workload.warnings = std::move(warnings);
  std::vector<double> cpu_s;
  for (const WorkloadInfo& one : recordings) {
    workload.recordings.push_back({one.trace, one.operations, one.threads, one.peak_live_bytes,
                                   one.mean_live_bytes, one.end_live_bytes, one.duration_s,
                                   one.cpu_s, std::nullopt});
    if (one.cpu_s) cpu_s.push_back(*one.cpu_s);
    // The same flag of two recordings differs in its figures at most.
    for (const Warning& warning : one.warnings) {
      if (!has_flag(workload.warnings, warning.code)) workload.warnings.push_back(warning);
    }
  }
  // Replays' times are compared by their faster half, and must be weighed against the like.
  if (workload.cpu_s && !cpu_s.empty()) workload.cpu_s = fastest_third(std::move(cpu_s));
}

std::vector<unsigned> group_recordings(const std::vector<std::string>& traces, bool by_program) {
  std::map<std::string, unsigned> seen_in_session, numbers;
  std::vector<unsigned> groups;
  for (const std::string& path : traces) {
    std::string key = path + "#" + std::to_string(groups.size());
    if (const auto reader = TraceReader::open(path)) {
      const TraceInfo& info = reader->info();
      if (info.source == TraceSource::recorded && !info.command.empty()) {
        key = info.name;
        if (!by_program) {
          for (const std::string& word : info.command) (key += '\0') += word;
        }
        std::string process = info.fact("recording").value_or(path);
        (process += '\0') += key;
        (key += '\n') += std::to_string(seen_in_session[process]++);
      }
    }
    const auto next = static_cast<unsigned>(numbers.size());
    groups.push_back(numbers.emplace(key, next).first->second);
  }
  return groups;
}

}  // namespace heapwise
