// SPDX-License-Identifier: MIT
// What a runner asks of the allocator it is linked to. Runs inside the measured process: no heap of
// its own, no C++ library.
#pragma once

#include <cstddef>

namespace heapwise::probe {

/// Filled by identify(). Empty strings are what could not be found out.
struct Identity {
  char version[64];
  char library[512];    ///< the file that malloc comes from
  const char* refusal;  ///< null when malloc is what the runner is named after
};

/// Defined once per runner, by <name>_probe.cc or default_probe.cc: tells the version and proves
/// that the allocator really serves malloc, by calling it.
void identify(Identity& identity);

/// Puts the path of the file that defines `address` into `path`; false when none does.
bool file_of(const void* address, char* path, std::size_t size);

/// Where the dynamic linker finds `name` first, as the program and all its libraries do.
void* first_definition(const char* name);

/// Copies as much of `text` as fits, always with an end.
void copy_text(char* to, std::size_t size, const char* text);

/// Whether malloc and `own`, a function of the allocator, come from the same file, which goes to
/// identity.library; if not, sets the refusal.
bool malloc_comes_with(const void* own, Identity& identity);

}  // namespace heapwise::probe
