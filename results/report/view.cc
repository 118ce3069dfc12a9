// SPDX-License-Identifier: MIT
#include "results/report/view.h"

#include <fmt/format.h>

#include <algorithm>

#include "results/summarize.h"

namespace heapwise {
namespace {

void note_workload(std::vector<WorkloadView>& views, const std::string& name) {
  const bool known = std::any_of(views.begin(), views.end(),
                                 [&name](const WorkloadView& one) { return one.name == name; });
  if (!known) views.emplace_back().name = name;
}

double largest_figure(const WorkloadView& view) {
  double largest = view.info == nullptr ? 0 : static_cast<double>(view.info->peak_live_bytes);
  for (const Summary* row : view.rows) {
    if (row->peak_rss_bytes) largest = std::max(largest, row->peak_rss_bytes->median);
  }
  return largest;
}

std::string plural(unsigned long long count, const std::string& one) {
  return format_count(count) + " " + one + (count == 1 ? "" : "s");
}

void append(std::string& list, const std::string& item) {
  if (item.empty()) return;
  if (!list.empty()) list += ", ";
  list += item;
}

}  // namespace

std::vector<WorkloadView> views_of(const Result& result) {
  std::vector<WorkloadView> views;
  for (const WorkloadInfo& one : result.workloads) note_workload(views, one.name);
  for (const Summary& one : result.summary) note_workload(views, one.workload);
  for (WorkloadView& view : views) {
    for (const WorkloadInfo& one : result.workloads) {
      if (one.name == view.name && view.info == nullptr) view.info = &one;
    }
    for (const Summary& one : result.summary) {
      if (one.workload == view.name) view.rows.push_back(&one);
    }
    for (const Recommendation& one : result.recommendations) {
      if (one.workload == view.name) view.verdicts.push_back(&one);
    }
    view.unit = byte_unit(largest_figure(view));
    view.time = time_basis(view.rows, view.info);
  }
  return views;
}

std::optional<Interval> shown_time(const WorkloadView& view, const Summary& row) {
  const auto time = compared_time(row, view.time, view.info);
  if (time) return time;
  // Of one that failed there may be too few runs; what it has is better than nothing.
  TimeBasis plain;
  plain.cpu = view.time.cpu && row.cpu_ns_per_operation;
  return compared_time(row, plain, view.info);
}

std::string describe_time(const WorkloadView& view) {
  const TimeBasis& basis = view.time;
  std::string text;
  if (basis.all_threads) text = "CPU time of all threads";
  if (basis.faster_half) {
    append(text, "of the faster half of the runs (whose range stands for an interval)");
  }
  if (basis.starts_tell) append(text, "with what starting the program's processes takes");
  const bool recordings = view.info != nullptr && view.info->recordings.size() > 1;
  if (recordings && !basis.faster_half) {
    append(text, "of all recordings (percentages are the median of each one's)");
  }
  return text;
}

Result with_summary(const Result& result) {
  Result complete = result;
  if (complete.summary.empty()) complete.summary = summarize(complete.runs);
  return complete;
}

const char* time_heading(const TimeBasis& basis) {
  return basis.all_threads ? "CPU ns/op" : "ns/op";
}

bool has_latency(const WorkloadView& view) {
  return std::any_of(view.rows.begin(), view.rows.end(),
                     [](const Summary* row) { return row->latency_p999_ns.has_value(); });
}

std::string origin_of(const WorkloadInfo& info) {
  std::string text = info.source;
  const char* separator = ": ";
  for (const std::string& word : info.command) {
    text += separator + shell_quoted(word);
    separator = " ";
  }
  return text;
}

std::string describe_workload(const WorkloadInfo& info) {
  std::string text = fmt::format(
      "{}, {}{}, {}; live bytes: peak {}, mean {}, end {}", plural(info.operations, "operation"),
      plural(info.threads, "thread"),
      info.busy_processors ? fmt::format(" on {:.1f} processors", *info.busy_processors) : "",
      format_seconds(info.duration_s), format_bytes(static_cast<double>(info.peak_live_bytes)),
      format_bytes(info.mean_live_bytes), format_bytes(static_cast<double>(info.end_live_bytes)));
  if (info.cpu_s)
    text += fmt::format("; the program used {} of CPU time", format_seconds(*info.cpu_s));
  if (info.cpu_s && info.children_cpu_s)
    text += fmt::format(", {} of it its children", format_seconds(*info.children_cpu_s));
  return text;
}

std::string describe_harness(const Harness& harness) {
  std::string text;
  if (harness.null_ns_per_operation) {
    text = fmt::format("{} of every operation's time is heapwise's own (null allocator)",
                       format_ns(*harness.null_ns_per_operation));
  }
  if (harness.null_rss_bytes > 0) {
    text += fmt::format("{}{} that a process takes without a heap are subtracted from every RSS",
                        text.empty() ? "" : "; ",
                        format_bytes(static_cast<double>(harness.null_rss_bytes)));
  }
  return text;
}

std::string describe_machine(const Environment& environment) {
  std::string text;
  append(text, environment.cpu);
  if (environment.cores > 0) append(text, plural(environment.cores, "core"));
  if (environment.memory_bytes > 0) {
    append(text, format_bytes(static_cast<double>(environment.memory_bytes)));
  }
  append(text, environment.distribution);
  if (!environment.kernel.empty()) append(text, "Linux " + environment.kernel);
  append(text, environment.libc);
  if (!environment.transparent_hugepage.empty()) {
    append(text, "transparent huge pages " + environment.transparent_hugepage);
  }
  return text;
}

std::string describe_method(const Result& result) {
  unsigned fewest = 0, most = 0;
  for (const Summary& one : result.summary) {
    if (one.repetitions == 0) continue;
    fewest = fewest == 0 ? one.repetitions : std::min(fewest, one.repetitions);
    most = std::max(most, one.repetitions);
  }
  if (most == 0) return "no run ended well";
  const std::string runs = fewest == most ? plural(most, "repetition")
                                          : fmt::format("{} to {} repetitions", fewest, most);
  return most < 3 ? fmt::format("{}: too few for an interval; 3 or more allow a verdict", runs)
                  : fmt::format("medians of {}, ± half the 95 % interval", runs);
}

std::vector<Warning> warnings_of(const Result& result) {
  std::vector<Warning> all = result.environment.warnings;
  for (const WorkloadInfo& workload : result.workloads) {
    for (Warning warning : workload.warnings) {
      const bool named = warning.what.find(workload.name) != std::string::npos;
      if (result.workloads.size() > 1 && !named) {
        warning.what = workload.name + ": " + warning.what;
      }
      all.push_back(std::move(warning));
    }
  }
  std::vector<Warning> once;
  for (Warning& warning : all) {
    const bool seen = std::any_of(once.begin(), once.end(), [&warning](const Warning& one) {
      return one.code == warning.code && one.what == warning.what;
    });
    if (!seen) once.push_back(std::move(warning));
  }
  return once;
}

std::string describe_failure(const Summary& summary) {
  if (summary.failures == 0) return {};
  return fmt::format("{} failed, {}", plural(summary.failures, "run"), summary.failure);
}

double half_width_percent(const Interval& interval) {
  return interval.median > 0 ? (interval.high - interval.low) / 2 / interval.median * 100 : 0;
}

}  // namespace heapwise
