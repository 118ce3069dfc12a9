// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <vector>

#include "bench/plan/plan.h"

namespace heapwise::plan {

/// Decides where a footprint replay looks at resident memory: at about a thousand even points of
/// the trace's time, and whenever the live bytes reach a new height.
class Samples {
 public:
  explicit Samples(std::uint64_t duration_ns);
  /// An op comes at `time_ns`, before the word `word`, with `live_bytes` alive until then. Touches
  /// that come at once with the op before are not to be told, so that they belong to it.
  void before_op(std::uint64_t word, std::uint64_t time_ns, std::uint64_t live_bytes);
  /// Looks before `word` in any case.
  void force(std::uint64_t word, std::uint64_t time_ns, std::uint64_t live_bytes);
  const std::vector<PlanSample>& all() const { return samples_; }

 private:
  void add(std::uint64_t word, std::uint64_t time_ns, std::uint64_t live_bytes);

  std::vector<PlanSample> samples_;
  std::uint64_t step_ns_;
  std::uint64_t next_ns_ = 0;
  std::uint64_t last_ns_ = 0;  ///< of the op before
  std::uint64_t height_ = 0;   ///< most live bytes that any sample saw
};

}  // namespace heapwise::plan
