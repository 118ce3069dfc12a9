// SPDX-License-Identifier: MIT
#pragma once

#include <stdlib.h>

#include "bench/replay/state.h"

namespace heapwise::replay {

/// The World of a replay on whatever malloc this process has.
struct ProcessHeap {
  static void* malloc(std::size_t size) { return ::malloc(size); }
  static void* calloc(std::size_t count, std::size_t size) { return ::calloc(count, size); }
  static void* realloc(void* block, std::size_t size) { return ::realloc(block, size); }
  static void free(void* block) { ::free(block); }
  static void cold(Lane& lane, const plan::Word* at, Reason reason) {
    heapwise_replay_cold(&lane, at, reason);
  }
};

}  // namespace heapwise::replay
