// SPDX-License-Identifier: MIT
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "tests/workloads/support.h"
#include "workloads/fleet_profile.h"

namespace heapwise::test {
namespace {

using testing::HasSubstr;

class Fleet : public testing::Test {
 protected:
  std::string profile(const std::string& text) {
    std::string path = folder_.path() + "/profile.csv";
    EXPECT_TRUE(write_file(path, text, true));
    return path;
  }
  std::string name(const std::string& text, const std::string& more = {}) {
    return "fleet:file=" + profile(text) + more;
  }
  TemporaryDirectory folder_ = *TemporaryDirectory::make();
};

std::string error_of(const std::string& text) {
  const auto rows = parse_fleet_profile(text, "p.csv");
  EXPECT_FALSE(rows) << text;
  if (rows) return "";
  EXPECT_THAT(rows.error().hint, HasSubstr("size, alloc_rate, num_live"));
  return rows.error().what;
}

TEST(FleetProfile, ColumnsAreSizeRateAndLive) {
  const auto rows = parse_fleet_profile("16, 1000.5, 2e4\r\n\n# a comment\n 32 ,0,7\n", "p.csv");
  ASSERT_TRUE(rows);
  ASSERT_EQ(rows->size(), 2U);
  EXPECT_EQ((*rows)[0].size, 16U);
  EXPECT_EQ((*rows)[0].allocations_per_s, 1000.5);
  EXPECT_EQ((*rows)[0].live, 20000);
  EXPECT_EQ((*rows)[1].size, 32U);
}

TEST(FleetProfile, OneHeaderLineIsPassedOver) {
  const auto rows = parse_fleet_profile("size, alloc_rate, num_live\n16,1,2\n", "p.csv");
  ASSERT_TRUE(rows);
  EXPECT_EQ(rows->size(), 1U);
  EXPECT_EQ(error_of("a,b,c\na,b,c\n16,1,2\n"), "p.csv, line 2: size \"a\" is not a number");
}

TEST(FleetProfile, WhatIsWrongIsNamedWithItsLine) {
  EXPECT_EQ(error_of("16,1,2\n16,1\n"), "p.csv, line 2: has 2 fields instead of 3");
  EXPECT_EQ(error_of("16,1,2,3\n"), "p.csv, line 1: has 4 fields instead of 3");
  EXPECT_EQ(error_of("16,1,2\n\n16;1;2\n"), "p.csv, line 3: has 1 field instead of 3");
  EXPECT_EQ(error_of("16,x,2\n"), "p.csv, line 1: alloc_rate \"x\" is not a number");
  EXPECT_EQ(error_of("16,1,\n"), "p.csv, line 1: num_live \"\" is not a number");
  EXPECT_EQ(error_of("16,-1,2\n"), "p.csv, line 1: alloc_rate \"-1\" is negative");
  EXPECT_EQ(error_of("16,1,nan\n"), "p.csv, line 1: num_live \"nan\" is not a number");
  EXPECT_EQ(error_of("16,inf,2\n"), "p.csv, line 1: alloc_rate \"inf\" is not a number");
  EXPECT_EQ(error_of("1.5,1,2\n"), "p.csv, line 1: size is not a whole number of bytes");
  EXPECT_THAT(error_of("99999999999999,1,2\n"), HasSubstr("is too large"));
  EXPECT_THAT(error_of("16,1e300,2\n"), HasSubstr("is too large"));
}

TEST(FleetProfile, WhatDoesNothingIsRefused) {
  EXPECT_EQ(error_of(""), "p.csv allocates nothing");
  EXPECT_EQ(error_of("size,alloc_rate,num_live\n"), "p.csv allocates nothing");
  EXPECT_EQ(error_of("16,0,5\n"), "p.csv allocates nothing");
  EXPECT_EQ(error_of("16,5,0\n"), "p.csv has nothing alive");
  EXPECT_EQ(error_of("0,5,5\n"), "p.csv has nothing alive");
}

TEST_F(Fleet, SizesComeAsOftenAsTheirRatesAndLiveByLittlesLaw) {
  // 64 bytes live 0.1 s, 1,024 bytes 10 s, 4,096 bytes are never freed.
  const Made made =
      make(name("64,20000,2000\n1024,200,2000\n4096,0,100\n", ",memory=2585600,calls=300000"));
  std::map<std::uint64_t, std::uint64_t> allocated, freed, lived;
  std::map<std::uint32_t, Op> born;
  std::size_t populated = 0;
  for (const Op& op : made.ops) {
    if (is_allocation(op.kind)) born[index(op.object)] = op;
    if (is_allocation(op.kind) && op.time_ns == 0) ++populated;
    if (is_allocation(op.kind) && op.time_ns > 0) ++allocated[op.size];
    if (op.kind != OpKind::free || born[index(op.object)].time_ns == 0) continue;
    ++freed[born[index(op.object)].size];
    lived[born[index(op.object)].size] += op.time_ns - born[index(op.object)].time_ns;
  }
  EXPECT_EQ(populated, 4100U);
  EXPECT_NEAR(share(allocated[64], allocated[1024]), 100, 8);
  EXPECT_EQ(allocated[4096], 0U);
  EXPECT_NEAR(share(lived[64], freed[64]) / 1e9, 0.1, 0.005);
  EXPECT_NEAR(share(made.profile.end_live_bytes, 2585600), 1, 0.1) << "as much as at the start";
}

TEST_F(Fleet, MemoryScalesNumbersAndLeavesLifetimesAlone) {
  const std::string text = "100,5000,1000\n";
  const TraceProfile small = make(name(text, ",memory=100KiB,calls=20000")).profile;
  const TraceProfile large = make(name(text, ",memory=1000KiB,calls=20000")).profile;
  EXPECT_NEAR(share(large.end_live_bytes, small.end_live_bytes), 10, 1);
  EXPECT_NEAR(share(small.duration_ns, large.duration_ns), 10, 1) << "a tenth of the rate";
}

TEST_F(Fleet, ThreadsShareTheWorkAndFreeForEachOther) {
  const std::string text = "64,20000,2000\n";
  const Made alone = make(name(text, ",memory=128KiB,calls=20000"));
  EXPECT_EQ(alone.totals.threads, 1U);
  EXPECT_EQ(alone.profile.freed_elsewhere, 0U);
  const Made four = make(name(text, ",memory=128KiB,calls=20000,threads=4,remote=40"));
  EXPECT_EQ(four.totals.threads, 5U);
  EXPECT_NEAR(share(four.profile.freed_elsewhere, four.profile.frees), 0.4 * 3 / 4, 0.03);
}

TEST_F(Fleet, SeedGivesOneTraceByteForByte) {
  const std::string text = name("16,100,10\n3000,5,10\n", ",memory=100KiB,calls=2000,threads=2");
  EXPECT_EQ(make(text, 3).file, make(text, 3).file);
  EXPECT_NE(make(text, 3).file, make(text, 4).file);
}

TEST_F(Fleet, EndsOfRangesAreWhole) {
  for (const char* more : {",memory=64KiB,calls=3000", ",calls=1", ",threads=1024,calls=3000",
                           ",threads=3,remote=100,calls=3000"}) {
    const Made made = make(name("16,100,10\n3000,5,10\n", more));
    EXPECT_GT(made.profile.operations, 0U) << more;
  }
}

TEST_F(Fleet, WithoutAFileItSaysWhatToWrite) {
  const auto choice = parse_workload("fleet");
  ASSERT_FALSE(choice);
  EXPECT_EQ(choice.error().what, "fleet needs a file");
  EXPECT_EQ(choice.error().hint, "write fleet:file=PATH");
  EXPECT_FALSE(parse_workload("fleet:memory=1MiB"));
  EXPECT_FALSE(parse_workload("fleet:file="));
}

TEST_F(Fleet, AFileThatIsNotThereOrBadLeavesNoTrace) {
  EXPECT_THAT(refusal("fleet:file=/nowhere/p.csv").what, HasSubstr("/nowhere/p.csv"));
  EXPECT_THAT(refusal(name("16,1\n")).what, HasSubstr("profile.csv, line 1"));
}

TEST_F(Fleet, ItsTextNamesTheFile) {
  const auto choice = parse_workload("fleet:memory=1MiB,file=a/b.csv");
  ASSERT_TRUE(choice);
  EXPECT_EQ(choice->text(), "fleet:file=a/b.csv,memory=1MiB");
  EXPECT_TRUE(needs_file(*choice->workload));
}

}  // namespace
}  // namespace heapwise::test
