// SPDX-License-Identifier: MIT
// A program that replaces two of C++'s operators and leaves the others to the library, which then
// call these two.
#include <cstdio>
#include <cstdlib>
#include <new>

namespace {

constexpr std::size_t kHeader = 16;
constexpr unsigned kMark = 0x5eed;
int allocated = 0, freed = 0;

struct Destroyed {
  int field[10];
  ~Destroyed() { field[0] = 0; }
};

}  // namespace

void* operator new(std::size_t size) {
  auto* block = static_cast<char*>(std::malloc(size + kHeader));
  if (block == nullptr) throw std::bad_alloc();
  ++allocated;
  *reinterpret_cast<unsigned*>(block) = kMark;
  return block + kHeader;
}

void operator delete(void* block) noexcept {
  if (block == nullptr) return;
  char* begin = static_cast<char*>(block) - kHeader;
  if (*reinterpret_cast<unsigned*>(begin) != kMark) std::abort();
  ++freed;
  std::free(begin);
}

int main() {
  delete new Destroyed;
  delete[] new Destroyed[3];
  delete[] new (std::nothrow) int[7];
  std::printf("%d %d\n", allocated, freed);
  return 0;
}
