// SPDX-License-Identifier: MIT
// Many threads with warm caches and nothing to do.
//
// A pool of threads, each of which had work several times: it allocated and freed some hundred KiB
// of small objects, kept a little, and waits. Only the main thread goes on answering requests. Next
// to nothing is alive, and yet every thread still has its cache of free objects, and its arena or
// heap the pages behind them.
//
// Where it comes from: connection pools and executors sized for a peak. Caches belong to threads in
// all the allocators here (gperftools: up to 32 MiB for all threads together by default,
// TCMALLOC_MAX_TOTAL_THREAD_CACHE_BYTES; jemalloc: tcache; glibc: tcache and up to eight arenas for
// each core; mimalloc: a heap for each thread), and most of them are cleaned only when their thread
// calls again.
//
// What it does not model: stacks, threads that wake now and then, huge pages, which multiply the
// effect where they are always on.
#include <vector>

#include "workloads/program.h"
#include "workloads/random.h"
#include "workloads/workload.h"

namespace heapwise {
namespace {

class Pool {
 public:
  Pool(const Params& params, std::uint64_t seed, TraceWriter& writer)
      : params_(params), program_(seed, writer) {}

  void run() {
    for (std::uint64_t i = params_["threads"]; i > 0; --i) {
      threads_.push_back(program_.start_thread());
    }
    for (std::uint64_t i = params_["threads"] * params_["jobs"]; i > 0; --i) {
      work(threads_[i % threads_.size()]);
      program_.pass(kMillisecond);
    }
    program_.idle(params_["idle"]);
    program_.exit();
  }

 private:
  void work(ThreadId thread) {
    Rng& rng = program_.rng();
    std::vector<ObjectId> objects;
    for (std::uint64_t bytes = 0, size = 0; bytes < params_["work"]; bytes += size) {
      size = log_uniform(rng, 16, 4096);
      objects.push_back(program_.allocate(thread, size));
    }
    for (std::uint64_t kept = 0, size = 0; kept < params_["kept"]; kept += size) {
      size = log_uniform(rng, 16, 1024);
      program_.allocate(thread, size);
    }
    program_.free_shuffled(thread, objects);
  }

  const Params& params_;
  Program program_;
  std::vector<ThreadId> threads_;
};

Expected<void> generate(const Params& params, std::uint64_t seed, TraceWriter& writer) {
  Pool(params, seed, writer).run();
  return {};
}

}  // namespace

Workload idle_threads() {
  return {
      "idle-threads",
      "many threads with warm caches and nothing to do",
      {{"threads", Unit::count, 64, 1, 4096, "threads beside the main one"},
       {"jobs", Unit::count, 8, 1, 1000000, "times that each had work"},
       {"work", Unit::bytes, 512ULL << 10, 1, 1ULL << 40, "bytes allocated and freed each time"},
       {"kept", Unit::bytes, 1024, 0, 1ULL << 40, "bytes kept each time"},
       {"idle", Unit::duration, 12 * kSecond, 0, kHour, "time after the last work"}},
      generate};
}

}  // namespace heapwise
