// SPDX-License-Identifier: MIT
// Where writers get their segments from.
#pragma once

#include <cstdint>

#include "traces/recorder/thread_state.h"

namespace heapwise::recorder {

/// Marks the writer's segment full, if it has one, and gives it another: the rest of one that an
/// ended thread left, or a free one. Waits for the supervisor when all are taken, without a system
/// call; `*waited` is then how long, in ticks. False when the supervisor does not keep up or is
/// gone.
bool next_segment(Writer& writer, std::uint64_t* waited);

/// Leaves what is left of the writer's segment to the next thread, so that thousands of short
/// threads do not cost a segment each.
void hand_over(Writer& writer);

std::uint32_t take_thread_number();

}  // namespace heapwise::recorder
