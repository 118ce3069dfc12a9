// SPDX-License-Identifier: MIT
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <cstring>
#include <memory>
#include <vector>

#include "base/files.h"
#include "bench/replay/state.h"

namespace heapwise::testing {

/// A replay of a plan file in this very process, on whatever malloc it has.
class InProcess {
 public:
  InProcess(const std::string& plan, Purpose purpose, ReplayClock clock = ReplayClock::none) {
    auto file = MappedFile::open(plan);
    EXPECT_TRUE(file);
    file_ = std::move(*file);
    const char* problem = nullptr;
    EXPECT_TRUE(replay::view_plan(file_.data(), file_.size(), replay_->plan, problem)) << problem;
    constexpr std::uint64_t kCapacity = 4096;
    raw_bytes_.resize((sizeof(RawRun) + kCapacity * sizeof(RawSample)) / sizeof(std::uint64_t) + 1);
    raw().sample_capacity = kCapacity;
    replay_->raw = &raw();
    replay_->purpose = purpose;
    replay_->clock = clock;
    EXPECT_TRUE(replay_->sampler.open());
    EXPECT_TRUE(replay::prepare(*replay_));
  }
  InProcess(const InProcess&) = delete;
  InProcess& operator=(const InProcess&) = delete;

  replay::Replay& replay() { return *replay_; }
  RawRun& raw() { return *reinterpret_cast<RawRun*>(raw_bytes_.data()); }
  const RawSample& sample(std::size_t i) {
    return reinterpret_cast<const RawSample*>(&raw() + 1)[i];
  }

 private:
  MappedFile file_;
  std::vector<std::uint64_t> raw_bytes_;
  std::unique_ptr<replay::Replay> replay_ = std::make_unique<replay::Replay>();
};

}  // namespace heapwise::testing
