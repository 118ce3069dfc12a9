// SPDX-License-Identifier: MIT
// Google Benchmark's JSON: one file of each process in, one file of all out.
#pragma once

#include <string>
#include <string_view>

#include "base/error.h"
#include "bench/session/bench_primitives.h"

namespace heapwise {

/// What one process measured: exactly one primitive, once.
struct BenchOutput {
  std::string context, entry;  ///< JSON objects
  std::string version;         ///< of the allocator
  std::string error;           ///< what the primitive itself reported; empty: none
  double ns = 0;               ///< see PrimitiveRun
};

/// Fails when the text is not what Google Benchmark writes for one run of one benchmark.
Expected<BenchOutput> read_bench_output(std::string_view text);

/// All in one document of the same shape: `context`, and `benchmarks` with every run and, from two
/// repetitions on, mean, median, stddev and cv. Names end with the allocator's, such as
/// malloc_free/64/jemalloc, so that a filter of compare.py tells allocators apart. A run that
/// failed is an entry with error_occurred and error_message.
std::string to_benchmark_json(const BenchResult& result, const std::string& heapwise_version,
                              bool aggregates_only);

}  // namespace heapwise
