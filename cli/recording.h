// SPDX-License-Identifier: MIT
// Recording a command for `record`, `advise` and their kin: the part that talks to the user.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/error.h"
#include "bench/session/record.h"
#include "cli/command_line.h"
#include "cli/progress.h"

namespace heapwise::cli {

/// How a command is recorded, as the user chose.
struct RecordingFlags {
  std::string touch = "on";
  bool touch_given = false;
  bool ends_with_us = true;  ///< the program, when heapwise is killed; not the user's choice
};

/// Adds --touch to a verb that records.
void add_recording_flags(const Command& app, RecordingFlags& flags);

/// Records `command` into `output` with notes to the user on the way, and prints the recording's
/// warnings. An empty command is a usage error that explains "--". `started` as in RecordOptions.
/// Where a trace's name is taken when the program ends, the trace gets the next number of it.
Expected<Recording> record_command(const std::vector<std::string>& command,
                                   const std::string& output, bool overwrite, Progress& progress,
                                   std::function<void(std::int32_t pid)> started = {},
                                   const RecordingFlags& flags = {});

/// Standard input as a file in `folder` that each run reads from its start; empty for a terminal,
/// which cannot be asked to type it again. Says what it waits for when that takes a while, and
/// fails where a pipe gives more than anyone will want to keep.
Expected<std::string> keep_input(const std::string& folder);
/// Goes back to the start of what keep_input() kept; nothing to do where it kept nothing.
Expected<void> rewind_input(const std::string& kept);

/// Adds what the recording said to a workload made from it, but for what its trace says by itself.
void add_recording_warnings(WorkloadInfo& workload, const std::vector<Warning>& warnings);

/// A warning as a line and, where there is one, its remedy.
void note_warning(const Warning& warning, Progress& progress);

}  // namespace heapwise::cli
