// SPDX-License-Identifier: MIT
#include "results/reasons.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "results/difference.h"
#include "results/summarize.h"
#include "results/thresholds.h"
#include "results/units.h"

namespace heapwise {
namespace {

/// Two summaries under their names.
struct Pair {
  const Summary& base;
  const Summary& other;
  const WorkloadInfo* workload;
  std::string base_name = display_name(base);
  std::string other_name = display_name(other);
};

using SummaryFigure = std::optional<Interval> Summary::*;

bool has(const Pair& pair, SummaryFigure figure) {
  return (pair.base.*figure).has_value() && (pair.other.*figure).has_value();
}

bool worth_telling(const Pair& pair, SummaryFigure figure) {
  if (!has(pair, figure)) return false;
  const double base = (pair.base.*figure)->median;
  const double other = (pair.other.*figure)->median;
  return std::abs(other - base) > std::max(base, other) * thresholds::kStoryPercent / 100;
}

std::string bytes_of(const Summary& summary, SummaryFigure figure) {
  return format_bytes((summary.*figure)->median);
}

std::string peak_sentence(const Pair& pair) {
  std::string text = fmt::format("At the peak {} held {}", pair.base_name,
                                 bytes_of(pair.base, &Summary::peak_rss_bytes));
  if (has(pair, &Summary::fragmentation_peak)) {
    text += fmt::format(" ({} live)", format_ratio(pair.base.fragmentation_peak->median));
  }
  text += fmt::format(", {} {}", pair.other_name, bytes_of(pair.other, &Summary::peak_rss_bytes));
  if (has(pair, &Summary::fragmentation_peak)) {
    text += fmt::format(" ({})", format_ratio(pair.other.fragmentation_peak->median));
  }
  if (pair.workload != nullptr && pair.workload->peak_live_bytes > 0) {
    text += fmt::format("; the program had asked for {}",
                        format_bytes(static_cast<double>(pair.workload->peak_live_bytes)));
  }
  return text + ".";
}

std::string mean_sentence(const Pair& pair) {
  std::string text = fmt::format("On average over time {} held {}, {} {}", pair.base_name,
                                 bytes_of(pair.base, &Summary::mean_rss_bytes), pair.other_name,
                                 bytes_of(pair.other, &Summary::mean_rss_bytes));
  if (pair.workload != nullptr && pair.workload->mean_live_bytes > 0) {
    text += fmt::format("; live were {}", format_bytes(pair.workload->mean_live_bytes));
  }
  return text + ".";
}

/// How the sentence on returned memory begins: with what the program had freed by then.
std::string freed_clause(const WorkloadInfo* workload) {
  if (workload == nullptr || workload->peak_live_bytes == 0) return "At the end ";
  const auto peak = static_cast<double>(workload->peak_live_bytes);
  const auto end = static_cast<double>(workload->end_live_bytes);
  if (end == 0) return "After everything was freed ";
  if (end > 0.9 * peak) return fmt::format("At the end, with {} live, ", format_bytes(end));
  return fmt::format("After live bytes had fallen from {} to {} ", format_bytes(peak),
                     format_bytes(end));
}

std::string return_sentence(const Pair& pair) {
  const bool at_end = worth_telling(pair, &Summary::end_rss_bytes);
  const bool later = worth_telling(pair, &Summary::drained_10s_rss_bytes);
  if (!at_end && !later) return {};
  std::string text;
  if (has(pair, &Summary::end_rss_bytes)) {
    text = fmt::format("{}{} kept {}, {} {}", freed_clause(pair.workload), pair.base_name,
                       bytes_of(pair.base, &Summary::end_rss_bytes), pair.other_name,
                       bytes_of(pair.other, &Summary::end_rss_bytes));
  }
  if (later) {
    text += fmt::format("{} {} and {}",
                        text.empty() ? "10 s after the end the two held" : "; 10 s later",
                        bytes_of(pair.base, &Summary::drained_10s_rss_bytes),
                        bytes_of(pair.other, &Summary::drained_10s_rss_bytes));
  }
  return text + ".";
}

std::string start_sentence(const Pair& pair) {
  const auto each_s = start_difference_s(pair.other, pair.base, pair.workload);
  if (!each_s) return {};
  const unsigned starts = *pair.workload->process_starts;
  const double share = std::abs(*each_s) * starts / *pair.workload->cpu_s;
  if (share * 100 < thresholds::kStartStoryPercent) return {};
  return fmt::format(" {} takes {} {} under {} than under {}.",
                     starts == 1 ? "Starting the process"
                                 : fmt::format("Each of the {} starts of a process", starts),
                     format_seconds(std::abs(*each_s)), *each_s > 0 ? "more" : "less",
                     pair.other_name, pair.base_name);
}

std::string cpu_sentence(const Pair& pair, const Difference& speed) {
  if (!speed.cpu_percent) {
    return " What that is worth to the program is not known: its CPU time was not recorded.";
  }
  const bool ranks = std::abs(*speed.cpu_percent) > thresholds::kSpeedReplayCpuPercent;
  return fmt::format(
      "{} The difference is {} of the program's {} of CPU time{}.", start_sentence(pair),
      format_percent(*speed.cpu_percent), format_seconds(*pair.workload->cpu_s),
      ranks ? ""
            : fmt::format(", below the {:.0f} % that rank", thresholds::kSpeedReplayCpuPercent));
}

std::string speed_sentence(const Pair& pair, const Harness& harness) {
  const Difference speed = speed_difference(pair.other, pair.base, pair.workload);
  TimeBasis calls = speed.basis;
  calls.starts = false;  // they have a sentence of their own
  std::string runs = calls.all_threads ? "all threads together" : "";
  if (calls.faster_half)
    runs += (runs.empty() ? "" : ", ") + std::string("the faster half of the runs");
  std::string text = fmt::format(
      "Allocator {} in replay{}: {} per operation under {}, {} under {}",
      calls.all_threads ? "CPU time" : "time", runs.empty() ? "" : " (" + runs + ")",
      format_ns(compared_time(pair.base, calls, pair.workload)->median), pair.base_name,
      format_ns(compared_time(pair.other, calls, pair.workload)->median), pair.other_name);
  // That is a wall time, which says nothing of the CPU time of several threads.
  auto own = harness.null_ns_per_operation;
  if (pair.workload != nullptr && pair.workload->null_ns_per_operation) {
    own = pair.workload->null_ns_per_operation;
  }
  if (own && !calls.all_threads) {
    text += fmt::format(", {} of each the harness's own", format_ns(*own));
  }
  return text + "." + cpu_sentence(pair, speed);
}

std::string latency_sentence(const Pair& pair) {
  const auto of = [](const Summary& summary) {
    return fmt::format("{} (half of all calls at most {})",
                       format_ns(summary.latency_p999_ns->median),
                       summary.latency_p50_ns ? format_ns(summary.latency_p50_ns->median) : "–");
  };
  return fmt::format("One call in a thousand took longer than {} under {}, {} under {}.",
                     of(pair.base), pair.base_name, of(pair.other), pair.other_name);
}

}  // namespace

std::vector<std::string> tell_difference(const Summary& base, const Summary& other,
                                         const WorkloadInfo* workload, const Harness& harness) {
  const Pair pair{base, other, workload};
  std::vector<std::string> sentences;
  if (has(pair, &Summary::peak_rss_bytes)) sentences.push_back(peak_sentence(pair));
  if (worth_telling(pair, &Summary::mean_rss_bytes)) sentences.push_back(mean_sentence(pair));
  if (std::string text = return_sentence(pair); !text.empty()) sentences.push_back(std::move(text));
  if (has(pair, &Summary::ns_per_operation)) sentences.push_back(speed_sentence(pair, harness));
  if (has(pair, &Summary::latency_p999_ns)) sentences.push_back(latency_sentence(pair));
  return sentences;
}

std::vector<std::string> tell_one(const Summary& base, const WorkloadInfo* workload) {
  if (!base.peak_rss_bytes) return {};
  std::string text = fmt::format("{} held {} at the peak", display_name(base),
                                 bytes_of(base, &Summary::peak_rss_bytes));
  if (workload != nullptr && workload->peak_live_bytes > 0 && base.fragmentation_peak) {
    text += fmt::format(", {} the {} live", format_ratio(base.fragmentation_peak->median),
                        format_bytes(static_cast<double>(workload->peak_live_bytes)));
  }
  return {text + "."};
}

}  // namespace heapwise
