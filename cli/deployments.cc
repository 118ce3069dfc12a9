// SPDX-License-Identifier: MIT
#include "cli/deployments.h"

#include <algorithm>

namespace heapwise::cli {
namespace {

Deployment deployment_of(const Contender& contender) {
  Deployment deployment{contender.allocator, contender.tuning, contender.library, "", "",
                        contender.settings};
  if (!contender.library.empty()) return deployment;
  if (const Allocator* allocator = find_allocator(contender.runner)) {
    deployment.preload_path = preload_path(*allocator);
    deployment.package = allocator->package;
    deployment.link_flag = allocator->link_flag;
  }
  return deployment;
}

Settings settings_of(const Allocator& allocator, const std::string& tuning) {
  for (const Tuning& known : allocator.tunings) {
    if (known.name == tuning) return known.settings;
  }
  return {};
}

}  // namespace

std::vector<Deployment> deployments_of(const std::vector<Contender>& contenders) {
  std::vector<Deployment> deployments;
  for (const Contender& contender : contenders) deployments.push_back(deployment_of(contender));
  return deployments;
}

std::vector<Deployment> deployments_of(const Result& result) {
  std::vector<Deployment> deployments;
  for (const Summary& summary : result.summary) {
    const bool known = std::any_of(
        deployments.begin(), deployments.end(), [&summary](const Deployment& deployment) {
          return deployment.allocator == summary.allocator && deployment.tuning == summary.tuning;
        });
    if (known) continue;
    Contender contender{summary.allocator, summary.tuning, summary.allocator, "", {}};
    if (const Allocator* allocator = find_allocator(summary.allocator)) {
      contender.settings = settings_of(*allocator, summary.tuning);
    }
    deployments.push_back(deployment_of(contender));
  }
  return deployments;
}

}  // namespace heapwise::cli
