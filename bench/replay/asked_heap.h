// SPDX-License-Identifier: MIT
#pragma once

#include <malloc.h>

#include "bench/replay/process_heap.h"

namespace heapwise::replay {

/// The World of a program that calls malloc_usable_size all the time, as those do that keep account
/// of their own memory: behind an allocation and before a free. Some allocators find the answer in
/// the block's header, others in a table. A trace tells how often it was asked and not of which
/// blocks, so all operations have their share.
struct AskedHeap {
  static constexpr std::uint64_t kOne = std::uint64_t{1} << 16;
  /// Calls for each operation, in parts of kOne. Set before any thread runs. It and `due` are
  /// constinit where they are defined, which the check does not see.
  static std::uint64_t per_operation;  // NOLINT(bugprone-dynamic-static-initializers)

  static void* malloc(std::size_t size) { return asked(::malloc(size)); }
  static void* calloc(std::size_t count, std::size_t size) { return asked(::calloc(count, size)); }
  static void* realloc(void* block, std::size_t size) { return asked(::realloc(block, size)); }
  static void free(void* block) { ::free(asked(block)); }
  static void cold(Lane& lane, const plan::Word* at, Reason reason) {
    heapwise_replay_cold(&lane, at, reason);
  }

 private:
  // NOLINTNEXTLINE(bugprone-dynamic-static-initializers)
  [[gnu::tls_model("initial-exec")]] static thread_local std::uint64_t due;

  static void* asked(void* block) {
    for (due += per_operation; due >= kOne; due -= kOne) ::malloc_usable_size(block);
    return block;
  }
};

}  // namespace heapwise::replay
