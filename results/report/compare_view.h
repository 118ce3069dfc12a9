// SPDX-License-Identifier: MIT
// A comparison in its forms: for a terminal, a pull request, a program and a CI server.
#pragma once

#include <string>

#include "results/compare.h"

namespace heapwise {

/// For a terminal of 80 columns: what differs in the settings, every figure that changed or cannot
/// be told, worst first, and a sentence that sums up. With `all` also what stayed the same.
std::string compare_console(const Comparison& comparison, bool all);

/// The same for a pull request or a chat: a headline, and tables.
std::string compare_markdown(const Comparison& comparison);

/// The document that results/SCHEMA.md describes under "comparison".
std::string compare_json(const Comparison& comparison);

/// JUnit's XML as CI servers read it: a suite per workload, a case per figure, a failure for each
/// regression that the gate fails on, "skipped" for what cannot be told or is missing.
std::string compare_junit(const Comparison& comparison);

// ---- words that these forms share

/// "peak RSS", "time"
std::string figure_name(const FigureChange& change);

/// "peak RSS" of a figure that only one result has; empty of an allocator.
std::string figure_name(const Absent& absent);

/// "load, jemalloc" or "load, jemalloc: peak RSS"
std::string absent_text(const Absent& absent);

/// "1 figure", "16 figures"
std::string figures_text(std::size_t count);

/// "13.3 MiB", "41.2 ns"; "–" where there is none.
std::string figure_text(const FigureChange& change, const std::optional<double>& value);

/// "+10.2 %"; "–" where there is none.
std::string signed_percent_text(const std::optional<double>& percent);

/// "+8.1 to +12.4 %"; empty where there is none.
std::string range_text(const FigureChange& change);

/// "1 figure got worse by more than 5 %": the answer in a sentence, without a full stop.
std::string compare_headline(const Comparison& comparison);

/// What else to know: a machine that was slower as a whole, allocators that are missing on a side,
/// new versions. Sentences.
std::vector<std::string> compare_notes(const Comparison& comparison);

/// Those that the gate fails on first, then worse, inconclusive and better, each from the largest
/// shift down; what stayed the same last.
std::vector<const FigureChange*> by_importance(const Comparison& comparison);

}  // namespace heapwise
