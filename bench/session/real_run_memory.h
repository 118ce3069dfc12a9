// SPDX-License-Identifier: MIT
// What /proc says about the memory of a process that nobody instrumented.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>

namespace heapwise {

/// From /proc/PID/status, in bytes.
struct ProcessMemory {
  std::uint64_t anonymous = 0;   ///< RssAnon
  std::uint64_t file = 0;        ///< RssFile
  std::uint64_t shared = 0;      ///< RssShmem
  std::uint64_t resident = 0;    ///< VmRSS: the three together
  std::uint64_t high_water = 0;  ///< VmHWM: the most that VmRSS ever was in this process image
};

/// Nothing for a process that has no memory any more: it has ended.
std::optional<ProcessMemory> parse_status(std::string_view status);

/// What tells the heap from the rest of a process.
struct NonHeapRules {
  /// Files of the program itself. What others hold is counted as the heap's: an allocator's library
  /// and what came with it. Null: all files are the program's.
  const std::set<std::string>* own_files = nullptr;
  /// Bytes of zeroed data behind a file's own (zeroed_data_bytes); null: all that touches it.
  std::uint64_t (*zeroed_data)(const std::string& path) = nullptr;
};

struct NonHeap {
  std::uint64_t bytes = 0;
  std::set<std::string> files;  ///< that were mapped
};

/// Anonymous resident bytes that are not the heap's, from /proc/PID/smaps of a process that runs
/// with the marking library (bench/session/mark).
///
/// Certain: changed pages of file mappings (.data, .bss within them), the zeroed data right behind
/// them, the main stack, [vdso] and its like, whatever carries a name that is not malloc's, and all
/// that is marked: the program's own mappings, thread stacks, thread-local storage and what else
/// the dynamic linker made before the program began.
///
/// Ambiguous, and counted as heap: unnamed memory without a mark, which is malloc's, but also what
/// a program gets by system calls of its own; and brk memory that a program takes past malloc.
NonHeap non_heap_in(std::string_view smaps, const NonHeapRules& rules);

}  // namespace heapwise
