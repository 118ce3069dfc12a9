// SPDX-License-Identifier: MIT
// Large buffers, on both sides of every size at which an allocator changes its ways.
//
// A program that works on images, frames, columns or messages of many sizes: it keeps some hundred
// buffers and replaces one after another by one of another size. The sizes are drawn a quarter
// below to a quarter above the thresholds of the allocators, each threshold with as many bytes.
// After that it is idle but for requests, and shows what each gives back.
//
// Where the thresholds come from:
//    16 KiB  jemalloc: up to 14 KiB are small and come from slabs, 16 KiB and more are large
//            (jemalloc(3), "Size classes")
//    32 KiB  jemalloc: the largest size that a thread caches by default (tcache_max)
//   128 KiB  glibc: from here on a mapping for each block (mallopt(3), M_MMAP_THRESHOLD); it rises
//   to
//            the size of any such block that is freed, up to 32 MiB. mimalloc 2: up to here a block
//            shares a page of 512 KiB (include/mimalloc/types.h)
//   256 KiB  gperftools tcmalloc: up to here through size classes and thread caches, above that
//   from
//            the page heap (tcmalloc.html)
//     1 MiB  gperftools tcmalloc: spans of up to 128 pages are kept in a list for each length
//     8 MiB  jemalloc: from here on an arena of its own that keeps nothing (oversize_threshold)
//    32 MiB  glibc: from here on always a mapping (DEFAULT_MMAP_THRESHOLD_MAX)
// Those above `largest` are left out.
//
// What it does not model: buffers that are only partly written (the replay writes all of each),
// alignment for direct I/O, huge pages asked for by the program, pools that programs build around
// their allocator's weakness.
#include <algorithm>
#include <array>
#include <vector>

#include "workloads/program.h"
#include "workloads/workload.h"

namespace heapwise {
namespace {

constexpr std::uint64_t kKiB = 1024;
constexpr std::array<std::uint64_t, 7> kThresholds = {
    16 * kKiB, 32 * kKiB, 128 * kKiB, 256 * kKiB, 1024 * kKiB, 8192 * kKiB, 32768 * kKiB};

class Pool {
 public:
  Pool(const Params& params, std::uint64_t seed, TraceWriter& writer)
      : params_(params), program_(seed, writer) {
    std::uint64_t sum = 0;
    for (const std::uint64_t threshold : kThresholds) {
      if (threshold <= params["largest"]) weights_.push_back(sum += kThresholds.back() / threshold);
    }
  }

  void run() {
    for (std::uint64_t done = 0; done < params_["replacements"]; ++done) {
      replace();
      program_.pass(params_["interval"]);
    }
    program_.free_shuffled(kMain, buffers_);
    program_.idle(params_["idle"]);
    program_.exit();
  }

 private:
  void replace() {
    if (buffers_.size() < params_["buffers"]) {
      buffers_.push_back(program_.allocate(kMain, next_size()));
      return;
    }
    ObjectId& buffer = buffers_[program_.rng().below(buffers_.size())];
    program_.free(kMain, buffer);
    buffer = program_.allocate(kMain, next_size());
  }

  // A threshold is the rarer the larger it is, so that each has as many bytes.
  std::uint64_t next_size() {
    const std::uint64_t dice = program_.rng().below(weights_.back());
    const auto which = std::upper_bound(weights_.begin(), weights_.end(), dice) - weights_.begin();
    const std::uint64_t threshold = kThresholds[static_cast<std::size_t>(which)];
    return program_.rng().between(threshold - threshold / 4, threshold + threshold / 4);
  }

  const Params& params_;
  Program program_;
  std::vector<std::uint64_t> weights_;  // summed up
  std::vector<ObjectId> buffers_;
};

Expected<void> generate(const Params& params, std::uint64_t seed, TraceWriter& writer) {
  Pool(params, seed, writer).run();
  return {};
}

}  // namespace

Workload large_buffers() {
  return {"large-buffers",
          "buffers of the sizes at which allocators change their ways",
          {{"buffers", Unit::count, 400, 1, 1000000, "buffers at any time"},
           {"replacements", Unit::count, 8000, 1, 100000000000, "replacements in all"},
           {"largest", Unit::bytes, 8ULL << 20, 16ULL << 10, 32ULL << 20,
            "thresholds above this are left out"},
           {"interval", Unit::duration, 500 * kMicrosecond, 0, kHour, "time between replacements"},
           {"idle", Unit::duration, 12 * kSecond, 0, kHour, "time after the last is freed"}},
          generate};
}

}  // namespace heapwise
