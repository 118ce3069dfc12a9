// SPDX-License-Identifier: MIT
#include "results/merge.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "results/comparability.h"
#include "results/summarize.h"
#include "results/wording.h"

namespace heapwise {
namespace {

using Shard = std::pair<std::string, Result>;

template <class T>
std::string shown(const T& value) {
  return fmt::format("{}", value);
}
std::string shown(const std::string& value) { return value.empty() ? "nothing" : value; }
std::string shown(const std::vector<std::string>& values) {
  std::string text;
  for (const std::string& one : values) text += (text.empty() ? "" : ", ") + one;
  return shown(text);
}

/// What is in one list and not in the other says more than both lists.
std::string only(const std::vector<std::string>& one, const std::vector<std::string>& other) {
  std::vector<std::string> left;
  for (const std::string& item : one) {
    if (std::find(other.begin(), other.end(), item) == other.end()) left.push_back(item);
  }
  return shown(left);
}

class Differences {
 public:
  template <class T>
  void compare(const char* name, const T& one, const T& other) {
    if (one == other) return;
    list_.push_back(fmt::format("{}: {} against {}", name, shown(one), shown(other)));
  }
  void compare_lists(const char* name, const std::vector<std::string>& one,
                     const std::vector<std::string>& other) {
    if (one == other) return;
    if (std::set(one.begin(), one.end()) == std::set(other.begin(), other.end())) {
      list_.push_back(fmt::format("{}: in another order", name));
    } else {
      list_.push_back(
          fmt::format("{}: only here {}; only there {}", name, only(one, other), only(other, one)));
    }
  }
  SettingDifferences take() { return std::move(list_); }

 private:
  SettingDifferences list_;
};

std::string joined(const SettingDifferences& list) {
  std::string text;
  for (const std::string& one : list) text += (text.empty() ? "" : "; ") + one;
  return text;
}

tl::unexpected<Error> refuse(const std::string& what, const std::string& hint) {
  return fail(ErrorCode::bad_input, what, hint);
}

Expected<void> check_is_shard(const Shard& shard) {
  const auto& [name, result] = shard;
  if (!result.suite || !result.suite->merged.empty()) {
    return refuse(fmt::format("{} is {}", name, result.suite ? "merged already" : "no suite's"),
                  "Give what heapwise suite --shard I/N wrote.");
  }
  if (!result.suite->complete) {
    return refuse(fmt::format("{} (shard {} of {}) was cut short", name, result.suite->shard,
                              result.suite->shards),
                  fmt::format("Finish it: heapwise suite --resume --json {}", name));
  }
  return {};
}

/// The versions of what ran must be the same everywhere.
Expected<void> check_versions(const std::vector<Shard>& shards) {
  std::map<std::string, std::pair<std::string, std::string>> seen;  // version, shard
  for (const auto& [name, result] : shards) {
    for (const Run& run : result.runs) {
      if (run.version.empty()) continue;
      const auto [place, fresh] =
          seen.emplace(display_name(run.allocator, run.tuning), std::pair(run.version, name));
      if (fresh || place->second.first == run.version) continue;
      return refuse(fmt::format("{} is {} in {} and {} in {}", place->first, place->second.first,
                                place->second.second, run.version, name),
                    "Run the shards again with the same versions.");
    }
  }
  return {};
}

Expected<void> check_alike(const std::vector<Shard>& shards) {
  for (const Shard& shard : shards) {
    auto fine = check_is_shard(shard);
    if (!fine) return fine;
    const auto differences = suite_differences(shards.front().second, shard.second);
    if (differences.empty()) continue;
    return refuse(fmt::format("{} and {} are of different suites: {}", shards.front().first,
                              shard.first, joined(differences)),
                  "Merge shards of one suite; all must be told the same settings and seed.");
  }
  return check_versions(shards);
}

Expected<void> check_complete(const std::vector<Shard>& shards) {
  std::map<unsigned, std::string> there;
  for (const auto& [name, result] : shards) {
    const auto [place, fresh] = there.emplace(result.suite->shard, name);
    if (fresh) continue;
    return refuse(fmt::format("{} and {} are both shard {}", place->second, name, place->first),
                  "Give each shard once.");
  }
  std::vector<std::string> missing;
  const unsigned shards_told = shards.front().second.suite->shards;
  for (unsigned number = 1; number <= shards_told; ++number) {
    if (there.count(number) == 0) missing.push_back(std::to_string(number));
  }
  if (missing.empty()) return {};
  return refuse(
      fmt::format("shard{} {} of {} {} missing", missing.size() == 1 ? "" : "s", enumerate(missing),
                  shards_told, missing.size() == 1 ? "is" : "are"),
      fmt::format("Run it: heapwise suite --shard {}/{} with the same settings and --seed "
                  "{}.",
                  missing.front(), shards_told, shards.front().second.seed));
}

void add_harness(Harness& harness, const Harness& other) {
  harness.null_rss_bytes = std::max(harness.null_rss_bytes, other.null_rss_bytes);
  harness.null_rss_growth_bytes =
      std::max(harness.null_rss_growth_bytes, other.null_rss_growth_bytes);
}

/// Over all operations of all workloads.
void fill_null_time(Result& merged) {
  double ns = 0, operations = 0;
  for (const WorkloadInfo& one : merged.workloads) {
    if (!one.null_ns_per_operation) continue;
    ns += *one.null_ns_per_operation * static_cast<double>(one.operations);
    operations += static_cast<double>(one.operations);
  }
  merged.harness.null_ns_per_operation.reset();
  if (operations > 0) merged.harness.null_ns_per_operation = ns / operations;
}

void warn_of_machines(Result& merged, const std::vector<Shard>& shards) {
  std::vector<Warning>& warnings = merged.environment.warnings;
  for (const auto& [name, result] : shards) {
    for (const Warning& one : result.environment.warnings) {
      const bool told = std::any_of(warnings.begin(), warnings.end(), [&one](const Warning& other) {
        return other.what == one.what;
      });
      if (!told) warnings.push_back(one);
    }
    const auto differences =
        machine_differences(shards.front().second.environment, result.environment);
    if (differences.empty()) continue;
    warnings.push_back({"mixed-machines",
                        fmt::format("the machines of {} and {} differ: {}", shards.front().first,
                                    name, joined(differences)),
                        "compare allocators within a workload only, or use machines of one kind",
                        ""});
  }
}

/// 0 is no limit.
double longer_budget(double one, double other) {
  return one == 0 || other == 0 ? 0 : std::max(one, other);
}

/// Workloads in the order that the whole suite would have had.
void sort_workloads(Result& merged) {
  const auto& order = merged.suite->workloads;
  std::map<std::string, std::size_t> places;
  for (const SuiteWorkload& one : merged.suite->progress) {
    places[one.workload] =
        static_cast<std::size_t>(std::find(order.begin(), order.end(), one.choice) - order.begin());
  }
  const auto by_place = [&places](const std::string& a, const std::string& b) {
    return places[a] < places[b];
  };
  std::stable_sort(merged.workloads.begin(), merged.workloads.end(),
                   [&](const auto& a, const auto& b) { return by_place(a.name, b.name); });
  std::stable_sort(merged.runs.begin(), merged.runs.end(),
                   [&](const auto& a, const auto& b) { return by_place(a.workload, b.workload); });
  std::stable_sort(merged.suite->progress.begin(), merged.suite->progress.end(),
                   [&](const auto& a, const auto& b) { return by_place(a.workload, b.workload); });
}

}  // namespace

SettingDifferences suite_differences(const Result& one, const Result& other) {
  Differences differences;
  const SuiteInfo& mine = *one.suite;
  const SuiteInfo& theirs = *other.suite;
  differences.compare("heapwise", one.heapwise_version, other.heapwise_version);
  differences.compare("mode", mine.mode, theirs.mode);
  differences.compare_lists("workloads", mine.workloads, theirs.workloads);
  differences.compare_lists("allocators", mine.allocators, theirs.allocators);
  differences.compare_lists("purposes", mine.purposes, theirs.purposes);
  differences.compare("least rounds", mine.least_rounds, theirs.least_rounds);
  differences.compare("most rounds", mine.most_rounds, theirs.most_rounds);
  differences.compare("seed", one.seed, other.seed);
  differences.compare("seed of the workloads", mine.workload_seed, theirs.workload_seed);
  differences.compare("number of shards", mine.shards, theirs.shards);
  return differences.take();
}

SettingDifferences machine_differences(const Environment& one, const Environment& other) {
  Result mine, theirs;
  mine.environment = one;
  theirs.environment = other;
  SettingDifferences list;
  for (const SettingDifference& found : differences_between(mine, theirs)) {
    if (!found.prevents) continue;
    list.push_back(fmt::format("{}: {} against {}", found.name, found.base, found.now));
  }
  return list;
}

Expected<Result> merge_shards(const std::vector<std::pair<std::string, Result>>& shards) {
  if (shards.empty()) return refuse("there is nothing to merge", "Give the results of all shards.");
  if (auto fine = check_alike(shards); !fine) return tl::unexpected(fine.error());
  if (auto fine = check_complete(shards); !fine) return tl::unexpected(fine.error());
  Result merged;
  const Result& first = shards.front().second;
  merged.heapwise_version = first.heapwise_version;
  merged.created = first.created;
  merged.seed = first.seed;
  merged.environment = first.environment;
  merged.suite = first.suite;
  SuiteInfo& suite = *merged.suite;
  suite.progress.clear();
  suite.elapsed_s = 0;
  std::map<std::string, std::string> owners;
  for (const auto& [name, result] : shards) {
    merged.created = std::max(merged.created, result.created);
    add_harness(merged.harness, result.harness);
    merged.machines.push_back(result.environment);
    suite.merged.push_back(result.suite->shard);
    suite.elapsed_s += result.suite->elapsed_s;
    suite.budget_s = longer_budget(suite.budget_s, result.suite->budget_s);
    suite.progress.insert(suite.progress.end(), result.suite->progress.begin(),
                          result.suite->progress.end());
    merged.runs.insert(merged.runs.end(), result.runs.begin(), result.runs.end());
    for (const WorkloadInfo& info : result.workloads) {
      const auto [place, fresh] = owners.emplace(info.name, name);
      if (!fresh) {
        return refuse(
            fmt::format("{} and {} both have workload {}", place->second, name, info.name),
            "Figures of one workload must come from one machine.");
      }
      merged.workloads.push_back(info);
      merged.workloads.back().host = result.environment.host;
    }
  }
  std::sort(suite.merged.begin(), suite.merged.end());
  suite.shard = 0;
  warn_of_machines(merged, shards);
  fill_null_time(merged);
  sort_workloads(merged);
  return merged;
}

}  // namespace heapwise
