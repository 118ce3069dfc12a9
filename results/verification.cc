// SPDX-License-Identifier: MIT
#include "results/verification.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "results/difference.h"
#include "results/series.h"
#include "results/statistics.h"
#include "results/summarize.h"
#include "results/thresholds.h"
#include "results/verified_speed.h"

namespace heapwise {
namespace {

using Values = std::vector<double>;

std::optional<std::uint64_t> median_bytes(const Values& values) {
  if (values.empty()) return std::nullopt;
  return static_cast<std::uint64_t>(std::llround(median(values)));
}

/// Half the range in per cent of the median. One value has no spread that anyone knows of.
std::optional<double> noise_percent(const Values& values) {
  if (values.size() < 2) return std::nullopt;
  const auto [low, high] = std::minmax_element(values.begin(), values.end());
  const double middle = median(values);
  if (middle <= 0) return std::nullopt;
  return (*high - *low) / 2 / middle * 100;
}

std::optional<double> error_percent(std::optional<std::uint64_t> predicted,
                                    std::optional<std::uint64_t> real) {
  if (!predicted || !real || *real == 0) return std::nullopt;
  return (static_cast<double>(*predicted) / static_cast<double>(*real) - 1) * 100;
}

/// What runs have in common: each figure, run by run.
struct Figures {
  Values peak, mean, end, process_peak, cpu, wall;
};

Figures real_figures(const std::vector<const Run*>& runs) {
  Figures figures;
  for (const Run* run : runs) {
    if (run->peak_rss_bytes) figures.peak.push_back(static_cast<double>(*run->peak_rss_bytes));
    if (run->mean_rss_bytes) figures.mean.push_back(static_cast<double>(*run->mean_rss_bytes));
    if (run->end_rss_bytes) figures.end.push_back(static_cast<double>(*run->end_rss_bytes));
    if (run->process_peak_rss_bytes) {
      figures.process_peak.push_back(static_cast<double>(*run->process_peak_rss_bytes));
    }
    figures.cpu.push_back(run->cpu_seconds);
    figures.wall.push_back(run->seconds);
  }
  return figures;
}

Figures predicted_figures(const Result& result, const std::string& workload,
                          const Verification& row, double share) {
  Figures figures;
  for (const Run& run : result.runs) {
    if (run.workload != workload || run.purpose != "footprint" || run.status != RunStatus::ok ||
        run.samples.empty() || !same_allocator(run, row)) {
      continue;
    }
    const double own_share = measured_share_of(result, run, share);
    const SeriesFigures series = figures_of(first_part(run.samples, own_share));
    const bool whole = own_share >= 1 && run.peak_rss_bytes;
    const double kept = whole ? static_cast<double>(*run.peak_rss_bytes) : 0;
    figures.peak.push_back(std::max(series.peak, kept));
    figures.mean.push_back(series.mean);
    figures.end.push_back(series.end);
  }
  return figures;
}

void fill_real(Verification& row, const Figures& real) {
  row.real_peak_rss_bytes = median_bytes(real.peak);
  row.real_mean_rss_bytes = median_bytes(real.mean);
  row.real_end_rss_bytes = median_bytes(real.end);
  row.process_peak_rss_bytes = median_bytes(real.process_peak);
  row.noise_percent = noise_percent(real.peak);
  row.mean_noise_percent = noise_percent(real.mean);
  row.end_noise_percent = noise_percent(real.end);
  row.real_cpu_noise_percent = noise_percent(real.cpu);
  if (!real.cpu.empty()) row.real_cpu_s = median(real.cpu);
  if (!real.wall.empty()) row.real_wall_s = median(real.wall);
}

void fill_errors(Verification& row, double non_heap_bytes) {
  row.error_percent = error_percent(row.predicted_peak_rss_bytes, row.real_peak_rss_bytes);
  row.mean_error_percent = error_percent(row.predicted_mean_rss_bytes, row.real_mean_rss_bytes);
  row.end_error_percent = error_percent(row.predicted_end_rss_bytes, row.real_end_rss_bytes);
  if (!row.error_percent) return;
  if (row.process_peak_rss_bytes.value_or(0) > 0) {
    row.error_percent_of_process = (static_cast<double>(*row.predicted_peak_rss_bytes) -
                                    static_cast<double>(*row.real_peak_rss_bytes)) /
                                   static_cast<double>(*row.process_peak_rss_bytes) * 100;
  }
  const auto heap = static_cast<double>(row.real_mean_rss_bytes.value_or(0));
  if (non_heap_bytes > kVerifyMostNonHeap * heap) return;
  const double allowed = row.noise_percent.value_or(0) + kVerifyAllowedPercent;
  row.check = std::abs(*row.error_percent) <= allowed ? "passed" : "failed";
}

std::string failure_of(const Run& run) {
  return to_string(run.status) + (run.status_detail.empty() ? "" : ": " + run.status_detail);
}

/// Rows in the order of the summary, then those that only real runs have.
std::vector<Verification> empty_rows(const Result& result, const std::string& workload) {
  std::vector<Verification> rows;
  const auto add = [&](const auto& one) {
    const bool known = std::any_of(rows.begin(), rows.end(), [&](const Verification& row) {
      return same_allocator(row, one);
    });
    if (known) return;
    Verification& row = rows.emplace_back();
    row.workload = workload;
    row.allocator = one.allocator;
    row.tuning = one.tuning;
  };
  for (const Summary& one : result.summary) {
    const bool run = std::any_of(result.real_runs.begin(), result.real_runs.end(),
                                 [&](const Run& real) { return same_allocator(real, one); });
    if (run && one.workload == workload) add(one);
  }
  for (const Run& one : result.real_runs) add(one);
  return rows;
}

// ---- agreement

/// The real runs in the shape that verdicts are drawn from: CPU time stands for time per operation.
Result as_measurement(const Result& result, const std::string& workload) {
  Result real;
  for (const WorkloadInfo& one : result.workloads) {
    if (one.name == workload) real.workloads.push_back(one);
  }
  for (WorkloadInfo& one : real.workloads) one.start_costs.clear();  // their CPU time has them
  const double operations =
      real.workloads.empty() ? 0 : static_cast<double>(real.workloads.front().operations);
  Values base_cpu;
  for (Run run : result.real_runs) {
    run.samples.clear();
    run.purpose = "footprint";
    real.runs.push_back(run);
    if (run.status != RunStatus::ok || operations <= 0) continue;
    if (run.allocator == "glibc" && run.tuning == "default") base_cpu.push_back(run.cpu_seconds);
    run.purpose = "throughput";
    run.peak_rss_bytes = run.mean_rss_bytes = run.end_rss_bytes = std::nullopt;
    run.ns_per_operation = run.cpu_seconds * 1e9 / operations;
    real.runs.push_back(std::move(run));
  }
  if (!base_cpu.empty() && !real.workloads.empty()) {
    real.workloads.front().cpu_s = median(base_cpu);
  }
  real.summary = summarize(real.runs);
  return real;
}

const Recommendation* verdict_for(const Result& result, const std::string& workload,
                                  Objective objective) {
  for (const Recommendation& one : result.recommendations) {
    if (one.workload == workload && one.objective == objective) return &one;
  }
  return nullptr;
}

const Summary* row_of(const Result& result, const AllocatorName& name) {
  for (const Summary& one : result.summary) {
    if (same_allocator(one, name)) return &one;
  }
  return nullptr;
}

bool enough(const std::vector<Summary>& rows) {
  return std::any_of(rows.begin(), rows.end(), [](const Summary& one) {
    return one.failures == 0 && one.repetitions >= thresholds::kRepetitions;
  });
}

/// What one objective compares.
struct Choices {
  std::optional<std::string> verdict;
  std::optional<AllocatorName> predicted, real;
  std::string sentence;
};

std::string judge(const Result& real, Objective objective, const AllocatorName& predicted,
                  const AllocatorName& chosen) {
  if (same_allocator(predicted, chosen)) return "same-choice";
  const Summary* one = row_of(real, predicted);
  const Summary* other = row_of(real, chosen);
  if (one == nullptr || other == nullptr || one->failures > 0) return "different";
  const WorkloadInfo* info = real.workloads.empty() ? nullptr : &real.workloads.front();
  const Difference difference = objective == Objective::memory
                                    ? memory_difference(*one, *other)
                                    : speed_difference(*one, *other, info);
  const bool counts =
      difference.relation == Relation::less || difference.relation == Relation::more;
  return counts || difference.relation == Relation::unknown ? "different" : "within-noise";
}

std::string sentence_of(const char* what, const Choices& choices) {
  const std::string predicted = display_name(*choices.predicted);
  const std::string real = display_name(*choices.real);
  if (*choices.verdict == "same-choice") {
    return fmt::format("For {}, prediction and real runs choose the same: {}", what, real);
  }
  return fmt::format(
      "For {}, the prediction chooses {} and the real runs choose {}{}", what, predicted, real,
      *choices.verdict == "within-noise" ? "; between these two they show no difference that counts"
                                         : "");
}

Choices compare(const Result& result, const Result& real, const std::string& workload,
                Objective objective, const std::vector<Deployment>& deployments) {
  const char* const what = objective == Objective::memory ? "memory" : "speed";
  Choices choices;
  const Recommendation* predicted = verdict_for(result, workload, objective);
  if (predicted == nullptr) return choices;
  choices.predicted = predicted->choice;
  if (!enough(result.summary) || !enough(real.summary)) {
    choices.sentence = fmt::format("For {}, fewer than {} good runs on a side cannot tell", what,
                                   thresholds::kRepetitions);
    return choices;
  }
  const auto verdict = recommend(real, workload, objective, deployments);
  if (!verdict) return choices;
  choices.real = verdict->choice;
  choices.verdict = judge(real, objective, *choices.predicted, *choices.real);
  choices.sentence = sentence_of(what, choices);
  return choices;
}

}  // namespace

double measured_share_of(const Result& result, const Run& run, double otherwise) {
  for (const WorkloadInfo& one : result.workloads) {
    if (one.name != run.workload || run.recording >= one.recordings.size()) continue;
    return one.recordings[run.recording].measured_share.value_or(otherwise);
  }
  return otherwise;
}

std::vector<Verification> verify_predictions(const Result& result, const std::string& workload,
                                             double measured_share, double non_heap_bytes) {
  std::vector<Verification> rows = empty_rows(result, workload);
  for (Verification& row : rows) {
    std::vector<const Run*> fine;
    for (const Run& run : result.real_runs) {
      if (!same_allocator(run, row)) continue;
      if (run.status == RunStatus::ok) {
        fine.push_back(&run);
        continue;
      }
      if (row.failure.empty()) row.failure = failure_of(run);
      if (run.status != RunStatus::unsupported) ++row.failures;
    }
    row.measured_share = measured_share;
    row.real_runs = static_cast<unsigned>(fine.size());
    fill_real(row, real_figures(fine));
    const Figures predicted = predicted_figures(result, workload, row, measured_share);
    row.predicted_peak_rss_bytes = median_bytes(predicted.peak);
    row.predicted_mean_rss_bytes = median_bytes(predicted.mean);
    row.predicted_end_rss_bytes = median_bytes(predicted.end);
    fill_errors(row, non_heap_bytes);
  }
  verify_speed(result, workload, rows);
  return rows;
}

Agreement agree(const Result& result, const std::string& workload,
                const std::vector<Deployment>& deployments) {
  const Result real = as_measurement(result, workload);
  const Choices memory = compare(result, real, workload, Objective::memory, deployments);
  const Choices speed = compare(result, real, workload, Objective::speed, deployments);
  Agreement agreement;
  agreement.memory = memory.verdict;
  agreement.speed = speed.verdict;
  agreement.predicted_memory_choice = memory.predicted;
  agreement.real_memory_choice = memory.real;
  agreement.predicted_speed_choice = speed.predicted;
  agreement.real_speed_choice = speed.real;
  for (const Choices* choices : {&memory, &speed}) {
    if (!choices->sentence.empty()) agreement.sentences.push_back(choices->sentence);
  }
  return agreement;
}

void count_real_failures(Result& result) {
  for (const Run& run : result.real_runs) {
    if (run.status == RunStatus::ok || run.status == RunStatus::unsupported) continue;
    for (Summary& row : result.summary) {
      if (row.workload != run.workload || !same_allocator(row, run)) continue;
      if (row.failures++ > 0) continue;
      row.failure = "the program itself " + failure_of(run);
      row.flags.emplace_back("fails-under-allocator");
    }
  }
}

bool none_checked(const std::vector<Verification>& rows) {
  return std::all_of(rows.begin(), rows.end(),
                     [](const Verification& row) { return row.check == "not-checked"; });
}

bool all_passed(const std::vector<Verification>& rows) {
  return std::none_of(rows.begin(), rows.end(),
                      [](const Verification& row) { return row.check == "failed"; });
}

}  // namespace heapwise
