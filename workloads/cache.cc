// SPDX-License-Identifier: MIT
// An in-memory cache whose values grow over its life.
//
// A cache of limited size: each entry has a node, a key and a value, and a time to live. When the
// limit is reached, the entry that was not used for longest makes room (LRU); entries whose time
// has come are removed by a cycle that runs now and then (TTL). Some writes replace the value of a
// key that is there already. Over the life of the process the values grow: a new release stores
// more fields, users write longer texts. The sum of what is stored stays the same.
//
// Where it comes from: redis and Aerospike are such stores; both have means to move entries
// together again (redis: active defragmentation with jemalloc). S. Rumble, A. Kejriwal and J.
// Ousterhout, "Log-structured memory for DRAM-based storage", FAST 2014, showed that allocators
// which cannot move objects can need half as much again or more when the distribution of sizes
// changes. The sizes, rates and the speed of the drift are ours.
//
// What it does to allocators: pages given to a class of small objects are emptied only in part by
// eviction, and cannot serve the larger ones that come after.
//
// What it does not model: the hash table's own array, sets and lists as values, reads that copy,
// persistence, several threads.
#include <algorithm>
#include <limits>
#include <vector>

#include "workloads/program.h"
#include "workloads/random.h"
#include "workloads/workload.h"

namespace heapwise {
namespace {

constexpr std::uint32_t kNone = std::numeric_limits<std::uint32_t>::max();

struct Entry {
  ObjectId node, key, value;
  std::uint64_t key_bytes = 0, value_bytes = 0, expires_ns = 0;
  std::uint32_t newer = kNone, older = kNone;  // in the order of last use
};

class Cache {
 public:
  Cache(const Params& params, std::uint64_t seed, TraceWriter& writer)
      : params_(params), program_(seed, writer) {}

  void run() {
    for (std::uint64_t i = 0; i < params_["writes"]; ++i) {
      progress_ = static_cast<double>(i) / static_cast<double>(params_["writes"]);
      write();
      use_any();
      if (i % kCycle == 0) expire();
      program_.pass(params_["interval"]);
    }
    program_.exit();
  }

 private:
  static constexpr std::uint64_t kNodeBytes = 56;
  static constexpr std::uint64_t kCycle = 1000;  // writes between two rounds of expiry

  // From `from` to `to` by equal steps, each value between half and one and a half of that.
  std::uint64_t next_value() {
    const auto from = static_cast<double>(params_["from"]);
    const auto to = static_cast<double>(params_["to"]);
    const auto mean = static_cast<std::uint64_t>(from + (to - from) * progress_);
    return std::max<std::uint64_t>(1, program_.rng().between(mean / 2, mean + mean / 2));
  }

  void write() {
    if (!used_.empty() && program_.rng().below(100) < params_["updates"]) {
      replace_value(used_[program_.rng().below(used_.size())]);
    } else {
      insert();
    }
    while (bytes_ > params_["capacity"] && used_.size() > 1) remove(oldest_);
  }

  void insert() {
    Entry entry;
    entry.key_bytes = program_.rng().between(16, 48);
    entry.value_bytes = next_value();
    entry.node = program_.allocate(kMain, kNodeBytes);
    entry.key = program_.allocate(kMain, entry.key_bytes);
    entry.value = program_.allocate(kMain, entry.value_bytes);
    entry.expires_ns = next_expiry();
    bytes_ += bytes_of(entry);
    const std::uint32_t place = free_places_.empty() ? grow() : take_place();
    entries_[place] = entry;
    positions_[place] = static_cast<std::uint32_t>(used_.size());
    used_.push_back(place);
    link_newest(place);
  }

  void replace_value(std::uint32_t place) {
    Entry& entry = entries_[place];
    const ObjectId old = entry.value;
    bytes_ -= entry.value_bytes;
    entry.value_bytes = next_value();
    bytes_ += entry.value_bytes;
    entry.value = program_.allocate(kMain, entry.value_bytes);
    program_.free(kMain, old);
    use(place);
  }

  void remove(std::uint32_t place) {
    Entry& entry = entries_[place];
    program_.free(kMain, entry.value);
    program_.free(kMain, entry.key);
    program_.free(kMain, entry.node);
    bytes_ -= bytes_of(entry);
    unlink(place);
    const std::uint32_t position = positions_[place];
    used_[position] = used_.back();
    positions_[used_[position]] = position;
    used_.pop_back();
    free_places_.push_back(place);
  }

  void expire() {
    if (params_["ttl"] == 0) return;
    for (std::size_t i = used_.size(); i > 0; --i) {
      const std::uint32_t place = used_[i - 1];
      if (entries_[place].expires_ns <= program_.now()) remove(place);
    }
  }

  std::uint64_t next_expiry() {
    const std::uint64_t ttl = params_["ttl"];
    return ttl == 0 ? 0 : program_.now() + program_.rng().between(ttl / 2, ttl);
  }

  // A read of any entry: no call to malloc, but it is not the oldest any more.
  void use_any() {
    if (!used_.empty()) use(used_[program_.rng().below(used_.size())]);
  }
  void use(std::uint32_t place) {
    unlink(place);
    link_newest(place);
  }

  void link_newest(std::uint32_t place) {
    entries_[place].newer = kNone;
    entries_[place].older = newest_;
    (newest_ == kNone ? oldest_ : entries_[newest_].newer) = place;
    newest_ = place;
  }

  void unlink(std::uint32_t place) {
    const Entry& entry = entries_[place];
    (entry.newer == kNone ? newest_ : entries_[entry.newer].older) = entry.older;
    (entry.older == kNone ? oldest_ : entries_[entry.older].newer) = entry.newer;
  }

  std::uint32_t grow() {
    entries_.emplace_back();
    positions_.push_back(0);
    return static_cast<std::uint32_t>(entries_.size() - 1);
  }
  std::uint32_t take_place() {
    const std::uint32_t place = free_places_.back();
    free_places_.pop_back();
    return place;
  }

  static std::uint64_t bytes_of(const Entry& entry) {
    return kNodeBytes + entry.key_bytes + entry.value_bytes;
  }

  const Params& params_;
  Program program_;
  std::vector<Entry> entries_;            // by place
  std::vector<std::uint32_t> positions_;  // of a place in used_
  std::vector<std::uint32_t> used_, free_places_;
  std::uint32_t newest_ = kNone, oldest_ = kNone;
  std::uint64_t bytes_ = 0;
  double progress_ = 0;
};

Expected<void> generate(const Params& params, std::uint64_t seed, TraceWriter& writer) {
  Cache(params, seed, writer).run();
  return {};
}

}  // namespace

Workload cache() {
  return {"cache",
          "an in-memory cache (LRU and TTL) whose values grow over its life",
          {{"capacity", Unit::bytes, 32ULL << 20, 64ULL << 10, 1ULL << 40, "data that it keeps"},
           {"writes", Unit::count, 350000, 1, 100000000000, "writes in all"},
           {"from", Unit::bytes, 100, 1, 1ULL << 20, "mean value at the start"},
           {"to", Unit::bytes, 1000, 1, 1ULL << 20, "mean value at the end"},
           {"updates", Unit::percent, 20, 0, 100, "writes that replace the value of a key"},
           {"ttl", Unit::duration, 300 * kSecond, 0, 1000 * kHour,
            "time to live, of some entries half as long; 0: for ever"},
           {"interval", Unit::duration, kMillisecond, 0, kHour, "time between two writes"}},
          generate};
}

}  // namespace heapwise
