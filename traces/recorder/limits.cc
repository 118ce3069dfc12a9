// SPDX-License-Identifier: MIT
// Calls that limit the program's memory, or have all of it resident: what the recorder reserved
// beyond the program's own must not count against the one or be filled by the other.
#include "traces/recorder/limits.h"

#include <errno.h>
#include <sys/mman.h>
#include <sys/resource.h>

#include "traces/recorder/export.h"
#include "traces/recorder/large.h"
#include "traces/recorder/process.h"
#include "traces/recorder/real.h"
#include "traces/recorder/syscalls.h"

namespace heapwise::recorder {
namespace {

constinit Next<int (*)(int)> next_mlockall("mlockall");
constinit Next<int (*)(int, const void*)> next_setrlimit("setrlimit");
constinit Next<int (*)(int, const void*)> next_setrlimit64("setrlimit64");
constinit Next<int (*)(int, int, const void*, void*)> next_prlimit("prlimit");
constinit Next<int (*)(int, int, const void*, void*)> next_prlimit64("prlimit64");

// A process may name itself by its number. Behind a sandbox that is what it was at first, as asking
// is a system call.
bool is_own_pid(int pid) {
  if (pid == 0) return true;
  if (is_sandboxed()) return is_recording() && pid == spool_of_process.header->pid;
  return pid == system_call(SYS_getpid);
}

// A child made by vfork has limits of its own, but its parent's memory.
void note_limit(int resource, const void* limit) {
  if (is_recording() && !is_own_spool()) return;
  if (limit == nullptr || (resource != RLIMIT_AS && resource != RLIMIT_DATA)) return;
  const rlim_t bytes = static_cast<const rlimit*>(limit)->rlim_cur;
  if (bytes == RLIM_INFINITY) return;  // programs that take much lift what limit there may be
  give_up_large_blocks();
  limit_spool(bytes);
}

}  // namespace

void resolve_limits() {
  next_mlockall.get();
  next_setrlimit.get();
  next_setrlimit64.get();
  next_prlimit.get();
  next_prlimit64.get();
}

}  // namespace heapwise::recorder

using namespace heapwise::recorder;  // NOLINT: nothing below but libc's own names

// libc declares these with types of its own, which the names of the assembler go around.

extern "C" {
__attribute__((visibility("default"))) int heapwise_mlockall(int flags) __asm__("mlockall");
__attribute__((visibility("default"))) int heapwise_setrlimit(
    int resource, const void* limit) __asm__("setrlimit");
__attribute__((visibility("default"))) int heapwise_setrlimit64(
    int resource, const void* limit) __asm__("setrlimit64");
__attribute__((visibility("default"))) int heapwise_prlimit(int pid, int resource,
                                                            const void* limit,
                                                            void* old) __asm__("prlimit");
__attribute__((visibility("default"))) int heapwise_prlimit64(int pid, int resource,
                                                              const void* limit,
                                                              void* old) __asm__("prlimit64");

int heapwise_mlockall(int flags) {
  give_up_large_blocks();
  int result = next_mlockall.get()(flags);
  if (result != 0 && errno == ENOMEM) {
    limit_spool(memory_lock_limit());
    result = next_mlockall.get()(flags);
  }
  if (result == 0) unlock_spool();
  return result;
}

int heapwise_setrlimit(int resource, const void* limit) {
  const int result = next_setrlimit.get()(resource, limit);
  if (result == 0) note_limit(resource, limit);  // it can be read, then
  return result;
}

int heapwise_setrlimit64(int resource, const void* limit) {
  const int result = next_setrlimit64.get()(resource, limit);
  if (result == 0) note_limit(resource, limit);
  return result;
}

int heapwise_prlimit(int pid, int resource, const void* limit, void* old) {
  const int result = next_prlimit.get()(pid, resource, limit, old);
  if (result == 0 && is_own_pid(pid)) note_limit(resource, limit);
  return result;
}

int heapwise_prlimit64(int pid, int resource, const void* limit, void* old) {
  const int result = next_prlimit64.get()(pid, resource, limit, old);
  if (result == 0 && is_own_pid(pid)) note_limit(resource, limit);
  return result;
}
}

bool heapwise::recorder::is_limiting(long number) {
  return number == SYS_setrlimit || number == SYS_prlimit64 || number == SYS_mlockall;
}

long heapwise::recorder::limiting_syscall(long number, long a, long b, long c, long d) {
  if (number == SYS_mlockall) return heapwise_mlockall(static_cast<int>(a));
  if (number == SYS_setrlimit) {
    return heapwise_setrlimit(static_cast<int>(a), reinterpret_cast<void*>(b));
  }
  return heapwise_prlimit64(static_cast<int>(a), static_cast<int>(b), reinterpret_cast<void*>(c),
                            reinterpret_cast<void*>(d));
}
