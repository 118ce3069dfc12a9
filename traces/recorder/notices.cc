// SPDX-License-Identifier: MIT
// Calls that change what the recorder may do or can see: sandboxes, and libraries loaded so that
// they reach libc past it.
//
// dlopen looks at its caller's address to find the library search path, and syscall takes whatever
// it takes: both are noticed by a few instructions that leave registers and stack as they were and
// then jump to the real function.
#include <errno.h>
#include <linux/seccomp.h>
#include <stdarg.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "traces/recorder/clock.h"
#include "traces/recorder/export.h"
#include "traces/recorder/log.h"
#include "traces/recorder/process.h"
#include "traces/recorder/real.h"

// The next three are used by the assembly below.
extern "C" {
__attribute__((visibility("hidden"))) void* heapwise_note_dlopen(const char* path, int flags);
__attribute__((visibility("hidden"))) void* heapwise_note_dlmopen();
__attribute__((visibility("hidden"))) void* heapwise_note_syscall(long number, long first,
                                                                  long second, long third);
}

namespace heapwise::recorder {
namespace {

constexpr int kDeepBind = 8;  // RTLD_DEEPBIND

// Behind a filter any system call may kill, and strict mode also forbids reading the TSC.
void note_seccomp(bool strict) {
  note_sandbox(true);
  if (!strict) return;
  freeze_clock();
  if (is_recording()) spool_of_process.header->flags.fetch_or(spool::kClockFrozen);
}

// A filter at address 0 only asks whether the kernel knows filters.
void note_prctl(long option, long value, long filter) {
  if (option == PR_SET_SECCOMP && value == SECCOMP_MODE_STRICT) note_seccomp(true);
  if (option == PR_SET_SECCOMP && value == SECCOMP_MODE_FILTER && filter != 0) note_seccomp(false);
  if (option == PR_SET_TSC && value == PR_TSC_SIGSEGV) freeze_clock();
}

constinit Next<int (*)(int, unsigned long, unsigned long, unsigned long, unsigned long)> next_prctl(
    "prctl");
constinit Next<void*> next_dlopen("dlopen");
constinit Next<void*> next_dlmopen("dlmopen");
constinit Next<void*> next_syscall("syscall");

}  // namespace
}  // namespace heapwise::recorder

using namespace heapwise::recorder;  // NOLINT: nothing below but libc's own names

void* heapwise_note_dlopen(const char* path, int flags) {
  if (path != nullptr && (flags & kDeepBind) != 0 && ensure_recording()) {
    spool_of_process.header->deepbind_loads.fetch_add(1, std::memory_order_relaxed);
  }
  return next_dlopen.get();
}

void* heapwise_note_dlmopen() {
  if (ensure_recording()) {
    spool_of_process.header->namespace_loads.fetch_add(1, std::memory_order_relaxed);
  }
  return next_dlmopen.get();
}

void* heapwise_note_syscall(long number, long first, long second, long third) {
  if (number == SYS_seccomp && first == SECCOMP_SET_MODE_STRICT) note_seccomp(true);
  if (number == SYS_seccomp && first == SECCOMP_SET_MODE_FILTER && third != 0) note_seccomp(false);
  if (number == SYS_prctl) note_prctl(first, second, third);
  return next_syscall.get();
}

HEAPWISE_EXPORT int prctl(int option, ...) {
  va_list list;
  va_start(list, option);
  const auto a = va_arg(list, unsigned long);
  const auto b = va_arg(list, unsigned long);
  const auto c = va_arg(list, unsigned long);
  const auto d = va_arg(list, unsigned long);
  va_end(list);
  const bool sandboxed = is_sandboxed();
  note_prctl(option, static_cast<long>(a), static_cast<long>(b));
  const int result = next_prctl.get()(option, a, b, c, d);
  // A sandbox that was refused is none.
  if (result != 0 && (option == PR_SET_SECCOMP || option == PR_SET_TSC)) {
    note_sandbox(sandboxed);
    thaw_clock();
  }
  return result;
}

// Saves the registers that carry arguments, asks `note` where to go, and goes there.
#define HEAPWISE_PASS_THROUGH(name, note)  \
  asm(".text\n"                            \
      ".globl " #name                      \
      "\n"                                 \
      ".type " #name ", @function\n" #name \
      ":\n"                                \
      "  .cfi_startproc\n"                 \
      "  endbr64\n"                        \
      "  push %rdi\n"                      \
      "  .cfi_adjust_cfa_offset 8\n"       \
      "  push %rsi\n"                      \
      "  .cfi_adjust_cfa_offset 8\n"       \
      "  push %rdx\n"                      \
      "  .cfi_adjust_cfa_offset 8\n"       \
      "  push %rcx\n"                      \
      "  .cfi_adjust_cfa_offset 8\n"       \
      "  push %r8\n"                       \
      "  .cfi_adjust_cfa_offset 8\n"       \
      "  push %r9\n"                       \
      "  .cfi_adjust_cfa_offset 8\n"       \
      "  sub $8, %rsp\n"                   \
      "  .cfi_adjust_cfa_offset 8\n"       \
      "  call " #note                      \
      "\n"                                 \
      "  mov %rax, %r11\n"                 \
      "  add $8, %rsp\n"                   \
      "  .cfi_adjust_cfa_offset -8\n"      \
      "  pop %r9\n"                        \
      "  .cfi_adjust_cfa_offset -8\n"      \
      "  pop %r8\n"                        \
      "  .cfi_adjust_cfa_offset -8\n"      \
      "  pop %rcx\n"                       \
      "  .cfi_adjust_cfa_offset -8\n"      \
      "  pop %rdx\n"                       \
      "  .cfi_adjust_cfa_offset -8\n"      \
      "  pop %rsi\n"                       \
      "  .cfi_adjust_cfa_offset -8\n"      \
      "  pop %rdi\n"                       \
      "  .cfi_adjust_cfa_offset -8\n"      \
      "  jmp *%r11\n"                      \
      "  .cfi_endproc\n"                   \
      ".size " #name ", .-" #name "\n")

HEAPWISE_PASS_THROUGH(dlopen, heapwise_note_dlopen);
HEAPWISE_PASS_THROUGH(dlmopen, heapwise_note_dlmopen);
HEAPWISE_PASS_THROUGH(syscall, heapwise_note_syscall);
