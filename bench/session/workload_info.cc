// SPDX-License-Identifier: MIT
#include "bench/session/workload_info.h"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>

namespace heapwise {
namespace {

constexpr std::size_t kKeptResidency = 1000;
constexpr double kSecond = 1e9;

void warn(WorkloadInfo& info, const char* code, std::string what, std::string remedy) {
  info.warnings.push_back({code, std::move(what), std::move(remedy), ""});
}

void add_warnings(WorkloadInfo& info, const plan::PlanFacts& facts) {
  if (facts.damage) {
    warn(info, "trace-unfinished", info.name + ": " + facts.damage->what,
         "Record it again; figures are those of the part that is there.");
  }
  if (facts.totals.dropped_events > 0) {
    warn(info, "trace-incomplete",
         info.name + ": " + std::to_string(facts.totals.dropped_events) +
             " events were lost in the recording",
         "Record it again with less else going on.");
  }
  if (!has(facts.capabilities, Capability::time)) {
    warn(info, "trace-untimed",
         info.name + ": the trace has no times, so time is counted in operations",
         "Figures over time, and allocators that give memory back after a while, need a trace with "
         "times.");
  }
  const auto cpus = facts.info.fact("cpus");
  const long here = sysconf(_SC_NPROCESSORS_ONLN);
  if (cpus && facts.threads > 1 && std::strtol(cpus->c_str(), nullptr, 10) != here) {
    warn(info, "different-cpu-count",
         info.name + ": recorded with " + *cpus + " CPUs, replayed with " + std::to_string(here) +
             "; allocators size their arenas by it",
         "Replay on a machine with as many CPUs.");
  }
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
  add_warnings(info, facts);
  return info;
}

}  // namespace heapwise
