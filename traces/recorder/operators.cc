// SPDX-License-Identifier: MIT
// C++'s operators new and delete in every form. libstdc++'s would come here through malloc by
// themselves, but a program linked to another allocator would take its. What libstdc++ asks of
// malloc is asked here too: one byte for none, sizes rounded up to the alignment, which is a power
// of two or refused. libstdc++ itself is not linked: a C program must not get it through the
// recorder.
//
// A program may replace any of the forms, and those that it does not replace then call its own
// ([new.delete]). So where there is one that is neither libstdc++'s nor a known allocator's, or a
// malloc in front of this one, all forms here go on to the next definition.
#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstring>
#include <iterator>
#include <string_view>

#include "traces/recorder/alloc.h"
#include "traces/recorder/export.h"
#include "traces/recorder/linked.h"
#include "traces/recorder/process.h"

namespace heapwise::recorder {
namespace {

constexpr const char* kOperators[] = {"_Znwm",
                                      "_Znam",
                                      "_ZnwmRKSt9nothrow_t",
                                      "_ZnamRKSt9nothrow_t",
                                      "_ZnwmSt11align_val_t",
                                      "_ZnamSt11align_val_t",
                                      "_ZnwmSt11align_val_tRKSt9nothrow_t",
                                      "_ZnamSt11align_val_tRKSt9nothrow_t",
                                      "_ZdlPv",
                                      "_ZdaPv",
                                      "_ZdlPvm",
                                      "_ZdaPvm",
                                      "_ZdlPvRKSt9nothrow_t",
                                      "_ZdaPvRKSt9nothrow_t",
                                      "_ZdlPvSt11align_val_t",
                                      "_ZdaPvSt11align_val_t",
                                      "_ZdlPvmSt11align_val_t",
                                      "_ZdaPvmSt11align_val_t",
                                      "_ZdlPvSt11align_val_tRKSt9nothrow_t",
                                      "_ZdaPvSt11align_val_tRKSt9nothrow_t"};

constinit bool passes_on = false;
/// The next definition of each, looked up when the image begins, where they are gone on to.
constinit void* next_operators[std::size(kOperators)] = {};

consteval std::size_t place_of(std::string_view name) {
  std::size_t place = 0;
  while (kOperators[place] != name) ++place;
  return place;
}

bool is_standard(const link_map* object) {
  const char* const name = base_name(object->l_name);
  for (const char* prefix : {"libstdc++.so", "libc++.so", "libc++abi.so"}) {
    if (std::strncmp(name, prefix, std::strlen(prefix)) == 0) return true;
  }
  return is_known_allocator(name);
}

bool is_replaced(const char* name) {
  const link_map* const object = first_definer(name);
  return object != nullptr && !is_standard(object);
}

// The next operator runs the new_handler and throws, which takes libstdc++. In a C program a
// plug-in brings it, for itself alone.
template <class... Arguments>
[[gnu::cold, gnu::noinline]] void* fall_back(const char* name, Arguments... arguments) {
  void* next = next_symbol(name);
  if (next == nullptr) {
    if (const link_map* const object = first_definer(name)) next = find_symbol(object, name);
  }
  return next == nullptr ? nullptr : reinterpret_cast<void* (*)(Arguments...)>(next)(arguments...);
}

inline bool is_passed_on() { return __builtin_expect(passes_on, 0); }

struct NothrowTag;  // std::nothrow_t, passed on by address

inline void* plain(std::size_t size) { return log_malloc(size == 0 ? 1 : size); }

inline void* aligned(std::size_t size, std::size_t alignment) {
  const std::size_t wanted = size == 0 ? 1 : size;
  if (!std::has_single_bit(alignment) || wanted > ~alignment) return nullptr;
  return log_aligned_alloc(alignment, (wanted + alignment - 1) & ~(alignment - 1));
}

}  // namespace

void resolve_operators() {
  const bool replaced = comes_before_recorder("malloc") ||
                        std::any_of(std::begin(kOperators), std::end(kOperators), is_replaced);
  if (!replaced) return;
  for (std::size_t i = 0; i < std::size(kOperators); ++i) {
    next_operators[i] = next_symbol(kOperators[i]);
  }
  passes_on = true;
}

}  // namespace heapwise::recorder

using namespace heapwise::recorder;  // NOLINT: nothing below but the C++ ABI's own names

// To the next definition of this form, where there is one.
#define HEAPWISE_PASS_ON(name, Function, ...)                                          \
  if (void* const next = is_passed_on() ? next_operators[place_of(#name)] : nullptr) { \
    return reinterpret_cast<Function>(next)(__VA_ARGS__);                              \
  }

#define HEAPWISE_NEW(name)                               \
  HEAPWISE_EXPORT void* name(std::size_t size) {         \
    HEAPWISE_PASS_ON(name, void* (*)(std::size_t), size) \
    if (void* block = plain(size)) return block;         \
    return fall_back(#name, size);                       \
  }
#define HEAPWISE_NEW_NOTHROW(name)                                               \
  HEAPWISE_EXPORT void* name(std::size_t size, const NothrowTag* tag) {          \
    HEAPWISE_PASS_ON(name, void* (*)(std::size_t, const NothrowTag*), size, tag) \
    if (void* block = plain(size)) return block;                                 \
    return fall_back(#name, size, tag);                                          \
  }
#define HEAPWISE_NEW_ALIGNED(name)                                               \
  HEAPWISE_EXPORT void* name(std::size_t size, std::size_t alignment) {          \
    HEAPWISE_PASS_ON(name, void* (*)(std::size_t, std::size_t), size, alignment) \
    if (void* block = aligned(size, alignment)) return block;                    \
    return fall_back(#name, size, alignment);                                    \
  }
#define HEAPWISE_NEW_ALIGNED_NOTHROW(name)                                                     \
  HEAPWISE_EXPORT void* name(std::size_t size, std::size_t alignment, const NothrowTag* tag) { \
    HEAPWISE_PASS_ON(name, void* (*)(std::size_t, std::size_t, const NothrowTag*), size,       \
                     alignment, tag)                                                           \
    if (void* block = aligned(size, alignment)) return block;                                  \
    return fall_back(#name, size, alignment, tag);                                             \
  }
// Sizes, alignments and tags say nothing that free needs, but the program's own may heed them.
#define HEAPWISE_DELETE(name)                      \
  HEAPWISE_EXPORT void name(void* block) {         \
    HEAPWISE_PASS_ON(name, void (*)(void*), block) \
    log_free(block);                               \
  }
#define HEAPWISE_DELETE_1(name, Type)                           \
  HEAPWISE_EXPORT void name(void* block, Type first) {          \
    HEAPWISE_PASS_ON(name, void (*)(void*, Type), block, first) \
    log_free(block);                                            \
  }
#define HEAPWISE_DELETE_2(name, Type, Other)                                   \
  HEAPWISE_EXPORT void name(void* block, Type first, Other second) {           \
    HEAPWISE_PASS_ON(name, void (*)(void*, Type, Other), block, first, second) \
    log_free(block);                                                           \
  }

HEAPWISE_NEW(_Znwm)                         // new(size)
HEAPWISE_NEW(_Znam)                         // new[](size)
HEAPWISE_NEW_NOTHROW(_ZnwmRKSt9nothrow_t)   // new(size, nothrow)
HEAPWISE_NEW_NOTHROW(_ZnamRKSt9nothrow_t)   // new[](size, nothrow)
HEAPWISE_NEW_ALIGNED(_ZnwmSt11align_val_t)  // new(size, align)
HEAPWISE_NEW_ALIGNED(_ZnamSt11align_val_t)  // new[](size, align)
HEAPWISE_NEW_ALIGNED_NOTHROW(_ZnwmSt11align_val_tRKSt9nothrow_t)
HEAPWISE_NEW_ALIGNED_NOTHROW(_ZnamSt11align_val_tRKSt9nothrow_t)

HEAPWISE_DELETE(_ZdlPv)                                              // delete(block)
HEAPWISE_DELETE(_ZdaPv)                                              // delete[](block)
HEAPWISE_DELETE_1(_ZdlPvm, std::size_t)                              // delete(block, size)
HEAPWISE_DELETE_1(_ZdaPvm, std::size_t)                              // delete[](block, size)
HEAPWISE_DELETE_1(_ZdlPvRKSt9nothrow_t, const NothrowTag*)           // delete(block, nothrow)
HEAPWISE_DELETE_1(_ZdaPvRKSt9nothrow_t, const NothrowTag*)           // delete[](block, nothrow)
HEAPWISE_DELETE_1(_ZdlPvSt11align_val_t, std::size_t)                // delete(block, align)
HEAPWISE_DELETE_1(_ZdaPvSt11align_val_t, std::size_t)                // delete[](block, align)
HEAPWISE_DELETE_2(_ZdlPvmSt11align_val_t, std::size_t, std::size_t)  // delete(block, size, align)
HEAPWISE_DELETE_2(_ZdaPvmSt11align_val_t, std::size_t, std::size_t)  // delete[](block, size, align)
HEAPWISE_DELETE_2(_ZdlPvSt11align_val_tRKSt9nothrow_t, std::size_t, const NothrowTag*)
HEAPWISE_DELETE_2(_ZdaPvSt11align_val_tRKSt9nothrow_t, std::size_t, const NothrowTag*)
