// SPDX-License-Identifier: MIT
// A program that no preloaded library reaches.
#include <cstdlib>

int main() {
  std::free(std::malloc(1000));
  return 3;
}
