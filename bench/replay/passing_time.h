// SPDX-License-Identifier: MIT
// How time passes for the allocator in a replay that is as fast as it can be: the loop runs from
// stop to stop, and between them the trace's time goes on. An allocator that gives memory back
// after a while then does so as often as in the program, and pays for it.
#pragma once

#include <cstdint>

#include "bench/plan/plan.h"

namespace heapwise::replay {

struct Lane;
struct Replay;

/// Before this word of a lane the trace's time has gone on.
struct TimeStop {
  const plan::Word* before;
  std::int64_t time_ns;
};

/// Finds the stops of all lanes: where a lane's time has gone on by a millisecond or more, and so
/// much that all lanes together have no more than some thousands. False when the system has no
/// memory.
bool find_stops(Replay& replay);

/// Starts the allocator's clock at the trace's beginning.
void begin_time(Replay& replay);

/// Tells that the next word of `lane` is of this time. The clock goes on to the least of all lanes
/// that are not through: what no lane can come before any more. Any thread, at once with others.
void pass_time(Lane& lane, std::int64_t time_ns);

/// Tells that `lane` is through.
void end_time(Lane& lane);

}  // namespace heapwise::replay
