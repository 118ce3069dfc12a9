// SPDX-License-Identifier: MIT
// Locks all its memory, of which it is allowed a few megabytes and needs two: it is linked to libc
// alone.
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>

int main() {
  const rlimit limit{6 << 20, 6 << 20};
  if (setrlimit(RLIMIT_MEMLOCK, &limit) != 0) return 1;
  if (geteuid() == 0 && (setgid(65534) != 0 || setuid(65534) != 0)) return 2;
  std::free(std::malloc(20011));
  std::printf("%d\n", mlockall(MCL_CURRENT | MCL_FUTURE));
  void* more = mmap(nullptr, 3 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  std::printf("%d\n", static_cast<int>(more != MAP_FAILED));
  for (int i = 0; i < 40; ++i) std::free(std::malloc(20013));
  return 0;
}
