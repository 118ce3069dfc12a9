// SPDX-License-Identifier: MIT
#include "tests/traces/counting_new.h"

#include <malloc.h>

#include <algorithm>
#include <cstdlib>
#include <new>

namespace heapwise::test {

std::size_t held = 0;
std::size_t most_held = 0;

}  // namespace heapwise::test

using heapwise::test::held;
using heapwise::test::most_held;

void* operator new(std::size_t size) {
  void* block = std::malloc(size);
  if (block == nullptr) std::abort();
  held += malloc_usable_size(block);
  most_held = std::max(most_held, held);
  return block;
}

void operator delete(void* block) noexcept {
  held -= malloc_usable_size(block);
  std::free(block);
}

void operator delete(void* block, std::size_t) noexcept {
  held -= malloc_usable_size(block);
  std::free(block);
}
