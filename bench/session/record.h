// SPDX-License-Identifier: MIT
// Runs a command under the recorder and turns what its processes did into traces.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/error.h"
#include "results/result.h"
#include "traces/trace.h"

namespace heapwise {

struct RecordOptions {
  std::vector<std::string> command;  ///< looked for in PATH like a shell does
  std::string output;                ///< of the main process; others get .PID.NAME before .hwt
  bool overwrite = false;
  std::string recorder_library;  ///< path of libheapwise_record.so
  bool touch = true;             ///< count the pages that are written of blocks of more than a page
  /// Whether the command and its descendants are ended when this process is killed. Otherwise they
  /// go on, as a service that is only watched must.
  bool ends_with_us = false;
  /// Told the command's process as soon as it runs, and may start children of its own, which are
  /// waited for like the command's. May be empty.
  std::function<void(std::int32_t pid)> started;
  /// Told once when the command has ended but processes that it left behind still run; recording
  /// goes on until they end too, or SIGINT or SIGTERM comes. May be empty.
  std::function<void(std::size_t processes)> waiting;
  /// Told before the trace of a process is written. May be empty.
  std::function<void(const std::string& path)> converting;
};

/// A process image that was recorded.
struct RecordedProcess {
  std::string trace;      ///< path
  std::string program;    ///< file name of its executable
  unsigned nth = 0;       ///< of the images of programs so named, in order of their start, from 0
  unsigned named_so = 1;  ///< how many there are; what only forked and executed another is none
  double begun_s = 0;     ///< after the command's own process
  double lived_s = 0;     ///< until it was seen last
  std::int32_t pid = 0;
  std::int32_t parent_pid = 0;
  TraceTotals totals;
  bool finished = false;  ///< it began to exit by itself, or was replaced by exec
  /// CLOCK_MONOTONIC at each of the trace's residency samples, in their order.
  std::vector<std::uint64_t> sampled_ns;
};

struct Recording {
  int wait_status = 0;  ///< of the command, as wait(2) gives it
  double wall_seconds = 0;
  unsigned process_starts = 0;      ///< by exec, the command's own among them
  std::uint64_t max_rss_bytes = 0;  ///< largest sample of the main process's resident memory
  /// The main process first, if it was recorded; then the others in order of their start. Images
  /// that did nothing but fork and exec the next are left out.
  std::vector<RecordedProcess> processes;
  std::vector<Warning> warnings;
};

/// Runs the command on this process's standard streams, in its process group and directory, and
/// returns when it and all its descendants have ended and the traces are written: one that was just
/// forked cannot be told from one that is not recorded.
///
/// Fails with ErrorCode::usage when `output` exists and may not be overwritten, and with
/// ErrorCode::unsupported or io when the command cannot be started (not found, no permission, no
/// program) or no memory for spools can be had. A command that fails, or of which nothing could be
/// recorded, is not an Error; the latter is a warning "nothing-recorded".
///
/// Where a limit on the size of files is reached, what was recorded so far is kept if the caller
/// has called survive_failing_writes() (base/standard_files.h); else SIGXFSZ ends it.
///
/// While it runs, SIGINT and SIGQUIT are left to the command, SIGTERM and SIGHUP are passed on to
/// it. Not thread-safe, and the caller must have no other children: descendants that lose their
/// parent are taken over and waited for.
Expected<Recording> record(const RecordOptions& options);

/// The exit status a shell would give for a wait status: the program's own, or 128 + the signal.
int shell_status(int wait_status);

}  // namespace heapwise
