// SPDX-License-Identifier: MIT
// The vocabulary of a trace: what a program asked of malloc, one Op at a time.
#pragma once

#include <cstdint>

namespace heapwise {

/// A live object. Numbers are dense and reused: an allocation takes the number that was freed most
/// recently, or the next new one, so tables indexed by it grow with the live heap and not with the
/// trace.
enum class ObjectId : std::uint32_t {};

/// A recorded thread, numbered from 0 in the order of first appearance; never reused.
enum class ThreadId : std::uint32_t {};

constexpr std::uint32_t index(ObjectId id) { return static_cast<std::uint32_t>(id); }
constexpr std::uint32_t index(ThreadId id) { return static_cast<std::uint32_t>(id); }

/// The values are those of the file format; never renumber.
enum class OpKind : std::uint8_t {
  malloc = 1,
  calloc = 2,   ///< zeroed on request; size is the product
  aligned = 3,  ///< posix_memalign and its kin; align_log2 says how much
  realloc = 4,  ///< object keeps its number, size is the new one
  free = 5,
  thread_start = 6,  ///< `thread` makes the thread numbered `object`; itself if nobody saw who did
  thread_end = 7,    ///< the last op of its thread, unless late frees follow
  touch = 8,         ///< `size` pages of `object` have been written by now (capability `touch`)
  trim = 9,          ///< malloc_trim(size)
  mallopt = 10,      ///< mallopt(int32(object), int32(size))
  exit_begin = 11,   ///< main returned or exit() was called, or the process was seen last before
                     ///< it was killed: the "end" of memory figures
};

/// What a `touch` of one page says of a block of less than two: so many bytes at its beginning are
/// written, or less. How much of it lies on one page depends on where the allocator puts it.
constexpr std::uint64_t kBeginningBytes = 1024;

/// One event in the total order of the trace: allocations stand where they completed, frees where
/// they were called, reallocations where they completed.
struct Op {
  std::uint64_t time_ns = 0;  ///< since the first event, the program's own time where it is known
  std::uint64_t size = 0;     ///< bytes requested, or what the kind says
  ObjectId object{0};
  ThreadId thread{0};
  OpKind kind = OpKind::malloc;
  std::uint8_t align_log2 = 0;  ///< of kind `aligned`: the alignment is 1 << align_log2
};

constexpr bool is_allocation(OpKind kind) {
  return kind == OpKind::malloc || kind == OpKind::calloc || kind == OpKind::aligned;
}

/// True for what replays count as an operation: calls that allocate, resize or free.
constexpr bool is_operation(OpKind kind) {
  return is_allocation(kind) || kind == OpKind::realloc || kind == OpKind::free;
}

}  // namespace heapwise
