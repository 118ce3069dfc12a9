// SPDX-License-Identifier: MIT
#include "results/regret.h"

#include <algorithm>
#include <map>
#include <tuple>

#include "results/difference.h"
#include "results/summarize.h"
#include "results/thresholds.h"

namespace heapwise {
namespace {

using Compare = Difference (*)(const Summary&, const Summary&, const WorkloadInfo*);
using IsMeasured = bool (*)(const Summary&);

/// One of the things that are compared.
struct Aspect {
  std::optional<RegretCell> Regret::*cell;
  IsMeasured measured;
  Compare compare;
};

Difference by_memory(const Summary& one, const Summary& other, const WorkloadInfo* /*workload*/) {
  return memory_difference(one, other);
}
Difference by_latency(const Summary& one, const Summary& other, const WorkloadInfo* /*workload*/) {
  return latency_difference(one, other);
}

const Aspect kAspects[] = {
    {&Regret::memory, [](const Summary& one) { return memory_cost(one).has_value(); }, by_memory},
    {&Regret::speed, [](const Summary& one) { return one.ns_per_operation.has_value(); },
     speed_difference},
    {&Regret::latency, [](const Summary& one) { return one.latency_p999_ns.has_value(); },
     by_latency},
};

/// One workload's rows that have figures to compare.
struct Field {
  const WorkloadInfo* workload = nullptr;
  std::vector<const Summary*> rows;
};

/// The one with the least of what is compared, which is not always the least median: speed goes by
/// CPU time, the faster half of the runs and the starts of processes.
const Summary* best_of(const Field& field, const Aspect& aspect) {
  const Summary* best = nullptr;
  for (const Summary* row : field.rows) {
    if (!aspect.measured(*row)) continue;
    if (best == nullptr || aspect.compare(*row, *best, field.workload).percent < 0) best = row;
  }
  return best;
}

/// Of one against the best. Medians over recordings may go round in a circle, so one may be less
/// than the best: that is noise.
std::string standing_of(Relation relation) {
  switch (relation) {
    case Relation::same:
      return "same";
    case Relation::unclear:
    case Relation::less:
      return "unclear";
    default:
      return "worse";
  }
}

void fill_cell(Regret& regret, const Summary& row, const Field& field, const Aspect& aspect) {
  const Summary* const best = best_of(field, aspect);
  if (best == nullptr || !aspect.measured(row)) return;
  if (best == &row) {
    regret.*aspect.cell = RegretCell{0, "best"};
    return;
  }
  const Difference difference = aspect.compare(row, *best, field.workload);
  regret.*aspect.cell = RegretCell{difference.percent, standing_of(difference.relation)};
}

/// Whether `other` is better than `one` in some figure and worse in none.
bool beats(const Summary& other, const Summary& one, const WorkloadInfo* workload) {
  bool better = false;
  for (const Aspect& aspect : kAspects) {
    const Relation relation = aspect.compare(other, one, workload).relation;
    if (relation == Relation::more) return false;
    better = better || relation == Relation::less;
  }
  return better;
}

bool on_front(const Summary& row, const Field& field) {
  return std::none_of(field.rows.begin(), field.rows.end(), [&](const Summary* other) {
    return other != &row && beats(*other, row, field.workload);
  });
}

/// Memory in per cent and what time is worth, against the best of each; nothing where one of the
/// two was not measured.
std::optional<double> balanced_cost(const Regret& regret, const Summary& row, const Field& field) {
  if (!regret.memory || !regret.speed) return std::nullopt;
  double cpu = counted(*regret.speed) * thresholds::kAssumedAllocatorShare;
  const Summary* const fastest = best_of(field, kAspects[1]);
  const auto share = speed_difference(row, *fastest, field.workload).cpu_percent;
  if (share) cpu = counted(*regret.speed) > 0 ? *share : 0;
  return counted(*regret.memory) + thresholds::kCpuPointsPerPercent * cpu;
}

std::map<std::string, Field> fields_of(const std::vector<Summary>& summaries,
                                       const std::vector<WorkloadInfo>& workloads) {
  std::map<std::string, Field> fields;
  for (const WorkloadInfo& info : workloads) fields[info.name].workload = &info;
  for (const Summary& row : summaries) {
    if (row.failures == 0) fields[row.workload].rows.push_back(&row);
  }
  return fields;
}

/// What was the least in a workload becomes 0.
void level_points(std::vector<Regret>& regrets) {
  std::map<std::string, double> least;
  for (const Regret& one : regrets) {
    if (!one.balanced_points) continue;
    const auto [place, fresh] = least.emplace(one.workload, *one.balanced_points);
    if (!fresh) place->second = std::min(place->second, *one.balanced_points);
  }
  for (Regret& one : regrets) {
    if (one.balanced_points) *one.balanced_points -= least[one.workload];
  }
}

void count_towards(std::optional<RegretFigure>& figure, double value, double clear,
                   const std::string& workload, unsigned& number) {
  if (!figure) figure.emplace();
  ++number;
  figure->mean += (value - figure->mean) / number;
  figure->clear_mean += (clear - figure->clear_mean) / number;
  if (value <= figure->worst && !figure->worst_workload.empty()) return;
  figure->worst = value;
  figure->worst_workload = workload;
}

void count_cell(std::optional<RegretFigure>& figure, const std::optional<RegretCell>& cell,
                const std::string& workload, unsigned& number) {
  if (!cell) return;
  const double clear = cell->standing == "worse" ? cell->percent : 0;
  count_towards(figure, counted(*cell), clear, workload, number);
}

bool noisy(const Regret& one) {
  return one.memory->standing == "unclear" || one.speed->standing == "unclear";
}

auto rank(const FleetRow& row) {
  return std::tuple(row.allocator != "glibc", row.allocator, row.tuning != "default", row.tuning);
}

}  // namespace

double counted(const RegretCell& cell) {
  return cell.standing == "best" || cell.standing == "same" ? 0 : std::max(0.0, cell.percent);
}

std::vector<Regret> regrets_of(const std::vector<Summary>& summaries,
                               const std::vector<WorkloadInfo>& workloads) {
  const auto fields = fields_of(summaries, workloads);
  std::vector<Regret> regrets;
  for (const Summary& row : summaries) {
    Regret& regret = regrets.emplace_back();
    regret.workload = row.workload;
    regret.allocator = row.allocator;
    regret.tuning = row.tuning;
    regret.failure = row.failure;
    const auto field = fields.find(row.workload);
    if (row.failures > 0 || field == fields.end()) continue;
    for (const Aspect& aspect : kAspects) fill_cell(regret, row, field->second, aspect);
    regret.on_front = on_front(row, field->second);
    regret.balanced_points = balanced_cost(regret, row, field->second);
  }
  level_points(regrets);
  return regrets;
}

std::vector<FleetRow> fleet_of(const std::vector<Regret>& regrets) {
  struct Counts {
    unsigned memory = 0, speed = 0, latency = 0, balanced = 0;
  };
  std::vector<FleetRow> fleet;
  std::map<std::pair<std::string, std::string>, Counts> counts;
  std::vector<std::string> workloads;
  for (const Regret& one : regrets) {
    if (std::find(workloads.begin(), workloads.end(), one.workload) == workloads.end()) {
      workloads.push_back(one.workload);
    }
    auto row = std::find_if(fleet.begin(), fleet.end(), [&one](const FleetRow& known) {
      return known.allocator == one.allocator && known.tuning == one.tuning;
    });
    if (row == fleet.end()) {
      row = fleet.insert(fleet.end(), FleetRow{});
      row->allocator = one.allocator;
      row->tuning = one.tuning;
    }
    if (!one.failure.empty()) {
      ++row->failures;
      continue;
    }
    ++row->workloads;
    Counts& count = counts[{one.allocator, one.tuning}];
    count_cell(row->memory, one.memory, one.workload, count.memory);
    count_cell(row->speed, one.speed, one.workload, count.speed);
    count_cell(row->latency, one.latency, one.workload, count.latency);
    if (one.balanced_points) {
      const double clear = noisy(one) ? 0 : *one.balanced_points;
      count_towards(row->balanced, *one.balanced_points, clear, one.workload, count.balanced);
    }
  }
  for (FleetRow& row : fleet) {
    row.missing = static_cast<unsigned>(workloads.size()) - row.workloads - row.failures;
  }
  std::stable_sort(fleet.begin(), fleet.end(), [](const FleetRow& left, const FleetRow& right) {
    return rank(left) < rank(right);
  });
  return fleet;
}

}  // namespace heapwise
