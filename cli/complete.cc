// SPDX-License-Identifier: MIT
#include "cli/complete.h"

#include "results/flags.h"
#include "results/leading.h"
#include "results/regret.h"
#include "results/summarize.h"

namespace heapwise::cli {

void complete(Result& result, const std::vector<Deployment>& deployments) {
  result.summary = summarize(result.runs);
  flag_predictions(result);
  result.recommendations = recommend_objectives(result, deployments);
  fill_regrets(result, deployments);
  if (result.suite) result.suite->limits = limits_of(result);
}

}  // namespace heapwise::cli
