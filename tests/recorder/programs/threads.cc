// SPDX-License-Identifier: MIT
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <threads.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <thread>
#include <vector>

#include "tests/recorder/programs/scenario.h"

namespace {

// Each slot is filled by one thread and emptied by the next: nearly every free is another
// thread's, and glibc gives the address out again at once.
int cross_free() {
  constexpr int kThreads = 4;
  constexpr int kTurns = 60000;
  static std::atomic<void*> slots[kThreads][64];
  std::vector<std::thread> threads;
  threads.reserve(kThreads);
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([t] {
      for (int i = 0; i < kTurns; ++i) {
        void* old = slots[t][i % 64].exchange(std::malloc(16 + static_cast<unsigned>(i) % 500U));
        std::free(old);
        std::free(slots[(t + 1) % kThreads][i * 5 % 64].exchange(nullptr));
      }
    });
  }
  for (auto& thread : threads) thread.join();
  for (auto& row : slots) {
    for (auto& slot : row) std::free(slot.load());
  }
  return 0;
}

void* short_life(void* size) {
  std::free(scenario::take(reinterpret_cast<std::uintptr_t>(size)));
  return nullptr;
}

int short_threads() {
  for (int i = 0; i < 3000; ++i) {
    pthread_t thread;
    if (pthread_create(&thread, nullptr, short_life, reinterpret_cast<void*>(5000L)) != 0) return 1;
    pthread_join(thread, nullptr);
  }
  return 0;
}

pthread_key_t key;

// Frees at the very end of its thread, from a key's destructor.
void* keeps_for_the_end(void*) {
  pthread_setspecific(key, scenario::take(130001));
  pthread_exit(reinterpret_cast<void*>(7L));
}

void* waits_forever(void*) {
  pthread_cleanup_push(std::free, scenario::take(130003));
  for (;;) pause();
  pthread_cleanup_pop(0);
  return nullptr;
}

int thread_ends() {
  pthread_key_create(&key, std::free);
  pthread_t one;
  pthread_create(&one, nullptr, keeps_for_the_end, nullptr);
  void* result = nullptr;
  pthread_join(one, &result);
  std::printf("exit %ld\n", reinterpret_cast<long>(result));
  pthread_t two;
  pthread_create(&two, nullptr, waits_forever, nullptr);
  pthread_cancel(two);
  pthread_join(two, &result);
  std::printf("cancelled %d\n", static_cast<int>(result == PTHREAD_CANCELED));
  thrd_t three;
  thrd_create(
      &three,
      [](void*) {
        std::free(scenario::take(130005));
        return 9;
      },
      nullptr);
  int status = 0;
  thrd_join(three, &status);
  std::printf("thrd %d\n", status);
  return 0;
}

std::atomic<unsigned> handled{0};

void on_alarm(int) {
  std::free(scenario::take(140001));
  handled.fetch_add(1);
}

// The main thread keeps the recorder busy with calls that libc refuses before it takes a lock, so
// that the handler may allocate at any moment.
int signals() {
  void* block = std::malloc(64);
  struct sigaction action {};
  action.sa_handler = on_alarm;
  sigaction(SIGALRM, &action, nullptr);
  itimerval timer{{0, 50}, {0, 50}};
  volatile std::size_t huge = PTRDIFF_MAX;
  setitimer(ITIMER_REAL, &timer, nullptr);
  while (handled.load() < 2000) {
    if (std::realloc(block, huge) != nullptr) return 1;
  }
  timer = {};
  setitimer(ITIMER_REAL, &timer, nullptr);
  std::fprintf(stderr, "%u\n", handled.load());
  return 0;
}

volatile sig_atomic_t forked = 0, is_child = 0;

void on_alarm_fork(int) {
  if (is_child != 0) return;
  forked = forked + 1;
  if (fork() == 0) is_child = 1;
}

// As signals(), but what the handler leaves behind is a second process that is in the midst of it.
int forking_handlers() {
  void* block = std::malloc(64);
  struct sigaction action {};
  action.sa_handler = on_alarm_fork;
  sigaction(SIGALRM, &action, nullptr);
  itimerval timer{{0, 500}, {0, 500}};
  volatile std::size_t huge = PTRDIFF_MAX;
  setitimer(ITIMER_REAL, &timer, nullptr);
  while (forked < 100 && is_child == 0) {
    if (std::realloc(block, huge) != nullptr) return 1;
  }
  if (is_child != 0) {
    std::free(scenario::take(141001));
    _exit(0);
  }
  timer = {};
  setitimer(ITIMER_REAL, &timer, nullptr);
  int failed = 0;
  for (int status = 0; wait(&status) > 0;) failed += static_cast<int>(status != 0);
  std::printf("%d failed\n", failed);
  return failed;
}

const scenario::Register registrations[] = {{"cross-free", cross_free},
                                            {"short-threads", short_threads},
                                            {"thread-ends", thread_ends},
                                            {"signals", signals},
                                            {"forking-handlers", forking_handlers}};

}  // namespace
