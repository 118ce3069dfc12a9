// SPDX-License-Identifier: MIT
#pragma once

#include <stdlib.h>

#include "bench/replay/state.h"

namespace heapwise::replay {

/// Null where there is no memory.
inline void* allocate_aligned(std::uint32_t align_log2, std::size_t size) {
  void* block = nullptr;
  // posix_memalign takes no alignment below a pointer's.
  const std::size_t alignment = std::size_t{1} << (align_log2 < 3 ? 3 : align_log2);
  return posix_memalign(&block, alignment, size) == 0 ? block : nullptr;
}

/// The World of a replay on whatever malloc this process has.
struct ProcessHeap {
  static void* malloc(std::size_t size) { return ::malloc(size); }
  static void* calloc(std::size_t count, std::size_t size) { return ::calloc(count, size); }
  static void* realloc(void* block, std::size_t size) { return ::realloc(block, size); }
  static void* aligned(std::uint32_t align_log2, std::size_t size) {
    return allocate_aligned(align_log2, size);
  }
  static void free(void* block) { ::free(block); }
  static void cold(Lane& lane, const plan::Word* at, Reason reason) {
    heapwise_replay_cold(&lane, at, reason);
  }
};

}  // namespace heapwise::replay
