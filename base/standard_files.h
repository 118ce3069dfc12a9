// SPDX-License-Identifier: MIT
// What the main function of a program does first, so that output that nobody takes costs no result.
#pragma once

namespace heapwise {

/// Standard input, output and error are open from now on. One that the caller closed would be the
/// number of the next file that is opened, and messages would be written into that. Reading and
/// writing fails on it all the same, and programs that this one starts find it closed.
void occupy_standard_files();

/// From now on a write to a pipe that nobody reads, or beyond the largest file that is allowed,
/// fails instead of ending this process. Programs that it starts find both signals as they were.
void survive_failing_writes();

}  // namespace heapwise
