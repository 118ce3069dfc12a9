// SPDX-License-Identifier: MIT
// What every verb of the command line shares. One file per verb defines one add_… function.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "cli/command_line.h"

namespace heapwise::cli {

/// The exit codes that scripts rely on.
enum Exit : int { kFine = 0, kFailed = 1, kUsage = 2, kInconclusive = 3 };

/// What goes into a verb and comes out of it.
struct Outcome {
  int exit_code = kFine;
  /// What stood behind "--": a program to record, or flags to pass on. Taken off before the
  /// options are parsed, so a program's own flags are never mistaken for ours.
  std::vector<std::string> command;
};

/// Writes to standard error. Where that takes nothing the text is lost, and nothing else.
void say(std::string_view text);

/// Prints an error with its hint to standard error and yields the exit code it stands for.
int report_error(const Error& error);

/// What a verb ends with that yields an exit code, or the error, which is printed.
int exit_code_of(const Expected<int>& code);

/// Where the recorder, the runners and their kin are: lib/heapwise beside an installed bin, or the
/// build tree. Ends without a slash.
std::string library_directory();

void add_advise(const Command& root, Outcome& outcome);
void add_allocators(const Command& root);
void add_bench(const Command& root, Outcome& outcome);
void add_compare(const Command& root, Outcome& outcome);
void add_doctor(const Command& root, Outcome& outcome);
void add_record(const Command& root, Outcome& outcome);
void add_merge(const Command& root, Outcome& outcome);
void add_recommend(const Command& root, Outcome& outcome);
void add_replay(const Command& root, Outcome& outcome);
void add_report(const Command& root, Outcome& outcome);
void add_suite(const Command& root, Outcome& outcome);
void add_trace(const Command& root, Outcome& outcome);
void add_trend(const Command& root, Outcome& outcome);
void add_verify(const Command& root, Outcome& outcome);
void add_workload(const Command& root, Outcome& outcome);
/// `workload fit`; after add_workload(), below which it stands.
void add_workload_fit(const Command& root, Outcome& outcome);

}  // namespace heapwise::cli
