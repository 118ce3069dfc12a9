// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include "base/error.h"
#include "results/result.h"

namespace heapwise {

/// A command as it will be run.
struct RecordTarget {
  std::string path;               ///< of the file that is executed
  std::string interpreter;        ///< of a script: what its first line names
  std::vector<Warning> warnings;  ///< what stands in the way of recording it
};

/// Looks for `name` in PATH, as execvp does, and at what it finds there. Fails when there is no
/// such program or it may not be executed. Programs that cannot be recorded (static, setuid, of
/// another architecture) are warned of, not refused: their children may be recorded nevertheless.
Expected<RecordTarget> inspect_target(const std::string& name);

/// "setuid", "setgid" or "given capabilities": why whoever runs this file may gain rights, so that
/// the system ignores LD_PRELOAD for them, even where it did not for this user. Empty otherwise.
std::string privileges_of(const std::string& path);

}  // namespace heapwise
