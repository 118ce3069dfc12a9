// SPDX-License-Identifier: MIT
#pragma once

#include <sys/types.h>

#include "base/files.h"

namespace heapwise {

/// A process aside that ends what this one started when this one is killed before it can do so
/// itself. It is no child of this process, holds none of its files, and goes when the Guard does.
/// Where it cannot be made there is none, silently: it is a net, not a promise. Not thread-safe.
class Guard {
 public:
  /// To be called before this process takes over orphans (PR_SET_CHILD_SUBREAPER).
  static Guard start();
  Guard(Guard&&) = default;
  Guard& operator=(Guard&&) = default;
  ~Guard();

  /// This process, and what descends from it, is to be ended: SIGTERM, and SIGKILL after 2 s.
  void watch(pid_t pid) const;

 private:
  Guard() = default;
  Fd tell_;
};

}  // namespace heapwise
