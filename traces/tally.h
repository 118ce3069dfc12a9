// SPDX-License-Identifier: MIT
// Follows a trace op by op: which objects live, and the totals so far. Writer and reader share it,
// so that both number objects alike.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "traces/format.h"
#include "traces/op.h"
#include "traces/trace.h"

namespace heapwise {

/// The live objects and their sizes: eight bytes for each number that was ever needed at once. A
/// free number's entry is marked by the top bit and holds the number that was freed before it.
class ObjectTable {
 public:
  bool live(std::uint32_t number) const {
    return number < entries_.size() && (entries_[number] & kFree) == 0;
  }
  /// The size of a live object.
  std::uint64_t size(std::uint32_t number) const { return entries_[number]; }
  void resize(std::uint32_t number, std::uint64_t size) { entries_[number] = size; }

  /// Numbers a new object; `size` is below 2^63. Yields kMaxIndex when all numbers are taken.
  std::uint32_t take(std::uint64_t size) {
    if (last_freed_ == kNone) return append(size);
    const std::uint32_t number = last_freed_;
    last_freed_ = static_cast<std::uint32_t>(entries_[number]);
    entries_[number] = size;
    return number;
  }

  void release(std::uint32_t number) {
    entries_[number] = kFree | last_freed_;
    last_freed_ = number;
  }

  /// How many numbers there are: the most objects that lived at once.
  std::size_t numbers() const { return entries_.size(); }

 private:
  static constexpr std::uint64_t kFree = 1ULL << 63;
  static constexpr std::uint32_t kNone = format::kMaxIndex;

  std::uint32_t append(std::uint64_t size) {
    if (entries_.size() >= kNone) return kNone;
    entries_.push_back(size);
    return static_cast<std::uint32_t>(entries_.size() - 1);
  }

  std::vector<std::uint64_t> entries_;
  std::uint32_t last_freed_ = kNone;
};

/// The counts of TraceTotals, without its facts: cheap to copy and to compare.
struct Counts {
  std::uint64_t ops = 0;
  std::uint64_t operations = 0;
  std::uint64_t allocations = 0;
  std::uint64_t last_time_ns = 0;
  std::uint64_t live_bytes = 0;
  std::uint64_t live_objects = 0;
  std::uint64_t peak_live_bytes = 0;
  std::uint64_t peak_live_objects = 0;
  std::uint32_t threads = 0;

  void copy_to(TraceTotals& totals) const;
  bool agree_with(const TraceTotals& totals) const;
};

/// Objects and counts together. Every function yields null when the op is possible, or the reason
/// why it is not, in which case nothing has changed.
class Tally {
 public:
  const Counts& counts() const { return counts_; }
  /// Goes back to counts taken earlier; objects do not go back with them.
  void restore(const Counts& counts) { counts_ = counts; }
  const ObjectTable& objects() const { return objects_; }

  const char* allocate(std::uint64_t size, std::uint32_t& number) {
    if (size >= format::kMaxNumber - counts_.live_bytes) return "too many bytes are alive";
    number = objects_.take(size);
    if (number == format::kMaxIndex) return "too many objects are alive";
    ++counts_.operations;
    ++counts_.allocations;
    counts_.peak_live_objects = std::max(counts_.peak_live_objects, ++counts_.live_objects);
    grow(size);
    return nullptr;
  }

  const char* reallocate(std::uint32_t number, std::uint64_t size) {
    if (!objects_.live(number)) return "an object that does not live is resized";
    const std::uint64_t others = counts_.live_bytes - objects_.size(number);
    if (size >= format::kMaxNumber - others) return "too many bytes are alive";
    objects_.resize(number, size);
    ++counts_.operations;
    counts_.live_bytes = others;
    grow(size);
    return nullptr;
  }

  const char* free(std::uint32_t number) {
    if (!objects_.live(number)) return "an object that does not live is freed";
    counts_.live_bytes -= objects_.size(number);
    --counts_.live_objects;
    ++counts_.operations;
    objects_.release(number);
    return nullptr;
  }

  const char* touch(std::uint32_t number) const {
    return objects_.live(number) ? nullptr : "an object that does not live is touched";
  }

  const char* thread(std::uint32_t number) {
    if (number < counts_.threads) return nullptr;
    if (number != counts_.threads || number == format::kMaxIndex) {
      return "a thread is not numbered in the order of first appearance";
    }
    ++counts_.threads;
    return nullptr;
  }

  /// `time_ns` must not be before the last one.
  void add_op(std::uint64_t time_ns) {
    ++counts_.ops;
    counts_.last_time_ns = time_ns;
  }

 private:
  void grow(std::uint64_t size) {
    counts_.live_bytes += size;
    counts_.peak_live_bytes = std::max(counts_.peak_live_bytes, counts_.live_bytes);
  }

  ObjectTable objects_;
  Counts counts_;
};

}  // namespace heapwise
