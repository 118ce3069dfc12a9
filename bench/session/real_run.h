// SPDX-License-Identifier: MIT
// Runs a program as it is, under an allocator that is preloaded, and watches its memory from
// outside.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/error.h"
#include "bench/session/process_images.h"
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
  ImageChoice image;   ///< whose memory is wanted
  NonHeapRules rules;  ///< what of it is not heap
};

struct RealRunEnd {
  RunStatus status = RunStatus::ok;
  std::string detail;   ///< the signal or the reason; empty when ok
  double wall_s = 0;    ///< until the load ended, or the program
  double cpu_s = 0;     ///< user and system, with the children it waited for, to the very end
  std::string program;  ///< of the image that was meant; empty: it was not seen
  std::uint64_t peak_resident_bytes = 0;  ///< its VmHWM: the whole process, files too
  /// Its anonymous resident memory, all of it and what of that is not heap, at times after its
  /// start: after its libraries were loaded, where it said when that was.
  std::vector<ProcessMoment> anonymous, non_heap;
  std::set<std::string> files;  ///< that it had mapped
  /// Its mappings were read after its libraries were loaded, and its memory for some time from then
  /// on. Otherwise files and memory are those of a process that was still being made, and grew
  /// unseen.
  bool was_read = false;
};

/// Runs it to its end with its output thrown away, in a process group of its own; what it leaves
/// behind is killed, and all of it when this process is. A run that dies, takes too long, or ends
/// otherwise than expected is a RealRunEnd with that status; an Error is a program that cannot be
/// started. Not thread-safe, and the caller must have no other children: those that lose their
/// parent are taken over.
Expected<RealRunEnd> run_for_real(const RealRunCall& call);

}  // namespace heapwise
