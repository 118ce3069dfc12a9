// SPDX-License-Identifier: MIT
#include "bench/replay/threads.h"

#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

/// Only the null allocator has it: what a thread allocates is the replay's between (1) and (0).
extern "C" [[gnu::weak]] void heapwise_null_replays(int on);

namespace heapwise::replay {
namespace {

/// Pages that no one writes to cost nothing, so there is room for any allocator's needs.
constexpr std::size_t kStack = std::size_t{1} << 20;

void null_replays(bool on) {
  if (&heapwise_null_replays != nullptr) heapwise_null_replays(on ? 1 : 0);
}

bool create(Lane& lane, void* stack) {
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setstack(&attributes, stack, kStack);
  pthread_t thread{};
  const int status = pthread_create(&thread, &attributes, lane.replay->thread_body, &lane);
  pthread_attr_destroy(&attributes);
  return status == 0;
}

/// Keeps stacks and kernel threads from piling up where many short-lived threads follow each other.
void bury_those_who_asked(Replay& replay) {
  Lane* lane = replay.leavers.exchange(nullptr, std::memory_order_acquire);
  while (lane != nullptr) {
    Lane* const next = lane->next_leaver;
    bury_thread(*lane);
    lane = next;
  }
}

}  // namespace

void start_thread(Lane& lane) {
  if (lane.started.load(std::memory_order_relaxed) != 0 || lane.started.exchange(1) != 0) return;
  bury_those_who_asked(*lane.replay);
  lane.stack = map_shared(kStack, false);
  null_replays(false);
  const bool created = lane.stack != nullptr && create(lane, lane.stack);
  null_replays(true);
  if (!created) {
    constexpr char kText[] = "the system gives no more threads\n";
    [[maybe_unused]] const ssize_t written = write(STDERR_FILENO, kText, sizeof kText - 1);
    _exit(kRunnerSystem);
  }
  lane.replay->threads_started.fetch_add(1, std::memory_order_relaxed);
}

void enter_thread(Lane& lane) {
  // Not left to whoever made this thread: it may be through and buried before that one goes on.
  lane.handle = pthread_self();
  lane.system_id.store(static_cast<std::int32_t>(syscall(SYS_gettid)));
  null_replays(true);
}

void leave_thread(Lane& /*lane*/) { null_replays(false); }

void ask_for_burial(Lane& lane) {
  std::atomic<Lane*>& leavers = lane.replay->leavers;
  lane.next_leaver = leavers.load(std::memory_order_relaxed);
  while (!leavers.compare_exchange_weak(lane.next_leaver, &lane, std::memory_order_release)) {
  }
}

void bury_thread(Lane& lane) {
  if (lane.stack == nullptr) return;
  pthread_join(lane.handle, nullptr);
  const pid_t process = getpid();
  const pid_t thread = lane.system_id.load();
  while (syscall(SYS_tgkill, process, thread, 0) == 0) sched_yield();
  munmap(lane.stack, kStack);
  lane.stack = nullptr;
}

void futex_wait(std::atomic<std::uint32_t>& word, std::uint32_t value) {
  syscall(SYS_futex, &word, FUTEX_WAIT_PRIVATE, value, nullptr, nullptr, 0);
}

void futex_wake(std::atomic<std::uint32_t>& word, int waiters) {
  syscall(SYS_futex, &word, FUTEX_WAKE_PRIVATE, waiters, nullptr, nullptr, 0);
}

}  // namespace heapwise::replay
