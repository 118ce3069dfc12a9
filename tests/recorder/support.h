// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/files.h"
#include "base/temporary_directory.h"
#include "traces/op.h"
#include "traces/trace.h"

namespace heapwise::recorder_test {

/// What a command did to its surroundings.
struct Run {
  std::string out, err;
  int status = -1;  ///< as wait(2) gives it
};

/// Calls of one size.
struct SizeCount {
  std::uint64_t allocated = 0;
  std::uint64_t freed = 0;
};

/// A trace, read in full and checked on the way.
struct Seen {
  std::string path;
  TraceInfo info;
  TraceTotals totals;
  Capabilities capabilities = 0;
  std::vector<Op> ops;
  std::map<std::uint64_t, SizeCount> sizes;  ///< by the size an object last had
  std::vector<ResidencySample> residency;
  bool damaged = false;

  std::uint64_t allocated(std::uint64_t size) const;
  std::uint64_t freed(std::uint64_t size) const;
  std::uint64_t count(OpKind kind) const;
  std::uint64_t end_fact(const std::string& key) const;  ///< 0 when it is not there
};
Seen read_trace(const std::string& path);

/// A command run without and with the recorder.
struct Recorded {
  Run bare, run;
  std::vector<Seen> traces;           ///< the main process's first
  std::vector<std::string> warnings;  ///< codes
  std::string notes;                  ///< the driver's, for messages

  bool warned(const std::string& code) const;
  /// Whether every trace together saw so many allocations of a size.
  std::uint64_t allocated(std::uint64_t size) const;
  /// The main process's; a failure of the test when there is none.
  const Seen& main() const;
};

/// What is checked of a recorded command.
enum class Check {
  recording,  ///< that something was recorded, and what `behavior` checks
  behavior,   ///< that output, errors and status are those of the bare command
  nothing
};

/// Runs `command` twice; traces go to a folder that is gone when the test ends.
Recorded record_command(const std::vector<std::string>& command, Check check = Check::recording);

/// The same with a scenario of the target program.
Recorded record_scenario(std::vector<std::string> words, Check check = Check::recording);

/// Path of the target program.
std::string target();

}  // namespace heapwise::recorder_test
