// SPDX-License-Identifier: MIT
// What every verb of the command line shares. One file per verb defines one add_… function.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

#include "base/error.h"

namespace heapwise::cli {

/// The exit codes that scripts rely on.
enum Exit : int { kFine = 0, kFailed = 1, kUsage = 2, kInconclusive = 3 };

/// Filled by the verb that ran. A recorded program's own exit status passes through here too.
struct Outcome {
  int exit_code = kFine;
};

/// Prints an error with its hint to standard error and yields the exit code it stands for.
int report_error(const Error& error);

/// Where the recorder, the runners and their kin are: lib/heapwise beside an installed bin, or the
/// build tree. Ends without a slash.
std::string library_directory();

void add_advise(CLI::App& root, Outcome& outcome);
void add_doctor(CLI::App& root, Outcome& outcome);
void add_record(CLI::App& root, Outcome& outcome);
void add_recommend(CLI::App& root, Outcome& outcome);
void add_replay(CLI::App& root, Outcome& outcome);
void add_report(CLI::App& root, Outcome& outcome);
void add_trace(CLI::App& root, Outcome& outcome);
void add_workload(CLI::App& root, Outcome& outcome);

}  // namespace heapwise::cli
