// SPDX-License-Identifier: MIT
// The spelling of every enumeration in results, once for writing and for reading.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string_view>

#include "results/result.h"

namespace heapwise {

constexpr std::array<std::string_view, 5> kRunStatusNames = {"ok", "crashed", "timed-out",
                                                             "out-of-memory", "unsupported"};
constexpr std::array<std::string_view, 4> kObjectiveNames = {"balanced", "memory", "speed",
                                                             "latency"};
constexpr std::array<std::string_view, 3> kVerdictNames = {"better", "same", "inconclusive"};

template <class Enum, std::size_t N>
constexpr std::string_view name_of(Enum value, const std::array<std::string_view, N>& names) {
  const auto index = static_cast<std::size_t>(value);
  return index < N ? names[index] : "unknown";
}

template <class Enum, std::size_t N>
constexpr std::optional<Enum> value_of(std::string_view name,
                                       const std::array<std::string_view, N>& names) {
  for (std::size_t index = 0; index < N; ++index) {
    if (names[index] == name) return static_cast<Enum>(index);
  }
  return std::nullopt;
}

}  // namespace heapwise
