// SPDX-License-Identifier: MIT
#pragma once

/// Defined by the null allocator only: from on to off, this thread's allocations are the
/// benchmark's, and come from a ring.
extern "C" [[gnu::weak]] void heapwise_null_replays(int on);

namespace heapwise::micro {

/// While it lives, what this thread allocates belongs to the benchmark and not to its library.
class Measured {
 public:
  Measured() { tell(1); }
  ~Measured() { tell(0); }
  Measured(const Measured&) = delete;
  Measured& operator=(const Measured&) = delete;

 private:
  static void tell(int on) {
    if (&heapwise_null_replays != nullptr) heapwise_null_replays(on);
  }
};

}  // namespace heapwise::micro
