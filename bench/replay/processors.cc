// SPDX-License-Identifier: MIT
#include "bench/replay/processors.h"

#include <malloc.h>
#include <stdlib.h>
#include <string.h>

namespace heapwise::replay {
namespace {

/// Arenas that glibc makes for each processor, on 64-bit systems (malloc/arena.c,
/// NARENAS_FROM_NCORES).
constexpr int kArenasPerProcessor = 8;

bool is_user_limit_set() {
  const char* const tunables = getenv("GLIBC_TUNABLES");
  return getenv("MALLOC_ARENA_MAX") != nullptr ||
         (tunables != nullptr && strstr(tunables, "glibc.malloc.arena_max") != nullptr);
}

/// glibc counts the processors when it has made some arenas; the others when they are loaded.
/// Where glibc is not the allocator this sets a limit that nobody asks for.
void keep_arena_limit(int processors) {
  if (!is_user_limit_set()) mallopt(M_ARENA_MAX, kArenasPerProcessor * processors);
}

/// The first ones from the processor on that this thread is on, as the system has found it idle.
cpu_set_t choose(const cpu_set_t& allowed, unsigned count) {
  cpu_set_t chosen;
  CPU_ZERO(&chosen);
  const int here = sched_getcpu();
  int next = here < 0 ? 0 : here;
  for (int looked_at = 0; looked_at < CPU_SETSIZE && count > 0; ++looked_at) {
    if (CPU_ISSET(next, &allowed)) {
      CPU_SET(next, &chosen);
      --count;
    }
    next = (next + 1) % CPU_SETSIZE;
  }
  return chosen;
}

}  // namespace

ProcessorLimit::ProcessorLimit(unsigned count) {
  if (count == 0 || sched_getaffinity(0, sizeof before_, &before_) != 0) return;
  const int processors = CPU_COUNT(&before_);
  if (count >= static_cast<unsigned>(processors)) return;
  keep_arena_limit(processors);
  const cpu_set_t chosen = choose(before_, count);
  limits_ = sched_setaffinity(0, sizeof chosen, &chosen) == 0;
}

ProcessorLimit::~ProcessorLimit() {
  if (limits_) sched_setaffinity(0, sizeof before_, &before_);
}

}  // namespace heapwise::replay
