// SPDX-License-Identifier: MIT
// The parts of a replay in recorded order that the cold function calls.
#pragma once

#include "bench/replay/state.h"

namespace heapwise::replay {

/// Waits until the present word is due and takes the samples that stand before it.
void catch_up(Replay& replay);

/// Touches a block that another thread holds.
void touch_of(Replay& replay, std::uint32_t slot, const plan::PlanBig& what);

/// Notes the resident memory where the program began to exit.
void note_exit(Replay& replay);

/// Starts a thread; in recorded order, at no cost in the allocator's time.
void start_in_time(Lane& starter, Lane& started);

}  // namespace heapwise::replay
