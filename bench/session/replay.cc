// SPDX-License-Identifier: MIT
#include "bench/session/replay.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <map>

#include "base/files.h"
#include "base/rng.h"
#include "base/temporary_directory.h"
#include "bench/plan/compile.h"
#include "bench/session/reference.h"
#include "bench/session/replay_session.h"
#include "bench/session/rounds.h"
#include "bench/session/runner.h"
#include "bench/session/workload_info.h"
#include "results/statistics.h"
#include "results/summarize.h"

namespace heapwise {
namespace {

constexpr std::uint64_t kPage = 4096;
/// Samples that a plan may hold; it has about a thousand in time and some for new heights.
constexpr std::uint64_t kSampleCapacity = 16384;

/// No allocator is so much slower than none that it needs more than this.
double derived_timeout(double null_seconds) { return 60 + 200 * null_seconds; }

Contender null_contender() { return {"null", "default", "null", {}, {}}; }
Contender glibc_contender() { return {"glibc", "default", "glibc", {}, {}}; }

/// Whether the trace tells what glibc took of the program's time.
bool knows_glibc_time(const plan::PlanFacts& facts) {
  return !facts.allocator_times.empty() &&
         facts.info.fact("recorder.recorded_over").value_or("glibc") == "glibc";
}

/// How many threads were at work on average, as far as the recorded CPU time tells.
double calls_at_once(const WorkloadInfo& recording) {
  const auto cpu_s = own_cpu_s(recording);
  if (!cpu_s || recording.threads < 2 || recording.duration_s <= 0) return 1;
  return std::max(1.0, *cpu_s / recording.duration_s);
}

}  // namespace

Expected<plan::PlanFacts> Session::open(const std::string& trace) {
  progress_.workload(trace);
  progress_.begin({}, "plan", 0);
  auto facts = plan::compile_plan(trace, directory_ + "/plan");
  if (!facts) return facts;
  progress_.end();
  if (facts->damage && facts->operations == 0) {
    return tl::unexpected(nothing_left(trace, *facts->damage));
  }
  WorkloadInfo info = workload_info(*facts, trace);
  if (recording_ == 0) {
    info.name = unused_name(info.name);
    result_.workloads.push_back(info);
  }
  info.name = result_.workloads.back().name;
  progress_.workload(info.name);
  opened_ = std::move(info);
  reference_known_ = false;
  return facts;
}

Expected<WorkloadInfo> Session::replay_trace(const std::string& trace) {
  const auto facts = open(trace);
  if (!facts) return tl::unexpected(facts.error());
  auto measured = run_null(*facts);
  if (measured) measured = run_rounds(*facts);
  unlink((directory_ + "/plan").c_str());
  unlink(reference_path().c_str());
  if (!measured) return tl::unexpected(measured.error());
  const WorkloadInfo& measured_info = result_.workloads.back();
  opened_.null_rss_bytes = measured_info.null_rss_bytes;
  opened_.null_seconds = measured_info.null_seconds;
  opened_.null_ns_per_operation = measured_info.null_ns_per_operation;
  return opened_;
}

Expected<void> Session::replay_workload(const std::vector<std::string>& recordings) {
  std::vector<WorkloadInfo> infos;
  for (recording_ = 0; recording_ < recordings.size(); ++recording_) {
    auto info = replay_trace(recordings[recording_]);
    if (!info) return tl::unexpected(info.error());
    infos.push_back(*std::move(info));
  }
  if (infos.size() > 1) merge_recordings(result_.workloads.back(), infos);
  return {};
}

std::string Session::unused_name(const std::string& name) const {
  std::string tried = name;
  for (unsigned number = 2;; ++number) {
    const bool used = std::any_of(result_.workloads.begin(), result_.workloads.end(),
                                  [&](const WorkloadInfo& other) { return other.name == tried; });
    if (!used) return tried;
    tried = name + "-" + std::to_string(number);
  }
}

Expected<RunnerEnd> Session::run_null_once(Purpose purpose, unsigned repetition) {
  progress_.begin(null_contender(), to_string(purpose), repetition);
  // Nobody knows yet how long this takes; a trace of a thousand million operations takes minutes.
  auto end =
      call_runner(null_contender(), purpose, options_.timeout_s > 0 ? options_.timeout_s : 3600);
  progress_.end();
  if (!end) return end;
  if (end->status != RunStatus::ok) {
    return fail(ErrorCode::unsupported, "the harness itself cannot replay: " + end->detail,
                "Every figure rests on this run; see what the message says, and heapwise doctor.");
  }
  null_.seconds[purpose] = std::max(null_.seconds[purpose], end->seconds);
  return end;
}

Expected<void> Session::run_null(const plan::PlanFacts& facts) {
  null_ = {};
  if (has_purpose(Purpose::footprint)) {
    const auto end = run_null_once(Purpose::footprint, 0);
    if (!end) return tl::unexpected(end.error());
    const RawRun& raw = end->raw.run;
    const std::uint64_t highest = std::max(raw.peak_rss_bytes, raw.last_rss_bytes);
    null_.rss_bytes = raw.before_rss_bytes;
    null_.samples = end->raw.samples;
    Harness& harness = result_.harness;
    harness.null_rss_bytes = std::max(harness.null_rss_bytes, raw.before_rss_bytes);
    const std::uint64_t growth = highest - std::min(highest, raw.before_rss_bytes);
    harness.null_rss_growth_bytes = std::max(harness.null_rss_growth_bytes, growth);
    result_.workloads.back().null_rss_bytes = raw.before_rss_bytes;
  }
  if (has_purpose(Purpose::latency)) {
    if (const auto end = run_null_once(Purpose::latency, 0); !end) {
      return tl::unexpected(end.error());
    }
  }
  double& longest = result_.workloads.back().null_seconds.emplace(0);
  for (const auto& [purpose, seconds] : null_.seconds) longest = std::max(longest, seconds);
  if (!has_purpose(Purpose::throughput) || facts.operations == 0) return {};
  std::vector<double> wall;
  for (unsigned repetition = 0; repetition < kNullRuns; ++repetition) {
    const auto end = run_null_once(Purpose::throughput, repetition);
    if (!end) return tl::unexpected(end.error());
    wall.push_back(static_cast<double>(end->raw.run.wall_ns));
  }
  double& slowest = *result_.workloads.back().null_seconds;
  slowest = std::max(slowest, null_.seconds[Purpose::throughput]);
  result_.workloads.back().null_ns_per_operation =
      median(wall) / static_cast<double>(facts.operations);
  null_ns_ += median(wall);
  null_operations_ += facts.operations;
  result_.harness.null_ns_per_operation = null_ns_ / static_cast<double>(null_operations_);
  return {};
}

void Session::restore_null(const WorkloadInfo& earlier) {
  null_ = {};
  null_.rss_bytes = earlier.null_rss_bytes.value_or(0);
  for (const Purpose purpose : options_.purposes) {
    null_.seconds[purpose] = earlier.null_seconds.value_or(0);
  }
  WorkloadInfo& own = result_.workloads.back();
  own.null_rss_bytes = earlier.null_rss_bytes;
  own.null_seconds = earlier.null_seconds;
  own.null_ns_per_operation = earlier.null_ns_per_operation;
}

Expected<void> Session::measure_reference(const plan::PlanFacts& facts) {
  const Rng before = rng_;  // the run that waits for this has its chances from its own seed
  std::vector<std::vector<RawSample>> replays;
  const unsigned runs = knows_glibc_time(facts) ? kReferenceRuns : 0;
  for (unsigned i = 0; i < runs; ++i) {
    auto end =
        call_runner(glibc_contender(), Purpose::footprint, timeout(Purpose::footprint, facts));
    if (!end) return tl::unexpected(end.error());
    if (end->status != RunStatus::ok) break;  // as the runs that are measured will be
    replays.push_back(std::move(end->raw.samples));
  }
  if (replays.empty() && null_.samples.empty()) {  // an earlier session measured the rest
    auto end = run_null_once(Purpose::footprint, 0);
    if (!end) return tl::unexpected(end.error());
    null_.samples = std::move(end->raw.samples);
  }
  rng_ = before;
  auto written =
      write_reference(reference_path(),
                      replays.empty() ? null_reference(null_.samples)
                                      : recorded_reference(replays, facts.allocator_times),
                      calls_at_once(opened_));
  reference_known_ = written.has_value();
  return written;
}

/// All purposes of all contenders take turns in one order.
Expected<void> Session::run_rounds(const plan::PlanFacts& facts) {
  std::vector<Item> items;
  for (const Contender& contender : options_.contenders) {
    for (const Purpose purpose : options_.purposes) items.push_back({contender, purpose});
  }
  const auto rounds = balanced_rounds(items.size(), options_.repetitions, rng_.next());
  for (unsigned repetition = 0; repetition < options_.repetitions; ++repetition) {
    for (const std::size_t number : rounds[repetition]) {
      auto run = run_item(items[number], repetition, facts);
      if (!run) return tl::unexpected(run.error());
      result_.runs.push_back(std::move(*run));
    }
  }
  return {};
}

double Session::timeout(Purpose purpose, const plan::PlanFacts& facts) const {
  if (options_.timeout_s > 0) return options_.timeout_s;
  const auto null_seconds = null_.seconds.find(purpose);
  double seconds = derived_timeout(null_seconds == null_.seconds.end() ? 0 : null_seconds->second);
  const bool paced = purpose == Purpose::footprint && options_.clock == ReplayClock::recorded;
  if (paced) seconds += 2e-9 * static_cast<double>(facts.duration_ns);
  return seconds;
}

Expected<RunnerEnd> Session::call_runner(const Contender& contender, Purpose purpose,
                                         double timeout_s) {
  RunnerCall call;
  call.library_directory = options_.library_directory;
  call.contender = contender;
  call.plan = directory_ + "/plan";
  call.raw = directory_ + "/raw";
  call.sample_capacity = purpose == Purpose::footprint ? kSampleCapacity : 0;
  call.purpose = purpose;
  if (purpose == Purpose::footprint && reference_known_) call.reference = reference_path();
  // The null runner has no memory to give back, so its footprint run need not wait for the time to
  // come. For speed it does all that the others do, or it would not tell what the harness costs.
  const bool needs_no_time = contender.runner == "null" && purpose == Purpose::footprint;
  call.clock = needs_no_time ? ReplayClock::none : options_.clock;
  if (purpose != Purpose::footprint && opened_.busy_processors) {
    call.processors = static_cast<unsigned>(std::lround(*opened_.busy_processors));
  }
  call.timeout_s = timeout_s;
  call.environment_padding = padding_ = rng_.below(kPage);
  call.stop = options_.stop;
  return run_runner(call);
}

/// Says of settings that run what their figures do not show.
void Session::warn_of_settings(const Item& item, const RunnerEnd& end) {
  if (end.status == RunStatus::unsupported) return;
  std::vector<Warning>& warnings = result_.workloads.back().warnings;
  const std::string name = display_name(item.contender.allocator, item.contender.tuning);
  const std::string beginning = name + ":";
  const bool told = std::any_of(warnings.begin(), warnings.end(), [&](const Warning& one) {
    return one.code == "unconfirmed-settings" && one.what.rfind(beginning, 0) == 0;
  });
  if (!end.unconfirmed_settings.empty() && !told) {
    warnings.push_back(
        {"unconfirmed-settings",
         name + ": whether " + end.unconfirmed_settings + " has any effect is not known",
         "see heapwise allocators for settings that are checked", "tunings"});
  }
  const bool paced = options_.clock == ReplayClock::recorded;
  if (end.in_real_time && item.purpose == Purpose::footprint && !paced) {
    warnings.push_back({"needs-recorded-clock",
                        name + ": a thread of the allocator's own returns memory in real time, "
                               "which passed at once here",
                        "replay with --clock recorded", "tunings"});
  }
}

Expected<Run> Session::run_item(const Item& item, unsigned repetition,
                                const plan::PlanFacts& facts) {
  const bool in_program_time = item.purpose == Purpose::footprint &&
                               options_.clock == ReplayClock::trace &&
                               facts.info.source == TraceSource::recorded;
  if (in_program_time && !reference_known_) {
    if (auto measured = measure_reference(facts); !measured) {
      return tl::unexpected(measured.error());
    }
  }
  progress_.begin(item.contender, to_string(item.purpose), repetition);
  auto end = call_runner(item.contender, item.purpose, timeout(item.purpose, facts));
  if (!end) return tl::unexpected(end.error());
  progress_.end();
  Run run;
  run.workload = result_.workloads.back().name;
  run.allocator = item.contender.allocator;
  run.tuning = item.contender.tuning;
  run.purpose = to_string(item.purpose);
  run.repetition = repetition;
  run.recording = recording_;
  run.padding_bytes = padding_;
  run.status = end->status;
  run.status_detail = end->detail;
  run.unconfirmed_settings = end->unconfirmed_settings;
  if (repetition == 0) warn_of_settings(item, *end);
  const RawRun& raw = end->raw.run;
  run.version.assign(raw.version, strnlen(raw.version, sizeof raw.version));
  run.linkage = item.contender.library.empty() ? "shared" : "preloaded";
  run.library = item.contender.library;
  for (const auto& [name, value] : item.contender.settings) {
    run.settings.emplace_back(name).append("=").append(value);
  }
  if (run.status != RunStatus::ok) return run;
  run.operations = raw.operations;
  run.seconds = static_cast<double>(raw.wall_ns) * 1e-9;
  run.cpu_seconds = static_cast<double>(raw.cpu_ns) * 1e-9;
  run.failed_calls = raw.failed_calls;
  if (run.failed_calls > 0) {  // what it did not have to hold and do would make it look good
    run.status = RunStatus::out_of_memory;
    run.status_detail = fmt::format("{} of {} calls got no memory that the program got",
                                    run.failed_calls, run.operations);
    return run;
  }
  if (item.purpose == Purpose::throughput) {
    fill_throughput(run, end->raw);
  } else if (item.purpose == Purpose::latency) {
    fill_latency(run, end->raw);
  } else {
    const LiveFigures live{facts.peak_live_bytes, facts.mean_live_bytes, facts.end_live_bytes,
                           facts.exit_known};
    if (in_program_time) {
      for (RawSample& sample : end->raw.samples) sample.time_ns = sample.clock_ns;
    }
    fill_footprint(run, end->raw, live, null_.rss_bytes);
  }
  return run;
}

namespace {

/// The traces of each workload, in the order in which workloads first appear.
std::vector<std::vector<std::string>> by_workload(const ReplayOptions& options) {
  std::vector<std::vector<std::string>> lists;
  std::map<unsigned, std::size_t> places;
  for (std::size_t i = 0; i < options.traces.size(); ++i) {
    const auto number = options.workloads.empty() ? static_cast<unsigned>(i) : options.workloads[i];
    const auto [place, fresh] = places.emplace(number, lists.size());
    if (fresh) lists.emplace_back();
    lists[place->second].push_back(options.traces[i]);
  }
  return lists;
}

Expected<void> check(const ReplayOptions& options) {
  if (!options.workloads.empty() && options.workloads.size() != options.traces.size()) {
    return fail(ErrorCode::usage, "not every trace was given a workload");
  }
  if (options.traces.empty()) return fail(ErrorCode::usage, "there is no trace to replay");
  if (options.contenders.empty())
    return fail(ErrorCode::usage, "there is no allocator to replay on");
  if (options.purposes.empty()) return fail(ErrorCode::usage, "there is no purpose to replay for");
  if (options.repetitions == 0) {
    return fail(ErrorCode::usage, "0 repetitions measure nothing", "Give --repetitions 1 or more.");
  }
  std::vector<std::string> runners{"null"};
  for (const Contender& contender : options.contenders) runners.push_back(contender.runner);
  for (const std::string& runner : runners) {
    const std::string path = runner_path(options.library_directory, runner);
    if (access(path.c_str(), X_OK) == 0) continue;
    return fail(ErrorCode::unsupported, "there is no runner " + path,
                "Build or install heapwise again.");
  }
  return {};
}

}  // namespace

Expected<Result> replay(const ReplayOptions& options) {
  if (auto fine = check(options); !fine) return tl::unexpected(fine.error());
  auto directory = TemporaryDirectory::make(options.temporary_parent);
  if (!directory) return tl::unexpected(directory.error());
  Session session(options, directory->path());
  for (const auto& recordings : by_workload(options)) {
    auto done = session.replay_workload(recordings);
    if (!done) return tl::unexpected(done.error());
  }
  return session.take_result();
}

}  // namespace heapwise
