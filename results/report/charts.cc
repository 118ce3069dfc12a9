// SPDX-License-Identifier: MIT
#include "results/report/charts.h"

#include <algorithm>
#include <array>

#include "results/report/text.h"
#include "results/summarize.h"

namespace heapwise {
namespace {

/// Okabe and Ito's colours, the ones dark enough for a line on white first.
constexpr std::array<const char*, 8> kColours = {"#0072b2", "#d55e00", "#009e73", "#cc79a7",
                                                 "#b8860b", "#7f5fc7", "#a05a2c", "#8c8c8c"};

/// The four usual allocators have the same colour in every report.
std::string colour_of(const std::string& name, std::size_t& next_free) {
  static constexpr std::array<const char*, 4> kUsual = {"glibc", "jemalloc", "tcmalloc",
                                                        "mimalloc"};
  for (std::size_t index = 0; index < kUsual.size(); ++index) {
    if (name == kUsual[index]) return kColours[index];
  }
  const std::size_t rest = kColours.size() - kUsual.size();
  return kColours[kUsual.size() + next_free++ % rest];
}

}  // namespace

std::vector<Series> series_of(const WorkloadView& view, const Result& result) {
  std::vector<Series> all;
  std::size_t next_free = 0;
  for (const Summary* row : view.rows) {
    Series& one = all.emplace_back();
    one.name = printable(display_name(*row));
    one.colour = colour_of(one.name, next_free);
    one.summary = row;
    std::vector<const Run*> runs;
    for (const Run& run : result.runs) {
      if (run.workload == row->workload && run.allocator == row->allocator &&
          run.tuning == row->tuning && run.status == RunStatus::ok && !run.samples.empty()) {
        runs.push_back(&run);
      }
    }
    if (runs.empty()) continue;
    std::stable_sort(runs.begin(), runs.end(), [](const Run* left, const Run* right) {
      return left->peak_rss_bytes.value_or(0) < right->peak_rss_bytes.value_or(0);
    });
    const auto middle = runs.begin() + static_cast<std::ptrdiff_t>((runs.size() - 1) / 2);
    one.typical = *middle;
    runs.erase(middle);
    one.others = std::move(runs);
  }
  return all;
}

}  // namespace heapwise
