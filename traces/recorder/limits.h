// SPDX-License-Identifier: MIT
// Limits of memory that the program sets past the functions of that name.
#pragma once

namespace heapwise::recorder {

/// Whether a system call limits the process's memory, or has all of it resident.
bool is_limiting(long number);

/// Stands in for syscall() then: does and returns what the function for it does.
long limiting_syscall(long number, long a, long b, long c, long d);

}  // namespace heapwise::recorder
