// SPDX-License-Identifier: MIT
// Records a command as the CLI does, for tests that need its standard streams to themselves:
//   record-driver LIBRARY OUTPUT.hwt COMMAND…
// Ends with the command's status; what record() returned is written to OUTPUT.hwt.txt.
#include <sys/wait.h>

#include <csignal>
#include <cstdio>
#include <string>

#include "base/files.h"
#include "base/standard_files.h"
#include "bench/session/record.h"

namespace {

using heapwise::Recording;

std::string describe(const Recording& recording) {
  std::string text;
  for (const auto& process : recording.processes) {
    text += "process " + process.trace + " " + process.program + " pid " +
            std::to_string(process.pid) + " parent " + std::to_string(process.parent_pid) +
            " operations " + std::to_string(process.totals.operations) + " live " +
            std::to_string(process.totals.end_live_bytes) + " dropped " +
            std::to_string(process.totals.dropped_events) + " finished " +
            std::to_string(static_cast<int>(process.finished)) + "\n";
  }
  for (const auto& warning : recording.warnings) {
    text += "warning " + warning.code + " " + warning.what + "\n";
    if (!warning.remedy.empty()) text += "remedy " + warning.remedy + "\n";
  }
  char times[128];
  std::snprintf(times, sizeof times, "wall %.6f rss %llu\n", recording.wall_seconds,
                static_cast<unsigned long long>(recording.max_rss_bytes));
  return text + times;
}

}  // namespace

int main(int count, char** arguments) {
  if (count < 4) return 2;
  heapwise::survive_failing_writes();
  heapwise::RecordOptions options;
  options.recorder_library = arguments[1];
  options.output = arguments[2];
  options.overwrite = true;
  options.command.assign(arguments + 3, arguments + count);
  const auto recording = heapwise::record(options);
  const std::string notes = options.output + ".txt";
  if (!recording) {
    (void)heapwise::write_file(notes, "error " + recording.error().what + "\n", true);
    return 99;
  }
  if (!heapwise::write_file(notes, describe(*recording), true)) return 98;
  if (WIFSIGNALED(recording->wait_status)) std::raise(WTERMSIG(recording->wait_status));
  return heapwise::shell_status(recording->wait_status);
}
