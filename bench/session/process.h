// SPDX-License-Identifier: MIT
#pragma once

#include <sys/resource.h>
#include <sys/types.h>

#include <atomic>
#include <string>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/files.h"
#include "results/result.h"

namespace heapwise {

/// A program to run to its end.
struct ProcessCall {
  std::vector<std::string> command;  ///< the program's path first
  /// All that the program finds in its environment, and nothing else.
  std::vector<std::pair<std::string, std::string>> environment;
  double timeout_s = 60;                    ///< then it is killed
  std::size_t kept_output = 4096;           ///< bytes of output kept at least, the last ones
  const std::atomic<bool>* stop = nullptr;  ///< once true, it is killed within half a second
};

/// How it ended.
struct ProcessEnd {
  RunStatus status = RunStatus::ok;  ///< ok: it exited, with whatever code
  int exit_code = 0;
  std::string detail;  ///< why it did not end well; empty if it exited with 0
  std::string output;  ///< the last of stdout and stderr together
  double seconds = 0;
  double cpu_seconds = 0;  ///< user and system
};

/// What exec wants: pointers to the strings, which stay where they are, and null at the end. There
/// is room for one more.
std::vector<char*> exec_pointers(const std::vector<std::string>& strings);

/// In a child, right after fork: it is killed when `parent` dies, and at once where that is dead.
void die_with(pid_t parent);

/// A file that is readable when the process has ended, and keeps its number from being taken for
/// another's; none where the process is gone (ESRCH) or the kernel has no such files.
Fd open_process(pid_t pid);
/// Where there is no such file: no process has that number any more.
bool is_gone(pid_t pid);
/// Whether a child has ended. It stays to be collected.
bool has_exited(pid_t child);

/// How often the system has killed for want of memory so far: of the machine, and of the own
/// cgroup.
std::uint64_t oom_kills();
/// What is said of who was killed so.
constexpr const char* kStarved = "killed by the system for want of memory";

/// User and system time together.
double cpu_seconds_of(const rusage& usage);

/// Runs a program and waits for it. It is killed when it takes too long, and when this process
/// dies. Fails only when it cannot be started.
Expected<ProcessEnd> run_process(const ProcessCall& call);

}  // namespace heapwise
