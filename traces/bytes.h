// SPDX-License-Identifier: MIT
// Reading the numbers of a chunk: bounds are checked at every byte, failure is sticky.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "base/varint.h"

namespace heapwise {

constexpr std::uint64_t zigzag(std::uint64_t difference) {
  return (difference << 1) ^ (0 - (difference >> 63));
}
constexpr std::uint64_t unzigzag(std::uint64_t value) { return (value >> 1) ^ (0 - (value & 1)); }

/// A cursor over bytes that it does not own. Once a read goes wrong, failed() stays true, the rest
/// counts as empty and every further read yields zeros.
class ByteView {
 public:
  ByteView() = default;
  ByteView(const unsigned char* data, std::size_t size) : at_(data), end_(data + size) {}

  bool failed() const { return failed_; }
  bool empty() const { return at_ == end_; }
  std::size_t size() const { return static_cast<std::size_t>(end_ - at_); }

  std::uint8_t byte() {
    if (at_ == end_) return fail();
    return *at_++;
  }

  std::uint64_t varint() {
    if (at_ != end_ && *at_ < 0x80) return *at_++;
    return long_varint();
  }

  /// The next `size` bytes as a view of their own.
  ByteView take(std::uint64_t size) {
    if (size > this->size()) {
      fail();
      return {};
    }
    const ByteView part(at_, static_cast<std::size_t>(size));
    at_ += size;
    return part;
  }

  /// A length and that many bytes.
  ByteView column() { return take(varint()); }

  std::string string() {
    const ByteView part = column();
    return {reinterpret_cast<const char*>(part.at_), part.size()};
  }

 private:
  std::uint64_t long_varint() {
    std::uint64_t value = 0;
    return get_varint(&at_, end_, &value) ? value : fail();
  }

  std::uint8_t fail() {
    failed_ = true;
    at_ = end_;
    return 0;
  }

  const unsigned char* at_ = nullptr;
  const unsigned char* end_ = nullptr;
  bool failed_ = false;
};

}  // namespace heapwise
