// SPDX-License-Identifier: MIT
// What is loaded into this process, read from the dynamic linker's own tables: unlike dlsym, this
// neither allocates nor locks, so it works inside the very first malloc.
#pragma once

#include <link.h>

#include <cstdint>

namespace heapwise::recorder {

/// The C library, or null when none of that name is loaded.
const link_map* find_libc();

/// The first loaded object but the recorder that defines a function, in the order of look-ups; or
/// null.
const link_map* first_definer(const char* name);

/// True when an object that stands in front of the recorder defines it.
bool comes_before_recorder(const char* name);

/// The address of a function that `object` defines, or null.
void* find_symbol(const link_map* object, const char* name);

/// True when any loaded object but those of `allocator`'s own name takes pointers from an
/// allocator's own interface (mallocx, mi_malloc, …) beside the standard one: such pointers come
/// to free, so both must reach the same allocator.
bool program_uses_private_interface(const char* allocator);

/// Which of kAllocatorCalls (sensing.h) the loaded objects import, as bits: the program and its
/// libraries, but not libc, nor known allocators, nor the recorder. Weak imports count: a program
/// has them to ask where it finds someone to.
std::uint64_t imported_allocator_calls();

/// The same while other threads may load and unload: under the dynamic linker's own lock.
std::uint64_t imported_allocator_calls_now();

/// The file name of a path.
const char* base_name(const char* path);

/// True for the file names of allocators that are known to replace malloc.
bool is_known_allocator(const char* file_name);

}  // namespace heapwise::recorder
