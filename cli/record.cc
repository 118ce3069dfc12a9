// SPDX-License-Identifier: MIT
#include <fmt/format.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <memory>
#include <string>

#include "cli/places.h"
#include "cli/recording.h"
#include "cli/verb.h"

namespace heapwise::cli {
namespace {

struct RecordVerb {
  std::string output;
  bool force = false;
  bool quiet = false;
  RecordingFlags recording;
};

/// Ends this process the way the recorded one ended, so that whoever waits for it cannot tell.
int pass_on(int wait_status) {
  if (WIFSIGNALED(wait_status)) {
    const rlimit no_core{0, 0};
    setrlimit(RLIMIT_CORE, &no_core);
    std::signal(WTERMSIG(wait_status), SIG_DFL);
    std::raise(WTERMSIG(wait_status));
  }
  return shell_status(wait_status);
}

/// Whoever goes on with the file must know that it is not what was asked for.
void tell_what_stayed(const RecordVerb& verb, const Recording& recording) {
  const bool written =
      std::any_of(recording.processes.begin(), recording.processes.end(),
                  [&verb](const RecordedProcess& process) { return process.trace == verb.output; });
  if (written || !verb.force || access(verb.output.c_str(), F_OK) != 0) return;
  say(fmt::format("heapwise: warning: {} was not replaced: it holds what it held before\n",
                  verb.output));
}

void tell(const Recording& recording, Progress& progress) {
  for (const RecordedProcess& process : recording.processes) {
    progress.note(fmt::format("{}: {} (pid {}), {} operations, peak live {:.1f} MiB{}",
                              process.trace, process.program, process.pid,
                              process.totals.operations,
                              static_cast<double>(process.totals.peak_live_bytes) / 1048576.0,
                              process.finished ? "" : ", unfinished"));
  }
  if (!recording.processes.empty()) {
    progress.note("next: " + next_command({"advise", recording.processes.front().trace}));
  }
}

}  // namespace

void add_record(const Command& root, Outcome& outcome) {
  auto verb = std::make_shared<RecordVerb>();
  verb->recording.ends_with_us = false;
  const Command app = root.add_command(
      "record",
      "Record what a program asks of malloc. The program runs as it would without; its exit "
      "status, or the signal that kills it, becomes this command's. Every process that it starts "
      "gets a trace of its own.\n"
      "Example: heapwise record -o load.hwt -- sqlite3 :memory: '.read load.sql'");
  app.add_option("-o,--output", verb->output, "The trace to write (.hwt)").required();
  app.add_flag("--force", verb->force, "Replace an existing file");
  app.takes_words();
  add_recording_flags(app, verb->recording);
  app.add_flag("--quiet", verb->quiet, "Say nothing but errors");
  app.callback([verb, &outcome] {
    Progress progress(verb->quiet);
    const auto recording =
        record_command(outcome.command, verb->output, verb->force, progress, {}, verb->recording);
    if (!recording) {
      outcome.exit_code = report_error(recording.error());
      return;
    }
    tell(*recording, progress);
    tell_what_stayed(*verb, *recording);
    outcome.exit_code = pass_on(recording->wait_status);
  });
}

}  // namespace heapwise::cli
