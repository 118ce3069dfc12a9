// SPDX-License-Identifier: MIT
// Some threads allocate, others free.
//
// Producers read messages (a node and a payload) and put them into a queue by the batch; consumers
// take batches out, handle the messages and free them. Nothing is ever freed by the thread that
// allocated it. The two sides do not run at the same speed: for a while the producers are ahead
// until the queue is full, then the consumers are until it is empty, and so on.
//
// Where it comes from: network servers, logging and stages of a pipeline. For an allocator with
// private heaps this is the worst case of which E. Berger, K. McKinley, R. Blumofe and P. Wilson
// warn ("Hoard: a scalable memory allocator for multithreaded applications", ASPLOS 2000): memory
// that consumers free and keep while producers ask for more.
//
// What it does to allocators: thread caches of consumers run over and those of producers run dry,
// so every object takes the slow way through a central list, a lock or a queue of remote frees.
//
// What it does not model: batches of different sizes, answers that travel the other way, what
// handling a message allocates.
#include <algorithm>
#include <deque>
#include <vector>

#include "workloads/program.h"
#include "workloads/random.h"
#include "workloads/workload.h"

namespace heapwise {
namespace {

class Pipeline {
 public:
  Pipeline(const Params& params, std::uint64_t seed, TraceWriter& writer)
      : params_(params), program_(seed, writer), left_(params["messages"]) {}

  void run() {
    start(producers_, params_["producers"]);
    start(consumers_, params_["consumers"]);
    while (left_ > 0 || !queue_.empty()) {
      if (left_ > 0 && producer_is_next()) {
        produce(producers_[program_.rng().below(producers_.size())]);
      } else if (!queue_.empty()) {
        consume(consumers_[program_.rng().below(consumers_.size())]);
      }
    }
    for (const ThreadId thread : producers_) program_.end_thread(thread);
    for (const ThreadId thread : consumers_) program_.end_thread(thread);
    program_.idle(params_["idle"]);
    program_.exit();
  }

 private:
  using Batch = std::vector<ObjectId>;

  void start(std::vector<ThreadId>& threads, std::uint64_t count) {
    while (threads.size() < count) threads.push_back(program_.start_thread());
  }

  // Three turns in four belong to the side that is ahead at the moment.
  bool producer_is_next() {
    if (queue_.size() >= params_["queue"]) filling_ = false;
    if (queue_.empty()) filling_ = true;
    const bool leader = program_.rng().below(4) != 0;
    return queue_.size() < params_["queue"] && filling_ == leader;
  }

  void produce(ThreadId thread) {
    Batch batch;
    for (std::uint64_t i = std::min(left_, params_["batch"]); i > 0; --i, --left_) {
      batch.push_back(program_.allocate(thread, kNodeBytes));
      batch.push_back(program_.allocate(
          thread, log_uniform(program_.rng(), params_["smallest"], params_["largest"] + 1)));
    }
    queue_.push_back(std::move(batch));
  }

  void consume(ThreadId thread) {
    for (const ObjectId object : queue_.front()) program_.free(thread, object);
    queue_.pop_front();
  }

  static constexpr std::uint64_t kNodeBytes = 64;

  const Params& params_;
  Program program_;
  std::uint64_t left_;
  std::vector<ThreadId> producers_, consumers_;
  std::deque<Batch> queue_;
  bool filling_ = true;
};

Expected<void> generate(const Params& params, std::uint64_t seed, TraceWriter& writer) {
  if (params["smallest"] > params["largest"]) {
    return fail(ErrorCode::usage, "producer-consumer: smallest is larger than largest",
                "give smallest at most as large as largest");
  }
  Pipeline(params, seed, writer).run();
  return {};
}

}  // namespace

Workload producer_consumer() {
  return {"producer-consumer",
          "some threads allocate messages, others free them",
          {{"producers", Unit::count, 2, 1, 1024, "threads that allocate"},
           {"consumers", Unit::count, 2, 1, 1024, "threads that free"},
           {"messages", Unit::count, 300000, 1, 100000000000, "messages in all"},
           {"batch", Unit::count, 64, 1, 1000000, "messages handed over at a time"},
           {"queue", Unit::count, 400, 1, 10000000, "batches that the queue holds"},
           {"smallest", Unit::bytes, 64, 1, 1ULL << 30, "the smallest payload"},
           {"largest", Unit::bytes, 8192, 1, 1ULL << 30, "the largest"},
           {"idle", Unit::duration, 5 * kSecond, 0, kHour, "time after the last message"}},
          generate};
}

}  // namespace heapwise
