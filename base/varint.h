// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace heapwise {

/// Appends `value` as a little-endian base-128 number (LEB128, 1 to 10 bytes).
inline void put_varint(std::string& out, std::uint64_t value) {
  while (value >= 0x80) {
    out.push_back(static_cast<char>(value | 0x80));
    value >>= 7;
  }
  out.push_back(static_cast<char>(value));
}

/// Reads a LEB128 number at `*cursor`, never at or beyond `end`. Returns false, with the cursor
/// where it was, when the number is cut off or does not fit 64 bits.
inline bool get_varint(const unsigned char** cursor, const unsigned char* end,
                       std::uint64_t* value) {
  const unsigned char* at = *cursor;
  std::uint64_t result = 0;
  for (unsigned shift = 0; at != end && shift < 64; shift += 7) {
    const std::uint64_t bits = *at & 0x7fU;
    if (shift == 63 && bits > 1) return false;
    result |= bits << shift;
    if ((*at++ & 0x80U) == 0) {
      *cursor = at;
      *value = result;
      return true;
    }
  }
  return false;
}

}  // namespace heapwise
