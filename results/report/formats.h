// SPDX-License-Identifier: MIT
// A result in formats of other tools. results/SCHEMA.md says what goes where.
#pragma once

#include <string>
#include <vector>

#include "results/result.h"

namespace heapwise {

/// A row for each run (RFC 4180, with a heading): what a spreadsheet or a data frame reads.
std::string csv_runs(const std::vector<Result>& results);

/// Google Benchmark's JSON: a benchmark for each allocator and workload, a repetition for each
/// throughput run, with the footprint run of the same round as counters. Its compare.py, and the
/// dashboards that read such files, take it. A workload that measured memory alone has the time of
/// its footprint runs.
std::string google_benchmark_json(const Result& result);

/// Prometheus' text format, as its textfile collector reads it: medians and their intervals as
/// gauges, labelled by workload, allocator and tuning.
std::string prometheus_text(const std::vector<Result>& given);

}  // namespace heapwise
