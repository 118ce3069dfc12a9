// SPDX-License-Identifier: MIT
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "results/report/charts.h"
#include "results/trend.h"

namespace heapwise {

/// The nights of a trend as days since the first; its time in milliseconds since 1970.
struct TrendCalendar {
  double start_ms = 0;
  std::vector<double> days;
};
TrendCalendar calendar_of(const Trend& trend);

/// One figure of all allocators on one workload over the nights. `unit` is what values are divided
/// by. Nothing where no night has it.
std::optional<nlohmann::json> trend_chart(const Trend& trend, const TrendCalendar& calendar,
                                          const std::vector<Series>& series,
                                          const std::string& workload, const std::string& figure,
                                          const ByteUnit& unit);

}  // namespace heapwise
