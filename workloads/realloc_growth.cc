// SPDX-License-Identifier: MIT
// Buffers that grow.
//
// A program builds many things at once, each in a buffer that it does not know the final size of:
// strings that grow by half, vectors that double, and read buffers that grow by a fixed step and
// cross the sizes from which allocators map memory by itself. Whoever is done with one may shrink
// it to what is used; results are kept for a while, and small objects come in between, which block
// the way to grow in place.
//
// Where it comes from: growth by a factor is what containers do (std::vector of libstdc++ doubles,
// others take 1.5; folly's documentation of FBVector discusses what that means for reuse of freed
// memory); reading to the end of a stream by fixed steps is common in C. glibc can grow a block
// that has a mapping of its own by mremap, without a copy (GNU C Library manual and malloc/malloc.c
// of glibc); others copy.
//
// What it does to allocators: a block that cannot grow in place is there twice for a moment, and
// leaves a hole that the next larger one does not fit.
//
// What it does not model: std::vector itself, which never calls realloc but allocates, copies and
// frees; what the copies cost in caches.
#include <algorithm>
#include <deque>
#include <vector>

#include "workloads/program.h"
#include "workloads/random.h"
#include "workloads/workload.h"

namespace heapwise {
namespace {

enum class Growth { by_half, by_doubling, by_steps };

struct Builder {
  Growth growth;
  ObjectId buffer;
  std::uint64_t capacity, wanted;
};

class Factory {
 public:
  Factory(const Params& params, std::uint64_t seed, TraceWriter& writer)
      : params_(params), program_(seed, writer), left_(params["jobs"]) {}

  void run() {
    while (left_ > 0 || !builders_.empty()) {
      while (left_ > 0 && builders_.size() < params_["at-once"]) begin();
      append(program_.rng().below(builders_.size()));
    }
    program_.exit();
  }

 private:
  static constexpr std::uint64_t kStep = 16384;
  static constexpr std::uint64_t kSmallestBuffer = 65536;

  void begin() {
    --left_;
    Rng& rng = program_.rng();
    const std::uint64_t dice = rng.below(1000);
    Builder builder{Growth::by_half, ObjectId{0}, 32, log_uniform(rng, 32, 4096)};
    if (dice < params_["buffers"] * 10) {
      builder = {Growth::by_steps, ObjectId{0}, kStep,
                 log_uniform(rng, kSmallestBuffer, params_["largest"] + 1)};
    } else if (dice % 5 == 0) {
      builder = {Growth::by_doubling, ObjectId{0}, 64, log_uniform(rng, 256, 65536)};
    }
    builder.buffer = program_.allocate(kMain, builder.capacity);
    builders_.push_back(builder);
  }

  void append(std::size_t i) {
    Builder& builder = builders_[i];
    if (builder.capacity >= builder.wanted) {
      finish(i);
      return;
    }
    builder.capacity = next_capacity(builder);
    program_.reallocate(kMain, builder.buffer, builder.capacity);
    if (program_.rng().below(4) == 0) keep(program_.allocate(kMain, bell(program_.rng(), 16, 5)));
  }

  static std::uint64_t next_capacity(const Builder& builder) {
    switch (builder.growth) {
      case Growth::by_half:
        return builder.capacity + builder.capacity / 2;
      case Growth::by_doubling:
        return builder.capacity * 2;
      case Growth::by_steps:
        break;
    }
    return builder.capacity + kStep;
  }

  void finish(std::size_t i) {
    const Builder done = builders_[i];
    builders_[i] = builders_.back();
    builders_.pop_back();
    if (done.wanted < done.capacity && program_.rng().below(100) < params_["shrink"]) {
      program_.reallocate(kMain, done.buffer, done.wanted);
    }
    keep(done.buffer);
  }

  // What is done stays for a while; the oldest goes.
  void keep(ObjectId object) {
    kept_.push_back(object);
    if (kept_.size() <= params_["kept"]) return;
    program_.free(kMain, kept_.front());
    kept_.pop_front();
  }

  const Params& params_;
  Program program_;
  std::uint64_t left_;
  std::vector<Builder> builders_;
  std::deque<ObjectId> kept_;
};

Expected<void> generate(const Params& params, std::uint64_t seed, TraceWriter& writer) {
  Factory(params, seed, writer).run();
  return {};
}

}  // namespace

Workload realloc_growth() {
  return {"realloc-growth",
          "strings, vectors and read buffers that grow by realloc",
          {{"jobs", Unit::count, 60000, 1, 100000000000, "things built in all"},
           {"at-once", Unit::count, 64, 1, 1000000, "things being built at any time"},
           {"largest", Unit::bytes, 1ULL << 20, 64ULL << 10, 1ULL << 30, "the largest read buffer"},
           {"buffers", Unit::percent, 1, 0, 100, "things that are read buffers"},
           {"shrink", Unit::percent, 50, 0, 100, "things shrunk to what is used when done"},
           {"kept", Unit::count, 2000, 0, 100000000, "things that are done and still there"}},
          generate};
}

}  // namespace heapwise
