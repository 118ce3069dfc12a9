// SPDX-License-Identifier: MIT
// Limits of memory that the program sets, by whichever call.
#pragma once

namespace heapwise::recorder {

/// Whether a call that names a process means this one. Behind a sandbox a number is compared with
/// the one that the process had at first, as asking is a system call.
bool is_own_pid(int pid);

/// Makes do with less where `limit` (a struct rlimit, or null) limits the address space or the
/// data. Nothing in a child made by vfork, whose limits are its own while the memory is its
/// parent's.
void note_limit(int resource, const void* limit);

}  // namespace heapwise::recorder
