// SPDX-License-Identifier: MIT
#include "bench/session/verify.h"

#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "allocators/allocator.h"
#include "base/files.h"
#include "base/temporary_directory.h"
#include "bench/session/record_target.h"
#include "cli/complete.h"
#include "cli/deployments.h"
#include "cli/measure.h"
#include "cli/places.h"
#include "cli/purposes.h"
#include "cli/recording.h"
#include "cli/verb.h"
#include "cli/verify_subject.h"
#include "results/json.h"
#include "results/recommend.h"
#include "results/report/console.h"
#include "results/report/html.h"
#include "results/summarize.h"
#include "results/thresholds.h"
#include "results/units.h"
#include "results/verification.h"

namespace heapwise::cli {
namespace {

/// A program is run for real as often as is asked for; more replays than so many of a recording,
/// and of all recordings, tell nothing new.
constexpr unsigned kMostReplays = 9;
constexpr unsigned kMostReplaysOfAll = 27;

unsigned replays_of_each(unsigned repetitions, std::size_t recordings) {
  const auto share = static_cast<unsigned>(kMostReplaysOfAll / recordings);
  return std::min(repetitions, std::clamp(share, thresholds::kRepetitions, kMostReplays));
}

struct VerifyVerb {
  std::string report;  ///< empty: none
  std::string json;
  std::string wait_port;
  LoadScript load;
  bool force = false;
  unsigned recordings = 1;
  MeasureOptions measure;
};

Expected<void> check_load(VerifyVerb& verb) {
  const bool waits = !verb.wait_port.empty() || !verb.load.wait_file.empty();
  if (waits && verb.load.command.empty()) {
    return fail(ErrorCode::usage, "there is nothing to start when the program is ready",
                "give the load with --with 'COMMAND'");
  }
  if (verb.wait_port.empty() || verb.wait_port == "{port}") return {};
  const char* const end = verb.wait_port.data() + verb.wait_port.size();
  const auto parsed = std::from_chars(verb.wait_port.data(), end, verb.load.wait_port);
  if (parsed.ec != std::errc() || parsed.ptr != end || verb.load.wait_port == 0 ||
      verb.load.wait_port > 65535) {
    return fail(ErrorCode::usage, verb.wait_port + " is no port",
                "give a number from 1 to 65535, or {port} for one that is free");
  }
  return {};
}

/// What cannot be preloaded cannot be recorded either, so there is nothing to verify.
Expected<void> check_program(const std::string& name) {
  const auto target = inspect_target(name);
  if (!target) return tl::make_unexpected(target.error());
  for (const Warning& warning : target->warnings) {
    for (const char* code : {"setuid-executable", "foreign-executable", "static-executable",
                             "sanitized-executable", "own-malloc"}) {
      if (warning.code == code) return fail(ErrorCode::unsupported, warning.what, warning.remedy);
    }
  }
  return {};
}

Expected<void> check_arguments(VerifyVerb& verb, const std::vector<std::string>& command) {
  if (command.empty() || command.front().empty()) {
    return fail(ErrorCode::usage,
                command.empty() ? "there is no program to verify" : "the program's name is empty",
                "give it behind two dashes: heapwise verify -- PROGRAM ARGUMENTS…");
  }
  const auto purposes = parse_purposes(verb.measure.purposes);
  if (!purposes) return tl::make_unexpected(purposes.error());
  if (std::find(purposes->begin(), purposes->end(), Purpose::footprint) == purposes->end()) {
    return fail(ErrorCode::usage, "a verification needs footprint runs",
                "leave --purposes out, or give footprint");
  }
  if (auto good = check_load(verb); !good) return good;
  if (auto good = check_places({verb.report, verb.json}, verb.force); !good) return good;
  return check_program(command.front());
}

bool is_linked_to_allocator(const Subject& subject) {
  return std::any_of(subject.warnings.begin(), subject.warnings.end(),
                     [](const Warning& warning) { return warning.code == "linked-allocator"; });
}

void show(Progress& progress, const VerifyProgress& step) {
  const std::string what = fmt::format(
      "real run: {} · round {}", display_name(step.allocator, step.tuning), step.repetition + 1);
  progress.show(what, static_cast<double>(step.done) / step.total);
}

/// What a run of the program without recorder has to know.
VerifyOptions options_for(const VerifyVerb& verb, const std::vector<std::string>& command,
                          const Subject& subject, const std::string& input) {
  VerifyOptions options;
  options.command = command;
  options.load = verb.load;
  options.wait_any_port = verb.wait_port == "{port}";
  options.input = input;
  options.mark_library = library_directory() + "/libheapwise_mark.so";
  options.over_linked = is_linked_to_allocator(subject);
  options.image = subject.image;
  options.recorded_wall_s = subject.recording.wall_seconds;
  options.recorded_wait_status = subject.recording.wait_status;
  return options;
}

Expected<RealRuns> run_for_real(VerifyOptions options, const VerifyVerb& verb,
                                const std::vector<Contender>& contenders, const RealRunEnd& plain,
                                const Result& predicted, Progress& progress) {
  options.contenders = contenders;
  options.repetitions = verb.measure.repetitions;
  options.seed = predicted.seed;
  options.workload = predicted.workloads.front().name;
  options.library_directory = library_directory();
  options.progress = [&progress](const VerifyProgress& step) { show(progress, step); };
  auto runs = run_all_for_real(options, plain);
  progress.clear();
  return runs;
}

/// Says why nothing was checked, where real runs ended well.
void warn_of_small_heap(Result& result, double non_heap_bytes) {
  const bool skipped = std::any_of(
      result.verification.begin(), result.verification.end(),
      [](const Verification& row) { return row.error_percent && row.check == "not-checked"; });
  if (!skipped) return;
  std::vector<Warning>& warnings = result.workloads.front().warnings;
  std::erase_if(warnings, [](const Warning& one) { return one.code == "heap-small-share"; });
  warnings.push_back(
      {"heap-small-share",
       fmt::format("{} of this program's memory, on average, is not malloc's: the real heap is a "
                   "difference of large numbers that were taken in different runs, and no check "
                   "of the prediction",
                   format_bytes(non_heap_bytes)),
       "see the error in per cent of the process; a program's own allocator may be switched off, "
       "as python's is by PYTHONMALLOC=malloc",
       "verifying"});
}

/// Puts the real runs beside the prediction. What the prediction recommends by itself is compared
/// first; what is recommended in the end leaves out what the program dies of.
void add_verification(Result& result, RealRuns real, const std::vector<Contender>& contenders,
                      double measured_share) {
  const std::string workload = result.workloads.front().name;
  const auto deployments = deployments_of(contenders);
  result.real_runs = std::move(real.runs);
  result.verification = verify_predictions(result, workload, measured_share, real.non_heap_bytes);
  warn_of_small_heap(result, real.non_heap_bytes);
  result.agreement = agree(result, workload, deployments);
  count_real_failures(result);
  result.recommendations = recommend_objectives(result, deployments);
  std::vector<Warning>& warnings = result.workloads.front().warnings;
  warnings.insert(warnings.end(), real.warnings.begin(), real.warnings.end());
}

Expected<void> write_outputs(const VerifyVerb& verb, const Result& result) {
  if (!verb.json.empty()) {
    auto kept = keep(verb.json, to_json(result), verb.force);
    if (!kept) return tl::make_unexpected(kept.error());
  }
  std::string report;
  if (!verb.report.empty()) {
    auto kept = keep(verb.report, html_report({result}), verb.force);
    if (!kept) return tl::make_unexpected(kept.error());
    report = *std::move(kept);
  }
  if (verb.json == "-" || verb.report == "-") return {};
  fmt::print("{}\nNext: {}\n", console_report(result),
             report.empty() ? "give -o REPORT.html to see the curves of memory over time."
                            : fmt::format("open {} in a browser.", shell_quoted(report)));
  return {};
}

/// Yields the exit code.
Expected<int> conclude(const Result& result, Progress& progress) {
  if (!all_passed(result.verification)) {
    return fail(ErrorCode::check_failed,
                fmt::format("a predicted peak is off by more than the program's noise + {} %",
                            kVerifyAllowedPercent),
                "the table names it; the warnings say what the prediction may be wrong about");
  }
  if (!none_checked(result.verification)) return kFine;
  progress.note("no prediction could be checked; the table says why");
  return kInconclusive;
}

/// Yields the exit code.
Expected<int> run(VerifyVerb& verb, const std::vector<std::string>& command) {
  if (auto good = check_arguments(verb, command); !good) return tl::make_unexpected(good.error());
  const auto contenders = contenders_of(verb.measure);
  if (!contenders) return tl::make_unexpected(contenders.error());
  auto folder = TemporaryDirectory::make();
  if (!folder) return tl::make_unexpected(folder.error());
  const auto input = keep_input(folder->path());
  if (!input) return tl::make_unexpected(input.error());

  Progress progress(verb.measure.quiet);
  const auto run_without_recorder = [&](const Subject& recorded) {
    return run_plainly(options_for(verb, command, recorded, *input));
  };
  const auto subject = record_subject({command, verb.load, verb.wait_port == "{port}",
                                       verb.recordings, *input, run_without_recorder},
                                      folder->path(), progress);
  if (!subject) return tl::make_unexpected(subject.error());
  const std::vector<unsigned> one_workload(subject->traces.size(), 0);
  MeasureOptions replays = verb.measure;
  replays.repetitions = replays_of_each(replays.repetitions, subject->traces.size());
  auto result = measure(subject->traces, replays, progress,
                        subject->traces.size() > 1 ? one_workload : std::vector<unsigned>{});
  if (!result) return tl::make_unexpected(result.error());
  WorkloadInfo& workload = result->workloads.front();
  workload.trace.clear();  // it is about to be removed
  for (std::size_t i = 0; i < workload.recordings.size(); ++i) {
    workload.recordings[i].trace.clear();
    if (!verb.load.command.empty()) {
      workload.recordings[i].measured_share = subject->measured_shares[i];
    }
  }
  workload.command = command;
  workload.recorded_wall_s = subject->recorded_wall_s;
  workload.recording_slowdown = subject->slowdown;
  // Real runs tell the CPU time of the whole command; this one is without the recorder's.
  if (subject->plain_cpu_s > 0) workload.cpu_s = subject->plain_cpu_s;
  if (!subject->image.program.empty()) {
    workload.process_starts = subject->recording.process_starts;
    workload.children_cpu_s.reset();
  }
  complete(*result, deployments_of(*contenders));
  add_recording_warnings(workload, subject->warnings);
  auto real = run_for_real(options_for(verb, command, *subject, *input), verb, *contenders,
                           subject->plain, *result, progress);
  if (!real) return tl::make_unexpected(real.error());
  add_verification(*result, *std::move(real), *contenders, subject->measured_share);
  if (auto written = write_outputs(verb, *result); !written) {
    return tl::make_unexpected(written.error());
  }
  return conclude(*result, progress);
}

}  // namespace

void add_verify(const Command& root, Outcome& outcome) {
  auto verb = std::make_shared<VerifyVerb>();
  const Command app = root.add_command(
      "verify",
      "See whether the prediction holds: record a program, replay it on every allocator, then run "
      "the program itself under each of them, preloaded, in turn, and show both side by side. The "
      "program runs many times in this directory, each time with the same standard input. "
      "--repetitions says how often; replays are as many, up to nine of each recording and 27 of "
      "all, but three at least. A server gets its load with --with, and a port of its own wherever "
      "{port} stands.\n"
      "Exit status: 0 the predicted peaks hold, 1 one is off by more than it may be, 3 none could "
      "be checked.\n"
      "Example: heapwise verify -- sqlite3 :memory: '.read load.sql'\n"
      "Example: heapwise verify --wait-port {port} --with 'redis-benchmark -p {port} -q' -- "
      "redis-server --port {port}");
  app.add_option("-o,--output", verb->report, "Write a report with charts to this file");
  app.add_option("--json", verb->json, "Write the result as JSON to this file, or - for stdout");
  app.add_option("--with", verb->load.command,
                 "A load script, run by sh beside the program for each run. The measurement ends "
                 "with it, and the program is then ended (SIGTERM). HEAPWISE_PID names the "
                 "program's process");
  const Option port =
      app.add_option("--wait-port", verb->wait_port,
                     "Start the load when 127.0.0.1 takes connections at this port");
  app.add_option("--wait-file", verb->load.wait_file, "Start the load when this file is there")
      .excludes(port);
  app.add_option("--wait-timeout", verb->load.ready_timeout_s,
                 "Seconds that the program may take to be ready")
      .positive()
      .show_default();
  app.add_option("--recordings", verb->recordings,
                 "Record the program so many times: the prediction is the median of theirs, which "
                 "a program needs that allocates differently each time")
      .range(1, 100)
      .show_default();
  app.add_flag("--force", verb->force, "Replace existing files");
  app.takes_words();
  verb->measure.add_to(app);
  app.callback([verb, &outcome] { outcome.exit_code = exit_code_of(run(*verb, outcome.command)); });
}

}  // namespace heapwise::cli
