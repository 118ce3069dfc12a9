// SPDX-License-Identifier: MIT
#include "results/trend.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <ctime>
#include <map>
#include <set>
#include <string_view>
#include <tuple>

#include "results/difference.h"
#include "results/statistics.h"
#include "results/summarize.h"
#include "results/thresholds.h"

namespace heapwise {
namespace {

constexpr std::size_t kLeastLevel = 3;  ///< nights: two bad ones in a row are no new level
constexpr double kStandardErrors = 5;
constexpr double kLeastNoise =
    0.002;  ///< a share; figures that never vary would make steps of dust

double sum_of_distances(const std::vector<double>& values, std::size_t from, std::size_t to) {
  const double middle = median({values.begin() + static_cast<std::ptrdiff_t>(from),
                                values.begin() + static_cast<std::ptrdiff_t>(to)});
  double sum = 0;
  for (std::size_t at = from; at < to; ++at) sum += std::abs(values[at] - middle);
  return sum;
}

double middle_of(const std::vector<double>& values, std::size_t from, std::size_t to) {
  return median({values.begin() + static_cast<std::ptrdiff_t>(from),
                 values.begin() + static_cast<std::ptrdiff_t>(to)});
}

/// The standard deviation of one night, from the differences of neighbours: for a normal
/// distribution their median absolute value is 0.6745 × √2 of it.
double noise_of(const std::vector<double>& values) {
  std::vector<double> moves;
  for (std::size_t at = 1; at < values.size(); ++at) {
    moves.push_back(std::abs(values[at] - values[at - 1]));
  }
  return std::max(kLeastNoise, median(std::move(moves)) / 0.954);
}

struct Search {
  const std::vector<double>& values;  ///< logarithms
  double noise, least;
  std::vector<std::size_t> found;

  void split(std::size_t from, std::size_t to) {
    if (to - from < 2 * kLeastLevel) return;
    std::size_t best = 0;
    double lowest = HUGE_VAL;
    for (std::size_t at = from + kLeastLevel; at + kLeastLevel <= to; ++at) {
      const double sum = sum_of_distances(values, from, at) + sum_of_distances(values, at, to);
      if (sum < lowest) {
        lowest = sum;
        best = at;
      }
    }
    const double move = std::abs(middle_of(values, best, to) - middle_of(values, from, best));
    // The variance of a median is π/2 of that of a mean.
    const double error = noise * std::sqrt(1.571 / static_cast<double>(best - from) +
                                           1.571 / static_cast<double>(to - best));
    if (move < kStandardErrors * error || move < least) return;
    found.push_back(best);
    split(from, best);
    split(best, to);
  }
};

std::optional<Interval> figure_of(const Summary& row, const std::string& figure) {
  return figure == "memory_cost_bytes" ? memory_cost(row) : row.ns_per_operation;
}

using Key = std::tuple<std::string, std::string, std::string, std::string>;

std::vector<TrendSeries> series_of(const std::vector<Night>& nights) {
  std::map<Key, std::size_t> places;
  std::vector<TrendSeries> all;
  for (std::size_t night = 0; night < nights.size(); ++night) {
    for (const Summary& row : nights[night].summary) {
      for (const char* figure : {"memory_cost_bytes", "ns_per_operation"}) {
        const auto interval = figure_of(row, figure);
        if (!interval || interval->median <= 0) continue;
        const auto [place, is_new] =
            places.emplace(Key{row.workload, row.allocator, row.tuning, figure}, all.size());
        if (is_new) all.push_back({row.workload, row.allocator, row.tuning, figure, {}, {}});
        all[place->second].points.push_back(
            {night, interval->median, interval->low, interval->high});
      }
    }
  }
  return all;
}

/// By how much, as a logarithm, the times of a night are above what is usual for each of them, in
/// the median over all.
std::vector<double> common_factors(const std::vector<TrendSeries>& series, std::size_t nights) {
  std::vector<std::vector<double>> apart(nights);
  for (const TrendSeries& one : series) {
    if (one.figure != "ns_per_operation") continue;
    std::vector<double> values;
    for (const TrendPoint& point : one.points) values.push_back(std::log(point.median));
    const double usual = median(std::move(values));
    for (const TrendPoint& point : one.points) {
      apart[point.night].push_back(std::log(point.median) - usual);
    }
  }
  std::vector<double> factors(nights, 0);
  for (std::size_t night = 0; night < nights; ++night) {
    // With fewer, the one that changed would itself be the common factor.
    if (apart[night].size() >= thresholds::kControls) factors[night] = median(apart[night]);
  }
  return factors;
}

void add_steps(TrendSeries& series, const std::vector<double>& factors) {
  const bool time = series.figure == "ns_per_operation";
  std::vector<double> values;
  for (const TrendPoint& point : series.points) {
    values.push_back(std::log(point.median) - (time ? factors[point.night] : 0));
  }
  const double least = (time ? thresholds::kSpeedTimePercent : thresholds::kMemoryPercent) / 100;
  const std::vector<std::size_t> borders = find_steps(values, least);
  for (std::size_t index = 0; index < borders.size(); ++index) {
    const std::size_t from = index == 0 ? 0 : borders[index - 1];
    const std::size_t to = index + 1 == borders.size() ? values.size() : borders[index + 1];
    const double before = middle_of(values, from, borders[index]);
    const double after = middle_of(values, borders[index], to);
    series.steps.push_back(
        {borders[index], std::exp(before), std::exp(after), percent_of_log(after - before)});
  }
}

std::map<std::string, std::string> versions_of(const Night& night) {
  std::map<std::string, std::string> versions;
  for (const Summary& row : night.summary) {
    if (!row.version.empty()) versions.emplace(row.allocator, row.version);
  }
  return versions;
}

std::vector<TrendEvent> events_of(const std::vector<Night>& nights) {
  std::vector<TrendEvent> events;
  std::map<std::string, std::string> versions;
  for (std::size_t index = 0; index < nights.size(); ++index) {
    const auto now = versions_of(nights[index]);
    for (const auto& [allocator, version] : now) {
      const auto before = versions.find(allocator);
      if (before != versions.end() && before->second != version) {
        events.push_back(
            {index, fmt::format("{} {} → {}", allocator, before->second, version), allocator});
      }
      versions[allocator] = version;
    }
    if (index == 0) continue;
    const Environment &was = nights[index - 1].environment, &is = nights[index].environment;
    const auto note = [&events, index](const char* name, const std::string& from,
                                       const std::string& to) {
      if (from != to) events.push_back({index, fmt::format("{} {} → {}", name, from, to), ""});
    };
    note("kernel", was.kernel, is.kernel);
    note("processor", was.cpu, is.cpu);
    note("huge pages", was.transparent_hugepage, is.transparent_hugepage);
    note("heapwise", nights[index - 1].heapwise_version, nights[index].heapwise_version);
  }
  return events;
}

}  // namespace

std::optional<double> milliseconds_of(const std::string& created) {
  std::tm when{};
  const char* rest = strptime(created.c_str(), "%Y-%m-%dT%H:%M:%S", &when);
  if (rest == nullptr) return std::nullopt;
  if (*rest == '.') rest += 1 + std::strspn(rest + 1, "0123456789");
  if (std::string_view(rest) != "Z") return std::nullopt;
  return static_cast<double>(timegm(&when)) * 1000;
}

Night night_of(Result result, const std::string& file) {
  Night night;
  night.created = result.created;
  night.file = file;
  night.environment = std::move(result.environment);
  night.heapwise_version = result.heapwise_version;
  night.summary = result.summary.empty() ? summarize(result.runs) : std::move(result.summary);
  return night;
}

std::vector<std::size_t> find_steps(const std::vector<double>& values, double least) {
  if (values.size() < 2 * kLeastLevel) return {};
  Search search{values, noise_of(values), least, {}};
  search.split(0, values.size());
  std::sort(search.found.begin(), search.found.end());
  return search.found;
}

Trend trend_of(std::vector<Night> nights) {
  std::stable_sort(nights.begin(), nights.end(), [](const Night& left, const Night& right) {
    return left.created < right.created;
  });
  Trend trend;
  trend.nights = std::move(nights);
  trend.series = series_of(trend.nights);
  const std::vector<double> factors = common_factors(trend.series, trend.nights.size());
  for (TrendSeries& one : trend.series) add_steps(one, factors);
  trend.events = events_of(trend.nights);
  return trend;
}

}  // namespace heapwise
