// SPDX-License-Identifier: MIT
#include "bench/session/suite_trace.h"

#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <numeric>

#include "bench/session/suite.h"
#include "traces/reader.h"
#include "workloads/workload.h"

namespace heapwise {
namespace {

/// In recorded order an operation of many threads costs a turn of a futex more than one of a single
/// thread; both were measured, on one machine, and only their relation matters.
constexpr double kTurnCost = 8;
/// Making, compiling and starting processes, in operations.
constexpr double kBaseCost = 200'000;

bool is_file(const std::string& choice) {
  return choice.size() > 4 && choice.compare(choice.size() - 4, 4, ".hwt") == 0;
}

std::string short_name(const std::string& choice) {
  if (is_file(choice)) return std::filesystem::path(choice).stem().string();
  return choice.substr(0, choice.find(':'));
}

double cost_of(std::uint64_t operations, std::uint32_t threads) {
  return kBaseCost + static_cast<double>(operations) * (threads > 1 ? kTurnCost : 1);
}

Expected<TraceTotals> totals_of_file(const std::string& path) {
  auto reader = TraceReader::open(path);
  if (!reader) return tl::unexpected(reader.error());
  Op op;
  while (reader->next(op)) {
  }
  return reader->totals();
}

Expected<TraceTotals> totals_of(const std::string& choice, std::uint64_t seed,
                                const std::string& directory) {
  if (is_file(choice)) return totals_of_file(choice);
  const auto workload = parse_workload(choice);
  if (!workload) return tl::unexpected(workload.error());
  const std::string path = directory + "/cost.hwt";
  auto totals = make_workload(*workload, seed, path, true);
  unlink(path.c_str());
  return totals;
}

}  // namespace

Expected<std::string> trace_of(const std::string& choice, std::uint64_t seed,
                               const std::string& directory) {
  if (is_file(choice)) return choice;
  const auto workload = parse_workload(choice);
  if (!workload) return tl::unexpected(workload.error());
  std::string path = directory + "/trace.hwt";
  const auto made = make_workload(*workload, seed, path, true);
  if (!made) return tl::unexpected(made.error());
  return path;
}

std::vector<std::string> suite_names(const std::vector<std::string>& choices) {
  std::vector<std::string> names;
  for (const std::string& choice : choices) {
    const std::string name = short_name(choice);
    const auto alike =
        std::count_if(choices.begin(), choices.end(),
                      [&name](const std::string& other) { return short_name(other) == name; });
    names.push_back(alike > 1 ? choice : name);
  }
  return names;
}

Expected<std::vector<double>> expected_costs(const std::vector<std::string>& workloads,
                                             std::uint64_t seed, const std::string& directory) {
  std::vector<double> costs;
  for (const std::string& choice : workloads) {
    const auto totals = totals_of(choice, seed, directory);
    if (!totals) return tl::unexpected(totals.error());
    costs.push_back(cost_of(totals->operations, totals->threads));
  }
  return costs;
}

std::vector<std::size_t> shard_of(const std::vector<double>& costs, unsigned shard,
                                  unsigned shards) {
  std::vector<std::size_t> order(costs.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&costs](std::size_t a, std::size_t b) { return costs[a] > costs[b]; });
  std::vector<double> loads(shards);
  std::vector<std::size_t> mine;
  for (const std::size_t item : order) {
    const auto least = std::min_element(loads.begin(), loads.end());
    *least += costs[item];
    if (static_cast<unsigned>(least - loads.begin()) + 1 == shard) mine.push_back(item);
  }
  std::sort(mine.begin(), mine.end());
  return mine;
}

}  // namespace heapwise
