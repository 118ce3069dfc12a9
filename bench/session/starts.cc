// SPDX-License-Identifier: MIT
#include "bench/session/starts.h"

#include "bench/session/process.h"
#include "bench/session/runner.h"
#include "results/statistics.h"

namespace heapwise {
namespace {

constexpr unsigned kRounds = 11;
static_assert(kRounds >= kFasterHalfValues);
constexpr double kTimeout = 10;

}  // namespace

std::vector<StartCost> measure_starts(const std::string& library_directory,
                                      const std::vector<Contender>& contenders) {
  std::vector<std::vector<double>> seconds(contenders.size());
  for (unsigned round = 0; round < kRounds; ++round) {
    for (std::size_t i = 0; i < contenders.size(); ++i) {
      const auto end = run_process({identify_command(library_directory, contenders[i]),
                                    runner_environment(contenders[i], 0), kTimeout});
      if (end && end->detail.empty()) seconds[i].push_back(end->cpu_seconds);
    }
  }
  std::vector<StartCost> costs;
  for (std::size_t i = 0; i < contenders.size(); ++i) {
    if (seconds[i].size() < kFasterHalfValues) continue;
    costs.push_back(
        {contenders[i].allocator, contenders[i].tuning, faster_half(std::move(seconds[i])).median});
  }
  return costs;
}

}  // namespace heapwise
