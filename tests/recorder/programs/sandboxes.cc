// SPDX-License-Identifier: MIT
#include <dlfcn.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "tests/recorder/programs/scenario.h"

namespace {

using scenario::take;

void say(const char* text) {
  const char* end = text;
  while (*end != '\0') ++end;
  (void)!write(STDOUT_FILENO, text, static_cast<size_t>(end - text));
}

// Enough to go through many segments, each with a free of a block from before.
void work(size_t size) {
  for (int i = 0; i < 50000; ++i) std::free(take(size));
}

int closed_descriptors() {
  work(160001);
  close_range(3, ~0U, 0);
  for (int fd = 0; fd < 3; ++fd) {
    if (fcntl(fd, F_GETFD) == -1) return 1;
  }
  work(160003);
  return 0;
}

// Only read, write, exit and sigreturn from here on; reading the TSC is a crash too.
int strict() {
  std::free(take(65536));  // so that malloc needs no system call afterwards
  if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT) != 0) return 1;
  for (int i = 0; i < 1000; ++i) std::free(take(16001));
  say("strict\n");
  syscall(SYS_exit, 7);
  return 0;
}

void fill(void* block, size_t size) {
  for (size_t i = 0; i < size; ++i) static_cast<volatile char*>(block)[i] = 1;
}

// Ends the program with `code` when a fresh block is not zero.
void expect_zeros(size_t size, int code) {
  void* blocks[8];
  for (void*& block : blocks) block = std::calloc(1, size);
  for (void* block : blocks) {
    for (size_t i = 0; i < size; ++i) {
      if (static_cast<volatile char*>(block)[i] != 0) syscall(SYS_exit, code);
    }
  }
  for (void* block : blocks) std::free(block);
}

// What libc would give fresh must be zero although nothing can be given back to the kernel.
int zeroed_behind_bars() {
  // So that malloc needs no system call afterwards: what is free below a block that stays is kept.
  void* room[16];
  for (void*& block : room) block = take(40960);
  take(64);
  for (void* block : room) std::free(block);
  if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT) != 0) return 1;
  void* blocks[8];
  // Where these were aligned, the recorder left notes at places that lie within the next ones.
  for (void*& block : blocks) {
    if (posix_memalign(&block, 16384, 24576) != 0) syscall(SYS_exit, 2);
    fill(block, 24576);
  }
  for (void* block : blocks) std::free(block);
  expect_zeros(36864, 3);
  // These end before what they had written.
  for (void*& block : blocks) {
    block = take(36864);
    fill(block, 36864);
    block = std::realloc(block, 20480);
  }
  for (void* block : blocks) std::free(block);
  expect_zeros(36864, 4);
  syscall(SYS_exit, 7);
  return 0;
}

// Anything but these kills.
int filtered() {
  std::free(take(65536));
  sock_filter rules[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_write, 6, 0),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_exit_group, 5, 0),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_clone, 4, 0),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_wait4, 3, 0),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_set_robust_list, 2, 0),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_rseq, 1, 0),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  const sock_fprog program{sizeof rules / sizeof *rules, rules};
  prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) != 0) return 1;
  for (int i = 0; i < 1000; ++i) std::free(take(16003));
  say("filtered\n");
  const pid_t pid = fork();
  if (pid == 0) {
    std::free(take(16005));
    _exit(4);
  }
  int status = 0;
  waitpid(pid, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 100;
}

bool is_filled(const void* block, size_t size, char with) {
  const auto* bytes = static_cast<const char*>(block);
  for (size_t i = 0; i < size; ++i) {
    if (bytes[i] != with) return false;
  }
  return true;
}

// Behind a filter that lets all pass: nothing of a block may land beyond the end of the smaller one
// that it becomes, whether that comes from libc or not.
int shrunk_behind_a_filter() {
  void* large = std::malloc(2 << 20);
  void* larger = std::malloc(6 << 20);
  std::memset(large, 'x', 2 << 20);
  std::memset(larger, 'y', 6 << 20);
  void* room = std::malloc(900'000);
  void* behind = std::malloc(20'000);
  std::memset(behind, 'b', 20'000);
  sock_filter rules[] = {BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)};
  const sock_fprog program{1, rules};
  prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0) != 0) return 1;
  std::free(room);
  large = std::realloc(large, 450'001);
  larger = std::realloc(larger, 3'000'001);
  void* fresh = std::calloc(1, 20'000);
  if (!is_filled(large, 450'001, 'x') || !is_filled(larger, 3'000'001, 'y')) return 2;
  if (!is_filled(behind, 20'000, 'b') || !is_filled(fresh, 20'000, 0)) return 3;
  for (void* block : {large, larger, behind, fresh}) std::free(block);
  say("shrunk\n");
  return 0;
}

// Behind a filter that the recorder cannot know of and that has the kernel tell nothing of pages.
int moved_behind_a_filter() {
  constexpr size_t kSize = 1 << 20;
  sock_filter rules[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_mincore, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  const sock_fprog program{sizeof rules / sizeof *rules, rules};
  using Call = long (*)(long, ...);
  const auto call = reinterpret_cast<Call>(dlsym(dlopen("libc.so.6", RTLD_NOW), "syscall"));
  void* block = std::malloc(kSize);
  std::memset(block, 'x', kSize);
  call(SYS_prctl, PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  if (call(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) != 0) return 1;
  block = std::realloc(block, 40 * kSize);
  return is_filled(block, kSize, 'x') ? 0 : 2;
}

sock_filter allow_all[] = {BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)};
const sock_fprog harmless{1, allow_all};

// The clock stays forbidden whatever else is refused.
int forbidden_clock() {
  std::free(take(17001));
  if (prctl(PR_SET_TSC, PR_TSC_SIGSEGV, 0, 0, 0) != 0) return 1;
  std::free(take(17001));
  if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, nullptr, 0, 0) == 0) return 2;
  if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 1UL << 30, &harmless) == 0) return 3;
  if (prctl(PR_SET_TSC, 12345, 0, 0, 0) == 0) return 4;
  std::free(take(17001));
  return 0;
}

// Forbidden for a while: the time until the end is real again.
int allowed_clock() {
  if (prctl(PR_SET_TSC, PR_TSC_SIGSEGV, 0, 0, 0) != 0) return 1;
  std::free(take(17003));
  if (prctl(PR_SET_TSC, PR_TSC_ENABLE, 0, 0, 0) != 0) return 2;
  usleep(50'000);
  std::free(take(17003));
  return 0;
}

// What was refused forbids nothing: children are recorded, and the clock goes on.
int refused_sandboxes() {
  if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 1UL << 30, &harmless) == 0) return 1;
  if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, 1, 0, 0) == 0) return 2;
  if (syscall(SYS_prctl, PR_SET_SECCOMP, SECCOMP_MODE_FILTER, 1, 0, 0) == 0) return 3;
  if (syscall(SYS_seccomp, SECCOMP_SET_MODE_STRICT, 1UL, 0) == 0) return 4;
  const pid_t pid = fork();
  if (pid == 0) {
    std::free(take(17005));
    _exit(0);
  }
  int status = 0;
  waitpid(pid, &status, 0);
  return WEXITSTATUS(status);
}

int rooted() {
  if (chroot("/proc") != 0 || chdir("/") != 0) return 77;
  std::free(take(161001));
  const pid_t pid = fork();
  if (pid == 0) {
    std::free(take(161003));
    _exit(6);
  }
  int status = 0;
  waitpid(pid, &status, 0);
  return WEXITSTATUS(status);
}

// A server that starts as root and works as nobody.
int dropped_privileges() {
  if (setgid(65534) != 0 || setuid(65534) != 0) return 77;
  std::free(take(162001));
  const pid_t pid = fork();
  if (pid == 0) {
    std::free(take(162003));
    _exit(8);
  }
  int status = 0;
  waitpid(pid, &status, 0);
  return WEXITSTATUS(status);
}

const scenario::Register registrations[] = {{"closed-descriptors", closed_descriptors},
                                            {"strict", strict},
                                            {"zeroed-behind-bars", zeroed_behind_bars},
                                            {"filtered", filtered},
                                            {"shrunk-behind-a-filter", shrunk_behind_a_filter},
                                            {"moved-behind-a-filter", moved_behind_a_filter},
                                            {"forbidden-clock", forbidden_clock},
                                            {"allowed-clock", allowed_clock},
                                            {"refused-sandboxes", refused_sandboxes},
                                            {"rooted", rooted},
                                            {"dropped-privileges", dropped_privileges}};

}  // namespace
