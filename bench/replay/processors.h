// SPDX-License-Identifier: MIT
// On how many processors a replay for speed runs: on as many as the program kept busy.
#pragma once

#include <sched.h>

namespace heapwise::replay {

/// While it lives, the calling thread and those that it starts run on so many of the processors
/// that it may run on. The allocator is not to notice: what it makes of the number of processors
/// stays what it is on all of them. One at a time, and not thread-safe.
class ProcessorLimit {
 public:
  /// 0: no limit. Where the system refuses, there is none either.
  explicit ProcessorLimit(unsigned count);
  ~ProcessorLimit();
  ProcessorLimit(const ProcessorLimit&) = delete;
  ProcessorLimit& operator=(const ProcessorLimit&) = delete;

 private:
  cpu_set_t before_{};
  bool limits_ = false;
};

}  // namespace heapwise::replay
