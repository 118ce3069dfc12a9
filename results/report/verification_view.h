// SPDX-License-Identifier: MIT
// Predicted and real side by side: the part of a report that only verifications have.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "results/result.h"

namespace heapwise {

/// One figure of one allocator, predicted and real.
struct VerifiedFigure {
  const char* name;  ///< "peak", "mean" or "end"
  std::optional<std::uint64_t> predicted, real;
  std::optional<double> error_percent, noise_percent;
};
std::vector<VerifiedFigure> verified_figures(const Verification& row);

/// CPU time of the real program, in words. Under glibc's default its seconds; under others what it
/// is more or less than that, beside what the replay said.
struct VerifiedCpu {
  std::string predicted, real, noise;
};
std::optional<VerifiedCpu> verified_cpu(const Verification& row);

/// "+1.2 %", "−0.4 %"; empty for nothing.
std::string signed_percent(const std::optional<double>& percent);

/// "2 of 5 real runs failed, crashed: killed by SIGSEGV"; empty where none failed.
std::string describe_real_failures(const Verification& row);

/// What is wrong with the prediction, or how the checks went, in a sentence.
std::string describe_check(const std::vector<Verification>& rows);

/// Whether CPU time is as predicted, in a sentence; empty where that is not known.
std::string describe_speed(const std::vector<Verification>& rows);

/// All that is said of a verification, without full stops: these two where there is something to
/// say, how much longer the recorded run took, and which allocator prediction and real runs choose.
std::vector<std::string> verification_sentences(const Result& result);

/// The section of the console report; empty for a result that is no verification.
std::string verification_text(const Result& result, std::size_t columns);

/// The table of the HTML report.
std::string verification_table(const Result& result);

/// Both curves over the share of the run, a typical run of either strong, the others faint. Nothing
/// where a side has no samples.
std::optional<nlohmann::json> verification_chart(const Result& result, const Verification& row);

/// What that chart shows, for who cannot see it.
std::string spoken_verification(const Verification& row);

}  // namespace heapwise
