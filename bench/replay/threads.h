// SPDX-License-Identifier: MIT
#pragma once

#include "bench/replay/state.h"

namespace heapwise::replay {

/// Starts a lane's thread, on a stack in shared memory, unless it was started. Ends the process
/// with kRunnerSystem when the system has no thread to give.
void start_thread(Lane& lane);

/// The first thing that a lane's thread does, and the last.
void enter_thread(Lane& lane);
void leave_thread(Lane& lane);

/// Leaves it to the next start_thread to bury this thread. Only that thread itself calls it, last.
void ask_for_burial(Lane& lane);

/// Waits until the thread of a lane that has left is gone for the kernel too, so that whatever the
/// allocator does when a thread ends has been done, and gives its stack back. Does nothing for a
/// thread that was never started or is buried already.
void bury_thread(Lane& lane);

/// Waits while *word is `value`. Wakes up for no reason now and then.
void futex_wait(std::atomic<std::uint32_t>& word, std::uint32_t value);
void futex_wake(std::atomic<std::uint32_t>& word, int waiters);

}  // namespace heapwise::replay
