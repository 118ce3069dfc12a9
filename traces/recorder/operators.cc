// SPDX-License-Identifier: MIT
// C++'s operators new and delete in every form. libstdc++'s would come here through malloc by
// themselves, but a program linked to another allocator would take its. What libstdc++ asks of
// malloc is asked here too: one byte for none, sizes rounded up to the alignment, which is a power
// of two or refused. libstdc++ itself is not linked: a C program must not get it through the
// recorder.
#include <bit>
#include <cstddef>

#include "traces/recorder/alloc.h"
#include "traces/recorder/export.h"

namespace heapwise::recorder {
namespace {

// The next operator runs the new_handler and throws, which takes libstdc++. It exists in every
// program that calls one.
template <class... Arguments>
[[gnu::cold, gnu::noinline]] void* fall_back(const char* name, Arguments... arguments) {
  const auto next = reinterpret_cast<void* (*)(Arguments...)>(next_symbol(name));
  if (next == nullptr) __builtin_trap();
  return next(arguments...);
}

struct NothrowTag;  // std::nothrow_t, passed on by address

inline void* plain(std::size_t size) { return log_malloc(size == 0 ? 1 : size); }

inline void* aligned(std::size_t size, std::size_t alignment) {
  const std::size_t wanted = size == 0 ? 1 : size;
  if (!std::has_single_bit(alignment) || wanted > ~alignment) return nullptr;
  return log_aligned_alloc(alignment, (wanted + alignment - 1) & ~(alignment - 1));
}

}  // namespace
}  // namespace heapwise::recorder

using namespace heapwise::recorder;  // NOLINT: nothing below but the C++ ABI's own names

#define HEAPWISE_NEW(name)                       \
  HEAPWISE_EXPORT void* name(std::size_t size) { \
    if (void* block = plain(size)) return block; \
    return fall_back(#name, size);               \
  }
#define HEAPWISE_NEW_NOTHROW(name)                                      \
  HEAPWISE_EXPORT void* name(std::size_t size, const NothrowTag* tag) { \
    if (void* block = plain(size)) return block;                        \
    return fall_back(#name, size, tag);                                 \
  }
#define HEAPWISE_NEW_ALIGNED(name)                                      \
  HEAPWISE_EXPORT void* name(std::size_t size, std::size_t alignment) { \
    if (void* block = aligned(size, alignment)) return block;           \
    return fall_back(#name, size, alignment);                           \
  }
#define HEAPWISE_NEW_ALIGNED_NOTHROW(name)                                                     \
  HEAPWISE_EXPORT void* name(std::size_t size, std::size_t alignment, const NothrowTag* tag) { \
    if (void* block = aligned(size, alignment)) return block;                                  \
    return fall_back(#name, size, alignment, tag);                                             \
  }
// Sizes, alignments and tags say nothing that free needs.
#define HEAPWISE_DELETE(name) \
  HEAPWISE_EXPORT void name(void* block) { log_free(block); }

HEAPWISE_NEW(_Znwm)                         // new(size)
HEAPWISE_NEW(_Znam)                         // new[](size)
HEAPWISE_NEW_NOTHROW(_ZnwmRKSt9nothrow_t)   // new(size, nothrow)
HEAPWISE_NEW_NOTHROW(_ZnamRKSt9nothrow_t)   // new[](size, nothrow)
HEAPWISE_NEW_ALIGNED(_ZnwmSt11align_val_t)  // new(size, align)
HEAPWISE_NEW_ALIGNED(_ZnamSt11align_val_t)  // new[](size, align)
HEAPWISE_NEW_ALIGNED_NOTHROW(_ZnwmSt11align_val_tRKSt9nothrow_t)
HEAPWISE_NEW_ALIGNED_NOTHROW(_ZnamSt11align_val_tRKSt9nothrow_t)

HEAPWISE_DELETE(_ZdlPv)                  // delete(block)
HEAPWISE_DELETE(_ZdaPv)                  // delete[](block)
HEAPWISE_DELETE(_ZdlPvm)                 // delete(block, size)
HEAPWISE_DELETE(_ZdaPvm)                 // delete[](block, size)
HEAPWISE_DELETE(_ZdlPvRKSt9nothrow_t)    // delete(block, nothrow)
HEAPWISE_DELETE(_ZdaPvRKSt9nothrow_t)    // delete[](block, nothrow)
HEAPWISE_DELETE(_ZdlPvSt11align_val_t)   // delete(block, align)
HEAPWISE_DELETE(_ZdaPvSt11align_val_t)   // delete[](block, align)
HEAPWISE_DELETE(_ZdlPvmSt11align_val_t)  // delete(block, size, align)
HEAPWISE_DELETE(_ZdaPvmSt11align_val_t)  // delete[](block, size, align)
HEAPWISE_DELETE(_ZdlPvSt11align_val_tRKSt9nothrow_t)
HEAPWISE_DELETE(_ZdaPvSt11align_val_tRKSt9nothrow_t)
