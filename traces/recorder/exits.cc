// SPDX-License-Identifier: MIT
// Where a program begins to end, and where it doubles. What happens after exit begins is recorded
// like all else.
#include <stdlib.h>
#include <unistd.h>

#include "traces/recorder/export.h"
#include "traces/recorder/log.h"
#include "traces/recorder/real.h"

namespace heapwise::recorder {
namespace {

using Main = int (*)(int, char**, char**);
Main real_main = nullptr;

void note_exit() {
  if (!is_own_spool()) return;
  if ((spool_of_process.header->flags.fetch_or(spool::kExitBegan) & spool::kExitBegan) != 0) {
    return;
  }
  log_extended(spool::Code::exit_begin);
}

int main_and_exit(int count, char** arguments, char** environment) {
  const int status = real_main(count, arguments, environment);
  note_exit();
  return status;
}

template <class Exit>
[[noreturn]] void leave(const char* name, int status) {
  note_exit();
  next_function<Exit>(name)(status);
  __builtin_unreachable();
}

// Before libc's own initialisation is over there may have been no event at all.
[[gnu::constructor]] void begin_with_program() { announce_thread(); }

pid_t fork_noting(const char* name) {
  note_fork_begin();
  const pid_t pid = next_function<pid_t (*)()>(name)();
  if (pid != 0) note_fork_end();
  return pid;
}

}  // namespace
}  // namespace heapwise::recorder

using namespace heapwise::recorder;  // NOLINT: nothing below but libc's own names
// NOLINTBEGIN(readability-inconsistent-declaration-parameter-name): libc's names are reserved ones.

HEAPWISE_EXPORT int __libc_start_main(Main main, int count, char** arguments, void (*init)(),
                                      void (*fini)(), void (*loader_fini)(), void* stack_end) {
  using Start = int (*)(Main, int, char**, void (*)(), void (*)(), void (*)(), void*);
  real_main = main;
  return next_function<Start>("__libc_start_main")(main_and_exit, count, arguments, init, fini,
                                                   loader_fini, stack_end);
}

HEAPWISE_EXPORT [[noreturn]] void exit(int status) { leave<void (*)(int)>("exit", status); }
HEAPWISE_EXPORT [[noreturn]] void _exit(int status) { leave<void (*)(int)>("_exit", status); }
HEAPWISE_EXPORT [[noreturn]] void _Exit(int status) { leave<void (*)(int)>("_Exit", status); }
HEAPWISE_EXPORT [[noreturn]] void quick_exit(int status) {
  leave<void (*)(int)>("quick_exit", status);
}

HEAPWISE_EXPORT pid_t fork() { return fork_noting("fork"); }
HEAPWISE_EXPORT pid_t _Fork() { return fork_noting("_Fork"); }
// NOLINTEND
