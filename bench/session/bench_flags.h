// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/error.h"

namespace heapwise {

/// Google Benchmark's flags, sorted into those that each process gets and those that `heapwise
/// bench` heeds itself, because they are about all processes together.
struct BenchFlags {
  std::vector<std::string> passed;      ///< with a short --benchmark_min_time where none was given
  std::optional<unsigned> repetitions;  ///< --benchmark_repetitions: processes of each allocator
  std::string output;                   ///< --benchmark_out; empty: none
  bool json_to_stdout = false;          ///< --benchmark_format=json
  bool aggregates_only = false;         ///< --benchmark_report_aggregates_only
  bool list = false;                    ///< --benchmark_list_tests
};

/// Fails on values that are none, and on formats that there are not (only JSON is written).
Expected<BenchFlags> sort_bench_flags(const std::vector<std::string>& flags);

}  // namespace heapwise
