// SPDX-License-Identifier: MIT
#include "results/units.h"

#include <gmock/gmock.h>

#include "results/wording.h"

namespace heapwise {
namespace {

TEST(Units, ShowThreePlaces) {
  EXPECT_EQ(format_bytes(165.2 * 1024 * 1024), "165 MiB");
  EXPECT_EQ(format_bytes(16.52 * 1024 * 1024), "16.5 MiB");
  EXPECT_EQ(format_bytes(1.652 * 1024), "1.65 KiB");
  EXPECT_EQ(format_ns(21.34), "21.3 ns");
}

TEST(Units, DoNotShowAPlaceTooManyWhereRoundingCarries) {
  EXPECT_EQ(format_number(9.999), "10.0");
  EXPECT_EQ(format_number(99.99), "100");
}

TEST(Units, ShowZeroAsZero) {
  EXPECT_EQ(format_bytes(0), "0 B");
  EXPECT_EQ(format_percent(0), "0 %");
}

TEST(Units, DropTheSignOfAPercentage) { EXPECT_EQ(format_percent(-42.4), "42 %"); }

TEST(Units, GroupThousands) {
  EXPECT_EQ(format_count(0), "0");
  EXPECT_EQ(format_count(999), "999");
  EXPECT_EQ(format_count(1000), "1,000");
  EXPECT_EQ(format_count(12'345'678), "12,345,678");
}

TEST(Units, ShowNoFigureWhereThereIsNone) {
  EXPECT_EQ(format_number(std::numeric_limits<double>::quiet_NaN()), "–");
}

TEST(Units, ShowAnExponentWhereThereAreTooManyDigitsToCount) {
  EXPECT_EQ(format_number(1e300), "1.00e+300");
  EXPECT_EQ(format_ratio(1e300), "1.00e+300 ×");
  EXPECT_EQ(format_percent(1e300), "1.00e+300 %");
  EXPECT_EQ(format_seconds(1e300), "1.00e+300 s");
}

TEST(ShellQuoted, LeavesPlainWordsAlone) {
  EXPECT_EQ(shell_quoted("--save=/tmp/a.rdb"), "--save=/tmp/a.rdb");
}

TEST(ShellQuoted, ProtectsWhatAShellWouldActOn) {
  EXPECT_EQ(shell_quoted(""), "''");
  EXPECT_EQ(shell_quoted("a b"), "'a b'");
  EXPECT_EQ(shell_quoted("it's $HOME"), "'it'\\''s $HOME'");
}

TEST(Wording, SaysByHowMuchInWhichInterval) {
  const Difference less{Relation::less, -42, -44, -31, std::nullopt, false};
  EXPECT_EQ(memory_phrase(less, "glibc"), "42 % less memory than glibc (31 % to 44 %)");
  EXPECT_EQ(memory_phrase(less), "42 % less memory");
}

TEST(Wording, SaysTimesWhereItIsMoreThanDouble) {
  const Difference more{Relation::more, 160, 150, 170, std::nullopt, false};
  EXPECT_EQ(memory_phrase(more, "glibc"), "2.60 times as much memory as glibc");
}

TEST(Wording, SaysWhatADifferenceIsWorthToTheProgram) {
  const Difference less{Relation::less, -28, -29, -27, -4.4, false};
  EXPECT_EQ(speed_phrase(less, "glibc"),
            "28 % less allocator time than glibc (27 % to 29 %; 4.4 % of the program's CPU time)");
}

TEST(Wording, SaysWhenNothingCanBeSaid) {
  const Difference unclear{Relation::unclear, -10, -30, 15, std::nullopt, false};
  EXPECT_EQ(memory_phrase(unclear, "glibc"), "memory not clear (10 % less, within the noise)");
  EXPECT_EQ(speed_phrase(Difference{}, "glibc"), "allocator time not measured");
}

}  // namespace
}  // namespace heapwise
