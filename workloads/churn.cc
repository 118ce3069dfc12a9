// SPDX-License-Identifier: MIT
// A busy server with several workers.
//
// Each worker allocates objects of random size and lifetime and frees those whose time has come;
// some objects are handed over and freed by another worker, as requests, messages and buffers are
// that pass through a queue. Nothing ever comes to rest: the heap is at its size after a few
// lifetimes, and from there on every allocator shows what its caches, arenas and the memory
// between the objects cost.
//
// Where it comes from: the mixture is that of long-running servers as the literature describes it
// (most objects small and short-lived, most bytes in the few large ones). With `generation`, a
// worker ends after that many calls and starts a successor that inherits its objects: the pattern
// of P. Larson and M. Krishnan, "Memory allocation for long-running server applications", ISMM
// 1998, where each generation frees what the last one left behind.
//
// Sizes: nine in ten objects are of 8 bytes to 1 KiB, most of them around 100 bytes; nearly one in
// ten is of 1 to 16 KiB; one in a hundred is of 16 to 256 KiB. Lifetimes are exponential, whatever
// the size. About one call in 23 is a realloc, one allocation in 10 a calloc, one in 100 aligned.
//
// What it does not model: phases, data structures (objects that die together), lifetimes that
// depend on size or site, contention for anything but malloc, and what is done with the memory.
#include <algorithm>
#include <vector>

#include "base/rng.h"
#include "workloads/calendar.h"
#include "workloads/program.h"
#include "workloads/random.h"
#include "workloads/workload.h"

namespace heapwise {
namespace {

struct Worker {
  ThreadId thread{0};
  std::uint64_t calls_left = 0;  // before a successor takes over
  Calendar deaths;
};

class Server {
 public:
  Server(const Params& params, std::uint64_t seed, TraceWriter& writer)
      : rng_(seed),
        writer_(writer),
        workers_(params["threads"]),
        calls_(params["calls"]),
        generation_(params["generation"]),
        lifetime_ns_(static_cast<double>(params["lifetime"])),
        handed_over_percent_(workers_.size() > 1 ? params["remote"] : 0),
        step_ns_(std::max<std::uint64_t>(1, params["interval"] / workers_.size())) {}

  void run() {
    for (Worker& worker : workers_) start(worker, kMain);
    while (done_ < calls_) run_slice(workers_[rng_.below(workers_.size())]);
    for (const Worker& worker : workers_) writer_.thread_end(worker.thread, now_);
    writer_.exit_begin(kMain, now_);
  }

 private:
  // A worker makes some calls before another's are seen: threads run in bursts.
  void run_slice(Worker& worker) {
    for (std::uint64_t calls = 1 + rng_.below(64); calls > 0 && done_ < calls_; --calls) {
      call(worker);
    }
  }

  void call(Worker& worker) {
    if (generation_ > 0 && worker.calls_left-- == 0) replace(worker);
    now_ += 1 + rng_.below(2 * step_ns_);
    ++done_;
    if (worker.deaths.has_due(now_)) {
      writer_.free(worker.thread, now_, worker.deaths.pop());
    } else if (!worker.deaths.empty() && rng_.below(12) == 0) {
      const Death& any = worker.deaths[rng_.below(worker.deaths.size())];
      writer_.reallocate(worker.thread, now_, any.object, next_size());
    } else {
      allocate(worker);
    }
  }

  void allocate(Worker& worker) {
    const std::uint64_t dice = rng_.below(100);
    const OpKind kind = dice < 10 ? OpKind::calloc : dice < 11 ? OpKind::aligned : OpKind::malloc;
    const auto align_log2 = static_cast<std::uint8_t>(rng_.between(5, 8));
    const ObjectId object = writer_.allocate(worker.thread, now_, kind, next_size(), align_log2);
    const auto lives_ns = static_cast<std::uint64_t>(exponential(rng_) * lifetime_ns_);
    owner_of_next(worker).deaths.push({now_ + lives_ns, object});
  }

  Worker& owner_of_next(Worker& maker) {
    if (rng_.below(100) >= handed_over_percent_) return maker;
    const std::size_t other = rng_.below(workers_.size() - 1);
    return &workers_[other] < &maker ? workers_[other] : workers_[other + 1];
  }

  std::uint64_t next_size() {
    const std::uint64_t dice = rng_.below(100);
    if (dice < 90) return bell(rng_, 8, 7);
    return dice < 99 ? log_uniform(rng_, 1024, 16384) : log_uniform(rng_, 16384, 262144);
  }

  void start(Worker& worker, ThreadId creator) {
    worker.thread = ThreadId{++threads_};
    worker.calls_left = generation_;
    writer_.thread_start(creator, now_, worker.thread);
  }

  void replace(Worker& worker) {
    const ThreadId old = worker.thread;
    start(worker, old);
    --worker.calls_left;
    writer_.thread_end(old, now_);
  }

  Rng rng_;
  TraceWriter& writer_;
  std::vector<Worker> workers_;
  std::uint64_t calls_, generation_;
  double lifetime_ns_;
  std::uint64_t handed_over_percent_, step_ns_;
  std::uint64_t now_ = 0, done_ = 0;
  std::uint32_t threads_ = 0;
};

Expected<void> generate(const Params& params, std::uint64_t seed, TraceWriter& writer) {
  Server(params, seed, writer).run();
  return {};
}

}  // namespace

Workload churn() {
  return {"churn",
          "workers that allocate and free at random, some for each other",
          {{"threads", Unit::count, 4, 1, 1024, "workers at any time"},
           {"calls", Unit::count, 1000000, 1, 100000000000, "calls to malloc and its kin in all"},
           {"lifetime", Unit::duration, 40 * kMillisecond, kMicrosecond, 3600 * kSecond,
            "mean time that an object lives"},
           {"interval", Unit::duration, 2 * kMicrosecond, 100, kSecond,
            "mean time between two calls of one worker"},
           {"remote", Unit::percent, 10, 0, 100, "objects that another worker frees"},
           {"generation", Unit::count, 0, 0, 100000000000,
            "calls after which a new worker takes over; 0: never"}},
          generate};
}

}  // namespace heapwise
