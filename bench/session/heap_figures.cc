// SPDX-License-Identifier: MIT
#include "bench/session/heap_figures.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <optional>

namespace heapwise {
namespace {

constexpr double kSecond = 1e9;

std::uint64_t above(std::uint64_t bytes, std::uint64_t floor) {
  return bytes > floor ? bytes - floor : 0;
}

/// The mean over trace time; between two samples memory is taken to change evenly. Without any time
/// it is that of the samples.
double mean_rss(const std::vector<Sample>& samples) {
  if (samples.empty()) return 0;
  double area = 0;
  double sum = 0;
  for (std::size_t i = 0; i < samples.size(); ++i) {
    sum += static_cast<double>(samples[i].rss_bytes);
    if (i == 0) continue;
    const double time = samples[i].time_s - samples[i - 1].time_s;
    area +=
        time * 0.5 *
        (static_cast<double>(samples[i].rss_bytes) + static_cast<double>(samples[i - 1].rss_bytes));
  }
  const double duration = samples.back().time_s - samples.front().time_s;
  return duration > 0 ? area / duration : sum / static_cast<double>(samples.size());
}

std::optional<double> ratio(double rss, double live) {
  if (live <= 0) return std::nullopt;
  return rss / live;
}

/// A height just reached and left: it takes no time, so it is no part of the mean.
void add_height(std::vector<Sample>& samples, std::uint64_t bytes) {
  const Sample after = samples.back();
  samples.push_back({after.time_s, after.live_bytes, bytes});
  samples.push_back(after);
}

template <class Less>
std::size_t largest(const std::vector<Sample>& samples, Less less) {
  return static_cast<std::size_t>(std::max_element(samples.begin(), samples.end(), less) -
                                  samples.begin());
}

}  // namespace

void fill_footprint(Run& run, const RawFigures& raw, const LiveFigures& live,
                    std::uint64_t null_rss_bytes) {
  std::vector<Sample> samples, with_heights;
  samples.reserve(raw.samples.size());
  std::uint64_t peak = 0;
  for (const RawSample& sample : raw.samples) {
    const std::uint64_t rss = above(sample.rss_anon_bytes, null_rss_bytes);
    const std::uint64_t most = above(sample.most_anon_bytes, null_rss_bytes);
    samples.push_back({static_cast<double>(sample.time_ns) / kSecond, sample.live_bytes, rss});
    with_heights.push_back(samples.back());
    if (most > rss) add_height(with_heights, most);
    peak = std::max({peak, rss, most});
  }
  const std::uint64_t last = live.exit_known ? raw.run.exit_rss_bytes : raw.run.last_rss_bytes;
  const std::uint64_t end = above(last, null_rss_bytes);
  const double mean = mean_rss(samples);
  run.peak_rss_bytes = std::max(peak, end);
  run.mean_rss_bytes = static_cast<std::uint64_t>(std::llround(mean));
  run.end_rss_bytes = end;
  if (raw.run.drain_10s_rss_bytes != 0) {
    run.drained_1s_rss_bytes = above(raw.run.drain_1s_rss_bytes, null_rss_bytes);
    run.drained_10s_rss_bytes = above(raw.run.drain_10s_rss_bytes, null_rss_bytes);
  }
  run.fragmentation_peak =
      ratio(static_cast<double>(*run.peak_rss_bytes), static_cast<double>(live.peak_bytes));
  run.fragmentation_mean = ratio(mean, live.mean_bytes);
  run.fragmentation_end = ratio(static_cast<double>(end), static_cast<double>(live.end_bytes));
  run.samples = thinned(with_heights, kKeptSamples);
}

void fill_throughput(Run& run, const RawFigures& raw) {
  if (raw.run.operations == 0) return;
  run.ns_per_operation =
      static_cast<double>(raw.run.wall_ns) / static_cast<double>(raw.run.operations);
}

namespace {

constexpr const char* kKindNames[kCallKinds] = {"malloc", "calloc", "realloc", "aligned", "free"};

/// One kind of calls, or all together, in ticks.
struct Distribution {
  std::vector<std::uint64_t> counts = std::vector<std::uint64_t>(kLatencySteps);
  std::uint64_t calls = 0, sum = 0, max = 0;

  void add(const RawLatency& raw, std::uint32_t kind) {
    for (std::uint32_t step = 0; step < kLatencySteps; ++step) {
      counts[step] += raw.counts[kind][step];
      calls += raw.counts[kind][step];
    }
    sum += raw.sum_ticks[kind];
    max = std::max(max, raw.max_ticks[kind]);
  }
  /// The middle of the step that holds the call of that rank, at most the largest seen.
  double percentile(double share) const {
    const auto rank = static_cast<std::uint64_t>(std::ceil(share * static_cast<double>(calls)));
    std::uint64_t seen = 0;
    for (std::uint32_t step = 0; step < kLatencySteps; ++step) {
      seen += counts[step];
      if (counts[step] == 0 || seen < rank) continue;
      const auto low = static_cast<double>(latency_floor(step));
      const auto high = static_cast<double>(latency_floor(step + 1) - 1);
      return std::min((low + high) / 2, static_cast<double>(max));
    }
    return static_cast<double>(max);
  }
};

/// Ticks as nanoseconds, less what the readings themselves take.
struct LatencyScale {
  double ns_per_tick = 0, stamp_ticks = 0;
  double operator()(double ticks) const { return std::max(0.0, ticks - stamp_ticks) * ns_per_tick; }
};

}  // namespace

void fill_latency(Run& run, const RawFigures& raw) {
  if (raw.latency == nullptr || raw.latency->ticks == 0) return;
  const RawLatency& latency = *raw.latency;
  const LatencyScale scale{static_cast<double>(latency.ns) / static_cast<double>(latency.ticks),
                           static_cast<double>(latency.stamp_ticks)};
  Distribution all;
  for (std::uint32_t kind = 0; kind < kCallKinds; ++kind) {
    Distribution one;
    one.add(latency, kind);
    if (one.calls == 0) continue;
    all.add(latency, kind);
    run.latency.push_back({kKindNames[kind], one.calls,
                           scale(static_cast<double>(one.sum) / static_cast<double>(one.calls)),
                           scale(one.percentile(0.5)), scale(one.percentile(0.99)),
                           scale(one.percentile(0.999)), scale(static_cast<double>(one.max))});
  }
  if (all.calls == 0) return;
  run.stamp_ns = scale.stamp_ticks * scale.ns_per_tick;
  run.latency_p50_ns = scale(all.percentile(0.5));
  run.latency_p99_ns = scale(all.percentile(0.99));
  run.latency_p999_ns = scale(all.percentile(0.999));
  run.latency_max_ns = scale(static_cast<double>(all.max));
}

namespace {

/// Of a moment, between two samples of the same time.
bool is_height(const std::vector<Sample>& samples, std::size_t i) {
  return i > 0 && i + 1 < samples.size() && samples[i - 1].time_s == samples[i + 1].time_s &&
         samples[i].rss_bytes > samples[i + 1].rss_bytes;
}

}  // namespace

std::vector<Sample> thinned(const std::vector<Sample>& samples, std::size_t count) {
  if (samples.size() <= count) return samples;
  const std::size_t peak =
      largest(samples, [](const auto& a, const auto& b) { return a.rss_bytes < b.rss_bytes; });
  // With its neighbours, or a moment's height would seem to have lasted.
  std::vector<std::size_t> kept{
      peak - (peak > 0 ? 1 : 0), peak, std::min(peak + 1, samples.size() - 1),
      largest(samples, [](const auto& a, const auto& b) { return a.live_bytes < b.live_bytes; })};
  const std::size_t even = count - kept.size();
  for (std::size_t i = 0; i < even; ++i) {
    const std::size_t at = i * (samples.size() - 1) / std::max<std::size_t>(1, even - 1);
    kept.push_back(is_height(samples, at) ? at + 1 : at);
  }
  std::sort(kept.begin(), kept.end());
  kept.erase(std::unique(kept.begin(), kept.end()), kept.end());
  std::vector<Sample> result;
  result.reserve(kept.size());
  for (const std::size_t i : kept) result.push_back(samples[i]);
  return result;
}

}  // namespace heapwise
