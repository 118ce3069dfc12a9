// SPDX-License-Identifier: MIT
#include "traces/trace.h"

#include <array>
#include <cstdlib>

namespace heapwise {
namespace {

using Facts = std::vector<std::pair<std::string, std::string>>;

std::optional<std::string> find(const Facts& facts, const std::string& key) {
  for (const auto& [name, value] : facts) {
    if (name == key) return value;
  }
  return std::nullopt;
}

struct CapabilityName {
  Capability bit;
  const char* name;
};

constexpr std::array<CapabilityName, 7> kNames = {{{Capability::threads, "threads"},
                                                   {Capability::time, "time"},
                                                   {Capability::alignment, "alignment"},
                                                   {Capability::zeroed, "zeroed"},
                                                   {Capability::residency, "residency"},
                                                   {Capability::touch, "touch"},
                                                   {Capability::complete, "complete"}}};

}  // namespace

std::vector<std::string> capability_names(Capabilities set) {
  std::vector<std::string> names;
  for (const auto& [bit, name] : kNames) {
    if (has(set, bit)) names.emplace_back(name);
  }
  return names;
}

std::string to_string(TraceSource source) {
  switch (source) {
    case TraceSource::recorded:
      return "recorded";
    case TraceSource::synthetic:
      return "synthetic";
    case TraceSource::imported:
      return "imported";
  }
  return "unknown";
}

std::optional<std::string> TraceInfo::fact(const std::string& key) const {
  return find(facts, key);
}

std::uint64_t touch_threshold(const TraceInfo& info) {
  constexpr std::uint64_t kUnlessStated = 8192;
  const std::uint64_t stated =
      std::strtoull(info.fact("touch_threshold").value_or("").c_str(), nullptr, 10);
  return stated == 0 ? kUnlessStated : stated;
}

std::optional<std::string> TraceTotals::fact(const std::string& key) const {
  return find(facts, key);
}

}  // namespace heapwise
