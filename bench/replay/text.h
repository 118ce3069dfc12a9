// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>

namespace heapwise::replay {

/// A few lines of text put together without a heap. What does not fit is left out.
class Text {
 public:
  Text& operator<<(const char* text);
  Text& operator<<(std::uint64_t number);
  /// `number` / `scale` with two digits behind the point.
  Text& ratio(std::uint64_t number, std::uint64_t scale);
  void write_to(int file) const;

 private:
  char bytes_[2048];
  std::size_t size_ = 0;
};

}  // namespace heapwise::replay
