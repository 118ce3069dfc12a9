// SPDX-License-Identifier: MIT
// A verification made up: runs of known figures on either side.
#pragma once

#include <string>
#include <vector>

#include "results/recommend.h"
#include "results/result.h"

namespace heapwise::synthetic {

/// An allocator whose heap rises evenly to `predicted_mib` in replay and to `real_mib` in life, the
/// k-th real run to k times `step_mib` more.
struct Imagined {
  std::string allocator;
  double predicted_mib, real_mib;
  double step_mib = 0;
  double predicted_ns = 100;  ///< per operation
  double real_cpu_s = 1;
  double cpu_step_s = 0;    ///< the k-th real run uses k times this more
  std::string signal = {};  ///< what kills its real runs; empty: nothing
};

/// Three runs of each on both sides, with summary and recommendations of the prediction.
Result result_of(const std::vector<Imagined>& allocators, unsigned repetitions = 3);

std::vector<Deployment> deployments(const std::vector<Imagined>& allocators);

/// The same with verification and agreement.
Result verified(const std::vector<Imagined>& allocators, unsigned repetitions = 3);

}  // namespace heapwise::synthetic
