// SPDX-License-Identifier: MIT
// Loaded with RTLD_DEEPBIND: its free and malloc are libc's own, whatever is preloaded.
#include <cstdlib>

extern "C" __attribute__((visibility("default"))) void* swap_block(void* block) {
  std::free(block);
  return std::malloc(156003);
}
