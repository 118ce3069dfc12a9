// SPDX-License-Identifier: MIT
// A result against an earlier one: what became better, worse, or cannot be told.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "results/comparability.h"
#include "results/result.h"

namespace heapwise {

enum class Change { better, same, worse, inconclusive };

/// What a gate makes of one figure.
enum class Gate {
  passes,   ///< no regression beyond the limit, as far as the runs can show
  fails,    ///< a regression beyond the limit that the noise does not explain
  unclear,  ///< there may be one
};

/// One figure of one allocator on one workload. Less is better in all of them. Percentages are of
/// the base's figure.
struct FigureChange {
  std::string workload, allocator, tuning;
  std::string figure;  ///< "peak_rss_bytes", "mean_rss_bytes", "end_rss_bytes", "ns_per_operation"
  std::string clock;   ///< times only: "wall" or "cpu", whichever scattered less in both results
  unsigned base_runs = 0, now_runs = 0;      ///< that ended well
  std::optional<double> base, now;           ///< trimmed means
  std::optional<double> percent, low, high;  ///< the shift with its own 95 % interval
  std::optional<double> probability;         ///< adjusted for all figures of the comparison
  bool relative = false;                     ///< times: to the other allocators of the same rounds
  bool alone = false;  ///< times: no other allocator tells it from a slower machine
  Change change = Change::inconclusive;
  Gate gate = Gate::passes;  ///< without CompareOptions::fail_over_percent always `passes`
  /// Nothing to show: the same, and no gate has anything against it.
  bool is_same() const { return change == Change::same && gate == Gate::passes; }
  std::string reason;  ///< why it is inconclusive, or what failed; a clause, may be empty
};

/// What only one of two results has.
struct Absent {
  std::string workload, allocator, tuning;
  std::string figure;  ///< as of a FigureChange; empty: the allocator has no run at all
};

struct CompareOptions {
  std::optional<double> fail_over_percent;
  bool anyway = false;  ///< although machine, load or settings differ
};

struct Comparison {
  std::string base_name, now_name;        ///< as given
  std::string base_created, now_created;  ///< RFC 3339
  std::vector<SettingDifference> differences;
  std::vector<FigureChange> changes;  ///< in the order of the base's workloads and allocators
  std::vector<Absent> only_in_base, only_in_now;
  /// By how much all allocators together, and the harness alone, took longer by the clock: the
  /// machine's doing, and no allocator's. Per cent.
  std::optional<double> common_time_percent, harness_time_percent;
  std::optional<double> fail_over_percent;
  bool by_clock = false;  ///< times are not compared by their ratio to others: machines differ

  unsigned count(Change change) const;
  unsigned count(Gate gate) const;
  unsigned count_same() const;  ///< FigureChange::is_same
  /// Of all figures together. What is no longer measured may have become worse.
  Gate gate() const;
};

/// Compares what both results measured. Fails when they have nothing in common, or when what they
/// were measured on or with differs and `anyway` is not set; the message then names what.
/// A change is told from noise by trimmed means, by dealing the rounds out anew for all figures at
/// once, and by the least change that is worth a word (thresholds.h); times are compared by their
/// ratio to the other allocators of the same round where three or more are there, else by the clock
/// and by that ratio, and both must show the change; the time of a lone allocator is never called
/// changed. Rounds of all recordings count; where both results replayed the same ones, each is
/// compared with itself and then moved to one level. Pure and deterministic.
Expected<Comparison> compare(const Result& base, const Result& now, const CompareOptions& options);

std::string to_string(Change change);
std::string to_string(Gate gate);

}  // namespace heapwise
