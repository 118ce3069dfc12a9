// SPDX-License-Identifier: MIT
#include "tests/report/fixture.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <string>

#include "base/rng.h"
#include "results/recommend.h"
#include "results/summarize.h"

namespace heapwise::fixture {
namespace {

constexpr double kMiB = 1024 * 1024;
constexpr unsigned kRepetitions = 5;
constexpr const char* kServer = "redis-server-300k-keys-delete-half-then-150k-larger-ones";

/// How an imagined allocator answers: its resident MiB, given time, live MiB and live peak so far.
using Model = std::function<double(double time_s, double live, double peak_so_far)>;

struct Imagined {
  const char* allocator;
  const char* version;
  double ns;
  Model model;
};

std::uint64_t bytes(double mib) { return static_cast<std::uint64_t>(std::max(0.0, mib) * kMiB); }

double ramp(double time, double from, double until, double height) {
  return std::clamp((time - from) / (until - from), 0.0, 1.0) * height;
}

double two_wave_live(double time) {
  return ramp(time, 0, 2.5, 64) + ramp(time, 2.5, 5, 56) - ramp(time, 6, 6.6, 62);
}

double server_live(double time) {
  return ramp(time, 0, 4, 74) - ramp(time, 4, 5.5, 36) + ramp(time, 5.5, 9, 96) +
         0.8 * std::sin(time * 9) * std::min(time, 1.0);
}

double since(double time, double moment) { return std::max(0.0, time - moment); }

const std::vector<Imagined>& two_wave_allocators() {
  static const std::vector<Imagined> all = {
      {"glibc", "2.36", 23.6,
       [](double, double live, double peak) { return std::max(live, peak) * 1.03 + 0.4; }},
      {"jemalloc", "5.3.0", 21.1,
       [](double time, double live, double peak) {
         return live * 1.05 + 1.8 + (peak - live) * std::exp(-since(time, 6.4) * 0.62);
       }},
      {"tcmalloc", "2.10", 17.4,
       [](double time, double, double peak) {
         return peak * 1.07 + 4.1 - 2.2 * std::floor(since(time, 7));
       }},
      {"mimalloc", "2.0.9", 15.9,
       [](double time, double live, double peak) {
         return live * 1.09 + 2.2 + (time < 6.7 ? peak - live : 0.42 * (peak - live));
       }},
  };
  return all;
}

const std::vector<Imagined>& server_allocators() {
  static const std::vector<Imagined> all = {
      {"glibc", "2.36", 31.2,
       [](double, double live, double peak) { return live * 0.75 + peak * 0.43 + 1; }},
      {"jemalloc", "5.3.0", 27.9,
       [](double, double live, double peak) { return live * 0.66 + peak * 0.70 + 2; }},
      {"mimalloc", "2.0.9", 22.8,
       [](double, double live, double peak) { return live * 0.80 + peak * 0.54 + 2; }},
  };
  return all;
}

struct Scene {
  std::string workload;
  double duration_s;
  unsigned samples;
  std::function<double(double)> live;
  std::uint64_t operations;
};

Run footprint(const Scene& scene, const Imagined& one, unsigned repetition, Rng& rng) {
  Run run;
  run.workload = scene.workload;
  run.allocator = one.allocator;
  run.version = one.version;
  run.purpose = "footprint";
  run.repetition = repetition;
  run.operations = scene.operations;
  run.seconds = 2.2;
  run.cpu_seconds = 2.1;
  const double noise = 1 + (rng.unit() - 0.5) * 0.012;
  double live_peak = 0, rss_peak = 0, live_sum = 0, rss_sum = 0, live = 0, rss = 0;
  for (unsigned index = 0; index <= scene.samples; ++index) {
    const double time = scene.duration_s * index / scene.samples;
    live = std::max(0.0, scene.live(time));
    live_peak = std::max(live_peak, live);
    rss = one.model(time, live, live_peak) * noise + rng.unit() * 0.15;
    rss_peak = std::max(rss_peak, rss);
    live_sum += live;
    rss_sum += rss;
    run.samples.push_back({time, bytes(live), bytes(rss)});
  }
  run.peak_rss_bytes = bytes(rss_peak);
  run.mean_rss_bytes = bytes(rss_sum / (scene.samples + 1));
  run.end_rss_bytes = bytes(rss);
  run.drained_1s_rss_bytes = bytes(one.model(scene.duration_s + 1, live, live_peak) * noise);
  run.drained_10s_rss_bytes = bytes(one.model(scene.duration_s + 10, live, live_peak) * noise);
  run.fragmentation_peak = rss_peak / live_peak;
  run.fragmentation_mean = rss_sum / live_sum;
  run.fragmentation_end = rss / live;
  return run;
}

Run throughput(const Scene& scene, const Imagined& one, unsigned repetition, Rng& rng) {
  Run run;
  run.workload = scene.workload;
  run.allocator = one.allocator;
  run.version = one.version;
  run.purpose = "throughput";
  run.repetition = repetition;
  run.operations = scene.operations;
  run.ns_per_operation = one.ns * (1 + (rng.unit() - 0.5) * 0.03);
  run.seconds = run.cpu_seconds = *run.ns_per_operation * 1e-9 * scene.operations;
  return run;
}

void crash(std::vector<Run>& runs, const Scene& scene) {
  for (unsigned repetition = 0; repetition < kRepetitions; ++repetition) {
    Run run;
    run.workload = scene.workload;
    run.allocator = "tcmalloc";
    run.version = "2.10";
    run.purpose = "footprint";
    run.repetition = repetition;
    run.status = RunStatus::crashed;
    run.status_detail = "signal 11 (segmentation fault) after 1,204,113 of 2,350,000 operations";
    runs.push_back(run);
  }
}

WorkloadInfo describe(const Scene& scene, const std::string& source) {
  WorkloadInfo info;
  info.name = scene.workload;
  info.source = source;
  info.operations = scene.operations;
  info.allocations = scene.operations / 2;
  info.duration_s = scene.duration_s;
  double sum = 0;
  for (unsigned index = 0; index <= scene.samples; ++index) {
    const double live = std::max(0.0, scene.live(scene.duration_s * index / scene.samples));
    info.peak_live_bytes = std::max(info.peak_live_bytes, bytes(live));
    sum += live;
    info.end_live_bytes = bytes(live);
  }
  info.mean_live_bytes = sum / (scene.samples + 1) * kMiB;
  info.capabilities = {"threads", "time", "alignment"};
  return info;
}

WorkloadInfo describe_server(const Scene& scene) {
  WorkloadInfo info = describe(scene, "recorded");
  info.threads = 4;
  info.cpu_s = 8.2;
  info.trace = "redis.hwt";
  info.command = {"redis-server",
                  "--save",
                  "",
                  "--appendonly",
                  "no",
                  "--proc-title-template",
                  "</script><script>alert(\"gotcha\")</script> & 'x'"};
  for (unsigned index = 0; index <= 60; ++index) {
    const double time = scene.duration_s * index / 60;
    info.recorded_rss.emplace_back(time, bytes(9 + scene.live(time) * 1.19));
  }
  info.warnings.push_back({"small-blocks-unwritten",
                           "3 % of the bytes in small blocks were never written by the program, so "
                           "RSS is overestimated by up to as much",
                           "", "what-cannot-be-predicted"});
  return info;
}

Environment machine() {
  Environment environment;
  environment.host = "bench-7";
  environment.kernel = "6.1.0-28-amd64";
  environment.cpu = "AMD EPYC 7763 64-Core Processor";
  environment.distribution = "Debian GNU/Linux 12 (bookworm)";
  environment.libc = "glibc 2.36";
  environment.compiler = "g++ 12.2.0";
  environment.build_type = "Release";
  environment.cores = 8;
  environment.memory_bytes = 33'554'432'000;
  environment.transparent_hugepage = "always";
  environment.frequency_governor = "powersave";
  environment.load_average = 1.7;
  environment.warnings = {
      {"transparent-hugepage-always",
       "transparent huge pages are always on: RSS grows in steps of 2 MiB and is true only for "
       "machines set the same way",
       "echo madvise | sudo tee /sys/kernel/mm/transparent_hugepage/enabled",
       "transparent-huge-pages"},
      {"load", "other programs kept 1.7 of 8 cores busy before the first run",
       "stop them, or give --repetitions 10", "a-busy-machine"}};
  return environment;
}

void perform(Result& result, const Scene& scene, const std::vector<Imagined>& allocators) {
  Rng rng(scene.samples);
  for (unsigned repetition = 0; repetition < kRepetitions; ++repetition) {
    for (const Imagined& one : allocators) {
      result.runs.push_back(footprint(scene, one, repetition, rng));
      result.runs.push_back(throughput(scene, one, repetition, rng));
    }
  }
}

}  // namespace

std::vector<Deployment> deployments() {
  const std::string folder = "/usr/lib/x86_64-linux-gnu/";
  return {
      {"glibc", "default", "", "", "", {}},
      {"jemalloc", "default", folder + "libjemalloc.so.2", "libjemalloc2", "-ljemalloc", {}},
      {"tcmalloc",
       "default",
       folder + "libtcmalloc_minimal.so.4",
       "libtcmalloc-minimal4",
       "-ltcmalloc_minimal",
       {}},
      {"mimalloc", "default", folder + "libmimalloc.so.2.0", "libmimalloc2.0", "-lmimalloc", {}}};
}

Result full_result() {
  Result result;
  result.heapwise_version = "0.1.0";
  result.created = "2026-11-20T22:00:00Z";
  result.seed = 7;
  result.environment = machine();
  result.harness = {2.1, 188'416, 8'192};
  const Scene waves{"two-wave", 12, 1000, two_wave_live, 2'600'000};
  const Scene server{kServer, 9, 3000, server_live, 42'350'000};
  result.workloads = {describe(waves, "synthetic"), describe_server(server)};
  result.workloads[0].threads = 1;
  perform(result, waves, two_wave_allocators());
  perform(result, server, server_allocators());
  crash(result.runs, server);
  result.summary = summarize(result.runs);
  result.recommendations = recommend_objectives(result, deployments());
  return result;
}

Result large_result(unsigned workloads, unsigned tunings) {
  const Result small = full_result();
  Result large = small;
  large.workloads.clear();
  large.runs.clear();
  for (unsigned number = 0; number < workloads; ++number) {
    const std::string name = "workload-" + std::to_string(number + 1);
    large.workloads.push_back(small.workloads.front());
    large.workloads.back().name = name;
    for (const heapwise::Run& run : small.runs) {
      if (run.workload != small.workloads.front().name) continue;
      for (unsigned tuning = 0; tuning < tunings; ++tuning) {
        heapwise::Run& copy = large.runs.emplace_back(run);
        copy.workload = name;
        const double factor = 1 + 0.07 * tuning + 0.01 * number;
        if (tuning > 0) copy.tuning = "tuning-" + std::to_string(tuning);
        const auto scale = [factor](auto& value) {
          if (value) *value = static_cast<std::uint64_t>(static_cast<double>(*value) * factor);
        };
        scale(copy.peak_rss_bytes);
        scale(copy.mean_rss_bytes);
        scale(copy.end_rss_bytes);
        if (copy.ns_per_operation) *copy.ns_per_operation /= factor;
        for (Sample& sample : copy.samples) {
          sample.rss_bytes =
              static_cast<std::uint64_t>(static_cast<double>(sample.rss_bytes) * factor);
        }
      }
    }
  }
  large.summary = summarize(large.runs);
  large.recommendations = recommend_objectives(large, deployments());
  return large;
}

}  // namespace heapwise::fixture
