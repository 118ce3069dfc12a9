// SPDX-License-Identifier: MIT
// A process that gains a little every hour.
//
// A service that runs for days. It answers requests in bursts, each with objects that are gone a
// moment later and now and then a report that needs a large piece of memory for a short time. Of
// what it learns it keeps a little: a new user, a name, a counter; nothing of that is ever freed.
// In between there are sessions, which live for some minutes. What it needs grows by a MiB
// in an hour. What is resident grows as well, and the question that its operators have is
// whether by the same amount.
//
// Where it comes from: the "leak that is none" that maintainers of long-running services see, where
// resident memory grows and heap profiles do not (in reports for glibc it ends by a change of
// allocator or a limit on arenas). The figures are ours.
//
// What it does to allocators: each object that stays falls into a hole between short-lived ones and
// holds a page, a slab or the top of the heap from then on.
//
// What it does not model: a leak, which would be the same for all allocators; day and night;
// several threads.
#include <algorithm>
#include <vector>

#include "workloads/calendar.h"
#include "workloads/program.h"
#include "workloads/random.h"
#include "workloads/workload.h"

namespace heapwise {
namespace {

class Service {
 public:
  Service(const Params& params, std::uint64_t seed, TraceWriter& writer)
      : params_(params), program_(seed, writer) {}

  void run() {
    const std::uint64_t bursts = params_["hours"] * params_["bursts"];
    const std::uint64_t interval = kHour / params_["bursts"];
    for (std::uint64_t i = 1; i <= bursts; ++i) {
      for (std::uint64_t request = params_["requests"]; request > 0; --request) answer();
      if (program_.rng().below(4) == 0) report();
      learn(i);
      program_.pass_until(i * interval);
      while (sessions_.has_due(program_.now())) program_.free(kMain, sessions_.pop());
    }
    program_.exit();
  }

 private:
  void answer() {
    Rng& rng = program_.rng();
    std::vector<ObjectId> objects;
    for (std::uint64_t i = rng.between(5, 25); i > 0; --i) {
      objects.push_back(program_.allocate(kMain, bell(rng, 16, 6)));
    }
    objects.push_back(program_.allocate(kMain, log_uniform(rng, 512, 32768)));
    if (rng.below(4) == 0) open_session();
    program_.free_all(kMain, objects);
  }

  void open_session() {
    const double lives_ns = exponential(program_.rng()) * static_cast<double>(params_["session"]);
    for (int i = 0; i < 3; ++i) {
      const ObjectId object = program_.allocate(kMain, bell(program_.rng(), 32, 5));
      sessions_.push({program_.now() + static_cast<std::uint64_t>(lives_ns), object});
    }
  }

  void report() {
    std::vector<ObjectId> rows;
    for (std::uint64_t i = program_.rng().between(50, 200); i > 0; --i) {
      rows.push_back(program_.allocate(kMain, log_uniform(program_.rng(), 64, 8192)));
    }
    rows.push_back(program_.allocate(kMain, log_uniform(program_.rng(), 65536, 1 << 20)));
    program_.free_shuffled(kMain, rows);
  }

  // Up to what `gain` says for the time that has passed by the burst of this number.
  void learn(std::uint64_t burst) {
    const std::uint64_t per_burst = params_["gain"] / params_["bursts"];
    const std::uint64_t rest = params_["gain"] % params_["bursts"];
    const std::uint64_t due = per_burst * burst + rest * burst / params_["bursts"];
    while (learnt_ < due) {
      const std::uint64_t size = program_.rng().between(24, 200);
      program_.allocate(kMain, size);
      learnt_ += size;
      if (program_.rng().below(12) == 0) answer();
    }
  }

  const Params& params_;
  Program program_;
  Calendar sessions_;
  std::uint64_t learnt_ = 0;
};

Expected<void> generate(const Params& params, std::uint64_t seed, TraceWriter& writer) {
  Service(params, seed, writer).run();
  return {};
}

}  // namespace

Workload slow_growth() {
  return {"slow-growth",
          "a long-running process that gains a little every hour",
          {{"hours", Unit::count, 24, 1, 100000, "hours that it runs"},
           {"gain", Unit::bytes, 1ULL << 20, 0, 1ULL << 40, "bytes kept for ever, in an hour"},
           {"bursts", Unit::count, 60, 1, 3600, "bursts of requests in an hour"},
           {"requests", Unit::count, 8, 0, 1000000, "requests in a burst"},
           {"session", Unit::duration, 600 * kSecond, 0, 1000 * kHour,
            "mean time that a session lives"}},
          generate};
}

}  // namespace heapwise
