// SPDX-License-Identifier: MIT
#include "traces/recorder/program_time.h"

#include <algorithm>

namespace heapwise::recorder {
namespace {

constexpr double kWindowNs = 1e6;

}  // namespace

void ProgramTime::count_thread(double recorded_ns, std::uint32_t thread) {
  const auto window = static_cast<std::uint64_t>(recorded_ns / kWindowNs);
  if (window != window_) {
    parallel_ = std::clamp(seen_, 1U, cpus_);
    window_ = window;
    seen_ = 0;
  }
  if (thread >= seen_in_.size()) seen_in_.resize(thread + std::size_t{1});
  if (seen_in_[thread] == window + 1) return;
  seen_in_[thread] = window + 1;
  ++seen_;
}

double ProgramTime::own_ns(double recorded_ns) const {
  const double passed_ns = std::max(0.0, recorded_ns - last_recorded_ns_);
  return std::max(recorded_ns - recorder_ns_ - allocator_ns_,
                  last_own_ns_ + passed_ns * kLeastShare);
}

std::uint64_t ProgramTime::between(double recorded_ns) const {
  return static_cast<std::uint64_t>(own_ns(recorded_ns));
}

std::uint64_t ProgramTime::at(std::uint64_t ticks, std::uint32_t thread) {
  const double recorded_ns = static_cast<double>(ticks - first_) * ns_per_tick_;
  count_thread(recorded_ns, thread);
  last_own_ns_ = own_ns(recorded_ns);
  last_recorded_ns_ = recorded_ns;
  last_ns_ = static_cast<std::uint64_t>(last_own_ns_);
  const double with_allocator_ns = std::max(0.0, recorded_ns - recorder_ns_);
  last_with_allocator_ns_ =
      std::max({last_ns_, last_with_allocator_ns_, static_cast<std::uint64_t>(with_allocator_ns)});
  recorder_ns_ += costs_.recorder_ns / parallel_;
  recorder_cpu_ns_ += costs_.recorder_ns;
  allocator_ns_ += costs_.allocator_ns / parallel_;
  return last_ns_;
}

}  // namespace heapwise::recorder
