// SPDX-License-Identifier: MIT
#include "bench/session/workload_info.h"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>

#include "bench/session/environment.h"
#include "results/flags.h"
#include "traces/census.h"

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

}  // namespace

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
  info.capabilities = capability_names(facts.capabilities);
  add_residency(info, facts.residency);
  info.linked_allocator = facts.info.fact("recorder.linked_allocator").value_or("");
  add_flags(info, facts, trace_path);
  return info;
}

}  // namespace heapwise
