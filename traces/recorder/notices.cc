// SPDX-License-Identifier: MIT
// Calls that change what the recorder may do or can see: sandboxes, and libraries loaded so that
// they reach libc past it.
//
// dlopen looks at its caller's address to find the library search path, and syscall takes whatever
// it takes: both are noticed by a few instructions that leave registers and stack as they were and
// then jump to the real function.
#include <errno.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <stdarg.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/single_threaded.h>
#include <sys/syscall.h>

#include <cstdint>

#include "traces/recorder/clock.h"
#include "traces/recorder/export.h"
#include "traces/recorder/large.h"
#include "traces/recorder/limits.h"
#include "traces/recorder/log.h"
#include "traces/recorder/process.h"
#include "traces/recorder/real.h"

// The next three are used by the assembly below.
extern "C" {
__attribute__((visibility("hidden"))) void* heapwise_note_dlopen(const char* path, int flags);
__attribute__((visibility("hidden"))) void* heapwise_note_dlmopen();
__attribute__((visibility("hidden"))) void* heapwise_note_syscall(long number, long first,
                                                                  long second, long third,
                                                                  long fourth);
}

namespace heapwise::recorder {
namespace {

constexpr int kDeepBind = 8;  // RTLD_DEEPBIND

/// What a call is about to forbid this process. A call that the kernel refuses has forbidden
/// nothing, but what others forbade before stays so.
class Bars {
 public:
  // Behind a filter any system call may kill, and strict mode also forbids reading the TSC.
  enum Kind { none, filter, strict, clock };

  explicit Bars(Kind kind)
      : was_sandboxed_(is_sandboxed()), sandboxes_(kind == filter || kind == strict) {
    if (sandboxes_) note_sandbox(true);
    if (kind == strict || kind == clock) froze_ = freeze_clock();
  }

  void refused() const {
    if (sandboxes_) note_sandbox(was_sandboxed_);
    if (froze_) undo_freeze();
  }

 private:
  bool was_sandboxed_, sandboxes_;
  bool froze_ = false;
};

// A filter at address 0 only asks whether the kernel knows filters.
Bars::Kind bars_of_prctl(long option, long value, long filter) {
  if (option == PR_SET_TSC) return value == PR_TSC_SIGSEGV ? Bars::clock : Bars::none;
  if (option != PR_SET_SECCOMP) return Bars::none;
  if (value == SECCOMP_MODE_STRICT) return Bars::strict;
  return value == SECCOMP_MODE_FILTER && filter != 0 ? Bars::filter : Bars::none;
}

Bars::Kind bars_of_seccomp(long operation, long filter) {
  if (operation == SECCOMP_SET_MODE_STRICT) return Bars::strict;
  return operation == SECCOMP_SET_MODE_FILTER && filter != 0 ? Bars::filter : Bars::none;
}

// Each thread has its own leave to read the clock, so that of one is not that of all.
void note_allowed(long option, long value) {
  if (option == PR_SET_TSC && value == PR_TSC_ENABLE && __libc_single_threaded != 0) thaw_clock();
}

// A filter that is to be listened to yields a descriptor, and one for all threads that did not suit
// one of them that thread's number.
bool is_refusal(long number, long flags, long result) {
  const bool listens =
      number == SYS_seccomp && (flags & long{SECCOMP_FILTER_FLAG_NEW_LISTENER}) != 0;
  return listens ? result < 0 : result != 0;
}

// libnuma binds memory this way.
void note_pages(long number, long first, long bytes, long third, long fourth) {
  const bool mapped = number == SYS_mmap && (fourth & MAP_FIXED) != 0;
  const bool lasting = mapped || number == SYS_mprotect || number == SYS_pkey_mprotect ||
                       number == SYS_mbind ||
                       (number == SYS_madvise && is_lasting_advice(static_cast<int>(third)));
  if (!lasting) return;
  note_changed_pages(reinterpret_cast<const void*>(first), static_cast<std::size_t>(bytes));
}

/// Whether a process with a memory of its own comes of it.
bool forks(long number, long first) {
  if (number == SYS_fork) return true;
  if (number == SYS_clone) return (first & CLONE_VM) == 0;
  return number == SYS_clone3 && first != 0 &&
         (*reinterpret_cast<const std::uint64_t*>(first) & CLONE_VM) == 0;
}

constinit Next<int (*)(int, unsigned long, unsigned long, unsigned long, unsigned long)> next_prctl(
    "prctl");
constinit Next<void*> next_dlopen("dlopen");
constinit Next<void*> next_dlmopen("dlmopen");
constinit Next<void*> next_syscall("syscall");

using Syscall = long (*)(long, long, long, long, long, long, long);

// Stands in for syscall itself where what comes of it matters.
long barring_syscall(long number, long a, long b, long c, long d, long e, long f) {
  const Bars bars(number == SYS_seccomp ? bars_of_seccomp(a, c) : bars_of_prctl(a, b, c));
  const long result = reinterpret_cast<Syscall>(next_syscall.get())(number, a, b, c, d, e, f);
  if (is_refusal(number, b, result)) bars.refused();
  if (number == SYS_prctl && result == 0) note_allowed(a, b);
  return result;
}

}  // namespace

void resolve_notices() {
  next_prctl.get();
  next_dlopen.get();
  next_dlmopen.get();
  next_syscall.get();
}

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

void* heapwise_note_syscall(long number, long first, long second, long third, long fourth) {
  note_pages(number, first, second, third, fourth);
  if (forks(number, first)) note_fork_begin();
  if (is_limiting(number)) return reinterpret_cast<void*>(limiting_syscall);
  const bool may_bar = number == SYS_seccomp || number == SYS_prctl;
  return may_bar ? reinterpret_cast<void*>(barring_syscall) : next_syscall.get();
}

HEAPWISE_EXPORT int prctl(int option, ...) {
  va_list list;
  va_start(list, option);
  const auto a = va_arg(list, unsigned long);
  const auto b = va_arg(list, unsigned long);
  const auto c = va_arg(list, unsigned long);
  const auto d = va_arg(list, unsigned long);
  va_end(list);
  const Bars bars(bars_of_prctl(option, static_cast<long>(a), static_cast<long>(b)));
  const int result = next_prctl.get()(option, a, b, c, d);
  if (result != 0) bars.refused();
  if (result == 0) note_allowed(option, static_cast<long>(a));
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
