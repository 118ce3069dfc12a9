// SPDX-License-Identifier: MIT
// Where threads begin and end. A thread made past pthread_create (thrd_create, clone) is noticed at
// its first event, without a creator.
#include <limits.h>
#include <pthread.h>

#include <atomic>

#include "traces/recorder/export.h"
#include "traces/recorder/log.h"
#include "traces/recorder/process.h"
#include "traces/recorder/real.h"
#include "traces/recorder/segments.h"

namespace heapwise::recorder {
namespace {

pthread_key_t key;
bool key_made = false;

// Destructors of other keys may still allocate and free, so the last round of them is awaited.
void at_thread_end(void* value) {
  if (++self.rounds < PTHREAD_DESTRUCTOR_ITERATIONS) {
    pthread_setspecific(key, value);
    return;
  }
  release_scratch();
  if (!is_recording() || self.generation != generation) return;
  self.ended = true;  // before the event: it leaves the segment to the next thread
  log_extended(spool::Code::thread_end);
  if (lone_thread.load(std::memory_order_relaxed) == &self) end_loneliness();
}

/// What a new thread has to know, handed over without allocating.
struct Launch {
  std::atomic<bool> taken{false};
  void* (*function)(void*) = nullptr;
  void* argument = nullptr;
  std::uint32_t number = 0;  // both + 1
  std::uint32_t creator = 0;
};
constexpr std::size_t kLaunches = 256;
constinit Launch launches[kLaunches]{};

Launch* take_launch() {
  for (Launch& launch : launches) {
    if (!launch.taken.load(std::memory_order_relaxed) &&
        !launch.taken.exchange(true, std::memory_order_acquire)) {
      return &launch;
    }
  }
  return nullptr;
}

// Exceptions and pthread_exit unwind through this frame: it must not be noexcept.
void* begin(void* at) {
  auto* launch = static_cast<Launch*>(at);
  void* (*function)(void*) = launch->function;
  void* argument = launch->argument;
  self.given_number = launch->number;
  self.creator = launch->creator;
  launch->taken.store(false, std::memory_order_release);
  announce_thread();
  return function(argument);
}

// Null when this thread is not recorded, or too many threads are on their way: then the thread is
// noticed at its first event.
Launch* prepare(void* (*function)(void*), void* argument) {
  announce_thread();
  if (!is_recording() || self.generation != generation) return nullptr;
  Launch* launch = take_launch();
  if (launch == nullptr) return nullptr;
  launch->function = function;
  launch->argument = argument;
  launch->number = take_thread_number() + 1;
  launch->creator = self.number + 1;
  return launch;
}

using Create = int (*)(pthread_t*, const pthread_attr_t*, void* (*)(void*), void*);
constinit Next<Create> next_create("pthread_create");

int create(pthread_t* thread, const pthread_attr_t* attributes, void* (*function)(void*),
           void* argument) {
  Launch* launch = prepare(function, argument);
  if (launch == nullptr) return next_create.get()(thread, attributes, function, argument);
  const int error = next_create.get()(thread, attributes, begin, launch);
  if (error != 0) launch->taken.store(false, std::memory_order_release);
  return error;
}

}  // namespace

void resolve_threads() { next_create.get(); }

void make_thread_key() { key_made = pthread_key_create(&key, at_thread_end) == 0; }

void note_thread_end_later() {
  self.rounds = 0;
  if (key_made) pthread_setspecific(key, &self);
}

}  // namespace heapwise::recorder

HEAPWISE_EXPORT int pthread_create(pthread_t* newthread, const pthread_attr_t* attr,
                                   void* (*start_routine)(void*), void* arg) {
  return heapwise::recorder::create(newthread, attr, start_routine, arg);
}
