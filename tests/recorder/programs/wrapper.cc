// SPDX-License-Identifier: MIT
// A malloc of the user's own, as debugging aids are: it puts a header in front of each block, and
// knows nothing of malloc_usable_size.
#include <cstddef>
#include <cstring>

extern "C" {
void* __libc_malloc(std::size_t size);  // NOLINT: libc's own names
void __libc_free(void* block);          // NOLINT

namespace {
constexpr std::size_t kHeader = 16;
std::size_t& size_of(void* block) {
  return *reinterpret_cast<std::size_t*>(static_cast<char*>(block) - kHeader);
}
}  // namespace

#define EXPORTED __attribute__((visibility("default")))

EXPORTED void* malloc(std::size_t size) {
  auto* begin = static_cast<char*>(__libc_malloc(size + kHeader));
  if (begin == nullptr) return nullptr;
  size_of(begin + kHeader) = size;
  return begin + kHeader;
}

EXPORTED void free(void* block) {
  if (block != nullptr) __libc_free(static_cast<char*>(block) - kHeader);
}

EXPORTED void* calloc(std::size_t count, std::size_t size) {
  void* block = malloc(count * size);
  return block == nullptr ? nullptr : std::memset(block, 0, count * size);
}

EXPORTED void* realloc(void* block, std::size_t size) {
  void* moved = malloc(size);
  if (block == nullptr || moved == nullptr) return moved;
  std::memcpy(moved, block, size < size_of(block) ? size : size_of(block));
  free(block);
  return moved;
}
}
