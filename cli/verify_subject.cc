// SPDX-License-Identifier: MIT
#include "cli/verify_subject.h"

#include <fmt/format.h>
#include <sys/wait.h>

#include <algorithm>
#include <csignal>
#include <cstring>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "bench/session/verify.h"
#include "cli/recording.h"
#include "results/flags.h"
#include "results/statistics.h"
#include "traces/reader.h"

namespace heapwise::cli {
namespace {

/// As by Ctrl-C.
bool was_told_to_end(int wait_status) {
  if (!WIFSIGNALED(wait_status)) return false;
  const int number = WTERMSIG(wait_status);
  return number == SIGINT || number == SIGTERM || number == SIGHUP || number == SIGQUIT;
}

Expected<LoadReport> end_of_load(const std::optional<Expected<Load>>& load,
                                 const LoadScript& script) {
  if (!load) return fail(ErrorCode::unsupported, "the load script was never started");
  if (!*load) return tl::make_unexpected(load->error());
  const LoadReport report = (*load)->report();
  if (report.outcome != LoadOutcome::finished) {
    return fail(ErrorCode::bad_input, "in the recorded run, " + describe(report, script),
                "run the program and the script by hand, each in a shell of its own");
  }
  return report;
}

Expected<RecordedProcess> process_with_largest_heap(const Recording& recording,
                                                    const std::string& command) {
  const auto most =
      std::max_element(recording.processes.begin(), recording.processes.end(),
                       [](const RecordedProcess& one, const RecordedProcess& other) {
                         return one.totals.peak_live_bytes < other.totals.peak_live_bytes;
                       });
  if (most == recording.processes.end() || most->totals.operations == 0) {
    return fail(ErrorCode::unsupported, command + " made no call of malloc that was seen",
                "see the warnings above; record the program itself, not what asks another for it");
  }
  return *most;
}

Warning other_process(const RecordedProcess& chosen, const std::string& command) {
  std::string which = chosen.program;
  if (chosen.named_so > 1) {
    which += fmt::format(" (number {} of the {} that it starts)", chosen.nth + 1, chosen.named_so);
  }
  return {"other-process",
          fmt::format("predicted and compared is {}, which {} starts: of all its processes it has "
                      "the largest heap",
                      which, command),
          "", "verifying"};
}

/// The part of the process's trace that had passed at a moment of CLOCK_MONOTONIC. The trace's time
/// is the program's own, without what recording cost; its samples of memory were taken at known
/// moments.
double share_at(const RecordedProcess& process, std::uint64_t moment_ns) {
  auto trace = TraceReader::open(process.trace);
  if (!trace || process.totals.duration_ns == 0) return 1;
  for (Op op; trace->next(op);) {
  }
  const auto& samples = trace->residency();
  const auto& taken_ns = process.sampled_ns;
  const auto at = static_cast<std::size_t>(
      std::lower_bound(taken_ns.begin(), taken_ns.end(), moment_ns) - taken_ns.begin());
  if (samples.size() != taken_ns.size() || at >= samples.size()) return 1;
  auto time_ns = static_cast<double>(samples[at].time_ns);
  if (at > 0) {
    const auto width = static_cast<double>(taken_ns[at] - taken_ns[at - 1]);
    const double part = width > 0 ? static_cast<double>(taken_ns[at] - moment_ns) / width : 0;
    time_ns -= part * static_cast<double>(samples[at].time_ns - samples[at - 1].time_ns);
  }
  return std::min(1.0, time_ns / static_cast<double>(process.totals.duration_ns));
}

std::string trace_name(const std::string& folder, unsigned number) {
  return folder + (number == 0 ? "/trace.hwt" : fmt::format("/trace-{}.hwt", number + 1));
}

Expected<Subject> record_once(const SubjectCall& call, const std::string& main_trace,
                              Progress& progress) {
  const auto ported = with_free_port(call.command, call.load, call.wait_any_port);
  if (!ported) return tl::make_unexpected(ported.error());
  if (auto free = check_not_ready(ported->load); !free) return tl::make_unexpected(free.error());
  if (auto back = rewind_input(call.input); !back) return tl::make_unexpected(back.error());
  const std::string& name = call.command.front();
  std::optional<Expected<Load>> load;
  const bool has_load = !ported->load.command.empty();
  const auto started = [&](std::int32_t pid) {
    if (has_load) load.emplace(Load::start(ported->load, pid));
  };
  auto recording = record_command(ported->command, main_trace, false, progress, started);
  if (!recording) return tl::make_unexpected(recording.error());
  if (!has_load && was_told_to_end(recording->wait_status)) {
    return fail(ErrorCode::unsupported,
                fmt::format("{} was ended by SIG{} when it was recorded, and would run to its end "
                            "under each allocator",
                            name, sigabbrev_np(WTERMSIG(recording->wait_status))),
                "let it end by itself, or have a load script end it (--with)");
  }
  LoadReport report;
  if (has_load) {
    const auto ended = end_of_load(load, ported->load);
    if (!ended) return tl::make_unexpected(ended.error());
    report = *ended;
  }
  auto process = process_with_largest_heap(*recording, name);
  if (!process) return tl::make_unexpected(process.error());

  Subject subject;
  subject.process = *std::move(process);
  subject.traces = {subject.process.trace};
  subject.warnings = recording->warnings;
  subject.recorded_wall_s = recording->wall_seconds;
  // The command's own process is meant by what it is, as others may be named like it.
  if (subject.process.trace != main_trace) {
    subject.image = {subject.process.program, subject.process.nth, subject.process.named_so,
                     subject.process.begun_s, subject.process.lived_s};
    subject.warnings.push_back(other_process(subject.process, name));
  }
  if (has_load) {
    subject.measured_share = share_at(subject.process, report.ended_ns);
    subject.recorded_wall_s = static_cast<double>(report.ended_ns - report.begun_ns) * 1e-9;
  }
  subject.recording = *std::move(recording);
  return subject;
}

template <class Figure>
std::vector<double> of_all(const std::vector<Subject>& subjects, Figure figure) {
  std::vector<double> values;
  values.reserve(subjects.size());
  for (const Subject& subject : subjects) values.push_back(std::invoke(figure, subject));
  return values;
}

/// The median of the pairs' ratios would be what the machine did: a run takes half as long again
/// while a neighbour uses its core.
double slowdown_of(const std::vector<Subject>& subjects) {
  const double plain_s =
      fastest_third(of_all(subjects, [](const Subject& one) { return one.plain.wall_s; }));
  const double recorded_s = fastest_third(of_all(subjects, &Subject::recorded_wall_s));
  return plain_s > 0 ? recorded_s / plain_s : 0;
}

}  // namespace

Expected<Subject> record_subject(const SubjectCall& call, const std::string& folder,
                                 Progress& progress) {
  std::vector<Subject> subjects;
  for (unsigned number = 0; number < call.recordings; ++number) {
    const std::string which =
        call.recordings > 1 ? fmt::format(", {} of {}", number + 1, call.recordings) : "";
    progress.note("recording " + call.command.front() + which);
    auto subject = record_once(call, trace_name(folder, number), progress);
    if (!subject) return subject;
    auto plain = call.run_plainly(*subject);
    if (!plain) return tl::make_unexpected(plain.error());
    subject->plain = *std::move(plain);
    subjects.push_back(*std::move(subject));
  }
  Subject whole = subjects.front();
  whole.measured_share = median(of_all(subjects, &Subject::measured_share));
  whole.recorded_wall_s = median(of_all(subjects, &Subject::recorded_wall_s));
  whole.plain_cpu_s =
      fastest_third(of_all(subjects, [](const Subject& one) { return one.plain.cpu_s; }));
  whole.slowdown = slowdown_of(subjects);
  whole.traces.clear();
  for (const Subject& subject : subjects) {
    whole.traces.push_back(subject.process.trace);
    whole.measured_shares.push_back(subject.measured_share);
    for (const Warning& warning : subject.warnings) {
      if (!has_flag(whole.warnings, warning.code)) whole.warnings.push_back(warning);
    }
  }
  for (const Warning& warning : whole.warnings) {
    if (warning.code == "other-process") note_warning(warning, progress);
  }
  return whole;
}

}  // namespace heapwise::cli
