// SPDX-License-Identifier: MIT
// Where a program begins to end, and where it doubles. What happens after exit begins is recorded
// like all else.
#include <pthread.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "traces/recorder/export.h"
#include "traces/recorder/large.h"
#include "traces/recorder/linked.h"
#include "traces/recorder/log.h"
#include "traces/recorder/process.h"
#include "traces/recorder/real.h"
#include "traces/recorder/syscalls.h"

namespace heapwise::recorder {
namespace {

using Main = int (*)(int, char**, char**);
Main real_main = nullptr;

// Of the whole process, or of the children that it waited for; 0 where a sandbox forbids to ask.
std::uint64_t cpu_ns(int whose) {
  rusage used{};
  if (is_sandboxed() || system_call(SYS_getrusage, whose, argument(&used)) != 0) return 0;
  const auto ns = [](const timeval& time) {
    return static_cast<std::uint64_t>(time.tv_sec) * 1'000'000'000 +
           static_cast<std::uint64_t>(time.tv_usec) * 1'000;
  };
  return ns(used.ru_utime) + ns(used.ru_stime);
}

void note_exit() {
  if (!is_own_spool()) return;
  if ((spool_of_process.header->flags.fetch_or(spool::kExitBegan) & spool::kExitBegan) != 0) {
    return;
  }
  log_all_touched();
  log_extended(spool::Code::exit_begin);
  spool_of_process.header->exit_cpu_ns.store(cpu_ns(RUSAGE_SELF), std::memory_order_relaxed);
  spool_of_process.header->children_cpu_ns.store(cpu_ns(RUSAGE_CHILDREN),
                                                 std::memory_order_relaxed);
}

// Plug-ins came after the beginning. A forked child may have been made while another thread held
// the dynamic linker's lock, so it does not ask; nor does what ends in a hurry, by _exit.
void note_plugins() {
  if (!is_own_spool() || spool_of_process.header->parent_start_ticks != 0 || is_sandboxed()) return;
  spool_of_process.header->allocator_calls.fetch_or(imported_allocator_calls_now(),
                                                    std::memory_order_relaxed);
}

int main_and_exit(int count, char** arguments, char** environment) {
  const int status = real_main(count, arguments, environment);
  note_plugins();
  note_exit();
  return status;
}

using Exit = Next<void (*)(int)>;
constinit Exit next_exit("exit");
constinit Exit next_exit_now("_exit");
constinit Exit next_exit_now_too("_Exit");
constinit Exit next_quick_exit("quick_exit");

[[noreturn]] void leave(Exit& exit, int status) {
  note_exit();
  exit.get()(status);
  __builtin_unreachable();
}

// Before libc's own initialisation is over there may have been no event at all.
[[gnu::constructor]] void begin_with_program() { announce_thread(); }

using Fork = Next<pid_t (*)()>;
constinit Fork next_fork("fork");
constinit Fork next_plain_fork("_Fork");

pid_t fork_noting(Fork& fork) {
  const std::uint64_t before = note_fork_begin();
  const SpoolInUse in_use = spool_in_use();
  const pid_t pid = fork.get()();
  pid == 0 ? stand_in_for(in_use) : note_fork_end(before);
  return pid;
}

// Libc forks by itself too (forkpty, daemon), and in fork() the program's own preparations, which
// may wait for its other threads, come after ours. Of handlers the one that was there first is
// last.
void prepare_fork() { note_fork_begin(); }

}  // namespace

void resolve_exits() {
  pthread_atfork(prepare_fork, nullptr, nullptr);
  next_exit.get();
  next_exit_now.get();
  next_exit_now_too.get();
  next_quick_exit.get();
  next_fork.get();
  next_plain_fork.get();
}

}  // namespace heapwise::recorder

using namespace heapwise::recorder;  // NOLINT: nothing below but libc's own names

HEAPWISE_EXPORT int __libc_start_main(Main main, int argc, char** argv, void (*init)(),
                                      void (*fini)(), void (*loader_fini)(), void* stack_end) {
  using Start = int (*)(Main, int, char**, void (*)(), void (*)(), void (*)(), void*);
  real_main = main;
  return reinterpret_cast<Start>(next_symbol("__libc_start_main"))(main_and_exit, argc, argv, init,
                                                                   fini, loader_fini, stack_end);
}

HEAPWISE_EXPORT __attribute__((noreturn)) void exit(int status) {
  note_plugins();
  leave(next_exit, status);
}
HEAPWISE_EXPORT __attribute__((noreturn)) void _exit(int status) { leave(next_exit_now, status); }
HEAPWISE_EXPORT __attribute__((noreturn)) void _Exit(int status) {
  leave(next_exit_now_too, status);
}
HEAPWISE_EXPORT __attribute__((noreturn)) void quick_exit(int status) {
  leave(next_quick_exit, status);
}

// The supervisor adopts processes whose parent is gone, to see their end. Some wait for being
// init's.
HEAPWISE_EXPORT pid_t getppid() {
  const auto parent = static_cast<pid_t>(system_call(SYS_getppid));
  if (session == nullptr || parent != session->supervisor_pid || is_sandboxed()) return parent;
  if (is_recording() && spool_of_process.header->pid_namespace != session->pid_namespace) {
    return parent;  // the number is another's
  }
  const auto command = session->command_pid.load(std::memory_order_relaxed);
  return command != 0 && command != system_call(SYS_getpid) ? 1 : parent;
}

HEAPWISE_EXPORT pid_t fork() { return fork_noting(next_fork); }
HEAPWISE_EXPORT pid_t _Fork() { return fork_noting(next_plain_fork); }
