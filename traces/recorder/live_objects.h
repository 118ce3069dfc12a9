// SPDX-License-Identifier: MIT
#pragma once

#include <tsl/robin_map.h>

#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "traces/op.h"
#include "traces/recorder/convert.h"
#include "traces/recorder/touches.h"

namespace heapwise::recorder {

/// What is alive at which address while a spool is converted.
class LiveObjects {
 public:
  struct Object {
    std::uint64_t size = 0;
    ObjectId id{0};
    OpKind kind = OpKind::malloc;
    std::uint8_t align_log2 = 0;
    ThreadId thread{0};               ///< that made it what it is
    std::uint32_t span = kNoSpan;     ///< see Touches
    std::uint64_t touched_pages = 0;  ///< said so far
  };

  /// Takes out the object at an address.
  std::optional<Object> take(std::uint64_t address) {
    const auto found = by_address_.find(address);
    if (found == by_address_.end()) return std::nullopt;
    const Object object = found->second;
    by_address_.erase(found);
    return object;
  }

  /// The place for an object at an address, and whether it was empty. Valid until the next call.
  std::pair<Object*, bool> slot(std::uint64_t address) {
    const auto [at, fresh] = by_address_.insert({address, Object{}});
    return {&at.value(), fresh};
  }

  /// The object at an address, or null. Valid until the next call.
  Object* find(std::uint64_t address) {
    const auto found = by_address_.find(address);
    return found == by_address_.end() ? nullptr : &found.value();
  }

  /// All of them, in no particular order.
  std::vector<LiveObject> snapshot() const {
    std::vector<LiveObject> all;
    all.reserve(by_address_.size());
    for (const auto& [address, object] : by_address_) {
      all.push_back({address, object.size, object.kind, object.align_log2, object.touched_pages});
    }
    return all;
  }

 private:
  struct Hash {
    // Addresses are multiples of 16 and close to each other.
    std::size_t operator()(std::uint64_t address) const {
      return (address >> 4) * 0x9e3779b97f4a7c15ULL >> 20;
    }
  };
  tsl::robin_map<std::uint64_t, Object, Hash> by_address_;
};

}  // namespace heapwise::recorder
