// SPDX-License-Identifier: MIT
// A program that no preloaded library reaches. With an argument it fills so many bytes for a while.
#include <unistd.h>

#include <cstdlib>
#include <cstring>

int main(int count, char** arguments) {
  const std::size_t size = count > 1 ? std::strtoull(arguments[1], nullptr, 10) : 1000;
  void* block = std::malloc(size);
  if (count > 1) {
    std::memset(block, 1, size);
    usleep(200'000);
  }
  std::free(block);
  return 3;
}
