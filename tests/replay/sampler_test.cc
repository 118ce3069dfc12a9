// SPDX-License-Identifier: MIT
#include "bench/replay/sampler.h"

#include <grp.h>
#include <gtest/gtest.h>
#include <limits.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstddef>
#include <cstring>
#include <numeric>
#include <vector>

namespace heapwise {
namespace {

constexpr std::size_t kMiB = 1024 * 1024;
#ifdef __SANITIZE_THREAD__
constexpr std::size_t kResident = 5;  ///< of each page, with what the sanitizer keeps of it
#else
constexpr std::size_t kResident = 1;
#endif

void* written(std::size_t bytes) {
  void* const memory =
      mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  EXPECT_NE(memory, MAP_FAILED);
  std::memset(memory, 1, bytes);
  return memory;
}

class Sampler : public ::testing::Test {
 protected:
  Sampler() {
    EXPECT_TRUE(sampler_.open());
    // Whatever this process has held before, no mark rises that is not above it.
    held_ = written(64 * kMiB);
    sampler_.look();
  }
  ~Sampler() override { munmap(held_, 64 * kMiB); }

  replay::Sampler sampler_;
  void* held_ = nullptr;
};

// They stand before the memory in the file that is read.
TEST_F(Sampler, SeesItInAProcessOfAsManyGroupsAsThereMayBe) {
  if (geteuid() != 0) GTEST_SKIP() << "only root may be in any group";
  const pid_t child = fork();
  if (child == 0) {
    std::vector<gid_t> groups(NGROUPS_MAX);
    std::iota(groups.begin(), groups.end(), 4'000'000'000U);
    replay::Sampler sampler;
    if (setgroups(groups.size(), groups.data()) != 0 || !sampler.open()) _exit(1);
    _exit(sampler.look().now > 64 * kMiB ? 0 : 2);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
}

TEST_F(Sampler, SeesWhatWasThereBetweenTwoLooks) {
  munmap(written(16 * kMiB), 16 * kMiB);
  const replay::Residence passed = sampler_.look();
  EXPECT_GT(passed.most, passed.now + 15 * kMiB);
  EXPECT_LT(passed.most, passed.now + kResident * 17 * kMiB);
  const replay::Residence later = sampler_.look();
  EXPECT_EQ(later.most, later.now) << "it was there before the last look";
}

TEST_F(Sampler, WhatIsStillThereIsNoHeightOfAMoment) {
  void* const memory = written(16 * kMiB);
  const replay::Residence found = sampler_.look();
  EXPECT_GT(found.now, 80 * kMiB);
  EXPECT_EQ(found.most, found.now);
  munmap(memory, 16 * kMiB);
}

TEST_F(Sampler, MemoryThatIsNotAnonymousIsNone) {
  void* const shared =
      mmap(nullptr, 16 * kMiB, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  ASSERT_NE(shared, MAP_FAILED);
  std::memset(shared, 1, 16 * kMiB);
  munmap(written(4 * kMiB), 4 * kMiB);
  const replay::Residence found = sampler_.look();
  EXPECT_LT(found.most, found.now + kResident * 5 * kMiB);
  munmap(shared, 16 * kMiB);
}

}  // namespace
}  // namespace heapwise
