// SPDX-License-Identifier: MIT
// A server through the peak of an event: quiet, burst, drain, quiet again.
//
// Requests come in over connections. Each holds a buffer that the accepting main thread allocated,
// a body, and some dozens of small objects that the worker makes while it handles the request; all
// are freed together when the answer is out. Some requests log a user in: a session that stays for
// the rest of the run. In quiet times a few requests are under way at any time; when the event
// begins (a match, a sale, breaking news), hundreds of times as many. Then they drain away, and the
// server is as quiet as before. Whatever memory it still holds then, it holds until the next event.
//
// Where it comes from: the pattern that operators describe when they ask why a service keeps its
// peak memory: under glibc, freed memory below a surviving object, in each of the arenas, stays
// resident (GNU C Library manual, "Malloc Tunable Parameters": only the top of a heap is given
// back). Connection buffers of 16 KiB are usual defaults. The other figures are ours.
//
// What it does not model: keep-alive connections, sessions that expire, requests whose size or
// number of objects depends on the load, queues in front of the server.
#include <algorithm>
#include <vector>

#include "workloads/program.h"
#include "workloads/random.h"
#include "workloads/workload.h"

namespace heapwise {
namespace {

struct Request {
  std::size_t worker = 0;
  std::vector<ObjectId> objects;
};

class Server {
 public:
  Server(const Params& params, std::uint64_t seed, TraceWriter& writer)
      : params_(params), program_(seed, writer) {}

  void run() {
    for (std::uint64_t i = params_["workers"]; i > 0; --i) {
      workers_.push_back(program_.start_thread());
    }
    serve(params_["quiet"] / 4, params_["base"]);
    burst();
    serve(params_["quiet"], params_["base"]);
    program_.exit();
  }

 private:
  static constexpr std::uint64_t kTick = 10 * kMillisecond;
  static constexpr std::size_t kTurn = 8;  // requests of one worker before another's are seen

  // Each tick, a turn of the requests under way is answered and as many others come in.
  void serve(std::uint64_t ns, std::uint64_t concurrent) {
    const std::uint64_t end = program_.now() + ns;
    while (program_.now() + kTick <= end) {
      const std::uint64_t next = program_.now() + kTick;
      const std::size_t turn = std::min<std::size_t>(kTurn, concurrent);
      if (under_way_.size() >= concurrent) finish(turn);
      begin(std::min<std::size_t>(turn, concurrent - under_way_.size()));
      program_.pass_until(next);
    }
    program_.pass_until(end);
  }

  void burst() {
    const std::size_t peak = params_["peak"], base = params_["base"];
    while (under_way_.size() < peak) begin(std::min(kTurn, peak - under_way_.size()));
    const std::size_t turn = std::min(kTurn, peak);
    for (std::uint64_t done = 0; done < peak * params_["turnover"]; done += turn) {
      finish(turn);
      begin(turn);
    }
    while (under_way_.size() > base) finish(std::min(kTurn, under_way_.size() - base));
  }

  void begin(std::size_t count) {
    const std::size_t worker = program_.rng().below(workers_.size());
    const std::size_t first = under_way_.size();
    for (std::size_t i = 0; i < count; ++i) {
      under_way_.push_back({worker, {program_.allocate(kMain, params_["buffer"])}});
    }
    for (std::size_t i = first; i < under_way_.size(); ++i) handle(under_way_[i]);
  }

  void handle(Request& request) {
    const ThreadId thread = workers_[request.worker];
    Rng& rng = program_.rng();
    request.objects.push_back(program_.allocate(thread, log_uniform(rng, 256, 32768)));
    for (std::uint64_t i = rng.between(10, 50); i > 0; --i) {
      request.objects.push_back(program_.allocate(thread, bell(rng, 16, 6)));
    }
    if (rng.below(100) >= params_["sessions"]) return;
    for (int i = 0; i < 3; ++i) program_.allocate(thread, bell(rng, 64, 4));
  }

  // Any that are under way and of the same worker, as far as they go.
  void finish(std::size_t count) {
    std::size_t worker = workers_.size();
    for (; count > 0 && !under_way_.empty(); --count) {
      std::size_t i = program_.rng().below(under_way_.size());
      if (worker == workers_.size()) worker = under_way_[i].worker;
      for (int tries = 32; tries > 0 && under_way_[i].worker != worker; --tries) {
        i = program_.rng().below(under_way_.size());
      }
      std::swap(under_way_[i], under_way_.back());
      program_.free_all(workers_[under_way_.back().worker], under_way_.back().objects);
      under_way_.pop_back();
    }
  }

  const Params& params_;
  Program program_;
  std::vector<ThreadId> workers_;
  std::vector<Request> under_way_;
};

Expected<void> generate(const Params& params, std::uint64_t seed, TraceWriter& writer) {
  if (params["base"] > params["peak"]) {
    return fail(ErrorCode::usage, "request-server: base is larger than peak",
                "give base at most as large as peak");
  }
  Server(params, seed, writer).run();
  return {};
}

}  // namespace

Workload request_server() {
  return {"request-server",
          "a server through an event: quiet, burst, drain, quiet",
          {{"workers", Unit::count, 4, 1, 1024, "threads that handle requests"},
           {"base", Unit::count, 8, 1, 1000000, "requests under way in quiet times"},
           {"peak", Unit::count, 2000, 1, 10000000, "requests under way in the burst"},
           {"turnover", Unit::count, 3, 0, 1000000, "times that these are replaced in the burst"},
           {"buffer", Unit::bytes, 16384, 1, 1ULL << 30, "buffer of a connection"},
           {"sessions", Unit::percent, 10, 0, 100, "requests that leave a session behind"},
           {"quiet", Unit::duration, 15 * kSecond, 0, kHour,
            "time after the burst; before it a quarter"}},
          generate};
}

}  // namespace heapwise
