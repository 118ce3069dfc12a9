// SPDX-License-Identifier: MIT
// Objects that live for long between objects that live for an instant.
//
// A single-threaded program at work: most of what it allocates is gone after a moment, some of it
// (nodes of an index, entries of a table, results) stays for hundreds of times as long. Both kinds
// have the same sizes and come interleaved, so an allocator that cannot know which is which puts
// them side by side; when the short-lived ones are gone, the pages that they filled are held by the
// few that stay. The holes are used again, but never all of them.
//
// Where it comes from: that most objects die young and a few live on is the weak generational
// hypothesis (D. Ungar, "Generation scavenging", 1984), and holes between objects of different
// lifetimes are what P. R. Wilson, M. S. Johnstone, M. Neely and D. Boles name as the cause of
// fragmentation ("Dynamic storage allocation: a survey and critical review", IWMM 1995). The
// shares, sizes and times are ours.
//
// Sizes: nine in ten objects are of 8 bytes to 1 KiB, nearly one in ten of 1 to 16 KiB, one in a
// hundred of 16 KiB up to `largest`. Lifetimes are exponential in both kinds.
//
// What it does not model: phases, sizes that tell something of lifetimes (in real programs they
// do), call sites, threads.
#include <algorithm>

#include "workloads/calendar.h"
#include "workloads/program.h"
#include "workloads/random.h"
#include "workloads/workload.h"

namespace heapwise {
namespace {

class Mixture {
 public:
  Mixture(const Params& params, std::uint64_t seed, TraceWriter& writer)
      : params_(params), program_(seed, writer) {}

  void run() {
    while (program_.calls() < params_["calls"]) {
      if (deaths_.has_due(program_.now())) {
        program_.free(kMain, deaths_.pop());
      } else {
        allocate();
      }
    }
    program_.exit();
  }

 private:
  void allocate() {
    const ObjectId object = program_.allocate(kMain, next_size());
    const bool stays = program_.rng().below(100) < params_["long"];
    const std::uint64_t mean_ns = params_[stays ? "long-life" : "short-life"];
    const double lives_ns = exponential(program_.rng()) * static_cast<double>(mean_ns);
    deaths_.push({program_.now() + static_cast<std::uint64_t>(lives_ns), object});
  }

  std::uint64_t next_size() {
    Rng& rng = program_.rng();
    const std::uint64_t dice = rng.below(100);
    if (dice < 90) return bell(rng, 8, 7);
    if (dice < 99) return log_uniform(rng, 1024, 16384);
    return log_uniform(rng, 16384, params_["largest"] + 1);
  }

  const Params& params_;
  Program program_;
  Calendar deaths_;
};

Expected<void> generate(const Params& params, std::uint64_t seed, TraceWriter& writer) {
  if (params["short-life"] > params["long-life"]) {
    return fail(ErrorCode::usage, "mixed: short-life is longer than long-life",
                "give short-life at most as long as long-life");
  }
  Mixture(params, seed, writer).run();
  return {};
}

}  // namespace

Workload mixed() {
  return {"mixed",
          "objects that live for long between objects that live for an instant",
          {{"calls", Unit::count, 1500000, 1, 100000000000, "calls to malloc and free in all"},
           {"long", Unit::percent, 10, 0, 100, "objects that live for long"},
           {"long-life", Unit::duration, 300 * kMillisecond, kMicrosecond, kHour,
            "mean time that these live"},
           {"short-life", Unit::duration, kMillisecond, kMicrosecond, kHour,
            "mean time that the others live"},
           {"largest", Unit::bytes, 65536, 16384, 1ULL << 30, "the largest object"}},
          generate};
}

}  // namespace heapwise
