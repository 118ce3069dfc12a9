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

/// As they were when it was measured; older results name the tuning alone.
Settings settings_of(const Summary& summary) {
  Settings settings;
  for (const std::string& one : summary.settings) {
    const std::size_t equals = one.find('=');
    if (equals == std::string::npos) continue;
    settings.emplace_back(one.substr(0, equals), one.substr(equals + 1));
  }
  const Allocator* allocator = find_allocator(summary.allocator);
  if (!settings.empty() || allocator == nullptr) return settings;
  for (const Tuning& known : allocator->tunings) {
    if (known.name == summary.tuning) return known.settings;
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
    deployments.push_back(deployment_of({summary.allocator, summary.tuning, summary.allocator,
                                         summary.library, settings_of(summary)}));
  }
  return deployments;
}

}  // namespace heapwise::cli
