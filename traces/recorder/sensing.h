// SPDX-License-Identifier: MIT
// The functions by which a program asks or steers its allocator. Recorder and converter share the
// list: a program's are a set of bits in its spool.
#pragma once

#include <array>
#include <cstdint>

namespace heapwise::recorder {

/// Names that an object may import. One that ends in '*' stands for all that begin so. Never more
/// than 64. Not in it: malloc_usable_size, whose calls are counted, and what only prints.
constexpr std::array<const char*, 25> kAllocatorCalls{"mallinfo",
                                                      "mallinfo2",
                                                      "malloc_info",
                                                      "malloc_trim",
                                                      "mallopt",
                                                      "malloc_get_state",
                                                      "malloc_set_state",
                                                      "__malloc_hook",
                                                      "__free_hook",
                                                      "__realloc_hook",
                                                      "__memalign_hook",
                                                      "__morecore",
                                                      "mallctl*",
                                                      "mallocx",
                                                      "rallocx",
                                                      "xallocx",
                                                      "sallocx",
                                                      "dallocx",
                                                      "sdallocx",
                                                      "nallocx",
                                                      "je_*",
                                                      "mi_*",
                                                      "tc_*",
                                                      "MallocExtension*",
                                                      "_ZN15MallocExtension*"};
static_assert(kAllocatorCalls.size() <= 64);

/// Which of them `name` is, as a bit; 0 for none.
constexpr std::uint64_t allocator_call(const char* name) {
  for (std::size_t i = 0; i < kAllocatorCalls.size(); ++i) {
    const char* known = kAllocatorCalls[i];
    const char* at = name;
    while (*known != '\0' && *known == *at) {
      ++known;
      ++at;
    }
    if (*known == '*' || (*known == '\0' && *at == '\0')) return std::uint64_t{1} << i;
  }
  return 0;
}

}  // namespace heapwise::recorder
