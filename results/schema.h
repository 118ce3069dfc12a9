// SPDX-License-Identifier: MIT
// The fields of the document, listed once for writing and for reading: each describe() names the
// fields of one type to a visitor, which either puts them into JSON or takes them from it.
#pragma once

#include <concepts>
#include <cstdint>
#include <type_traits>
#include <utility>

#include "results/result.h"

namespace heapwise::schema {

/// T or const T: a writer visits const objects, a reader changeable ones.
template <class T, class Expected>
concept Is = std::same_as<std::remove_const_t<T>, Expected>;

using RssPoint = std::pair<double, std::uint64_t>;

/// A list that not every object has: not written where it is empty.
template <class Visitor, class List>
void describe_some(Visitor& field, const char* name, List& list) {
  if (std::is_const_v<List> && list.empty()) return;
  field(name, list);
}

template <class Visitor, Is<Warning> T>
void describe(Visitor& field, T& one) {
  field("code", one.code);
  field("what", one.what);
  field("remedy", one.remedy);
  field("doc", one.doc);
}

template <class Visitor, Is<Environment> T>
void describe(Visitor& field, T& one) {
  field("host", one.host);
  field("kernel", one.kernel);
  field("cpu", one.cpu);
  field("cores", one.cores);
  field("memory_bytes", one.memory_bytes);
  field("memory_limit_bytes", one.memory_limit_bytes);
  field("cpu_limit", one.cpu_limit);
  field("page_size_bytes", one.page_size_bytes);
  field("distribution", one.distribution);
  field("libc", one.libc);
  field("compiler", one.compiler);
  field("build_type", one.build_type);
  field("transparent_hugepage", one.transparent_hugepage);
  field("frequency_governor", one.frequency_governor);
  field("load_average", one.load_average);
  field("warnings", one.warnings);
}

template <class Visitor, Is<Harness> T>
void describe(Visitor& field, T& one) {
  field("null_ns_per_operation", one.null_ns_per_operation);
  field("null_rss_bytes", one.null_rss_bytes);
  field("null_rss_growth_bytes", one.null_rss_growth_bytes);
}

template <class Visitor, Is<RssPoint> T>
void describe(Visitor& field, T& one) {
  field("time_s", one.first);
  field("rss_bytes", one.second);
}

template <class Visitor, Is<RecordingInfo> T>
void describe(Visitor& field, T& one) {
  field("trace", one.trace);
  field("operations", one.operations);
  field("threads", one.threads);
  field("peak_live_bytes", one.peak_live_bytes);
  field("mean_live_bytes", one.mean_live_bytes);
  field("end_live_bytes", one.end_live_bytes);
  field("duration_s", one.duration_s);
  field("cpu_s", one.cpu_s);
  field("measured_share", one.measured_share);
}

template <class Visitor, Is<StartCost> T>
void describe(Visitor& field, T& one) {
  field("allocator", one.allocator);
  field("tuning", one.tuning);
  field("cpu_s", one.cpu_s);
}

template <class Visitor, Is<WorkloadInfo> T>
void describe(Visitor& field, T& one) {
  field("name", one.name);
  field("source", one.source);
  field("trace", one.trace);
  field("command", one.command);
  field("operations", one.operations);
  field("allocations", one.allocations);
  field("threads", one.threads);
  field("peak_live_bytes", one.peak_live_bytes);
  field("mean_live_bytes", one.mean_live_bytes);
  field("end_live_bytes", one.end_live_bytes);
  field("duration_s", one.duration_s);
  field("cpu_s", one.cpu_s);
  field("children_cpu_s", one.children_cpu_s);
  field("process_starts", one.process_starts);
  describe_some(field, "start_costs", one.start_costs);
  field("busy_processors", one.busy_processors);
  field("recorded_wall_s", one.recorded_wall_s);
  field("recording_slowdown", one.recording_slowdown);
  field("capabilities", one.capabilities);
  field("recorded_rss", one.recorded_rss);
  describe_some(field, "linked_allocator", one.linked_allocator);
  describe_some(field, "recordings", one.recordings);
  field("warnings", one.warnings);
  field("null_ns_per_operation", one.null_ns_per_operation);
  field("null_seconds", one.null_seconds);
  field("null_rss_bytes", one.null_rss_bytes);
  describe_some(field, "host", one.host);
}

template <class Visitor, Is<Sample> T>
void describe(Visitor& field, T& one) {
  field("time_s", one.time_s);
  field("live_bytes", one.live_bytes);
  field("rss_bytes", one.rss_bytes);
}

template <class Visitor, Is<CallLatency> T>
void describe(Visitor& field, T& one) {
  field("kind", one.kind);
  field("calls", one.calls);
  field("mean_ns", one.mean_ns);
  field("p50_ns", one.p50_ns);
  field("p99_ns", one.p99_ns);
  field("p999_ns", one.p999_ns);
  field("max_ns", one.max_ns);
}

template <class Visitor, Is<Run> T>
void describe(Visitor& field, T& one) {
  field("workload", one.workload);
  field("allocator", one.allocator);
  field("tuning", one.tuning);
  field("version", one.version);
  field("linkage", one.linkage);
  field("purpose", one.purpose);
  field("repetition", one.repetition);
  if (!std::is_const_v<T> || one.recording != 0) field("recording", one.recording);
  describe_some(field, "library", one.library);
  describe_some(field, "settings", one.settings);
  field("status", one.status);
  field("status_detail", one.status_detail);
  field("unconfirmed_settings", one.unconfirmed_settings);
  field("operations", one.operations);
  field("seconds", one.seconds);
  field("cpu_seconds", one.cpu_seconds);
  field("failed_calls", one.failed_calls);
  field("ns_per_operation", one.ns_per_operation);
  field("peak_rss_bytes", one.peak_rss_bytes);
  field("mean_rss_bytes", one.mean_rss_bytes);
  field("end_rss_bytes", one.end_rss_bytes);
  field("drained_1s_rss_bytes", one.drained_1s_rss_bytes);
  field("drained_10s_rss_bytes", one.drained_10s_rss_bytes);
  field("fragmentation_peak", one.fragmentation_peak);
  field("fragmentation_mean", one.fragmentation_mean);
  field("fragmentation_end", one.fragmentation_end);
  field("process_peak_rss_bytes", one.process_peak_rss_bytes);
  field("latency_p50_ns", one.latency_p50_ns);
  field("latency_p99_ns", one.latency_p99_ns);
  field("latency_p999_ns", one.latency_p999_ns);
  field("latency_max_ns", one.latency_max_ns);
  field("stamp_ns", one.stamp_ns);
  describe_some(field, "latency", one.latency);
  field("padding_bytes", one.padding_bytes);
  field("samples", one.samples);
}

template <class Visitor, Is<FasterHalf> T>
void describe(Visitor& field, T& one) {
  field("runs", one.runs);
  field("median", one.median);
  field("low", one.low);
  field("high", one.high);
  field("mad", one.mad);
}

template <class Visitor, Is<Interval> T>
void describe(Visitor& field, T& one) {
  field("median", one.median);
  field("low", one.low);
  field("high", one.high);
  field("mad", one.mad);
  field("faster_half", one.faster_half);
}

template <class Visitor, Is<RecordingFigures> T>
void describe(Visitor& field, T& one) {
  field("recording", one.recording);
  field("memory_cost_bytes", one.memory_cost_bytes);
  field("ns_per_operation", one.ns_per_operation);
  field("cpu_ns_per_operation", one.cpu_ns_per_operation);
}

template <class Visitor, Is<Summary> T>
void describe(Visitor& field, T& one) {
  field("workload", one.workload);
  field("allocator", one.allocator);
  field("tuning", one.tuning);
  field("version", one.version);
  field("repetitions", one.repetitions);
  field("failures", one.failures);
  field("failure", one.failure);
  describe_some(field, "library", one.library);
  describe_some(field, "settings", one.settings);
  describe_some(field, "flags", one.flags);
  field("ns_per_operation", one.ns_per_operation);
  field("cpu_ns_per_operation", one.cpu_ns_per_operation);
  field("memory_cost_bytes", one.memory_cost_bytes);
  field("peak_rss_bytes", one.peak_rss_bytes);
  field("mean_rss_bytes", one.mean_rss_bytes);
  field("end_rss_bytes", one.end_rss_bytes);
  field("drained_1s_rss_bytes", one.drained_1s_rss_bytes);
  field("drained_10s_rss_bytes", one.drained_10s_rss_bytes);
  field("fragmentation_peak", one.fragmentation_peak);
  field("fragmentation_mean", one.fragmentation_mean);
  field("fragmentation_end", one.fragmentation_end);
  field("latency_p50_ns", one.latency_p50_ns);
  field("latency_p99_ns", one.latency_p99_ns);
  field("latency_p999_ns", one.latency_p999_ns);
  field("latency_max_ns", one.latency_max_ns);
  describe_some(field, "recordings", one.recordings);
}

template <class Visitor, Is<AllocatorName> T>
void describe(Visitor& field, T& one) {
  field("allocator", one.allocator);
  field("tuning", one.tuning);
}

template <class Visitor, Is<Recommendation> T>
void describe(Visitor& field, T& one) {
  field("workload", one.workload);
  field("objective", one.objective);
  field("allocator", one.choice.allocator);
  field("tuning", one.choice.tuning);
  field("verdict", one.verdict);
  field("over", one.over);
  field("headline", one.headline);
  field("reasons", one.reasons);
  field("how_to", one.how_to);
}

template <class Visitor, Is<RegretCell> T>
void describe(Visitor& field, T& one) {
  field("percent", one.percent);
  field("standing", one.standing);
}

template <class Visitor, Is<Regret> T>
void describe(Visitor& field, T& one) {
  field("workload", one.workload);
  field("allocator", one.allocator);
  field("tuning", one.tuning);
  field("memory", one.memory);
  field("speed", one.speed);
  field("latency", one.latency);
  field("balanced_points", one.balanced_points);
  field("on_front", one.on_front);
  describe_some(field, "failure", one.failure);
}

template <class Visitor, Is<RegretFigure> T>
void describe(Visitor& field, T& one) {
  field("mean", one.mean);
  field("clear_mean", one.clear_mean);
  field("worst", one.worst);
  field("worst_workload", one.worst_workload);
}

template <class Visitor, Is<FleetRow> T>
void describe(Visitor& field, T& one) {
  field("allocator", one.allocator);
  field("tuning", one.tuning);
  field("workloads", one.workloads);
  field("failures", one.failures);
  field("missing", one.missing);
  field("memory", one.memory);
  field("speed", one.speed);
  field("latency", one.latency);
  field("balanced", one.balanced);
}

template <class Visitor, Is<SuiteWorkload> T>
void describe(Visitor& field, T& one) {
  field("workload", one.workload);
  field("choice", one.choice);
  field("rounds", one.rounds);
  field("stopped", one.stopped);
  field("reason", one.reason);
}

template <class Visitor, Is<SuiteInfo> T>
void describe(Visitor& field, T& one) {
  field("mode", one.mode);
  field("workloads", one.workloads);
  field("allocators", one.allocators);
  field("purposes", one.purposes);
  field("workload_seed", one.workload_seed);
  field("least_rounds", one.least_rounds);
  field("most_rounds", one.most_rounds);
  field("budget_s", one.budget_s);
  field("elapsed_s", one.elapsed_s);
  field("shard", one.shard);
  field("shards", one.shards);
  describe_some(field, "merged", one.merged);
  field("complete", one.complete);
  field("progress", one.progress);
  field("limits", one.limits);
}

template <class Visitor, Is<Verification> T>
void describe(Visitor& field, T& one) {
  field("workload", one.workload);
  field("allocator", one.allocator);
  field("tuning", one.tuning);
  field("real_runs", one.real_runs);
  field("failures", one.failures);
  field("failure", one.failure);
  field("real_peak_rss_bytes", one.real_peak_rss_bytes);
  field("predicted_peak_rss_bytes", one.predicted_peak_rss_bytes);
  field("real_mean_rss_bytes", one.real_mean_rss_bytes);
  field("predicted_mean_rss_bytes", one.predicted_mean_rss_bytes);
  field("real_end_rss_bytes", one.real_end_rss_bytes);
  field("predicted_end_rss_bytes", one.predicted_end_rss_bytes);
  field("noise_percent", one.noise_percent);
  field("mean_noise_percent", one.mean_noise_percent);
  field("end_noise_percent", one.end_noise_percent);
  field("error_percent", one.error_percent);
  field("mean_error_percent", one.mean_error_percent);
  field("end_error_percent", one.end_error_percent);
  field("error_percent_of_process", one.error_percent_of_process);
  field("process_peak_rss_bytes", one.process_peak_rss_bytes);
  field("real_cpu_s", one.real_cpu_s);
  field("real_cpu_noise_percent", one.real_cpu_noise_percent);
  field("real_wall_s", one.real_wall_s);
  field("cpu_change_percent", one.cpu_change_percent);
  field("cpu_change_low_percent", one.cpu_change_low_percent);
  field("cpu_change_high_percent", one.cpu_change_high_percent);
  field("predicted_cpu_change_percent", one.predicted_cpu_change_percent);
  field("real_speed", one.real_speed);
  field("predicted_speed", one.predicted_speed);
  field("measured_share", one.measured_share);
  field("check", one.check);
}

template <class Visitor, Is<Agreement> T>
void describe(Visitor& field, T& one) {
  field("memory", one.memory);
  field("speed", one.speed);
  field("predicted_memory_choice", one.predicted_memory_choice);
  field("real_memory_choice", one.real_memory_choice);
  field("predicted_speed_choice", one.predicted_speed_choice);
  field("real_speed_choice", one.real_speed_choice);
  field("sentences", one.sentences);
}

template <class Visitor, Is<Result> T>
void describe(Visitor& field, T& one) {
  field("heapwise_version", one.heapwise_version);
  field("created", one.created);
  field("seed", one.seed);
  field("environment", one.environment);
  field("harness", one.harness);
  field("workloads", one.workloads);
  field("runs", one.runs);
  field("summary", one.summary);
  field("recommendations", one.recommendations);
  describe_some(field, "regrets", one.regrets);
  describe_some(field, "fleet", one.fleet);
  describe_some(field, "fleet_recommendations", one.fleet_recommendations);
  field("suite", one.suite);
  describe_some(field, "machines", one.machines);
  describe_some(field, "real_runs", one.real_runs);
  describe_some(field, "verification", one.verification);
  field("agreement", one.agreement);
}

}  // namespace heapwise::schema
