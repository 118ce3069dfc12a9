// SPDX-License-Identifier: MIT
#include "results/recommend.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>

#include "results/difference.h"
#include "results/flags.h"
#include "results/reasons.h"
#include "results/summarize.h"
#include "results/thresholds.h"
#include "results/units.h"
#include "results/wording.h"

namespace heapwise {
namespace {

/// One allocator against the baseline.
struct Candidate {
  const Summary* summary = nullptr;
  Difference memory, speed, latency;
  double points = 0;  ///< what ranks, by the objective
  double hopes = 0;   ///< the same, if the unclear differences turned out as their medians say
  bool allowed = true;
  bool risky = false;  ///< would not be, if an unclear loss turned out as its median says
};

/// All that a verdict on one workload is made from.
struct Contest {
  Objective objective = Objective::balanced;
  const WorkloadInfo* workload = nullptr;  ///< null where the result does not describe it
  const Harness* harness = nullptr;
  bool by_rounds = false;  ///< a suite's, which calls repetitions rounds
  const Summary* base = nullptr;
  std::vector<Candidate> candidates;  ///< without the baseline
  std::vector<std::string> left_out;  ///< a sentence each
};

bool has_figure(const Summary& summary, Objective objective) {
  if (objective == Objective::speed) return summary.ns_per_operation.has_value();
  if (objective == Objective::latency) return summary.latency_p999_ns.has_value();
  return memory_cost(summary).has_value();
}

/// What keeps a row from being judged: all of the figure, or the parts of memory that are missing.
std::string missing_figure(const Summary& summary, Objective objective) {
  if (objective == Objective::latency) return "tail latency";
  if (objective == Objective::speed) return "speed";
  std::vector<std::string> parts;
  if (!summary.peak_rss_bytes) parts.emplace_back("peak RSS");
  if (!summary.mean_rss_bytes) parts.emplace_back("mean RSS");
  if (!summary.end_rss_bytes) parts.emplace_back("end RSS");
  return parts.size() == 3 ? "memory" : enumerate(parts);
}

// ---- points

bool counts(const Difference& difference, bool hoping) {
  return difference.relation == Relation::less || difference.relation == Relation::more ||
         (hoping && difference.relation == Relation::unclear);
}

double memory_points(const Difference& memory, bool hoping) {
  return counts(memory, hoping) ? -memory.percent : 0;
}

double speed_points(const Difference& speed, bool hoping) {
  if (!counts(speed, hoping)) return 0;
  const double cpu = speed.cpu_percent.value_or(speed.percent * thresholds::kAssumedAllocatorShare);
  return -cpu * thresholds::kCpuPointsPerPercent;
}

double points_for(const Candidate& candidate, Objective objective, bool hoping) {
  if (objective == Objective::latency) {
    return counts(candidate.latency, hoping) ? -candidate.latency.percent : 0;
  }
  double points = 0;
  if (objective != Objective::speed) points += memory_points(candidate.memory, hoping);
  if (objective != Objective::memory) points += speed_points(candidate.speed, hoping);
  return points;
}

/// A loss of this relation that is greater than balanced can answer for, or null.
const Difference* great_loss(const Candidate& candidate, Relation relation) {
  const Difference &memory = candidate.memory, &speed = candidate.speed;
  if (memory.relation == relation && memory.percent > thresholds::kBalancedMemoryLoss) {
    return &memory;
  }
  const bool slow = speed.cpu_percent ? *speed.cpu_percent > thresholds::kBalancedCpuLoss
                                      : speed.percent > thresholds::kBalancedTimeLoss;
  return speed.relation == relation && slow ? &speed : nullptr;
}

Candidate judge(const Summary& summary, const Contest& contest) {
  Candidate candidate;
  candidate.summary = &summary;
  candidate.memory = memory_difference(summary, *contest.base);
  candidate.speed = speed_difference(summary, *contest.base, contest.workload);
  candidate.latency = latency_difference(summary, *contest.base);
  candidate.points = points_for(candidate, contest.objective, false);
  candidate.hopes = points_for(candidate, contest.objective, true);
  if (contest.objective == Objective::balanced) {
    candidate.allowed = great_loss(candidate, Relation::more) == nullptr;
    candidate.risky = great_loss(candidate, Relation::unclear) != nullptr;
  }
  return candidate;
}

// ---- who takes part

/// Whether the caller knows how to put it under a program: what can't be deployed is not advised.
bool is_deployable(const Summary& summary, const std::vector<Deployment>& deployments,
                   bool preloading) {
  return std::any_of(deployments.begin(), deployments.end(), [&](const Deployment& one) {
    return one.allocator == summary.allocator &&
           (one.allocator == "glibc" || !one.link_flag.empty() ||
            (preloading && !one.preload_path.empty()));
  });
}

/// The allocator that the program is linked to, by the name it has here; or empty.
std::string linked_to(const WorkloadInfo* workload) {
  return workload == nullptr ? std::string() : allocator_of_library(workload->linked_allocator);
}

/// Why this program takes no such allocator, or nothing.
std::string refusal(const Summary& summary, const WorkloadInfo* workload,
                    const std::vector<Deployment>& deployments) {
  if (workload == nullptr || summary.allocator == linked_to(workload)) return {};
  const PreloadVerdict preload = preload_verdict(*workload);
  if (preload.preload == Preload::never) {
    return fmt::format("{} was left out: the program uses functions that only {} has",
                       display_name(summary), workload->linked_allocator);
  }
  if (preload.preload == Preload::works || is_deployable(summary, deployments, false)) return {};
  return fmt::format("{} was left out: it can only be preloaded, which {} for this program",
                     display_name(summary),
                     preload.preload == Preload::useless ? "does nothing" : "is not safe");
}

/// Why this one cannot be chosen, or nothing.
std::string obstacle(const Summary& summary, const Contest& contest,
                     const std::vector<Deployment>& deployments) {
  if (!is_deployable(summary, deployments, true)) {
    return fmt::format("{} was left out: how to put it under a program is not known here",
                       display_name(summary));
  }
  if (summary.failures > 0) {
    return fmt::format("{} was left out: {} of its runs failed ({})", display_name(summary),
                       summary.failures, summary.failure);
  }
  if (std::string why = refusal(summary, contest.workload, deployments); !why.empty()) return why;
  if (!has_figure(summary, contest.objective)) {
    return fmt::format("{} was left out: its {} was not measured", display_name(summary),
                       missing_figure(summary, contest.objective));
  }
  return {};
}

bool is_default_of(const Summary& summary, const std::string& allocator) {
  return summary.allocator == allocator && (summary.tuning.empty() || summary.tuning == "default");
}

Expected<Contest> gather(const std::vector<Summary>& summaries, const std::string& workload,
                         Contest contest, const std::vector<Deployment>& deployments) {
  std::vector<const Summary*> entrants;
  bool known = false;
  std::string missing;
  for (const Summary& summary : summaries) {
    if (summary.workload != workload) continue;
    known = true;
    if (summary.allocator == "null") continue;
    if (missing.empty() && !has_figure(summary, contest.objective)) {
      missing = missing_figure(summary, contest.objective);
    }
    const std::string why = obstacle(summary, contest, deployments);
    if (why.empty()) {
      entrants.push_back(&summary);
      const bool linked = is_default_of(summary, linked_to(contest.workload));
      const bool glibc = is_default_of(summary, "glibc") && contest.base == nullptr;
      if (linked || glibc) contest.base = &summary;
    } else {
      contest.left_out.push_back(why + ".");
    }
  }
  if (!known && contest.workload != nullptr) {
    return fail(ErrorCode::bad_input,
                fmt::format("no run of workload '{}' is in the result", workload),
                "replay its trace again");
  }
  if (!known) {
    return fail(ErrorCode::bad_input, fmt::format("the result has no workload '{}'", workload),
                "heapwise report shows what it has");
  }
  if (entrants.empty()) {
    return fail(
        ErrorCode::bad_input,
        missing.empty()
            ? fmt::format("no allocator can be judged on workload '{}'", workload)
            : fmt::format("no allocator's {} was measured for workload '{}'", missing, workload),
        contest.objective == Objective::latency
            ? "measure it: heapwise replay TRACE --purposes footprint,throughput,latency"
        : contest.left_out.empty() ? "replay the trace again"
                                   : contest.left_out.front());
  }
  if (contest.base == nullptr) {
    contest.base = entrants.front();
    contest.left_out.push_back(fmt::format("glibc's default is missing, so {} is the baseline.",
                                           display_name(*contest.base)));
  }
  for (const Summary* entrant : entrants) {
    if (entrant != contest.base) contest.candidates.push_back(judge(*entrant, contest));
  }
  return contest;
}

// ---- who wins

/// Whether `one` cannot be told from `best` in the figure that the objective is about.
bool level_with(const Candidate& one, const Candidate& best, const Contest& contest) {
  if (contest.objective == Objective::balanced) return one.summary == best.summary;
  Difference difference = memory_difference(*one.summary, *best.summary);
  if (contest.objective == Objective::speed) {
    difference = speed_difference(*one.summary, *best.summary, contest.workload);
  } else if (contest.objective == Objective::latency) {
    difference = latency_difference(*one.summary, *best.summary);
  }
  return difference.relation == Relation::same || difference.relation == Relation::unclear;
}

double points_on_balance(const Candidate& one) {
  return points_for(one, Objective::balanced, false);
}

/// The best of those that are clearly better than the baseline. Between two that the objective
/// cannot tell apart the balanced score decides. One that scatters may overlap the best although
/// another between them does not: it is no better than that one, which is not chosen either.
const Candidate* winner(const Contest& contest) {
  std::vector<const Candidate*> able;
  for (const Candidate& one : contest.candidates) {
    if (one.allowed && !one.risky && one.points > 0) able.push_back(&one);
  }
  if (able.empty()) return nullptr;
  const Candidate* best = *std::max_element(
      able.begin(), able.end(),
      [](const Candidate* left, const Candidate* right) { return left->points < right->points; });
  double told_apart = 0;  // the points of the next that is
  for (const Candidate* one : able) {
    if (!level_with(*one, *best, contest)) told_apart = std::max(told_apart, one->points);
  }
  const Candidate* chosen = best;
  for (const Candidate* one : able) {
    if (one->points > told_apart && points_on_balance(*one) > points_on_balance(*chosen))
      chosen = one;
  }
  return chosen;
}

/// Whether nothing but a loss that is not clear keeps it from being chosen.
bool only_risks(const Candidate& hope) { return hope.risky && hope.points > 0; }

/// The most promising of those that might be better, if only the noise allowed to say so: first
/// those that clearly are, but for a loss that is not clear.
const Candidate* hopeful(const Contest& contest) {
  const auto most = [&contest](double Candidate::*score, const auto& counts) {
    const Candidate* best = nullptr;
    for (const Candidate& one : contest.candidates) {
      if (!one.allowed || !counts(one) || one.*score <= 0) continue;
      if (best == nullptr || one.*score > best->*score) best = &one;
    }
    return best;
  };
  const Candidate* const held_back = most(&Candidate::points, only_risks);
  return held_back != nullptr ? held_back
                              : most(&Candidate::hopes, [](const Candidate&) { return true; });
}

// ---- in words

/// ", 48 % less at the end" where what is left at the end differs far more than peak and mean do:
/// memory that went back to the system.
std::string end_phrase(const Candidate& candidate, const Contest& contest) {
  const auto& mine = candidate.summary->end_rss_bytes;
  const auto& theirs = contest.base->end_rss_bytes;
  if (!mine || !theirs || theirs->median <= 0) return {};
  const bool apart = mine->high < theirs->low || theirs->high < mine->low;
  const double percent = (mine->median / theirs->median - 1) * 100;
  const double rest = candidate.memory.relation == Relation::same ? 0 : candidate.memory.percent;
  const bool few = std::min(candidate.summary->repetitions, contest.base->repetitions) <
                   thresholds::kRepetitions;
  if (!apart || few || std::abs(percent) < thresholds::kStoryPercent ||
      std::abs(percent) < 2 * std::abs(rest) ||
      std::abs(mine->median - theirs->median) < thresholds::kMemoryBytes) {
    return {};
  }
  if (percent > 100)
    return fmt::format(", {} times as much at the end", format_number(percent / 100 + 1));
  return fmt::format(", {} {} at the end", format_percent(percent), percent < 0 ? "less" : "more");
}

/// One candidate against the baseline in a sentence; `base` is empty where the reader knows it.
std::string both_phrases(const Candidate& candidate, const Contest& contest,
                         const std::string& base) {
  if (contest.objective == Objective::latency) {
    return latency_phrase(candidate.latency, base) + "; " + memory_phrase(candidate.memory) + "; " +
           speed_phrase(candidate.speed);
  }
  const std::string end = end_phrase(candidate, contest);
  if (contest.objective == Objective::speed) {
    return speed_phrase(candidate.speed, base) + "; " + memory_phrase(candidate.memory) + end;
  }
  const bool memory_leads = counts(candidate.memory, false);
  return memory_phrase(candidate.memory, base) + end + "; " +
         speed_phrase(candidate.speed, memory_leads ? std::string() : base);
}

std::vector<std::string> rivals(const Contest& contest) {
  std::vector<std::string> names;
  for (const Candidate& one : contest.candidates) names.push_back(display_name(*one.summary));
  return names;
}

/// Of many rivals only the number: their names would fill the screen, and each has a line below.
std::string no_one(const std::vector<std::string>& names) {
  constexpr std::size_t kNamed = 4;
  if (names.size() == 1) return names.front() + " is not";
  if (names.size() == 2) return "neither " + enumerate(names, "nor") + " is";
  if (names.size() > kNamed) return fmt::format("none of the {} others is", names.size());
  return "none of " + enumerate(names) + " is";
}

std::string keep_headline(const Contest& contest) {
  const std::string start =
      fmt::format("keep {}: {} ", display_name(*contest.base), no_one(rivals(contest)));
  switch (contest.objective) {
    case Objective::memory:
      return start + "clearly smaller";
    case Objective::speed:
      return start + "faster by an amount that counts";
    case Objective::latency:
      return start + "quicker at the 99.9th percentile by an amount that counts";
    default:
      return start + "better on balance";
  }
}

/// Whether it is speed that the hoped-for points come from, rather than memory.
bool hopes_for_speed(const Contest& contest, const Candidate& hope) {
  if (contest.objective != Objective::balanced) return contest.objective == Objective::speed;
  const double memory = memory_points(hope.memory, true) - memory_points(hope.memory, false);
  const double speed = speed_points(hope.speed, true) - speed_points(hope.speed, false);
  return speed > memory;
}

/// The unclear difference that what is hoped for hangs on.
const Difference& leading_difference(const Contest& contest, const Candidate& hope) {
  if (only_risks(hope)) return *great_loss(hope, Relation::unclear);
  if (contest.objective == Objective::latency) return hope.latency;
  return hopes_for_speed(contest, hope) ? hope.speed : hope.memory;
}

unsigned repetitions_of(const Contest& contest, const Candidate& one) {
  return std::min(one.summary->repetitions, contest.base->repetitions);
}

/// "but" this.
std::string why_not_told(const Difference& difference, unsigned repetitions) {
  if (difference.too_few) {
    return fmt::format("{} repetition{} cannot tell", repetitions, repetitions == 1 ? "" : "s");
  }
  return difference.recordings_disagree ? "the recordings disagree"
                                        : "the runs scatter too widely to tell";
}

constexpr const char* kNarrow = " narrow the intervals";

/// What may make it clear.
std::string advice_on(const Difference& difference, const Contest& contest, unsigned repetitions) {
  if (difference.recordings_disagree) {
    return "More repetitions do not change that recordings disagree. More recordings show which "
           "of them are usual, and heapwise replay --separate gives each a verdict of its own.";
  }
  const char* const what = contest.by_rounds ? "rounds" : "repetitions";
  return fmt::format("More {}{}: --{} {}.", what, kNarrow, what, more_repetitions(repetitions));
}

std::string inconclusive_headline(const Contest& contest, const Candidate& hope) {
  const Difference& leading = leading_difference(contest, hope);
  const bool is_latency = &leading == &hope.latency;
  const std::string what =
      is_latency ? "tail latency" : (&leading == &hope.speed ? time_name(hope.speed) : "memory");
  const std::string start = fmt::format("inconclusive, so keep {}: {}", display_name(*contest.base),
                                        display_name(*hope.summary));
  const std::string shown = fmt::format("{} {} {}", format_percent(leading.percent),
                                        leading.percent < 0 ? "less" : "more", what);
  const std::string why = why_not_told(leading, repetitions_of(contest, hope));
  if (!only_risks(hope)) return fmt::format("{} shows {}, but {}", start, shown, why);
  const std::string gain =
      &leading == &hope.speed ? memory_phrase(hope.memory) : speed_phrase(hope.speed);
  return fmt::format("{} has {}, but perhaps {}, more than balanced trades away: {}", start, gain,
                     shown, why);
}

/// What the line on an allocator that was not chosen ends with.
std::string standing(const Candidate& one, const Candidate* chosen, const Contest& contest) {
  if (!one.allowed) return "; more than balanced trades away";
  if (only_risks(one)) return "; perhaps more than balanced trades away";
  if (chosen != nullptr && one.points > 0 && one.points >= chosen->points) {
    const std::string name = display_name(*chosen->summary);
    if (points_on_balance(*chosen) <= points_on_balance(one)) return "; level with " + name;
    if (!level_with(one, *chosen, contest)) return fmt::format("; {} is better on balance", name);
    return fmt::format("; not told apart from {}, which is better on balance", name);
  }
  const bool close =
      chosen != nullptr && one.points > 0 && chosen->points - one.points < thresholds::kCloseBehind;
  return close ? "; close behind" : "";
}

/// A line for each allocator that was not chosen, so that the reader sees it was considered.
void tell_others(const Contest& contest, const Candidate* chosen,
                 std::vector<std::string>& reasons) {
  for (const Candidate& one : contest.candidates) {
    if (&one == chosen) continue;
    reasons.push_back(fmt::format("{}: {}{}.", display_name(*one.summary),
                                  both_phrases(one, contest, {}), standing(one, chosen, contest)));
  }
}

Recommendation keep(const Contest& contest, const Candidate* hope) {
  Recommendation verdict;
  verdict.choice = {contest.base->allocator, contest.base->tuning};
  if (contest.candidates.empty()) {
    verdict.verdict = VerdictKind::inconclusive;
    verdict.headline = fmt::format("inconclusive: there is nothing to compare {} with",
                                   display_name(*contest.base));
  } else if (hope != nullptr) {
    verdict.verdict = VerdictKind::inconclusive;
    verdict.headline = inconclusive_headline(contest, *hope);
    verdict.reasons =
        tell_difference(*contest.base, *hope->summary, contest.workload, *contest.harness);
    verdict.reasons.push_back(
        advice_on(leading_difference(contest, *hope), contest, repetitions_of(contest, *hope)));
  } else {
    verdict.verdict = VerdictKind::same;
    verdict.headline = keep_headline(contest);
    verdict.reasons = tell_one(*contest.base, contest.workload);
  }
  tell_others(contest, nullptr, verdict.reasons);
  return verdict;
}

/// Whether a trace was replayed in which nobody called malloc.
bool made_no_calls(const Contest& contest) {
  return contest.workload != nullptr && contest.workload->operations == 0 &&
         contest.workload->peak_live_bytes == 0;
}

Recommendation take_any(const Contest& contest) {
  Recommendation verdict;
  verdict.choice = {contest.base->allocator, contest.base->tuning};
  verdict.verdict = VerdictKind::inconclusive;
  verdict.headline = "inconclusive: the program made no calls, so any allocator will do";
  verdict.reasons = {"What an allocator holds here is what it takes at its start."};
  return verdict;
}

Recommendation change(const Contest& contest, const Candidate& chosen) {
  Recommendation verdict;
  verdict.choice = {chosen.summary->allocator, chosen.summary->tuning};
  verdict.verdict = VerdictKind::better;
  verdict.headline = fmt::format("{}: {}", display_name(*chosen.summary),
                                 both_phrases(chosen, contest, display_name(*contest.base)));
  verdict.reasons =
      tell_difference(*contest.base, *chosen.summary, contest.workload, *contest.harness);
  tell_others(contest, &chosen, verdict.reasons);
  return verdict;
}

}  // namespace

Expected<Recommendation> recommend(const Result& result, const std::string& workload,
                                   Objective objective,
                                   const std::vector<Deployment>& deployments) {
  const std::vector<Summary> made =
      result.summary.empty() ? summarize(result.runs) : std::vector<Summary>{};
  Contest empty;
  empty.objective = objective;
  empty.workload = find_workload_info(result, workload);
  empty.harness = &result.harness;
  empty.by_rounds = result.suite.has_value();
  const auto contest =
      gather(result.summary.empty() ? made : result.summary, workload, empty, deployments);
  if (!contest) return tl::unexpected<Error>(contest.error());

  const Candidate* chosen = winner(*contest);
  Recommendation verdict;
  if (made_no_calls(*contest)) {
    verdict = take_any(*contest);
  } else {
    verdict = chosen != nullptr ? change(*contest, *chosen) : keep(*contest, hopeful(*contest));
  }
  verdict.workload = workload;
  verdict.objective = objective;
  verdict.over = {contest->base->allocator, contest->base->tuning};
  verdict.reasons.insert(verdict.reasons.end(), contest->left_out.begin(), contest->left_out.end());
  verdict.how_to = deployment_lines_for(
      verdict.choice, empty.workload == nullptr ? WorkloadInfo{} : *empty.workload, deployments);
  return verdict;
}

namespace {

/// The workloads in the order of the result's list, then any that only the figures know.
std::vector<std::string> workload_names(const Result& result) {
  std::vector<std::string> names;
  const auto add = [&names](const std::string& name) {
    if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
  };
  for (const WorkloadInfo& one : result.workloads) add(one.name);
  for (const Summary& one : result.summary) add(one.workload);
  for (const Run& one : result.runs) add(one.workload);
  return names;
}

}  // namespace

bool wants_more_runs(const Recommendation& verdict) {
  return verdict.verdict == VerdictKind::inconclusive &&
         std::any_of(verdict.reasons.begin(), verdict.reasons.end(), [](const std::string& reason) {
           return reason.find(kNarrow) != std::string::npos;
         });
}

unsigned more_repetitions(unsigned have) { return std::max(10U, 2 * have); }

Expected<Verdicts> recommend_all(const Result& result, Objective objective,
                                 const std::vector<Deployment>& deployments) {
  Verdicts all;
  std::optional<Error> first;
  for (const std::string& name : workload_names(result)) {
    auto verdict = recommend(result, name, objective, deployments);
    if (verdict) {
      all.made.push_back(std::move(*verdict));
      continue;
    }
    all.missing.push_back(fmt::format("no verdict on {}: {}", name, verdict.error().what));
    if (!first) first = verdict.error();
  }
  if (!all.made.empty()) return all;
  if (first) return tl::unexpected<Error>(*first);
  return fail(ErrorCode::bad_input, "the result has no runs", "replay a trace first");
}

std::vector<Recommendation> recommend_objectives(const Result& result,
                                                 const std::vector<Deployment>& deployments) {
  std::vector<Recommendation> verdicts;
  for (const std::string& name : workload_names(result)) {
    for (const Objective objective :
         {Objective::balanced, Objective::memory, Objective::speed, Objective::latency}) {
      auto verdict = recommend(result, name, objective, deployments);
      if (verdict) verdicts.push_back(std::move(*verdict));
    }
  }
  return verdicts;
}

}  // namespace heapwise
