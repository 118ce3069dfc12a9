// SPDX-License-Identifier: MIT
// The payload of an ops chunk, packed while writing and unpacked as a whole while reading.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "traces/bytes.h"
#include "traces/format.h"
#include "traces/op.h"
#include "traces/tally.h"

namespace heapwise {

/// Bytes of one field of up to kMaxOpsPerChunk ops, in memory taken once for the largest case.
class Column {
 public:
  explicit Column(std::size_t bytes_per_entry)
      : bytes_(bytes_per_entry * format::kMaxOpsPerChunk), at_(bytes_.data()) {}

  void put_byte(std::uint8_t value) { *at_++ = value; }
  void put_varint(std::uint64_t value) {
    while (value >= 0x80) {
      *at_++ = static_cast<unsigned char>(value | 0x80);
      value >>= 7;
    }
    *at_++ = static_cast<unsigned char>(value);
  }
  void append_to(std::string& out) const;
  void clear() { at_ = bytes_.data(); }

 private:
  std::vector<unsigned char> bytes_;
  unsigned char* at_;
};

/// Collects ops until a chunk is full. Does not check them.
class OpPacker {
 public:
  bool empty() const { return count_ == 0; }
  bool full() const { return count_ == format::kMaxOpsPerChunk; }
  /// Adds an op; times must not go back within a chunk. Must not be full.
  void add(const Op& op);
  /// Appends the payload and starts anew.
  void flush(std::string& out);

 private:
  std::size_t count_ = 0;
  std::uint64_t first_time_ = 0;
  std::uint64_t last_time_ = 0;
  std::vector<std::pair<std::uint32_t, std::uint32_t>> runs_;  // thread, ops
  Column kinds_{1}, times_{10}, sizes_{10}, objects_{5}, alignments_{1};
};

/// Unpacks and checks a payload; `ops` is replaced by its ops and `tally` moved past them. Yields
/// null, or what is wrong; then `ops` and `tally` are of no use.
const char* unpack_ops(ByteView payload, Tally& tally, std::vector<Op>& ops);

}  // namespace heapwise
