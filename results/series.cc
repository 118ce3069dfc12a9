// SPDX-License-Identifier: MIT
#include "results/series.h"

#include <algorithm>
#include <cmath>

namespace heapwise {
namespace {

constexpr double kEndFrom = 0.95, kEndUntil = 0.995;

double bytes(const Sample& sample) { return static_cast<double>(sample.rss_bytes); }

double at_time(const std::vector<Sample>& samples, double time) {
  const auto behind =
      std::upper_bound(samples.begin(), samples.end(), time,
                       [](double when, const Sample& sample) { return when < sample.time_s; });
  if (behind == samples.begin()) return bytes(samples.front());
  if (behind == samples.end()) return bytes(samples.back());
  const Sample& left = *(behind - 1);
  const double width = behind->time_s - left.time_s;
  const double part = width > 0 ? (time - left.time_s) / width : 1;
  return bytes(left) + part * (bytes(*behind) - bytes(left));
}

/// The mean of the polygon through the samples between two times.
double mean_between(const std::vector<Sample>& samples, double from, double until) {
  if (until <= from) return at_time(samples, from);
  double area = 0, time = from, value = at_time(samples, from);
  const auto step_to = [&](double next, double next_value) {
    area += (next - time) * (value + next_value) / 2;
    time = next;
    value = next_value;
  };
  for (const Sample& sample : samples) {
    if (sample.time_s > from && sample.time_s < until) step_to(sample.time_s, bytes(sample));
  }
  step_to(until, at_time(samples, until));
  return area / (until - from);
}

}  // namespace

SeriesFigures figures_of(const std::vector<Sample>& samples) {
  SeriesFigures figures;
  for (const Sample& sample : samples) figures.peak = std::max(figures.peak, bytes(sample));
  const double begin = samples.front().time_s;
  const double span = samples.back().time_s - begin;
  figures.mean = mean_between(samples, begin, begin + span);
  figures.end = mean_between(samples, begin + kEndFrom * span, begin + kEndUntil * span);
  return figures;
}

std::vector<Sample> first_part(const std::vector<Sample>& samples, double share) {
  if (share >= 1 || samples.empty()) return samples;
  const double until =
      samples.front().time_s + share * (samples.back().time_s - samples.front().time_s);
  std::vector<Sample> part;
  for (const Sample& sample : samples) {
    if (part.empty() || sample.time_s <= until) part.push_back(sample);
  }
  // The part lasts until then, though the last sample may have been taken long before.
  if (part.back().time_s < until) {
    Sample last = part.back();
    last.time_s = until;
    last.rss_bytes = static_cast<std::uint64_t>(std::llround(at_time(samples, until)));
    part.push_back(last);
  }
  return part;
}

double value_at(const ShareCurve& curve, double share) {
  if (curve.empty()) return 0;
  const auto behind = std::upper_bound(
      curve.begin(), curve.end(), share,
      [](double where, const std::pair<double, double>& point) { return where < point.first; });
  if (behind == curve.begin()) return curve.front().second;
  if (behind == curve.end()) return curve.back().second;
  const auto& left = *(behind - 1);
  const double width = behind->first - left.first;
  const double part = width > 0 ? (share - left.first) / width : 1;
  return left.second + part * (behind->second - left.second);
}

}  // namespace heapwise
