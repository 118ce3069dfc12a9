// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>
#include <unistd.h>

#include <set>
#include <string>

#include "base/files.h"
#include "bench/session/real_run_memory.h"

namespace heapwise {
namespace {

constexpr std::uint64_t kKiB = 1024;

std::uint64_t non_heap_bytes(const std::string& smaps, const NonHeapRules& rules = {}) {
  return non_heap_in(smaps, rules).bytes;
}

/// A mapping as smaps shows it; as much of it as matters.
std::string mapping(const std::string& range, const std::string& rights, const std::string& name,
                    int anonymous_kib, const std::string& flags = "rd wr mr mw me ac") {
  const std::string device = name.rfind('/', 0) == 0 ? "00000000 fe:01 1234" : "00000000 00:00 0";
  return range + " " + rights + " " + device + "                   " + name +
         "\nSize:               9999 kB\nRss:                9999 kB\nAnonymous:       " +
         std::to_string(anonymous_kib) + " kB\nAnonHugePages:   7777 kB\nVmFlags: " + flags + " \n";
}

TEST(ProcessStatus, GivesAnonymousFilesAndTheHighWaterMarkInBytes) {
  const auto memory = parse_status(
      "Name:\tx\nVmHWM:\t  900 kB\nVmRSS:\t  800 kB\nRssAnon:\t  500 kB\nRssFile:\t  250 kB\n"
      "RssShmem:\t   50 kB\nThreads:\t1\n");
  ASSERT_TRUE(memory);
  EXPECT_EQ(memory->anonymous, 500 * kKiB);
  EXPECT_EQ(memory->file, 250 * kKiB);
  EXPECT_EQ(memory->shared, 50 * kKiB);
  EXPECT_EQ(memory->resident, 800 * kKiB);
  EXPECT_EQ(memory->high_water, 900 * kKiB);
}

TEST(ProcessStatus, OfAProcessThatHasEndedIsNothing) {
  EXPECT_FALSE(parse_status("Name:\tx\nState:\tZ (zombie)\nThreads:\t1\n"));
  EXPECT_FALSE(parse_status(""));
}

TEST(NonHeap, TheBrkHeapAndUnnamedMemoryAreTheHeap) {
  EXPECT_EQ(non_heap_bytes(mapping("1000-5000", "rw-p", "[heap]", 16) +
                           mapping("7f0000000000-7f0000021000", "rw-p", "", 100)),
            0U);
}

TEST(NonHeap, ChangedPagesOfFilesAndTheStackAreNot) {
  EXPECT_EQ(non_heap_bytes(mapping("1000-5000", "rw-p", "/usr/bin/a program", 3) +
                           mapping("6000-7000", "r--p", "/usr/lib/x.so (deleted)", 4) +
                           mapping("7ffe0000-7fff0000", "rw-p", "[stack]", 50)),
            57 * kKiB);
}

TEST(NonHeap, ZeroedDataRightBehindALibrarysDataBelongsToTheLibrary) {
  const std::string data = mapping("7000-8000", "rw-p", "/usr/lib/x.so", 4);
  EXPECT_EQ(non_heap_bytes(data + mapping("8000-9000", "rw-p", "", 4)), 8 * kKiB);
  EXPECT_EQ(non_heap_bytes(data + mapping("9000-a000", "rw-p", "", 4)), 4 * kKiB)
      << "what does not touch it is not its";
}

TEST(NonHeap, OfAMappingThatGoesOnBehindZeroedDataOnlyThatIsNot) {
  NonHeapRules rules;
  rules.zeroed_data = [](const std::string& path) {
    return path == "/usr/lib/x.so" ? 8 * kKiB : std::uint64_t{0};
  };
  EXPECT_EQ(non_heap_bytes(mapping("7000-8000", "rw-p", "/usr/lib/x.so", 4) +
                               mapping("8000-208000", "rw-p", "", 2000),
                           rules),
            12 * kKiB)
      << "the kernel merged it with an allocator's memory";
  EXPECT_EQ(non_heap_bytes(mapping("7000-8000", "rw-p", "/usr/lib/y.so", 4) +
                               mapping("8000-208000", "rw-p", "", 2000),
                           rules),
            4 * kKiB);
}

TEST(NonHeap, FilesThatCameWithTheAllocatorAreTheHeaps) {
  const std::set<std::string> own{"/usr/bin/program"};
  NonHeapRules rules;
  rules.own_files = &own;
  const std::string text = mapping("1000-2000", "rw-p", "/usr/bin/program", 4) +
                           mapping("7000-8000", "rw-p", "/usr/lib/libjemalloc.so.2", 16) +
                           mapping("8000-9000", "rw-p", "", 32, "rd wr mr mw me ac dd sd");
  EXPECT_EQ(non_heap_bytes(text, rules), 4 * kKiB) << "and so is their zeroed data, marked or not";
  EXPECT_EQ(non_heap_bytes(text), 52 * kKiB);
  EXPECT_EQ(non_heap_in(text, rules).files,
            (std::set<std::string>{"/usr/bin/program", "/usr/lib/libjemalloc.so.2"}));
}

TEST(NonHeap, WhatIsMarkedIsNot) {
  EXPECT_EQ(non_heap_bytes(mapping("7000-8000", "rw-p", "", 400, "rd wr mr mw me ac dd sd")),
            400 * kKiB);
}

TEST(NonHeap, WhatCanBeRunIsNot) {
  EXPECT_EQ(non_heap_bytes(mapping("1001330000-1040000000", "rwxp", "", 700) +
                           mapping("7f0000000000-7f0000021000", "rw-p", "", 100)),
            700 * kKiB);
}

TEST(NonHeap, ANameThatIsNotMallocsIsNot) {
  EXPECT_EQ(non_heap_bytes(mapping("7000-8000", "rw-p", "[anon:ruby heap]", 4) +
                           mapping("9000-a000", "rw-p", "[anon: glibc: malloc arena]", 8)),
            4 * kKiB);
}

TEST(NonHeap, NonsenseIsNoCrash) {
  EXPECT_EQ(non_heap_bytes(""), 0U);
  EXPECT_EQ(non_heap_bytes("Anonymous: 4 kB\nVmFlags: dd\n-\n12-\nzz-11 rw-p\n1-2 "), 0U);
}

TEST(NonHeap, OfThisProcessIsSomethingAndLessThanAllOfIt) {
  const auto smaps = read_file("/proc/self/smaps");
  const auto status = read_file("/proc/self/status");
  ASSERT_TRUE(smaps && status);
  const auto memory = parse_status(*status);
  ASSERT_TRUE(memory);
  EXPECT_GT(non_heap_bytes(*smaps), 0U);
  EXPECT_LT(non_heap_bytes(*smaps), memory->anonymous);
}

}  // namespace
}  // namespace heapwise
