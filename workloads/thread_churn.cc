// SPDX-License-Identifier: MIT
// Threads that come, work and go.
//
// A program starts a thread for every job, some at once at any time. A job allocates many objects,
// frees them all but for its result, and the thread ends. The results stay for some time and are
// freed by the main thread. Most jobs are small, a few are large, and in time every arena of the
// allocator has served a large one.
//
// Where it comes from: thread-per-request servers, build tools and interpreters' pools. Under glibc
// each thread gets an arena, up to eight for each core, and the memory of an arena is no use to a
// thread of another: the sum of what each needed at its worst stays resident. To set
// MALLOC_ARENA_MAX=2 is what Heroku's documentation ("Tuning glibc memory behavior") and many
// others advise. The sizes and numbers of jobs are ours.
//
// What it does to allocators: arenas and heaps are left behind, and what is alive in them keeps
// them from being given back.
//
// What it does not model: pools that keep their threads, stacks and thread-local storage, jobs that
// wait.
#include <algorithm>
#include <deque>
#include <vector>

#include "workloads/program.h"
#include "workloads/random.h"
#include "workloads/workload.h"

namespace heapwise {
namespace {

struct Job {
  ThreadId thread{0};
  std::uint64_t bytes_left = 0;
  std::vector<ObjectId> objects;
};

class Jobs {
 public:
  Jobs(const Params& params, std::uint64_t seed, TraceWriter& writer)
      : params_(params), program_(seed, writer), left_(params["threads"]) {}

  void run() {
    while (left_ > 0 || !jobs_.empty()) {
      while (left_ > 0 && jobs_.size() < params_["at-once"]) begin();
      const std::size_t i = program_.rng().below(jobs_.size());
      if (jobs_[i].bytes_left > 0) {
        work(jobs_[i]);
      } else {
        finish(i);
      }
    }
    program_.idle(params_["idle"]);
    program_.exit();
  }

 private:
  static constexpr int kTurn = 250;  // calls of one job before another's are seen

  void begin() {
    --left_;
    jobs_.push_back({program_.start_thread(),
                     log_uniform(program_.rng(), params_["smallest"], params_["largest"] + 1),
                     {}});
  }

  void work(Job& job) {
    for (int call = 0; call < kTurn && job.bytes_left > 0; ++call) {
      const std::uint64_t size = next_size();
      job.objects.push_back(program_.allocate(job.thread, size));
      job.bytes_left -= std::min(job.bytes_left, size);
    }
  }

  std::uint64_t next_size() {
    Rng& rng = program_.rng();
    return rng.below(100) < 90 ? bell(rng, 16, 7) : log_uniform(rng, 1024, 16384);
  }

  void finish(std::size_t i) {
    Job job = std::move(jobs_[i]);
    if (i + 1 < jobs_.size()) jobs_[i] = std::move(jobs_.back());
    jobs_.pop_back();
    results_.push_back(take_result(job));
    program_.free_shuffled(job.thread, job.objects);
    program_.end_thread(job.thread);
    if (results_.size() <= params_["kept"]) return;
    program_.free_all(kMain, results_.front());
    results_.pop_front();
  }

  std::vector<ObjectId> take_result(Job& job) {
    std::vector<ObjectId> result;
    const std::size_t wanted =
        std::max<std::size_t>(1, job.objects.size() * params_["result"] / 100);
    while (result.size() < wanted) {
      std::swap(job.objects[program_.rng().below(job.objects.size())], job.objects.back());
      result.push_back(job.objects.back());
      job.objects.pop_back();
    }
    return result;
  }

  const Params& params_;
  Program program_;
  std::uint64_t left_;
  std::vector<Job> jobs_;
  std::deque<std::vector<ObjectId>> results_;
};

Expected<void> generate(const Params& params, std::uint64_t seed, TraceWriter& writer) {
  if (params["smallest"] > params["largest"]) {
    return fail(ErrorCode::usage, "thread-churn: smallest is larger than largest",
                "give smallest at most as large as largest");
  }
  Jobs(params, seed, writer).run();
  return {};
}

}  // namespace

Workload thread_churn() {
  return {"thread-churn",
          "short-lived threads that leave their results and arenas behind",
          {{"threads", Unit::count, 400, 1, 1000000, "threads in all"},
           {"at-once", Unit::count, 16, 1, 10000, "threads at any time"},
           {"smallest", Unit::bytes, 32768, 1, 1ULL << 40, "bytes that the smallest job allocates"},
           {"largest", Unit::bytes, 8ULL << 20, 1, 1ULL << 40, "and the largest"},
           {"result", Unit::percent, 1, 0, 100, "objects that are left as a job's result"},
           {"kept", Unit::count, 100, 0, 1000000, "results that are there at any time"},
           {"idle", Unit::duration, 5 * kSecond, 0, kHour, "time after the last job"}},
          generate};
}

}  // namespace heapwise
