// SPDX-License-Identifier: MIT
#pragma once

#include <signal.h>
#include <sys/resource.h>
#include <sys/types.h>

#include <atomic>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/files.h"

namespace heapwise {

/// While it lives, signals that would end this process are held back for read_signal(), and the
/// process is the one that orphaned descendants fall to.
class SupervisorSignals {
 public:
  SupervisorSignals();
  SupervisorSignals(const SupervisorSignals&) = delete;
  SupervisorSignals& operator=(const SupervisorSignals&) = delete;
  ~SupervisorSignals();

  /// For poll(); readable when a signal is there.
  int fd() const { return fd_.get(); }
  /// The next signal that came, 0 if none did.
  int read_signal() const;
  /// In a child: makes signals what they were before.
  void restore() const;

 private:
  sigset_t before_{};
  struct sigaction child_action_ {};
  int was_subreaper_ = 0;
  Fd fd_;
};

/// Starts `path` with these arguments and environment. Fails when the system refuses to execute it.
/// The process's number is in `number`, which is shared with it, before it is the program.
Expected<pid_t> start_child(const std::string& path, const std::vector<std::string>& arguments,
                            const std::vector<std::string>& environment,
                            const SupervisorSignals& signals, std::atomic<std::int32_t>& number);

/// While it lives, this process comes first where it may (when it does not empty spools in time,
/// the recorded program waits) and may open as many files as the system lets it (a few for each
/// process recorded at a time). Made after start_child(), as children inherit it.
class SupervisorPrivileges {
 public:
  SupervisorPrivileges();
  SupervisorPrivileges(const SupervisorPrivileges&) = delete;
  SupervisorPrivileges& operator=(const SupervisorPrivileges&) = delete;
  ~SupervisorPrivileges();

 private:
  int priority_;
  rlimit files_{};
};

/// This process's environment with the recorder's variables in it.
std::vector<std::string> recorded_environment(const std::string& library,
                                              const std::string& directory);

struct EndedChild {
  pid_t pid = 0;  ///< 0: none has ended
  int status = 0;
  rusage usage{};
  bool no_children = false;  ///< there is none left to end
};

/// Collects a child that has ended, without waiting for one.
EndedChild reap();

}  // namespace heapwise
