// SPDX-License-Identifier: MIT
#include <dlfcn.h>
#include <elf.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <link.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <cstring>

#include "tests/recorder/programs/scenario.h"

namespace {

using scenario::self;
using scenario::take;

int wait_for(pid_t pid) {
  int status = 0;
  if (waitpid(pid, &status, 0) != pid) return -1;
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

// A child that says in its sizes which of the ways brought it about.
int leaf() {
  std::free(take(static_cast<std::size_t>(std::atoi(scenario::extra[0]))));
  return 5;
}

char** leaf_arguments(const char* size) {
  static char* arguments[4];
  arguments[0] = const_cast<char*>(self);
  arguments[1] = const_cast<char*>("leaf");
  arguments[2] = const_cast<char*>(size);
  return arguments;
}

char** cleared_environment() {
  static char* empty[] = {nullptr};
  return empty;
}

template <class Exec>
int in_fork(Exec exec) {
  const pid_t pid = fork();
  if (pid == 0) {
    exec();
    _exit(99);
  }
  return wait_for(pid);
}

int children() {
  std::printf("%d\n", in_fork([] { execv(self, leaf_arguments("150001")); }));
  std::printf("%d\n",
              in_fork([] { execve(self, leaf_arguments("150003"), cleared_environment()); }));
  std::printf("%d\n", in_fork([] { execl(self, self, "leaf", "150005", nullptr); }));
  std::printf("%d\n", in_fork([] {
                execle(self, self, "leaf", "150007", nullptr, cleared_environment());
              }));
  std::printf("%d\n", in_fork([] { execvp(self, leaf_arguments("150009")); }));
  std::printf("%d\n", in_fork([] {
                fexecve(open(self, O_RDONLY | O_CLOEXEC), leaf_arguments("150011"),
                        cleared_environment());
              }));
  const pid_t quick = vfork();
  if (quick == 0) {
    execve(self, leaf_arguments("150013"), cleared_environment());
    _exit(99);
  }
  std::printf("%d\n", wait_for(quick));
  const pid_t fails = vfork();
  if (fails == 0) {
    execve("/nowhere/at-all", leaf_arguments("1"), cleared_environment());
    _exit(98);
  }
  std::printf("%d\n", wait_for(fails));
  pid_t spawned = 0;
  posix_spawn(&spawned, self, nullptr, nullptr, leaf_arguments("150015"), cleared_environment());
  std::printf("%d\n", wait_for(spawned));
  std::free(take(150017));
  return 0;
}

int shells() {
  const std::string command = std::string(self) + " leaf 151001; echo 'it'\"'\"'s' \"$0\"";
  std::fflush(stdout);
  std::printf("%d\n", system(command.c_str()));
  std::fflush(stdout);
  std::printf("%d\n", system("exit 3"));
  std::printf("%d\n", static_cast<int>(system(nullptr) != 0));
  std::fflush(stdout);
  FILE* pipe = popen((std::string(self) + " leaf 151003; echo piped").c_str(), "r");
  char line[64] = {};
  while (std::fgets(line, sizeof line, pipe) != nullptr) std::fputs(line, stdout);
  std::printf("%d\n", pclose(pipe));
  std::fflush(stdout);
  return system("no-such-command-at-all 2>&1") == 0 ? 1 : 0;
}

// Commands that are as long as an argument may be, or that quoting would make longer than that.
int long_commands() {
  std::string plain = "true ";
  plain.resize(130'900, 'a');
  std::string quotes = "true ";
  while (quotes.size() < 60'000) quotes += "'a' ";
  for (const std::string* command : {&plain, &quotes}) {
    std::printf("%d\n", system(command->c_str()));
    FILE* pipe = popen(command->c_str(), "r");
    std::printf("%d\n", pipe == nullptr ? -1 : pclose(pipe));
  }
  return 0;
}

// Becomes a program that is not recorded, and large.
int becomes_another() {
  for (int i = 0; i < 1000; ++i) std::free(take(163001));
  usleep(50'000);
  execl(scenario::extra[0], scenario::extra[0], "200000003", nullptr);
  return 99;
}

/// A child that does work of its own, and then executes another program.
int work_then_exec() {
  return in_fork([] {
    for (int i = 0; i < 2000; ++i) take(164001);
    execv(self, leaf_arguments("164003"));
  });
}

// A child that makes a child before it executes: the latter stands on what both before it left.
int exec_behind_a_child() {
  void* first = take(165001);
  const int status = in_fork([first] {
    void* second = take(165003);
    const pid_t pid = fork();
    if (pid == 0) {
      std::free(first);
      std::free(second);
      _exit(0);
    }
    wait_for(pid);
    execv(self, leaf_arguments("165005"));
  });
  std::free(first);
  return status;
}

// The program asks for its error only after all sorts of calls that the recorder stands before.
int late_error() {
  if (dlopen("no-such-library.so", RTLD_NOW) != nullptr) return 1;
  pthread_t thread;
  pthread_create(
      &thread, nullptr, [](void*) -> void* { return nullptr; }, nullptr);
  pthread_join(thread, nullptr);
  std::printf("%d\n", system("true"));
  pid_t spawned = 0;
  posix_spawn(&spawned, self, nullptr, nullptr, leaf_arguments("1"), cleared_environment());
  wait_for(spawned);
  const char* error = dlerror();
  std::puts(error == nullptr ? "none" : error);
  return 0;
}

// Parent and child each go on with the objects they had in common.
int forks() {
  void* shared[4];
  for (auto& block : shared) block = take(152001);
  void* freed_before = take(152003);
  std::free(freed_before);
  std::fflush(stdout);
  const pid_t pid = fork();
  if (pid == 0) {
    std::free(shared[0]);
    std::free(shared[1]);
    take(152005);
    exit(0);
  }
  take(152007);
  std::free(shared[2]);
  return wait_for(pid);
}

// The child in between allocates nothing; meanwhile the first process frees all that the last one
// has from it.
int forks_twice() {
  void* inherited[100];
  for (auto& block : inherited) block = take(152011);
  int ready[2];
  if (pipe(ready) != 0) return 1;
  const pid_t between = fork();
  if (between == 0) {
    char word = 0;
    (void)!read(ready[0], &word, 1);
    const pid_t last = fork();
    if (last == 0) {
      for (auto& block : inherited) std::free(block);
      exit(0);
    }
    _exit(wait_for(last));
  }
  for (auto& block : inherited) std::free(block);
  (void)!write(ready[1], "x", 1);
  return wait_for(between);
}

void* fork_and_free(void* /*nothing*/) {
  std::intptr_t failed = 0;
  for (int turn = 0; turn < 10; ++turn) {
    void* blocks[100];
    for (auto& block : blocks) block = take(152013);
    const pid_t pid = fork();
    if (pid == 0) {
      for (auto& block : blocks) std::free(block);
      _exit(0);
    }
    for (auto& block : blocks) std::free(block);
    failed += static_cast<std::intptr_t>(wait_for(pid) != 0);
  }
  return reinterpret_cast<void*>(failed);
}

// Each frees what its child inherits as soon as that is there.
int threads_fork() {
  pthread_t threads[4];
  for (auto& thread : threads) pthread_create(&thread, nullptr, fork_and_free, nullptr);
  int failed = 0;
  for (auto& thread : threads) {
    void* of_thread = nullptr;
    pthread_join(thread, &of_thread);
    failed += static_cast<int>(reinterpret_cast<std::intptr_t>(of_thread));
  }
  return failed;
}

int working_child() {
  return in_fork([] {
    for (int i = 0; i < 1'000'000; ++i) std::free(take(152017));
    _exit(0);
  });
}

void* call_shell(void* command) {
  return reinterpret_cast<void*>(std::intptr_t{system(static_cast<const char*>(command))});
}

// On the smallest stack that a thread may have.
int shell_on_a_small_stack() {
  std::string command = "true ";
  command.resize(3000, 'a');
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, PTHREAD_STACK_MIN);
  pthread_t thread;
  if (pthread_create(&thread, &attributes, call_shell, command.data()) != 0) return 77;
  void* status = nullptr;
  pthread_join(thread, &status);
  return status == nullptr ? 0 : 1;
}

// Many daemons wait like this for their parent to be gone.
int orphan() {
  int written[2];
  if (pipe(written) != 0) return 1;
  const pid_t between = fork();
  if (between == 0) {
    const pid_t between_pid = getpid();
    if (fork() != 0) _exit(0);
    while (getppid() == between_pid) usleep(1000);
    const char init = getppid() == 1 ? 'i' : 'o';
    (void)!write(written[1], &init, 1);
    _exit(0);
  }
  wait_for(between);
  char init = 0;
  (void)!read(written[0], &init, 1);
  std::printf("%c\n", init);
  return 0;
}

void* held = nullptr;

// As one that waits for a lock, under which others have allocated and freed meanwhile.
void before_fork() {
  std::free(held);
  held = take(152019);
}

int prepared_fork() {
  held = take(152021);
  pthread_atfork(before_fork, nullptr, nullptr);
  return in_fork([] {
    std::free(held);
    _exit(0);
  });
}

// Past libc's fork.
int raw_fork() {
  void* blocks[100];
  for (auto& block : blocks) block = take(152023);
  const auto pid = static_cast<pid_t>(syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0));
  if (pid == 0) {
    usleep(50'000);
    for (auto& block : blocks) std::free(block);
    _exit(0);
  }
  for (auto& block : blocks) std::free(block);
  return wait_for(pid);
}

// As a server's user may be.
int in_many_groups() {
  gid_t groups[1000];
  for (gid_t i = 0; i < 1000; ++i) groups[i] = 4'000'000'000U + i;
  if (setgroups(1000, groups) != 0) return 77;
  for (int turn = 0; turn < 10; ++turn) {
    take(152015);
    usleep(10'000);
  }
  return 0;
}

// What the program sees of its surroundings must not show the recorder.
int surroundings() {
  for (char** entry = environ; *entry != nullptr; ++entry) std::puts(*entry);
  std::printf("preload %s\n", std::getenv("LD_PRELOAD") != nullptr ? "set" : "unset");
  char** at = environ;
  while (*at != nullptr) ++at;
  unsigned long page = 0;
  for (auto* pair = reinterpret_cast<Elf64_auxv_t*>(at + 1); pair->a_type != AT_NULL; ++pair) {
    if (pair->a_type == AT_PAGESZ) page = pair->a_un.a_val;
  }
  std::printf("page %lu\n", page);
  std::fflush(stdout);
  for (int fd = 3; fd < 64; ++fd) {
    if (fcntl(fd, F_GETFD) != -1) std::printf("fd %d\n", fd);
  }
  return system("env | grep -c -e HEAPWISE -e LD_PRELOAD; true");
}

int killed() {
  for (int i = 0; i < 1000; ++i) take(153001);
  raise(std::atoi(scenario::extra[0]));
  return 0;
}

int crash() {
  take(153003);
  auto* nowhere = static_cast<volatile char*>(
      mmap(nullptr, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
  *nowhere = 1;
  return 0;
}

// Outlives its parent, in a session of its own.
int daemon_child() {
  std::fflush(stdout);
  if (fork() != 0) return 0;
  setsid();
  usleep(500000);
  std::free(take(154001));
  return 0;
}

// Says in a file that it has come to its end.
// Makes the first file when it begins and the second one when it ends.
int outlive() {
  const auto mark = [](const char* path) { close(open(path, O_WRONLY | O_CREAT, 0600)); };
  mark(scenario::extra[0]);
  for (int i = 0; i < 3000000; ++i) std::free(take(157001));
  mark(scenario::extra[1]);
  return 0;
}

int limits() {
  void* block = take(155001);
  rlimit limit{};
  getrlimit(RLIMIT_AS, &limit);
  std::printf("%d\n", static_cast<int>(block != nullptr));
  return in_fork([] { execv(self, leaf_arguments("155003")); });
}

// Loads a plug-in, found through this program's RUNPATH, that frees what was allocated here.
int deepbind() {
  void* plugin = dlopen("libdeepbind_plugin.so", RTLD_NOW | RTLD_DEEPBIND);
  if (plugin == nullptr) {
    std::puts(dlerror());
    return 1;
  }
  auto* swap = reinterpret_cast<void* (*)(void*)>(dlsym(plugin, "swap_block"));
  for (int i = 0; i < 1000; ++i) std::free(swap(take(156001)));
  std::puts("swapped");
  return 0;
}

const scenario::Register registrations[] = {{"leaf", leaf},
                                            {"children", children},
                                            {"shells", shells},
                                            {"forks", forks},
                                            {"killed", killed},
                                            {"crash", crash},
                                            {"limits", limits},
                                            {"deepbind", deepbind},
                                            {"forks-twice", forks_twice},
                                            {"threads-fork", threads_fork},
                                            {"working-child", working_child},
                                            {"shell-on-a-small-stack", shell_on_a_small_stack},
                                            {"orphan", orphan},
                                            {"prepared-fork", prepared_fork},
                                            {"raw-fork", raw_fork},
                                            {"in-many-groups", in_many_groups},
                                            {"surroundings", surroundings},
                                            {"daemon", daemon_child},
                                            {"outlive", outlive},
                                            {"long-commands", long_commands},
                                            {"becomes-another", becomes_another},
                                            {"work-then-exec", work_then_exec},
                                            {"exec-behind-a-child", exec_behind_a_child},
                                            {"late-error", late_error}};

}  // namespace
