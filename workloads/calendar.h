// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "traces/op.h"

namespace heapwise {

/// When an object is to be freed.
struct Death {
  std::uint64_t time_ns;
  ObjectId object;
};

/// Objects by the time of their death. Those of the same time come in the order of their numbers,
/// so that the same objects come out in the same order on every machine.
class Calendar {
 public:
  bool empty() const { return deaths_.empty(); }
  std::size_t size() const { return deaths_.size(); }
  /// The time of the next death; there must be one.
  std::uint64_t next_ns() const { return deaths_.front().time_ns; }
  /// In no order that means anything.
  const Death& operator[](std::size_t i) const { return deaths_[i]; }

  bool has_due(std::uint64_t now_ns) const {
    return !deaths_.empty() && deaths_.front().time_ns <= now_ns;
  }
  void push(Death death) {
    deaths_.push_back(death);
    std::push_heap(deaths_.begin(), deaths_.end(), Later{});
  }
  /// The next one to die; there must be one.
  ObjectId pop() {
    std::pop_heap(deaths_.begin(), deaths_.end(), Later{});
    const ObjectId object = deaths_.back().object;
    deaths_.pop_back();
    return object;
  }

 private:
  struct Later {
    bool operator()(const Death& a, const Death& b) const {
      return a.time_ns != b.time_ns ? a.time_ns > b.time_ns : a.object > b.object;
    }
  };

  std::vector<Death> deaths_;  // a heap, the next one first
};

}  // namespace heapwise
