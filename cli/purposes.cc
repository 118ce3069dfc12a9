// SPDX-License-Identifier: MIT
#include "cli/purposes.h"

#include <algorithm>
#include <sstream>
#include <utility>

namespace heapwise::cli {
namespace {

const std::vector<std::pair<std::string, Purpose>> kPurposes = {{"footprint", Purpose::footprint},
                                                                {"throughput", Purpose::throughput},
                                                                {"latency", Purpose::latency}};

}  // namespace

Expected<std::vector<Purpose>> purposes_of(const std::vector<std::string>& names) {
  constexpr const char* kHint = "There are footprint, throughput and latency.";
  if (names.empty()) return fail(ErrorCode::usage, "there is no purpose named", kHint);
  std::vector<Purpose> purposes;
  for (const std::string& name : names) {
    const auto known = std::find_if(kPurposes.begin(), kPurposes.end(),
                                    [&name](const auto& one) { return one.first == name; });
    if (known == kPurposes.end()) {
      return fail(ErrorCode::usage, "there is no purpose \"" + name + "\"", kHint);
    }
    if (std::find(purposes.begin(), purposes.end(), known->second) == purposes.end()) {
      purposes.push_back(known->second);
    }
  }
  return purposes;
}

Expected<std::vector<Purpose>> parse_purposes(const std::string& text) {
  std::vector<std::string> names;
  std::istringstream words(text);
  for (std::string name; std::getline(words, name, ',');) names.push_back(name);
  return purposes_of(names);
}

}  // namespace heapwise::cli
