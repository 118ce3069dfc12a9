// SPDX-License-Identifier: MIT
#include "workloads/program.h"

#include <utility>

#include "workloads/random.h"

namespace heapwise {

void Program::free_all(ThreadId thread, std::vector<ObjectId>& objects) {
  for (; !objects.empty(); objects.pop_back()) free(thread, objects.back());
}

void Program::free_shuffled(ThreadId thread, std::vector<ObjectId>& objects) {
  for (; !objects.empty(); objects.pop_back()) {
    std::swap(objects[rng_.below(objects.size())], objects.back());
    free(thread, objects.back());
  }
}

ThreadId Program::start_thread(ThreadId creator) {
  const ThreadId started{++threads_};
  writer_.thread_start(creator, now_, started);
  return started;
}

void Program::answer_request(ThreadId thread) {
  const ObjectId request = allocate(thread, log_uniform(rng_, 64, 1024));
  const ObjectId answer = allocate(thread, log_uniform(rng_, 256, 65536));
  free(thread, answer);
  free(thread, request);
}

void Program::idle(std::uint64_t ns, const std::vector<ThreadId>& threads) {
  constexpr std::uint64_t kTick = 10 * kMillisecond;
  const std::uint64_t end = now_ + ns;
  for (std::size_t tick = 0; now_ + kTick <= end; ++tick) {
    const std::uint64_t next = now_ + kTick;
    for (int request = 0; request < 16; ++request) answer_request(threads[tick % threads.size()]);
    pass_until(next);
  }
  pass_until(end);
}

}  // namespace heapwise
