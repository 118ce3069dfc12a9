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
                                                                  long second);
}

namespace heapwise::recorder {
namespace {

constexpr int kDeepBind = 8;  // RTLD_DEEPBIND

// Behind a filter any system call may kill, and strict mode also forbids reading the TSC.
void note_seccomp(bool strict) {
  note_sandbox();
  if (!strict) return;
  freeze_clock();
  if (is_recording()) spool_of_process.header->flags.fetch_or(spool::kClockFrozen);
}

void note_prctl(long option, long value) {
  if (option == PR_SET_SECCOMP) note_seccomp(value == SECCOMP_MODE_STRICT);
  if (option == PR_SET_TSC && value == PR_TSC_SIGSEGV) freeze_clock();
}

// A strict sandbox that was refused: time goes on.
void note_refused(long option) {
  if (option == PR_SET_SECCOMP || option == PR_SET_TSC) thaw_clock();
}

int real_prctl(int option, unsigned long a, unsigned long b, unsigned long c, unsigned long d) {
  static const auto next =
      next_function<int (*)(int, unsigned long, unsigned long, unsigned long, unsigned long)>(
          "prctl");
  return next(option, a, b, c, d);
}

}  // namespace
}  // namespace heapwise::recorder

using namespace heapwise::recorder;  // NOLINT: nothing below but libc's own names

void* heapwise_note_dlopen(const char* path, int flags) {
  static void* const next = next_symbol("dlopen");
  if (path != nullptr && (flags & kDeepBind) != 0 && ensure_recording()) {
    spool_of_process.header->deepbind_loads.fetch_add(1, std::memory_order_relaxed);
  }
  return next;
}

void* heapwise_note_dlmopen() {
  static void* const next = next_symbol("dlmopen");
  if (ensure_recording()) {
    spool_of_process.header->namespace_loads.fetch_add(1, std::memory_order_relaxed);
  }
  return next;
}

void* heapwise_note_syscall(long number, long first, long second) {
  static void* const next = next_symbol("syscall");
  if (number == SYS_seccomp && first == SECCOMP_SET_MODE_STRICT) note_seccomp(true);
  if (number == SYS_seccomp && first == SECCOMP_SET_MODE_FILTER) note_seccomp(false);
  if (number == SYS_prctl) note_prctl(first, second);
  return next;
}

HEAPWISE_EXPORT int prctl(int option, ...) {
  va_list list;
  va_start(list, option);
  const auto a = va_arg(list, unsigned long);
  const auto b = va_arg(list, unsigned long);
  const auto c = va_arg(list, unsigned long);
  const auto d = va_arg(list, unsigned long);
  va_end(list);
  note_prctl(option, static_cast<long>(a));
  const int result = real_prctl(option, a, b, c, d);
  if (result != 0) note_refused(option);
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
