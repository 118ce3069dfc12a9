// SPDX-License-Identifier: MIT
#include "bench/session/bench_flags.h"

#include <charconv>
#include <string_view>

namespace heapwise {
namespace {

/// Seconds for one primitive, once: many short processes tell more than a few long ones.
constexpr const char* kMinTime = "--benchmark_min_time=0.05";

bool is_true(std::string_view value) {
  return value.empty() || value == "true" || value == "1" || value == "yes" || value == "on";
}

Expected<unsigned> repetitions_of(std::string_view value) {
  unsigned number = 0;
  const auto read = std::from_chars(value.data(), value.data() + value.size(), number);
  if (read.ec != std::errc() || read.ptr != value.data() + value.size() || number == 0 ||
      number > 1000) {
    return fail(ErrorCode::usage,
                "--benchmark_repetitions=" + std::string(value) + " is no number of repetitions",
                "Give a number from 1 to 1000.");
  }
  return number;
}

/// Heeds a flag that is not for the processes; false when it is.
Expected<bool> heed(BenchFlags& flags, std::string_view name, std::string_view value) {
  if (name == "--benchmark_repetitions") {
    const auto number = repetitions_of(value);
    if (!number) return tl::unexpected(number.error());
    flags.repetitions = *number;
  } else if (name == "--benchmark_out") {
    flags.output = value;
  } else if (name == "--benchmark_format" || name == "--benchmark_out_format") {
    const bool console = name == "--benchmark_format" && value == "console";
    if (value != "json" && !console) {
      return fail(ErrorCode::usage, std::string(name) + "=" + std::string(value) + " is not there",
                  "heapwise bench writes JSON.");
    }
    if (name == "--benchmark_format") flags.json_to_stdout = value == "json";
  } else if (name == "--benchmark_report_aggregates_only") {
    flags.aggregates_only = is_true(value);
  } else if (name == "--benchmark_display_aggregates_only") {
    // The table on the console shows nothing else.
  } else if (name == "--benchmark_list_tests") {
    flags.list = is_true(value);
  } else {
    return false;
  }
  return true;
}

}  // namespace

Expected<BenchFlags> sort_bench_flags(const std::vector<std::string>& flags) {
  BenchFlags sorted;
  bool timed = false;
  for (const std::string& flag : flags) {
    const std::size_t equals = flag.find('=');
    const std::string_view name = std::string_view(flag).substr(0, equals);
    const std::string_view value =
        equals == std::string::npos ? "" : std::string_view(flag).substr(equals + 1);
    const auto heeded = heed(sorted, name, value);
    if (!heeded) return tl::unexpected(heeded.error());
    timed = timed || name == "--benchmark_min_time";
    if (!*heeded) sorted.passed.push_back(flag);
  }
  if (!timed) sorted.passed.emplace_back(kMinTime);
  return sorted;
}

}  // namespace heapwise
