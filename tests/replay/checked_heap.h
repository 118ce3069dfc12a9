// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "bench/replay/replay.h"
#include "tests/plan/trace_maker.h"

namespace heapwise::testing {

/// A World whose blocks know their size and whether they are alive: a block that is freed twice, or
/// by way of a stale pointer, ends the test, and every thread keeps a list of what it consumed.
struct CheckedHeap {
  static void* malloc(std::size_t size);
  static void* calloc(std::size_t count, std::size_t size) { return malloc(count * size); }
  static void* realloc(void* block, std::size_t size);
  static void free(void* block);
  static void cold(replay::Lane& lane, const plan::Word* at, replay::Reason reason);

  /// What the calling thread has consumed so far.
  static std::vector<Consumption>& consumed();
  /// Called for words that start a thread.
  static void (*start)(replay::Lane& lane);
};

/// The size of a live block.
std::uint64_t checked_size(const void* block);

}  // namespace heapwise::testing
