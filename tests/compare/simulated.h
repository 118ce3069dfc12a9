// SPDX-License-Identifier: MIT
// Results of sessions that never ran: with noise, drift and faults of a known size.
#pragma once

#include <cmath>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/rng.h"
#include "results/result.h"

namespace heapwise::simulated {

/// What a made-up session is like. Shares: 0.1 is 10 %.
struct Session {
  std::uint64_t seed = 1;
  unsigned rounds = 10;     ///< of each recording
  unsigned recordings = 1;  ///< each takes a fifth more time and memory than the one before
  unsigned threads = 1;
  double noise = 0.01;     ///< of each time; of memory a tenth of it
  double machine = 0;      ///< all times of the session are longer by it
  double round_noise = 0;  ///< all times of one round go up and down together by it
  double stray = 0;        ///< the share of runs that take twice as long by the wall clock
  std::vector<std::string> workloads{"load"};
  std::vector<std::string> allocators{"glibc", "jemalloc", "mimalloc", "tcmalloc"};
  std::map<std::string, double> slower;  ///< by allocator
  std::map<std::string, double> larger;
};

inline double normal(Rng& rng) {
  double sum = -6;
  for (int i = 0; i < 12; ++i) sum += rng.unit();
  return sum;
}

inline Environment machine() {
  Environment environment;
  environment.host = "build-7";
  environment.kernel = "6.1.0-26-amd64";
  environment.cpu = "AMD EPYC 7763";
  environment.cores = 8;
  environment.memory_bytes = 32ULL << 30;
  environment.transparent_hugepage = "madvise";
  environment.build_type = "release";
  return environment;
}

/// A footprint and a throughput run of every allocator.
inline void add_round(Result& result, const Session& session, const WorkloadInfo& info, Rng& rng,
                      unsigned recording, unsigned round) {
  const double together = 1 + session.round_noise * normal(rng);
  const double level = 1 + 0.2 * recording;
  for (std::size_t index = 0; index < session.allocators.size(); ++index) {
    const std::string& allocator = session.allocators[index];
    const auto fault = [&allocator](const std::map<std::string, double>& faults) {
      const auto found = faults.find(allocator);
      return found == faults.end() ? 1.0 : 1 + found->second;
    };
    Run run;
    run.workload = info.name;
    run.allocator = allocator;
    run.version = "1";
    run.repetition = round;
    run.recording = recording;
    run.operations = info.operations;
    run.purpose = "footprint";
    const double rss = (80 + 5.0 * static_cast<double>(index)) * 1048576 * level *
                       fault(session.larger) * (1 + session.noise / 10 * normal(rng));
    run.peak_rss_bytes = static_cast<std::uint64_t>(rss);
    run.mean_rss_bytes = static_cast<std::uint64_t>(rss * 0.8);
    run.end_rss_bytes = static_cast<std::uint64_t>(rss * 0.6);
    result.runs.push_back(run);
    run.purpose = "throughput";
    run.peak_rss_bytes = run.mean_rss_bytes = run.end_rss_bytes = std::nullopt;
    const double ns = (20 + 7.0 * static_cast<double>(index)) * level * fault(session.slower) *
                      (1 + session.machine) * together * (1 + session.noise * normal(rng));
    run.cpu_seconds = ns * 1e-9 * static_cast<double>(run.operations);
    run.ns_per_operation = ns * (rng.unit() < session.stray ? 2 : 1);
    result.runs.push_back(run);
  }
}

inline Result result(const Session& session) {
  Result result;
  Rng rng(session.seed * 7919 + 17);
  result.environment = machine();
  result.created = "2026-11-20T22:00:00Z";
  result.heapwise_version = "0.1.0";
  for (const std::string& workload : session.workloads) {
    WorkloadInfo info;
    info.name = workload;
    info.operations = 1000000;
    info.threads = session.threads;
    info.peak_live_bytes = 64 << 20;
    if (session.recordings > 1) info.recordings.resize(session.recordings);
    result.workloads.push_back(info);
    for (unsigned recording = 0; recording < session.recordings; ++recording) {
      for (unsigned round = 0; round < session.rounds; ++round) {
        add_round(result, session, info, rng, recording, round);
      }
    }
  }
  return result;
}

}  // namespace heapwise::simulated
