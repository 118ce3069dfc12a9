// SPDX-License-Identifier: MIT
// System calls made directly: libc's wrappers can be interposed by the program, touch errno, and
// are not safe everywhere the recorder runs.
#pragma once

#include <sys/syscall.h>

#include <cstdint>

namespace heapwise::recorder {

/// Returns what the kernel returns: a negative errno on failure.
inline long system_call(long number, long a = 0, long b = 0, long c = 0, long d = 0, long e = 0,
                        long f = 0) {
  register long r10 asm("r10") = d;
  register long r8 asm("r8") = e;
  register long r9 asm("r9") = f;
  long result;
  asm volatile("syscall"
               : "=a"(result)
               : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
               : "rcx", "r11", "memory");
  return result;
}

inline long argument(const void* pointer) { return reinterpret_cast<long>(pointer); }

/// Maps memory; null on failure.
inline void* map_memory(std::size_t bytes, int protection, int flags, int fd = -1) {
  const long at = system_call(SYS_mmap, 0, static_cast<long>(bytes), protection, flags, fd, 0);
  return at < 0 && at > -4096 ? nullptr : reinterpret_cast<void*>(at);
}

}  // namespace heapwise::recorder
