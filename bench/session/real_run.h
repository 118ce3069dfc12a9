// SPDX-License-Identifier: MIT
// Runs a program as it is, under an allocator that is preloaded, and watches its memory from
// outside.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "base/error.h"
#include "bench/session/real_run_load.h"
#include "results/result.h"

namespace heapwise {

struct RealRunCall {
  std::vector<std::string> command;  ///< looked for in PATH like a shell does
  std::vector<std::string> preload;  ///< libraries, first of all; the user's own stand behind
  /// The tuning's. Variables of the user's that steer an allocator are taken away.
  std::vector<std::pair<std::string, std::string>> settings;
  std::string input;  ///< file on standard input
  double timeout_s = 60;
  int expected_wait_status = 0;  ///< of a good run; not asked where there is a load
  LoadScript load;
  double non_heap_every_s = 0;  ///< look at smaps so often; 0: never
};

/// Anonymous resident memory of the whole process at a time after its start.
struct ProcessMoment {
  double time_s = 0;
  std::uint64_t bytes = 0;
};

struct RealRunEnd {
  RunStatus status = RunStatus::ok;
  std::string detail;  ///< the signal or the reason; empty when ok
  double wall_s = 0;   ///< until the load ended, or the program
  double cpu_s = 0;    ///< user and system, with the children it waited for, to the very end
  std::uint64_t peak_resident_bytes = 0;  ///< VmHWM: the whole process, files too
  std::vector<ProcessMoment> anonymous;
  std::vector<ProcessMoment> non_heap;
};

/// Runs it to its end with its output thrown away, in a process group of its own; what it leaves
/// behind there is killed. A run that dies, takes too long, or ends otherwise than expected is a
/// RealRunEnd with that status; an Error is a program that cannot be started. Not thread-safe.
Expected<RealRunEnd> run_for_real(const RealRunCall& call);

/// Samples every 2 ms at first, and half as often each time that there are a few thousand. Between
/// two samples the kernel's own high-water mark says whether there was more: it counts where it
/// rose, less what files took at either side.
class MomentKeeper {
 public:
  struct Sight {
    double time_s = 0;
    std::uint64_t anonymous = 0, file_and_shared = 0, resident = 0, high_water = 0;
  };
  void add(const Sight& sight);
  double period_s() const { return period_s_; }
  const std::vector<ProcessMoment>& moments() const { return moments_; }

 private:
  void thin();

  std::vector<ProcessMoment> moments_;
  Sight last_;
  double period_s_ = 0.002;
};

}  // namespace heapwise
