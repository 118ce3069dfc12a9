// SPDX-License-Identifier: MIT
#include "results/names.h"

#include <array>

#include "results/result.h"

namespace heapwise {

std::string to_string(RunStatus status) { return std::string(name_of(status, kRunStatusNames)); }
std::string to_string(Objective objective) {
  return std::string(name_of(objective, kObjectiveNames));
}
std::string to_string(VerdictKind verdict) { return std::string(name_of(verdict, kVerdictNames)); }

}  // namespace heapwise
