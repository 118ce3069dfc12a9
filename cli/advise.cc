// SPDX-License-Identifier: MIT
#include <fmt/format.h>
#include <sys/wait.h>

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "base/files.h"
#include "base/temporary_directory.h"
#include "bench/session/workload_info.h"
#include "cli/measure.h"
#include "cli/places.h"
#include "cli/purposes.h"
#include "cli/recording.h"
#include "cli/verb.h"
#include "results/flags.h"
#include "results/json.h"
#include "results/report/console.h"
#include "results/report/html.h"
#include "results/units.h"

namespace heapwise::cli {
namespace {

/// Processes below this share of all operations are named but not replayed.
constexpr double kWorthReplaying = 0.05;
/// Where no name is given; or report-2.html, …
constexpr const char* kReport = "report.html";

struct AdviseVerb {
  std::vector<std::string> traces;
  std::string report;  ///< empty: the first free name of report.html, report-2.html, …
  std::string json;
  std::string keep_trace;
  unsigned recordings = 1;
  bool separate = false;
  bool force = false;
  RecordingFlags recording;
  MeasureOptions measure;
};

struct Subject {
  std::vector<std::string> traces;
  std::vector<unsigned> workloads;  ///< which of them are recordings of the same
  std::vector<Warning> warnings;
};

/// The processes that do the allocating, of all that were recorded.
std::vector<std::string> worth_replaying(const Recording& recording, Progress& progress) {
  std::uint64_t all = 0;
  for (const RecordedProcess& process : recording.processes) all += process.totals.operations;
  std::vector<std::string> traces;
  std::size_t small = 0;
  for (const RecordedProcess& process : recording.processes) {
    const auto operations = static_cast<double>(process.totals.operations);
    if (operations >= kWorthReplaying * static_cast<double>(all) && operations > 0) {
      traces.push_back(process.trace);
    } else {
      ++small;
    }
  }
  if (small > 0) {
    progress.note(fmt::format("{} of {} recorded processes did too little to be replayed", small,
                              recording.processes.size()));
  }
  return traces;
}

std::string ending(int wait_status) {
  if (!WIFSIGNALED(wait_status)) {
    return fmt::format("the program ended with status {}", WEXITSTATUS(wait_status));
  }
  const int signal = WTERMSIG(wait_status);
  return fmt::format("the program was killed by signal {} ({}); what it did until then counts",
                     signal, strsignal(signal));
}

/// Why nothing is replayed of a program that was recorded.
tl::unexpected<Error> no_trace(const Recording& recording, const std::string& program) {
  const bool any =
      std::any_of(recording.processes.begin(), recording.processes.end(),
                  [](const RecordedProcess& process) { return process.totals.operations > 0; });
  if (any) {
    return fail(ErrorCode::unsupported,
                fmt::format("{} spread its calls of malloc over {} processes, none of which made "
                            "{:.0f} % of them, so none can stand for it",
                            program, recording.processes.size(), 100 * kWorthReplaying),
                "record it (heapwise record -o x.hwt -- …), and give the traces that matter to "
                "heapwise advise");
  }
  for (const Warning& warning : recording.warnings) {
    if (warning.code != "nothing-recorded" && warning.code != "disk-full") continue;
    return fail(ErrorCode::unsupported, program + ": " + warning.what, warning.remedy);
  }
  return fail(ErrorCode::unsupported, program + " made no call of malloc that was seen",
              "see the warnings above; a static or setuid program cannot be recorded");
}

Expected<void> record_once(const AdviseVerb& verb, const std::vector<std::string>& command,
                           const std::string& trace, Subject& subject, Progress& progress) {
  const auto recording = record_command(command, trace, verb.force, progress, {}, verb.recording);
  if (!recording) return tl::make_unexpected(recording.error());
  if (recording->wait_status != 0) progress.note("warning: " + ending(recording->wait_status));
  const auto traces = worth_replaying(*recording, progress);
  if (traces.empty()) return no_trace(*recording, command.front());
  subject.traces.insert(subject.traces.end(), traces.begin(), traces.end());
  for (const Warning& warning : recording->warnings) {
    if (!has_flag(subject.warnings, warning.code)) subject.warnings.push_back(warning);
  }
  return {};
}

Expected<Subject> record_subject(const AdviseVerb& verb, const std::vector<std::string>& command,
                                 const std::string& trace, const std::string& folder,
                                 Progress& progress) {
  std::string input;
  if (verb.recordings > 1) {
    auto kept = keep_input(folder);
    if (!kept) return tl::make_unexpected(kept.error());
    input = *std::move(kept);
  }
  Subject subject;
  for (unsigned number = 1; number <= verb.recordings; ++number) {
    progress.note("recording " + command.front() +
                  (verb.recordings > 1 ? fmt::format(", {} of {}", number, verb.recordings) : ""));
    if (auto rewound = rewind_input(input); !rewound) return tl::make_unexpected(rewound.error());
    auto done = record_once(verb, command, numbered(trace, number), subject, progress);
    if (!done) return tl::make_unexpected(done.error());
  }
  if (verb.recordings > 1) subject.workloads = group_recordings(subject.traces, true);
  return subject;
}

Expected<void> check_arguments(const AdviseVerb& verb, const std::vector<std::string>& command) {
  if (verb.traces.empty() == command.empty()) {
    return fail(ErrorCode::usage,
                command.empty() ? "there is neither a trace nor a program to give advice on"
                                : "give traces or a program, not both",
                "heapwise advise TRACE.hwt, or heapwise advise -- PROGRAM ARGUMENTS…");
  }
  if (!verb.keep_trace.empty() && command.empty()) {
    return fail(ErrorCode::usage, "--trace is for recordings: there is no program to record",
                "leave it out, or give a program behind --");
  }
  if (verb.recordings > 1 && command.empty()) {
    return fail(ErrorCode::usage, "--recordings is for a program: traces are recorded already",
                "give several traces of the same command, which count as recordings of it");
  }
  if (verb.recording.touch_given && command.empty()) {
    return fail(ErrorCode::usage, "--touch is for recordings: there is no program to record",
                "leave it out; heapwise record --touch decides what a trace holds");
  }
  if (verb.separate && !command.empty()) {
    return fail(ErrorCode::usage, "--separate is for traces: there are none",
                "leave it out, or give traces of the program (heapwise record)");
  }
  if (auto good = contenders_of(verb.measure); !good) return tl::make_unexpected(good.error());
  if (auto good = parse_purposes(verb.measure.purposes); !good) {
    return tl::make_unexpected(good.error());
  }
  std::vector<std::string> outputs{verb.report, verb.json};
  for (unsigned number = 1; number <= verb.recordings && !verb.keep_trace.empty(); ++number) {
    outputs.push_back(numbered(verb.keep_trace, number));
  }
  // Which of the default names is free will be seen in the end; that its folder takes files, now.
  if (verb.report.empty()) {
    if (auto good = check_file(kReport, true); !good) return good;
  }
  return check_places(outputs, verb.force, verb.traces);
}

Expected<void> write_outputs(const AdviseVerb& verb, const Result& result) {
  if (!verb.json.empty()) {
    auto kept = keep(verb.json, to_json(result), verb.force);
    if (!kept) return tl::make_unexpected(kept.error());
  }
  const std::string page = html_report({result});
  const auto report =
      verb.report.empty() ? keep_file(kReport, page, false) : keep(verb.report, page, verb.force);
  if (!report) return tl::make_unexpected(report.error());
  if (verb.json == "-" || *report == "-") return {};
  fmt::print("{}\nNext: open {} in a browser.\n", console_report(result), shell_quoted(*report));
  return {};
}

/// Yields the exit code.
Expected<int> run(const AdviseVerb& verb, const std::vector<std::string>& command) {
  if (auto good = check_arguments(verb, command); !good) return tl::make_unexpected(good.error());
  auto folder = TemporaryDirectory::make();
  if (!folder) return tl::make_unexpected(folder.error());

  Progress progress(verb.measure.quiet);
  Subject subject{verb.traces, {}, {}};
  if (command.empty() && !verb.separate) subject.workloads = group_recordings(verb.traces, false);
  if (!command.empty()) {
    const std::string trace =
        verb.keep_trace.empty() ? folder->path() + "/trace.hwt" : verb.keep_trace;
    auto recorded = record_subject(verb, command, trace, folder->path(), progress);
    if (!recorded) return tl::make_unexpected(recorded.error());
    subject = *std::move(recorded);
  }
  auto result = measure(subject.traces, verb.measure, progress, subject.workloads);
  if (!result) return tl::make_unexpected(result.error());
  for (WorkloadInfo& workload : result->workloads) {
    add_recording_warnings(workload, subject.warnings);
    // A trace that is about to be removed is no path to hand out.
    if (command.empty() || !verb.keep_trace.empty()) continue;
    workload.trace.clear();
    for (RecordingInfo& recording : workload.recordings) recording.trace.clear();
  }
  if (auto done = write_outputs(verb, *result); !done) return tl::make_unexpected(done.error());
  return exit_code_of_runs(*result);
}

}  // namespace

void add_advise(const Command& root, Outcome& outcome) {
  auto verb = std::make_shared<AdviseVerb>();
  const Command app = root.add_command(
      "advise",
      "The main job: record a program, or take traces of it, replay them on every allocator, "
      "recommend one, and write a report with charts. Traces that were recorded from the same "
      "command are recordings of one workload: intervals reach over all of them.\n"
      "Example: heapwise advise -o load.html -- sqlite3 :memory: '.read load.sql'");
  app.add_option("TRACE", verb->traces, "Traces (.hwt), instead of a program");
  app.add_option("-o,--output", verb->report,
                 "The report to write. Default: report.html, or the next free name");
  app.add_option("--json", verb->json, "Write the result as JSON to this file, or - for stdout");
  app.add_option(
      "--trace", verb->keep_trace,
      "Keep the recorded trace under this name; of several recordings the second as NAME-2.hwt");
  app.add_option("--recordings", verb->recordings,
                 "Record the program so many times, to see how far it varies by itself")
      .range(1, 100)
      .show_default();
  app.add_flag("--separate", verb->separate,
               "Every trace is a workload of its own, though the command is the same");
  app.add_flag("--force", verb->force, "Replace existing files");
  app.takes_words();
  add_recording_flags(app, verb->recording);
  verb->measure.add_to(app);
  app.callback([verb, &outcome] { outcome.exit_code = exit_code_of(run(*verb, outcome.command)); });
}

}  // namespace heapwise::cli
