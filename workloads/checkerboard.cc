// SPDX-License-Identifier: MIT
// Every second object is freed, then larger ones are asked for.
//
// Memory is filled with objects of about one size. Every second one is freed, in the order in which
// they were allocated, so that no two neighbours are free: a checkerboard. Then as many bytes as
// were freed are asked for again in objects too large for any of the holes.
//
// Where it comes from: the construction by which lower bounds for fragmentation are proven (J. M.
// Robson, "Bounds for some functions concerning dynamic storage allocation", JACM 1974). It is a
// worst case, not a program; programs come near when they thin out what they loaded, by a filter or
// an eviction by age of last use, and then turn to larger things.
//
// What it does to allocators: nobody who cannot move objects can use the holes; the question is
// only what they cost later, and whether objects of other sizes fill them.
//
// What it does not model: anything beside the worst case.
#include <algorithm>
#include <vector>

#include "workloads/program.h"
#include "workloads/workload.h"

namespace heapwise {
namespace {

class Board {
 public:
  Board(const Params& params, std::uint64_t seed, TraceWriter& writer)
      : params_(params), program_(seed, writer) {}

  void run() {
    std::vector<ObjectId> whites, blacks;
    std::uint64_t black_bytes = 0;
    for (std::uint64_t bytes = 0, i = 0; bytes < params_["board"]; ++i) {
      const std::uint64_t size = next_size(params_["square"]);
      (i % 2 == 0 ? whites : blacks).push_back(program_.allocate(kMain, size));
      bytes += size;
      black_bytes += i % 2 == 0 ? 0 : size;
    }
    program_.pass(kSecond);
    for (const ObjectId object : blacks) program_.free(kMain, object);
    program_.pass(kSecond);
    for (std::uint64_t bytes = 0; bytes < black_bytes;) {
      const std::uint64_t size = next_size(params_["square"] * params_["growth"]);
      program_.allocate(kMain, size);
      bytes += size;
    }
    program_.idle(params_["idle"]);
    program_.exit();
  }

 private:
  // Between three and four quarters, so that objects of one wave never fit a hole of the other, but
  // for squares of a few bytes, below what allocators hand out at least.
  std::uint64_t next_size(std::uint64_t largest) {
    return std::max<std::uint64_t>(1, program_.rng().between(largest - largest / 4, largest));
  }

  const Params& params_;
  Program program_;
};

Expected<void> generate(const Params& params, std::uint64_t seed, TraceWriter& writer) {
  Board(params, seed, writer).run();
  return {};
}

}  // namespace

Workload checkerboard() {
  return {"checkerboard",
          "every second object is freed, then larger ones are asked for",
          {{"board", Unit::bytes, 96ULL << 20, 1ULL << 10, 1ULL << 40, "bytes filled at first"},
           {"square", Unit::bytes, 256, 8, 1ULL << 20, "the largest object of the first wave"},
           {"growth", Unit::count, 3, 2, 1000, "how many times larger those of the second are"},
           {"idle", Unit::duration, 12 * kSecond, 0, kHour, "time after that"}},
          generate};
}

}  // namespace heapwise
