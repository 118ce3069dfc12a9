// SPDX-License-Identifier: MIT
#include "base/varint.h"

#include <gtest/gtest.h>

#include <vector>

namespace heapwise {
namespace {

bool read_back(const std::string& bytes, std::uint64_t* value, std::size_t* used) {
  const auto* begin = reinterpret_cast<const unsigned char*>(bytes.data());
  const unsigned char* at = begin;
  const bool good = get_varint(&at, begin + bytes.size(), value);
  *used = static_cast<std::size_t>(at - begin);
  return good;
}

TEST(Varint, ComesBackAsItWent) {
  std::vector<std::uint64_t> values = {0, 1, 127, 128, 300, ~0ULL, ~0ULL >> 1};
  for (unsigned bit = 0; bit < 64; ++bit) values.push_back(1ULL << bit);
  for (const std::uint64_t value : values) {
    std::string bytes;
    put_varint(bytes, value);
    std::uint64_t back = ~value;
    std::size_t used = 0;
    ASSERT_TRUE(read_back(bytes, &back, &used));
    EXPECT_EQ(back, value);
    EXPECT_EQ(used, bytes.size());
  }
}

TEST(Varint, EveryTruncationIsNoticedAndLeavesTheCursor) {
  std::string bytes;
  put_varint(bytes, ~0ULL);
  for (std::size_t length = 0; length < bytes.size(); ++length) {
    std::uint64_t value = 0;
    std::size_t used = 0;
    EXPECT_FALSE(read_back(bytes.substr(0, length), &value, &used));
    EXPECT_EQ(used, 0U);
  }
}

TEST(Varint, RefusesWhatDoesNotFit64Bits) {
  std::uint64_t value = 0;
  std::size_t used = 0;
  EXPECT_FALSE(read_back(std::string(9, '\xff') + '\x02', &value, &used));
  EXPECT_FALSE(read_back(std::string(10, '\xff') + '\x01', &value, &used));
}

}  // namespace
}  // namespace heapwise
