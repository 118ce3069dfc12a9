// SPDX-License-Identifier: MIT
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <numeric>
#include <set>

#include "results/report/formats.h"
#include "results/report/text.h"
#include "results/report/view.h"

namespace heapwise {
namespace {

struct Metric {
  const char* name;
  const char* help;
  std::optional<Interval> Summary::*figure;
  double unit = 1;  ///< Prometheus wants seconds, whatever a reader would
};
constexpr std::array<Metric, 10> kMetrics = {{
    {"heapwise_peak_rss_bytes", "Heap RSS at its peak.", &Summary::peak_rss_bytes},
    {"heapwise_mean_rss_bytes", "Heap RSS, mean over time.", &Summary::mean_rss_bytes},
    {"heapwise_end_rss_bytes", "Heap RSS at the end.", &Summary::end_rss_bytes},
    {"heapwise_drained_10s_rss_bytes", "Heap RSS after ten idle seconds.",
     &Summary::drained_10s_rss_bytes},
    {"heapwise_fragmentation_peak_ratio", "Peak RSS / peak live bytes.",
     &Summary::fragmentation_peak},
    {"heapwise_fragmentation_mean_ratio", "RSS / live bytes over time.",
     &Summary::fragmentation_mean},
    {"heapwise_fragmentation_end_ratio", "RSS / live bytes at the end.",
     &Summary::fragmentation_end},
    {"heapwise_operation_seconds", "Allocator time per operation in replay.",
     &Summary::ns_per_operation, 1e-9},
    {"heapwise_latency_p99_seconds", "99th percentile of a call.", &Summary::latency_p99_ns, 1e-9},
    {"heapwise_latency_p999_seconds", "99.9th percentile of a call.", &Summary::latency_p999_ns,
     1e-9},
}};

std::string label(const std::string& text) {
  std::string safe;
  for (const char letter : printable(text)) {
    if (letter == '\\' || letter == '"') safe += '\\';
    safe += letter;
  }
  return safe;
}

std::string labels_of(const Result& result, const Summary& row) {
  return fmt::format("workload=\"{}\",allocator=\"{}\",tuning=\"{}\",version=\"{}\",host=\"{}\"",
                     label(row.workload), label(row.allocator), label(row.tuning),
                     label(row.version), label(result.environment.host));
}

/// Which rows are told: of several results with the same labels the newest, as the format allows
/// each series one sample.
using Told = std::vector<std::pair<const Result*, std::vector<const Summary*>>>;

Told told_of(const std::vector<Result>& results) {
  Told told;
  for (const Result& one : results) told.push_back({&one, {}});
  std::vector<std::size_t> newest_first(results.size());
  std::iota(newest_first.begin(), newest_first.end(), std::size_t{0});
  std::stable_sort(newest_first.begin(), newest_first.end(),
                   [&results](std::size_t left, std::size_t right) {
                     return results[left].created > results[right].created;
                   });
  std::set<std::string> seen;
  for (const std::size_t place : newest_first) {
    for (const Summary& row : results[place].summary) {
      if (seen.insert(labels_of(results[place], row)).second) told[place].second.push_back(&row);
    }
  }
  return told;
}

std::string samples_of(const Metric& metric, const Result& result,
                       const std::vector<const Summary*>& rows) {
  std::string text;
  for (const Summary* row : rows) {
    const auto& figure = row->*metric.figure;
    if (!figure) continue;
    const std::string labels = labels_of(result, *row);
    text += fmt::format(
        "{0}{{{1},of=\"median\"}} {2}\n{0}{{{1},of=\"low\"}} {3}\n"
        "{0}{{{1},of=\"high\"}} {4}\n",
        metric.name, labels, figure->median * metric.unit, figure->low * metric.unit,
        figure->high * metric.unit);
  }
  return text;
}

std::string machine_of(const Result& result) {
  const Environment& machine = result.environment;
  return fmt::format(
      "heapwise_machine_info{{host=\"{}\",cpu=\"{}\",kernel=\"{}\",transparent_hugepage=\"{}\","
      "heapwise_version=\"{}\",created=\"{}\"}} 1\n",
      label(machine.host), label(machine.cpu), label(machine.kernel),
      label(machine.transparent_hugepage), label(result.heapwise_version), label(result.created));
}

std::string head(const char* name, const char* help) {
  return fmt::format("# HELP {0} {1}\n# TYPE {0} gauge\n", name, help);
}

}  // namespace

std::string prometheus_text(const std::vector<Result>& given) {
  std::vector<Result> results;
  results.reserve(given.size());
  for (const Result& one : given) results.push_back(with_summary(one));
  const Told told = told_of(results);
  std::string text;
  for (const Metric& metric : kMetrics) {
    std::string samples;
    for (const auto& [result, rows] : told) samples += samples_of(metric, *result, rows);
    if (!samples.empty()) text += head(metric.name, metric.help) + samples;
  }
  text += head("heapwise_failed_runs", "Runs that did not end well.");
  for (const auto& [result, rows] : told) {
    for (const Summary* row : rows) {
      text +=
          fmt::format("heapwise_failed_runs{{{}}} {}\n", labels_of(*result, *row), row->failures);
    }
  }
  text += head("heapwise_machine_info", "The machine that was measured on; always 1.");
  std::set<std::string> machines;
  for (const Result& result : results) {
    const std::string machine = machine_of(result);
    if (machines.insert(machine).second) text += machine;
  }
  return text;
}

}  // namespace heapwise
