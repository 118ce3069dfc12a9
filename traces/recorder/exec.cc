// SPDX-License-Identifier: MIT
// Bringing the recorder into every program that this one starts. Each call goes on to libc's own
// with an environment that has the recorder's variables in it.
//
// Any of these may run in a child made by vfork, on its parent's memory: nothing here allocates
// from the heap or leaves a trace in memory.
#include <alloca.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstddef>
#include <cstring>

#include "traces/recorder/environment.h"
#include "traces/recorder/export.h"
#include "traces/recorder/log.h"
#include "traces/recorder/real.h"
#include "traces/recorder/syscalls.h"
#include "traces/recorder/thread_state.h"

namespace heapwise::recorder {
namespace {

/// Memory that is neither the program's heap nor, when it is much, its stack. Null where there is
/// none.
class Scratch {
 public:
  Scratch(std::size_t bytes, void* stack) : at_(stack) {
    if (stack == nullptr) take(bytes);
  }
  ~Scratch() {
    if (kept_) self.scratch_user = 0;
    if (mapped_) system_call(SYS_munmap, argument(at_), static_cast<long>(bytes_));
  }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  void* get() const { return at_; }

 private:
  static void* map(std::size_t bytes) {
    return map_memory(bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS);
  }

  // Behind a sandbox nothing is brought along, so nothing is needed.
  void take(std::size_t bytes) {
    if (is_sandboxed()) return;
    const auto process = static_cast<int>(system_call(SYS_getpid));
    if (self.scratch_user == process) {  // by what a signal handler interrupted
      at_ = map(bytes_ = bytes);
      mapped_ = at_ != nullptr;
      return;
    }
    if (self.scratch_bytes < bytes && !grow(bytes)) return;
    self.scratch_user = process;
    kept_ = true;
    at_ = self.scratch;
  }

  static bool grow(std::size_t bytes) {
    release_scratch();
    self.scratch = map(bytes);
    self.scratch_bytes = self.scratch == nullptr ? 0 : bytes;
    return self.scratch != nullptr;
  }

  void* at_;
  std::size_t bytes_ = 0;
  bool kept_ = false, mapped_ = false;
};

// Stacks of threads and of signal handlers may be as small as 16 KiB, and hold the program's
// frames.
constexpr std::size_t kMostStack = 1024;

// alloca must stand in the function whose frame it grows.
#define HEAPWISE_SCRATCH(name, bytes)       \
  const std::size_t name##_bytes = (bytes); \
  Scratch name(name##_bytes, name##_bytes <= kMostStack ? alloca(name##_bytes) : nullptr)

using Entries = char* const*;

Entries extend(Entries given, const Scratch& scratch) {
  return scratch.get() == nullptr ? given : make_child_environment(given, scratch.get());
}

// Marks this image as over while the call runs: when it returns, it has failed.
template <class Call>
int executing(Entries given, Call call) {
  HEAPWISE_SCRATCH(scratch, child_environment_bytes(given));
  Entries extended = extend(given, scratch);
  const bool own = is_own_spool();
  if (own) {
    log_extended(spool::Code::exec);
    spool_of_process.header->flags.fetch_or(spool::kExecuting);
  }
  const int result = call(extended);
  if (own) spool_of_process.header->flags.fetch_and(~std::uint32_t{spool::kExecuting});
  return result;
}

using Execute = Next<int (*)(const char*, Entries, Entries)>;
constinit Execute next_execve("execve");
constinit Execute next_execvpe("execvpe");
constinit Next<int (*)(int, Entries, Entries)> next_fexecve("fexecve");
constinit Next<int (*)(int, const char*, Entries, Entries, int)> next_execveat("execveat");

int execute(Execute& next, const char* program, Entries arguments, Entries environment) {
  return executing(environment, [=, &next](Entries extended) {
    return next.get()(program, arguments, extended);
  });
}

using Spawn = Next<int (*)(pid_t*, const char*, const posix_spawn_file_actions_t*,
                           const posix_spawnattr_t*, Entries, Entries)>;
constinit Spawn next_spawn("posix_spawn");
constinit Spawn next_spawnp("posix_spawnp");

int spawn(Spawn& next, pid_t* pid, const char* path, const posix_spawn_file_actions_t* actions,
          const posix_spawnattr_t* attributes, Entries arguments, Entries environment) {
  HEAPWISE_SCRATCH(scratch, child_environment_bytes(environment));
  return next.get()(pid, path, actions, attributes, arguments, extend(environment, scratch));
}

constinit Next<int (*)(const char*)> next_system("system");
constinit Next<FILE* (*)(const char*, const char*)> next_popen("popen");

const char* wrap(const char* command, const Scratch& scratch) {
  return scratch.get() == nullptr
             ? command
             : make_shell_command(command, environ, static_cast<char*>(scratch.get()));
}

// The arguments of execl and its kin behind the first, without the null at their end.
std::size_t count_arguments(va_list list) {
  std::size_t count = 0;
  while (va_arg(list, char*) != nullptr) ++count;
  return count;
}

std::size_t array_bytes(std::size_t count) { return (count + 2) * sizeof(char*); }

// The same list again, with the null. A va_list is passed by reference here: what follows the null
// is next.
void collect(char** array, const char* first, std::size_t count, va_list list) {
  array[0] = const_cast<char*>(first);
  for (std::size_t i = 1; i <= count + 1; ++i) array[i] = va_arg(list, char*);
}

}  // namespace

void release_scratch() {
  if (self.scratch == nullptr) return;
  system_call(SYS_munmap, argument(self.scratch), static_cast<long>(self.scratch_bytes));
  self.scratch = nullptr;
  self.scratch_bytes = 0;
}

void resolve_execs() {
  next_execve.get();
  next_execvpe.get();
  next_fexecve.get();
  next_execveat.get();
  next_spawn.get();
  next_spawnp.get();
  next_system.get();
  next_popen.get();
}

}  // namespace heapwise::recorder

using namespace heapwise::recorder;  // NOLINT: nothing below but libc's own names

HEAPWISE_EXPORT int execve(const char* path, Entries argv, Entries envp) {
  return execute(next_execve, path, argv, envp);
}

HEAPWISE_EXPORT int execv(const char* path, Entries argv) {
  return execute(next_execve, path, argv, environ);
}

HEAPWISE_EXPORT int execvp(const char* file, Entries argv) {
  return execute(next_execvpe, file, argv, environ);
}

HEAPWISE_EXPORT int execvpe(const char* file, Entries argv, Entries envp) {
  return execute(next_execvpe, file, argv, envp);
}

HEAPWISE_EXPORT int execl(const char* path, const char* arg, ...) {
  va_list list;
  va_start(list, arg);
  const std::size_t count = count_arguments(list);
  va_end(list);
  auto** argv = static_cast<char**>(alloca(array_bytes(count)));
  va_start(list, arg);
  collect(argv, arg, count, list);
  va_end(list);
  return execute(next_execve, path, argv, environ);
}

HEAPWISE_EXPORT int execlp(const char* file, const char* arg, ...) {
  va_list list;
  va_start(list, arg);
  const std::size_t count = count_arguments(list);
  va_end(list);
  auto** argv = static_cast<char**>(alloca(array_bytes(count)));
  va_start(list, arg);
  collect(argv, arg, count, list);
  va_end(list);
  return execute(next_execvpe, file, argv, environ);
}

HEAPWISE_EXPORT int execle(const char* path, const char* arg, ...) {
  va_list list;
  va_start(list, arg);
  const std::size_t count = count_arguments(list);
  va_end(list);
  auto** argv = static_cast<char**>(alloca(array_bytes(count)));
  va_start(list, arg);
  collect(argv, arg, count, list);
  auto* const envp = va_arg(list, char**);
  va_end(list);
  return execute(next_execve, path, argv, envp);
}

HEAPWISE_EXPORT int fexecve(int fd, Entries argv, Entries envp) {
  return executing(envp, [=](Entries extended) { return next_fexecve.get()(fd, argv, extended); });
}

HEAPWISE_EXPORT int execveat(int fd, const char* path, Entries argv, Entries envp, int flags) {
  return executing(
      envp, [=](Entries extended) { return next_execveat.get()(fd, path, argv, extended, flags); });
}

HEAPWISE_EXPORT int posix_spawn(pid_t* pid, const char* path,
                                const posix_spawn_file_actions_t* file_actions,
                                const posix_spawnattr_t* attrp, Entries argv, Entries envp) {
  return spawn(next_spawn, pid, path, file_actions, attrp, argv, envp);
}

HEAPWISE_EXPORT int posix_spawnp(pid_t* pid, const char* file,
                                 const posix_spawn_file_actions_t* file_actions,
                                 const posix_spawnattr_t* attrp, Entries argv, Entries envp) {
  return spawn(next_spawnp, pid, file, file_actions, attrp, argv, envp);
}

HEAPWISE_EXPORT int system(const char* command) {
  if (command == nullptr) return next_system.get()(command);
  HEAPWISE_SCRATCH(scratch, shell_command_bytes(command, environ));
  return next_system.get()(wrap(command, scratch));
}

HEAPWISE_EXPORT FILE* popen(const char* command, const char* modes) {
  HEAPWISE_SCRATCH(scratch, shell_command_bytes(command, environ));
  return next_popen.get()(wrap(command, scratch), modes);
}
