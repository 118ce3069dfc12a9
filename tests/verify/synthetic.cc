// SPDX-License-Identifier: MIT
#include "tests/verify/synthetic.h"

#include <cmath>

#include "results/series.h"
#include "results/summarize.h"
#include "results/verification.h"

namespace heapwise::synthetic {
namespace {

constexpr double kMiB = 1024 * 1024;

void fill(Run& run, double mib) {
  for (int i = 0; i <= 100; ++i) {
    run.samples.push_back({i * 0.1, 0, static_cast<std::uint64_t>(mib * kMiB * i / 100)});
  }
  const SeriesFigures figures = figures_of(run.samples);
  run.peak_rss_bytes = static_cast<std::uint64_t>(std::llround(figures.peak));
  run.mean_rss_bytes = static_cast<std::uint64_t>(std::llround(figures.mean));
  run.end_rss_bytes = static_cast<std::uint64_t>(std::llround(figures.end));
}

Run run_of(const Imagined& one, const char* purpose, unsigned repetition) {
  Run run;
  run.workload = "made-up";
  run.allocator = one.allocator;
  run.purpose = purpose;
  run.repetition = repetition;
  run.operations = 1'000'000;
  return run;
}

Run real_run(const Imagined& one, unsigned repetition) {
  Run run = run_of(one, "real", repetition);
  run.seconds = run.cpu_seconds = one.real_cpu_s + one.cpu_step_s * repetition;
  if (!one.signal.empty()) {
    run.status = RunStatus::crashed;
    run.status_detail = "killed by " + one.signal;
    return run;
  }
  fill(run, one.real_mib + one.step_mib * repetition);
  run.process_peak_rss_bytes = 2 * *run.peak_rss_bytes;
  return run;
}

}  // namespace

std::vector<Deployment> deployments(const std::vector<Imagined>& allocators) {
  std::vector<Deployment> list;
  for (const Imagined& one : allocators) {
    const bool own = one.allocator == "glibc";
    list.push_back(
        {one.allocator, "default", own ? "" : "/lib/" + one.allocator + ".so", "", "", {}});
  }
  return list;
}

Result result_of(const std::vector<Imagined>& allocators, unsigned repetitions) {
  Result result;
  WorkloadInfo& info = result.workloads.emplace_back();
  info.name = "made-up";
  info.source = "recorded";
  info.operations = 1'000'000;
  info.cpu_s = 1;
  for (unsigned repetition = 0; repetition < repetitions; ++repetition) {
    for (const Imagined& one : allocators) {
      Run footprint = run_of(one, "footprint", repetition);
      fill(footprint, one.predicted_mib);
      Run throughput = run_of(one, "throughput", repetition);
      throughput.ns_per_operation = one.predicted_ns;
      result.runs.push_back(std::move(footprint));
      result.runs.push_back(std::move(throughput));
      result.real_runs.push_back(real_run(one, repetition));
    }
  }
  result.summary = summarize(result.runs);
  result.recommendations = recommend_objectives(result, deployments(allocators));
  return result;
}

Result verified(const std::vector<Imagined>& allocators, unsigned repetitions) {
  Result result = result_of(allocators, repetitions);
  result.verification = verify_predictions(result, "made-up", 1);
  result.agreement = agree(result, "made-up", deployments(allocators));
  return result;
}

}  // namespace heapwise::synthetic
