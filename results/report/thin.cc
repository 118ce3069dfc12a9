// SPDX-License-Identifier: MIT
#include "results/report/thin.h"

#include <algorithm>
#include <set>

namespace heapwise {
namespace {

/// Which of `buckets` equal stretches of the samples' time `time_s` falls into.
std::size_t bucket_of(const std::vector<Sample>& samples, double time_s, std::size_t buckets) {
  const double start = samples.front().time_s;
  const double span = samples.back().time_s - start;
  if (!(span > 0)) return 0;
  const double place = (time_s - start) / span * static_cast<double>(buckets);
  return place <= 0 ? 0 : std::min(buckets - 1, static_cast<std::size_t>(place));
}

const Sample& sample_at(const std::vector<Sample>& samples, double time_s) {
  const auto after =
      std::upper_bound(samples.begin(), samples.end(), time_s,
                       [](double time, const Sample& sample) { return time < sample.time_s; });
  return after == samples.begin() ? samples.front() : *(after - 1);
}

}  // namespace

std::vector<Sample> thin(const std::vector<Sample>& samples, std::size_t limit) {
  if (samples.size() <= limit) return samples;
  const std::size_t buckets = (limit - 2) / 2;
  std::vector<std::size_t> least(buckets, samples.size()), most(buckets, samples.size());
  for (std::size_t index = 0; index < samples.size(); ++index) {
    const std::size_t bucket = bucket_of(samples, samples[index].time_s, buckets);
    const auto rss = samples[index].rss_bytes;
    if (least[bucket] == samples.size() || rss < samples[least[bucket]].rss_bytes) {
      least[bucket] = index;
    }
    if (most[bucket] == samples.size() || rss > samples[most[bucket]].rss_bytes) {
      most[bucket] = index;
    }
  }
  std::set<std::size_t> kept = {0, samples.size() - 1};
  for (std::size_t bucket = 0; bucket < buckets; ++bucket) {
    if (least[bucket] != samples.size()) kept.insert({least[bucket], most[bucket]});
  }
  std::vector<Sample> few;
  few.reserve(kept.size());
  for (const std::size_t index : kept) few.push_back(samples[index]);
  return few;
}

double rss_at(const std::vector<Sample>& samples, double time_s) {
  return static_cast<double>(sample_at(samples, time_s).rss_bytes);
}

double live_at(const std::vector<Sample>& samples, double time_s) {
  return static_cast<double>(sample_at(samples, time_s).live_bytes);
}

}  // namespace heapwise
