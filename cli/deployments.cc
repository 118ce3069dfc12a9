// SPDX-License-Identifier: MIT
#include "cli/deployments.h"

#include <algorithm>
#include <utility>

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

/// What a result names, as far as this build knows it.
Contender known_contender(const std::string& name, const std::string& tuning) {
  if (const Allocator* const allocator = find_allocator(name)) {
    for (const Tuning& known : allocator->tunings) {
      if (known.name == tuning) return contender_of(*allocator, known);
    }
  }
  return {name, tuning, name, "", {}};
}

/// As it was when it was measured; older results name the tuning alone.
Contender measured_contender(const Summary& summary) {
  Contender contender = known_contender(summary.allocator, summary.tuning);
  if (!summary.library.empty()) contender.library = summary.library;
  Settings settings;
  for (const std::string& one : summary.settings) {
    const std::size_t equals = one.find('=');
    if (equals == std::string::npos) continue;
    settings.emplace_back(one.substr(0, equals), one.substr(equals + 1));
  }
  if (!settings.empty()) contender.settings = std::move(settings);
  return contender;
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
    deployments.push_back(deployment_of(measured_contender(summary)));
  }
  return deployments;
}

}  // namespace heapwise::cli
