// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "base/error.h"
#include "results/result.h"

namespace heapwise {

/// How one allocator is put under a program on this system. The caller knows; a result does not.
struct Deployment {
  std::string allocator;
  std::string tuning = "default";
  std::string preload_path;  ///< full path as found here, or the bare name of the library; empty
                             ///< for the allocator that programs have anyway
  std::string package;       ///< of the distribution, that brings preload_path; may be empty
  std::string link_flag;     ///< "-ljemalloc"; empty when there is nothing to link
  std::vector<std::pair<std::string, std::string>> environment;  ///< the tuning's variables
};

/// The verdict on one workload. Candidates are the allocators that `deployments` knows how to
/// deploy (any tuning) and that `result` summarizes for the workload; never "null", never one that
/// failed, and where the workload's flags rule preloading out, only such as can be linked. The
/// baseline is what the program runs on now, where it is linked to an allocator that was measured;
/// else glibc's default, or where that is missing the first candidate.
/// thresholds.h says when a difference counts; one that does not is "same", and then the baseline
/// is kept. Works on result.summary, or summarizes result.runs when that is empty. Fails when the
/// workload is not in the result, nothing usable was measured for it, or the objective's figure was
/// not measured. Pure and thread-safe.
Expected<Recommendation> recommend(const Result& result, const std::string& workload,
                                   Objective objective, const std::vector<Deployment>& deployments);

/// The verdicts on all workloads of a result, and a sentence on each that none can be given on.
struct Verdicts {
  std::vector<Recommendation> made;
  std::vector<std::string> missing;
};

/// recommend() for each workload of the result, in order: one whose runs all failed does not cost
/// the others theirs. Fails, with the first failure, where there is no verdict at all.
Expected<Verdicts> recommend_all(const Result& result, Objective objective,
                                 const std::vector<Deployment>& deployments);

/// Whether more repetitions may make an inconclusive verdict clear: not where recordings disagree.
bool wants_more_runs(const Recommendation& verdict);

/// How many repetitions to make next where `have` cannot tell.
unsigned more_repetitions(unsigned have);

/// recommend() for each workload and each objective whose figures it has: balanced and memory where
/// footprints were measured, speed where throughput was, latency where that was. What cannot be
/// said is left out.
std::vector<Recommendation> recommend_objectives(const Result& result,
                                                 const std::vector<Deployment>& deployments);

/// The shell lines that put `choice` under the workload's program, ready to paste; notes stand
/// behind '#'. Where its flags say that a preloaded allocator would do nothing or crash it, the
/// lines say so and name the other way, if there is one.
std::string deployment_lines_for(const AllocatorName& choice, const WorkloadInfo& workload,
                                 const std::vector<Deployment>& deployments);
/// The same for a program of which nothing but its command is known.
std::string deployment_lines(const AllocatorName& choice, const std::vector<std::string>& command,
                             const std::vector<Deployment>& deployments);

}  // namespace heapwise
