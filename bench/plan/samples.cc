// SPDX-License-Identifier: MIT
#include "bench/plan/samples.h"

#include <algorithm>

namespace heapwise::plan {
namespace {

constexpr std::uint64_t kPoints = 1000;
/// A new height is one by so much and 1 %.
constexpr std::uint64_t kHigher = 64 << 10;

}  // namespace

Samples::Samples(std::uint64_t duration_ns)
    : step_ns_(std::max<std::uint64_t>(1, duration_ns / kPoints)) {}

void Samples::before_op(std::uint64_t word, std::uint64_t time_ns, std::uint64_t live_bytes) {
  const bool higher = live_bytes > height_ + height_ / 100 + kHigher;
  const bool due = time_ns >= next_ns_;
  // Where a pause ends, its beginning is seen too: what changed before it lasted all the while.
  if (higher || (due && last_ns_ + step_ns_ < time_ns)) add(word, last_ns_, live_bytes);
  if (due) {
    add(word, time_ns, live_bytes);
    next_ns_ = (time_ns / step_ns_ + 1) * step_ns_;
  }
  last_ns_ = time_ns;
}

void Samples::force(std::uint64_t word, std::uint64_t time_ns, std::uint64_t live_bytes) {
  add(word, time_ns, live_bytes);
  last_ns_ = time_ns;
}

void Samples::add(std::uint64_t word, std::uint64_t time_ns, std::uint64_t live_bytes) {
  height_ = std::max(height_, live_bytes);
  const bool known =
      !samples_.empty() && samples_.back().word == word && samples_.back().time_ns == time_ns;
  if (!known) samples_.push_back({word, time_ns, live_bytes});
}

}  // namespace heapwise::plan
