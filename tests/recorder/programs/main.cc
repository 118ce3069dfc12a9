// SPDX-License-Identifier: MIT
#include <cstdio>
#include <cstring>

#include "tests/recorder/programs/scenario.h"

namespace scenario {

const char* self = nullptr;
int extra_count = 0;
char** extra = nullptr;

std::map<std::string, std::function<int()>>& all() {
  static std::map<std::string, std::function<int()>> scenarios;
  return scenarios;
}

void* take(std::size_t size) {
  void* block = std::malloc(size);
  if (block != nullptr) std::memset(block, 1, size);
  return block;
}

}  // namespace scenario

int main(int count, char** arguments) {
  if (count < 2) return 64;
  const auto found = scenario::all().find(arguments[1]);
  if (found == scenario::all().end()) return 65;
  scenario::self = arguments[0];
  scenario::extra_count = count - 2;
  scenario::extra = arguments + 2;
  const int status = found->second();
  std::fflush(stdout);
  return status;
}
