// SPDX-License-Identifier: MIT
// What /proc says about the memory of a process that nobody instrumented.
#pragma once

#include <cstdint>
#include <optional>
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

/// Anonymous resident bytes that are not the heap's, from /proc/PID/smaps of a process under glibc.
///
/// Certain: changed pages of file mappings (.data, .bss within them), the zeroed data right behind
/// them, the main stack, [vdso] and its like, whatever carries a name that is not malloc's, and all
/// that the marking library marked (bench/session/mark): the program's own mappings, thread-local
/// storage and what else the dynamic linker made. Thread stacks are told by the guard below them:
/// a short mapping without any access. glibc's arenas have theirs above.
///
/// Ambiguous, and counted as heap: unnamed memory without a mark, which is malloc's arenas and
/// large blocks, but also what a program gets by system calls of its own; and brk memory that a
/// program takes past malloc. A stack whose guard was switched off counts as heap too.
std::uint64_t non_heap_bytes(std::string_view smaps);

}  // namespace heapwise
