// SPDX-License-Identifier: MIT
// The choice of one allocator for all workloads, in words.
#include <fmt/format.h>

#include <algorithm>

#include "results/regret.h"
#include "results/summarize.h"
#include "results/thresholds.h"
#include "results/units.h"
#include "results/wording.h"

namespace heapwise {
namespace {

using Member = std::optional<RegretFigure> FleetRow::*;

/// What one objective looks at, and how it is spoken of.
struct Question {
  Objective objective;
  Member figure;
  double worth;      ///< a gain in the mean that counts
  const char* unit;  ///< behind a number
  const char* what;  ///< "more memory"
};

const Question kQuestions[] = {
    {Objective::balanced, &FleetRow::balanced, thresholds::kFleetBalancedPoints, " points",
     "behind"},
    {Objective::memory, &FleetRow::memory, thresholds::kFleetMemoryPoints, " %", "more memory"},
    {Objective::speed, &FleetRow::speed, thresholds::kFleetSpeedPoints, " %",
     "more allocator time"},
    {Objective::latency, &FleetRow::latency, thresholds::kFleetLatencyPoints, " %",
     "longer at the 99.9th percentile"},
};

std::string name_of(const FleetRow& row) { return display_name(row.allocator, row.tuning); }

std::string amount(double value, const Question& question) {
  return fmt::format("{:.{}f}{}", value, value < 9.95 ? 1 : 0, question.unit);
}

/// "on average 4.1 % more memory than the best of each workload, at most 21 % (churn)"
std::string regret_phrase(const RegretFigure& figure, const Question& question, bool whole) {
  if (figure.worst < 0.05) return "the best of every workload, or level with it";
  std::string text = fmt::format("on average {} {}{}", amount(figure.mean, question), question.what,
                                 whole ? " than the best of each workload" : "");
  if (question.objective == Objective::balanced) {
    text = fmt::format("on average {} behind the best{}", amount(figure.mean, question),
                       whole ? " of each workload" : "");
  }
  if (figure.worst > 0) {
    text += fmt::format(", at most {} ({})", amount(figure.worst, question), figure.worst_workload);
  }
  return text;
}

/// Why a row cannot be chosen, or nothing.
std::string obstacle(const FleetRow& row, Member figure,
                     const std::vector<Deployment>& deployments) {
  const bool known = std::any_of(deployments.begin(), deployments.end(), [&row](const auto& one) {
    return one.allocator == row.allocator &&
           (one.allocator == "glibc" || !one.preload_path.empty() || !one.link_flag.empty());
  });
  if (!known) return "how to put it under a program is not known here";
  if (row.failures > 0) {
    return fmt::format("runs failed on {} workload{}", row.failures, row.failures == 1 ? "" : "s");
  }
  if (row.missing > 0) {
    return fmt::format("it was not run on {} workload{}", row.missing, row.missing == 1 ? "" : "s");
  }
  if (!(row.*figure)) return "it was not measured";
  return {};
}

bool better(const RegretFigure& one, const RegretFigure& other) {
  return one.mean != other.mean ? one.mean < other.mean : one.worst < other.worst;
}

bool is_glibc(const FleetRow& row) {
  return same_allocator(row, AllocatorName{"glibc", "default"});
}

struct Race {
  const FleetRow* base = nullptr;
  const FleetRow* best = nullptr;    ///< of the least mean
  const FleetRow* safest = nullptr;  ///< of the least worst
  std::vector<const FleetRow*> runners;
  std::vector<std::string> left_out;
  bool has_glibc = false;  ///< glibc's default took part, if with no figure that counts
};

Race race_of(const std::vector<FleetRow>& fleet, const Question& question,
             const std::vector<Deployment>& deployments) {
  Race race;
  race.has_glibc = std::any_of(fleet.begin(), fleet.end(), is_glibc);
  for (const FleetRow& row : fleet) {
    const std::string why = obstacle(row, question.figure, deployments);
    if (!why.empty()) {
      race.left_out.push_back(fmt::format("{} was left out: {}.", name_of(row), why));
      continue;
    }
    race.runners.push_back(&row);
    if (race.base == nullptr) {  // glibc's default comes first, where it is
      race.base = &row;
      if (!race.has_glibc) {
        race.left_out.push_back(
            fmt::format("glibc's default is missing, so {} is the baseline.", name_of(row)));
      }
    }
    const auto& mine = *(row.*question.figure);
    if (race.best == nullptr || better(mine, *(race.best->*question.figure))) race.best = &row;
    if (race.safest == nullptr || mine.worst < (race.safest->*question.figure)->worst) {
      race.safest = &row;
    }
  }
  return race;
}

unsigned fewest_repetitions(const Result& result) {
  unsigned fewest = ~0U;
  for (const Summary& row : result.summary) {
    if (row.failures == 0) fewest = std::min(fewest, row.repetitions);
  }
  return fewest;
}

std::vector<std::string> reasons_of(const Race& race, const Question& question,
                                    const FleetRow& chosen) {
  std::vector<std::string> reasons;
  for (const FleetRow* row : race.runners) {
    reasons.push_back(fmt::format("{}: {}.", name_of(*row),
                                  regret_phrase(*(row->*question.figure), question, false)));
  }
  const double worst = (chosen.*question.figure)->worst;
  const double least = (race.safest->*question.figure)->worst;
  if (worst - least > question.worth) {
    reasons.push_back(
        fmt::format("Who fears the worst case more than the average takes {}: at most {} ({}).",
                    name_of(*race.safest), amount(least, question),
                    (race.safest->*question.figure)->worst_workload));
  }
  reasons.insert(reasons.end(), race.left_out.begin(), race.left_out.end());
  return reasons;
}

Recommendation answer(const Race& race, const Question& question, unsigned repetitions) {
  const auto& base = *(race.base->*question.figure);
  const auto& best = *(race.best->*question.figure);
  const bool gains = base.mean - best.mean > question.worth;
  const bool enough = repetitions >= thresholds::kRepetitions;
  const bool told = enough && base.clear_mean - best.mean > question.worth;
  const FleetRow& chosen = gains && told ? *race.best : *race.base;
  Recommendation verdict;
  verdict.objective = question.objective;
  verdict.choice = {chosen.allocator, chosen.tuning};
  verdict.over = {race.base->allocator, race.base->tuning};
  verdict.reasons = reasons_of(race, question, chosen);
  if (!gains) {
    verdict.verdict = VerdictKind::same;
    verdict.headline = fmt::format("keep {}: {}; no other gains an amount that counts",
                                   name_of(*race.base), regret_phrase(base, question, true));
  } else if (!told) {
    verdict.verdict = VerdictKind::inconclusive;
    const std::string why = enough ? "much of the difference is within the noise"
                                   : fmt::format("{} repetition{} cannot tell", repetitions,
                                                 repetitions == 1 ? "" : "s");
    verdict.headline =
        fmt::format("inconclusive, so keep {}: {} is {}; {} {}; but {}", name_of(*race.base),
                    name_of(*race.best), regret_phrase(best, question, true), name_of(*race.base),
                    regret_phrase(base, question, false), why);
  } else {
    verdict.verdict = VerdictKind::better;
    verdict.headline =
        fmt::format("{}: {}; {} {}", name_of(chosen), regret_phrase(best, question, true),
                    name_of(*race.base), regret_phrase(base, question, false));
  }
  return verdict;
}

/// Where glibc's default took part and has no figure that counts.
Recommendation nothing_to_compare_with(const Race& race, const Question& question) {
  Recommendation verdict;
  verdict.objective = question.objective;
  verdict.verdict = VerdictKind::inconclusive;
  verdict.choice = verdict.over = {"glibc", "default"};
  verdict.headline = "inconclusive, so keep glibc: it has no figure to compare the others with";
  verdict.reasons = reasons_of(race, question, *race.base);
  return verdict;
}

}  // namespace

std::vector<Recommendation> recommend_fleet(const Result& result,
                                            const std::vector<FleetRow>& fleet,
                                            const std::vector<Deployment>& deployments) {
  std::vector<Recommendation> verdicts;
  for (const Question& question : kQuestions) {
    const Race race = race_of(fleet, question, deployments);
    if (race.base == nullptr) continue;
    Recommendation verdict = race.has_glibc && !is_glibc(*race.base)
                                 ? nothing_to_compare_with(race, question)
                                 : answer(race, question, fewest_repetitions(result));
    verdict.how_to = deployment_lines(verdict.choice, {}, deployments);
    verdicts.push_back(std::move(verdict));
  }
  return verdicts;
}

void fill_regrets(Result& result, const std::vector<Deployment>& deployments) {
  result.regrets = regrets_of(result.summary, result.workloads);
  result.fleet.clear();
  result.fleet_recommendations.clear();
  const bool several = std::any_of(
      result.summary.begin(), result.summary.end(),
      [&result](const Summary& one) { return one.workload != result.summary.front().workload; });
  if (!several) return;
  result.fleet = fleet_of(result.regrets);
  if (result.fleet.size() < 2) return;  // nothing to choose from
  result.fleet_recommendations = recommend_fleet(result, result.fleet, deployments);
}

}  // namespace heapwise
