// SPDX-License-Identifier: MIT
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/rng.h"
#include "workloads/workload.h"

namespace heapwise {
namespace {

using testing::HasSubstr;

TEST(Quantity, SizesTakeBinarySuffixes) {
  EXPECT_EQ(parse_quantity("0", Unit::bytes), 0U);
  EXPECT_EQ(parse_quantity("4096", Unit::bytes), 4096U);
  EXPECT_EQ(parse_quantity("7B", Unit::bytes), 7U);
  EXPECT_EQ(parse_quantity("64KiB", Unit::bytes), 65536U);
  EXPECT_EQ(parse_quantity("1MiB", Unit::bytes), 1048576U);
  EXPECT_EQ(parse_quantity("3GiB", Unit::bytes), 3ULL << 30);
  EXPECT_EQ(parse_quantity("2TiB", Unit::bytes), 2ULL << 40);
}

TEST(Quantity, TimesNeedAUnit) {
  EXPECT_EQ(parse_quantity("20s", Unit::duration), 20000000000U);
  EXPECT_EQ(parse_quantity("10ms", Unit::duration), 10000000U);
  EXPECT_EQ(parse_quantity("5us", Unit::duration), 5000U);
  EXPECT_EQ(parse_quantity("9ns", Unit::duration), 9U);
  EXPECT_THAT(parse_quantity("20", Unit::duration).error().what, HasSubstr("has no unit"));
}

TEST(Quantity, SharesAreWithOrWithoutTheirSign) {
  EXPECT_EQ(parse_quantity("25%", Unit::percent), 25U);
  EXPECT_EQ(parse_quantity("25", Unit::percent), 25U);
}

TEST(Quantity, WhatIsNoQuantityIsRefusedWithAnExample) {
  for (const char* text : {"", "x", "-1", "+1", " 1", "1 ", "1.5MiB", "MiB", "1 MiB", "0x10", "1MB",
                           "1mib", "1KiB2", "1s", "99999999999999999999", "99999999TiB"}) {
    const auto value = parse_quantity(text, Unit::bytes);
    ASSERT_FALSE(value) << text;
    EXPECT_EQ(value.error().code, ErrorCode::usage);
    EXPECT_THAT(value.error().hint, HasSubstr("64KiB"));
  }
  EXPECT_FALSE(parse_quantity("4KiB", Unit::count));
  EXPECT_FALSE(parse_quantity("4MiB", Unit::duration));
  EXPECT_FALSE(parse_quantity("4s", Unit::percent));
}

TEST(Quantity, TheLargestWholeUnitIsWritten) {
  EXPECT_EQ(format_quantity(0, Unit::bytes), "0B");
  EXPECT_EQ(format_quantity(1023, Unit::bytes), "1023B");
  EXPECT_EQ(format_quantity(65536, Unit::bytes), "64KiB");
  EXPECT_EQ(format_quantity(65537, Unit::bytes), "65537B");
  EXPECT_EQ(format_quantity(1500000000, Unit::duration), "1500ms");
  EXPECT_EQ(format_quantity(60000000000, Unit::duration), "60s");
  EXPECT_EQ(format_quantity(10, Unit::percent), "10%");
  EXPECT_EQ(format_quantity(3000000, Unit::count), "3000000");
}

TEST(Quantity, WhatIsWrittenIsReadAsTheSame) {
  Rng rng(3);
  for (int i = 0; i < 10000; ++i) {
    const std::uint64_t value = rng.next() >> rng.below(64) << rng.below(20);
    for (const Unit unit : {Unit::count, Unit::bytes, Unit::duration, Unit::percent}) {
      ASSERT_EQ(parse_quantity(format_quantity(value, unit), unit), value);
    }
  }
}

}  // namespace
}  // namespace heapwise
