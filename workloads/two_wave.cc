// SPDX-License-Identifier: MIT
// A store that replaces its data while it runs.
//
// Version one of a dataset is in memory. Version two is loaded beside it, and only when that is
// whole is version one dropped. Then little happens: some requests now and then.
// In the heap of a brk-based allocator version two lies above version one, so what version one
// occupied is free but cannot be given back, and resident memory stays at twice the data for as
// long as version two lives. Allocators that return pages from anywhere fall to one version, once
// the time they wait before they do has passed.
//
// Where it comes from: servers of Venice, the key-value store of LinkedIn, kept growing under glibc
// and stopped doing so under jemalloc; each new version of a dataset is pushed in full and the old
// one is dropped afterwards. The sizes here are ours, not theirs.
//
// A record is three objects: a node of a hash table, a key and a value. They arrive in batches that
// are read into a buffer first, which is freed when the batch is stored. A version is dropped in
// the order of the hash table, which has nothing to do with addresses. Every object is below
// 128 KiB, the size from which glibc takes memory that it can return at once.
//
// What it does not model: the hash table's own array, threads, requests of any size while idling,
// records that are in both versions and shared, and data that is read or written after it is
// loaded.
#include <algorithm>
#include <array>
#include <vector>

#include "workloads/program.h"
#include "workloads/random.h"
#include "workloads/workload.h"

namespace heapwise {
namespace {

constexpr std::uint64_t kNodeBytes = 48;

struct Record {
  std::uint64_t key_bytes, value_bytes;
  std::uint64_t bytes() const { return kNodeBytes + key_bytes + value_bytes; }
};

class Store {
 public:
  Store(const Params& params, std::uint64_t seed, TraceWriter& writer)
      : params_(params), program_(seed, writer) {}

  using Version = std::vector<ObjectId>;

  Version load() {
    Version version;
    std::uint64_t bytes = 0;
    while (bytes < params_["wave"]) bytes += store_batch(version, params_["wave"] - bytes);
    return version;
  }

  void drop(Version& version) { program_.free_shuffled(kMain, version); }

  void pause() { program_.pass(kSecond); }

  void idle() {
    const std::uint64_t end = program_.now() + params_["idle"];
    while (program_.now() + params_["tick"] <= end) {
      const std::uint64_t next = program_.now() + params_["tick"];
      for (std::uint64_t i = params_["requests"]; i > 0; --i) program_.answer_request(kMain);
      program_.pass_until(next);
    }
    program_.pass_until(end);
  }

  void exit() { program_.exit(); }

 private:
  ObjectId allocate(std::uint64_t size) { return program_.allocate(kMain, size); }

  Record next_record() {
    Rng& rng = program_.rng();
    return {rng.between(12, 60), log_uniform(rng, params_["smallest"], params_["largest"] + 1)};
  }

  // Stores records until the batch or `wanted` bytes are full; yields what was stored.
  std::uint64_t store_batch(Version& version, std::uint64_t wanted) {
    std::array<Record, 64> records;
    std::size_t count = 0;
    std::uint64_t bytes = 0;
    while (count < records.size() && bytes < std::min(wanted, kBatchBytes)) {
      records[count] = next_record();
      bytes += records[count++].bytes();
    }
    const ObjectId buffer = allocate(kBatchBytes);
    for (std::size_t i = 0; i < count; ++i) {
      version.push_back(allocate(kNodeBytes));
      version.push_back(allocate(records[i].key_bytes));
      version.push_back(allocate(records[i].value_bytes));
    }
    program_.free(kMain, buffer);
    return bytes;
  }

  static constexpr std::uint64_t kBatchBytes = 32768;

  const Params& params_;
  Program program_;
};

Expected<void> generate(const Params& params, std::uint64_t seed, TraceWriter& writer) {
  if (params["smallest"] > params["largest"]) {
    return fail(ErrorCode::usage, "two-wave: smallest is larger than largest",
                "give smallest at most as large as largest");
  }
  Store store(params, seed, writer);
  Store::Version first = store.load();
  store.pause();
  const Store::Version second = store.load();
  store.drop(first);
  store.idle();
  store.exit();
  return {};
}

}  // namespace

Workload two_wave() {
  return {"two-wave",
          "a store that loads new data, drops the old and then has little to do",
          {{"wave", Unit::bytes, 64ULL << 20, 64ULL << 10, 64ULL << 30, "data of one version"},
           {"smallest", Unit::bytes, 64, 1, 64ULL << 10, "the smallest value of a record"},
           {"largest", Unit::bytes, 4096, 1, 64ULL << 10, "the largest"},
           {"idle", Unit::duration, 20 * kSecond, 0, 3600 * kSecond, "time after the drop"},
           {"tick", Unit::duration, 10 * kMillisecond, 100 * kMicrosecond, 3600 * kSecond,
            "time between two bursts of requests while idle"},
           {"requests", Unit::count, 16, 0, 1000, "requests in a burst"}},
          generate};
}

}  // namespace heapwise
