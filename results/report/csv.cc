// SPDX-License-Identifier: MIT
#include <fmt/format.h>

#include "results/report/formats.h"
#include "results/report/text.h"

namespace heapwise {
namespace {

/// A spreadsheet takes what begins so for a formula and works it out, wherever the name came from;
/// a quotation mark in front makes it text.
bool begins_formula(const std::string& text) {
  return !text.empty() && std::string_view("=+-@\t\r").find(text[0]) != std::string_view::npos;
}

std::string field(const std::string& text) {
  std::string clean = (begins_formula(text) ? "'" : "") + printable(text);
  if (clean.find_first_of(",\"") == std::string::npos) return clean;
  std::string quoted = "\"";
  for (const char letter : clean) {
    if (letter == '"') quoted += '"';
    quoted += letter;
  }
  return quoted + "\"";
}

template <class T>
std::string field(const std::optional<T>& value) {
  return value ? fmt::format("{}", *value) : std::string();
}

constexpr const char* kHeading =
    "created,host,workload,allocator,tuning,version,purpose,repetition,status,operations,seconds,"
    "cpu_seconds,ns_per_operation,peak_rss_bytes,mean_rss_bytes,end_rss_bytes,"
    "drained_1s_rss_bytes,drained_10s_rss_bytes,fragmentation_peak,fragmentation_mean,"
    "fragmentation_end,latency_p50_ns,latency_p99_ns,latency_p999_ns,latency_max_ns,recording\r\n";

std::string row_of(const Result& result, const Run& run) {
  const std::vector<std::string> fields = {field(result.created),
                                           field(result.environment.host),
                                           field(run.workload),
                                           field(run.allocator),
                                           field(run.tuning),
                                           field(run.version),
                                           field(run.purpose),
                                           std::to_string(run.repetition),
                                           to_string(run.status),
                                           std::to_string(run.operations),
                                           fmt::format("{}", run.seconds),
                                           fmt::format("{}", run.cpu_seconds),
                                           field(run.ns_per_operation),
                                           field(run.peak_rss_bytes),
                                           field(run.mean_rss_bytes),
                                           field(run.end_rss_bytes),
                                           field(run.drained_1s_rss_bytes),
                                           field(run.drained_10s_rss_bytes),
                                           field(run.fragmentation_peak),
                                           field(run.fragmentation_mean),
                                           field(run.fragmentation_end),
                                           field(run.latency_p50_ns),
                                           field(run.latency_p99_ns),
                                           field(run.latency_p999_ns),
                                           field(run.latency_max_ns),
                                           std::to_string(run.recording)};
  return fmt::format("{}\r\n", fmt::join(fields, ","));
}

}  // namespace

std::string csv_runs(const std::vector<Result>& results) {
  std::string text = kHeading;
  for (const Result& result : results) {
    for (const Run& run : result.runs) text += row_of(result, run);
  }
  return text;
}

}  // namespace heapwise
