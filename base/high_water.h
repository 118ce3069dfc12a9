// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

namespace heapwise {

/// Anonymous memory in bytes at the height that the kernel's high-water mark (VmHWM) shows, where
/// the mark has risen between two looks. The mark is of all resident memory; what is not anonymous
/// is taken to have been no more at that moment than at either look.
constexpr std::uint64_t anonymous_at_mark(std::uint64_t mark, std::uint64_t other_before,
                                          std::uint64_t other_now) {
  const std::uint64_t other = other_before > other_now ? other_before : other_now;
  return mark > other ? mark - other : 0;
}

}  // namespace heapwise
