// SPDX-License-Identifier: MIT
#pragma once

namespace heapwise::micro {

/// Registers all primitives with Google Benchmark; those with threads for 1 to 2 × `cores` of them.
void register_primitives(int cores);

/// Those in which one thread frees what another allocated.
void register_handover(int cores);

/// What a binary is named after: defined in name.cc, which is compiled for each allocator.
const char* allocator_name();

}  // namespace heapwise::micro
