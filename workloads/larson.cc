// SPDX-License-Identifier: MIT
// A server whose objects outlive the threads that made them.
//
// Each worker has a table of objects and replaces one after another, chosen at random, by a new one
// of random size. After a while it starts a successor, hands its table over and ends; the successor
// replaces what it never allocated. The first tables are filled by the main thread.
//
// Where it comes from: P. Larson and M. Krishnan, "Memory allocation for long-running server
// applications", ISMM 1998, whose simulation of a server works this way; it has become a standard
// benchmark of allocators, commonly run with objects of 8 to 1,000 bytes.
//
// What it does to allocators: every generation frees into heaps that belong to threads that are
// gone. Arenas, abandoned heaps and central lists must take the memory back and give it to others.
//
// What it does not model: objects of different lifetimes, large objects, any work beside malloc.
// The table that the original allocates per thread is left out.
#include <algorithm>
#include <vector>

#include "workloads/program.h"
#include "workloads/workload.h"

namespace heapwise {
namespace {

struct Worker {
  ThreadId thread{0};
  std::uint64_t replacements = 0;
  std::vector<ObjectId> table;
};

class Server {
 public:
  Server(const Params& params, std::uint64_t seed, TraceWriter& writer)
      : params_(params), program_(seed, writer), workers_(params["threads"]) {}

  void run() {
    for (Worker& worker : workers_) fill(worker);
    for (Worker& worker : workers_) worker.thread = program_.start_thread();
    while (program_.calls() < params_["calls"]) {
      for (Worker& worker : workers_) work(worker);
    }
    for (const Worker& worker : workers_) program_.end_thread(worker.thread);
    program_.exit();
  }

 private:
  static constexpr int kTurn = 200;  // replacements before another thread is seen

  std::uint64_t next_size() {
    return program_.rng().between(params_["smallest"], params_["largest"]);
  }

  void fill(Worker& worker) {
    for (std::uint64_t i = params_["objects"]; i > 0; --i) {
      worker.table.push_back(program_.allocate(kMain, next_size()));
    }
  }

  void work(Worker& worker) {
    for (int i = 0; i < kTurn && program_.calls() < params_["calls"]; ++i) {
      if (worker.replacements++ == params_["generation"]) succeed(worker);
      ObjectId& object = worker.table[program_.rng().below(worker.table.size())];
      program_.free(worker.thread, object);
      object = program_.allocate(worker.thread, next_size());
    }
  }

  void succeed(Worker& worker) {
    const ThreadId old = worker.thread;
    worker.thread = program_.start_thread(old);
    worker.replacements = 1;
    program_.end_thread(old);
  }

  const Params& params_;
  Program program_;
  std::vector<Worker> workers_;
};

Expected<void> generate(const Params& params, std::uint64_t seed, TraceWriter& writer) {
  if (params["smallest"] > params["largest"]) {
    return fail(ErrorCode::usage, "larson: smallest is larger than largest",
                "give smallest at most as large as largest");
  }
  Server(params, seed, writer).run();
  return {};
}

}  // namespace

Workload larson() {
  return {"larson",
          "a server whose objects outlive the threads that made them",
          {{"threads", Unit::count, 4, 1, 1024, "workers at any time"},
           {"calls", Unit::count, 1500000, 1, 100000000000,
            "calls in all, or as many as fill the tables"},
           {"objects", Unit::count, 10000, 1, 100000000, "objects of each worker"},
           {"smallest", Unit::bytes, 8, 1, 1ULL << 20, "the smallest object"},
           {"largest", Unit::bytes, 1000, 1, 1ULL << 20, "the largest"},
           {"generation", Unit::count, 20000, 1, 100000000000,
            "replacements after which a successor takes over"}},
          generate};
}

}  // namespace heapwise
