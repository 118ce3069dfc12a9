// SPDX-License-Identifier: MIT
#include "cli/bench_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <map>
#include <string_view>
#include <vector>

#include "results/report/text.h"
#include "results/statistics.h"
#include "results/units.h"

namespace heapwise::cli {
namespace {

constexpr std::size_t kSpreadColumns = 6;
constexpr std::size_t kLeastColumns = 9;
constexpr std::size_t kMostColumns = 14;

std::vector<double> times_of(const BenchResult& result, std::size_t primitive,
                             std::size_t contender) {
  std::vector<double> times;
  for (const PrimitiveRun& run : result.runs) {
    if (run.primitive == primitive && run.contender == contender && run.status == RunStatus::ok) {
      times.push_back(run.ns);
    }
  }
  return times;
}

/// A number that follows a slash, in the units of memory that it is even in.
std::string readable_number(const std::string& digits) {
  const unsigned long long value = std::stoull(digits);
  constexpr unsigned long long kKiB = 1024, kMiB = kKiB * kKiB;
  if (value >= kMiB && value % kMiB == 0) return fmt::format("{}M", value / kMiB);
  if (value >= kKiB && value % kKiB == 0) return fmt::format("{}K", value / kKiB);
  return digits;
}

/// "malloc_free/4194304/real_time/threads:2" as "malloc_free 4M ×2".
std::string readable(const std::string& primitive) {
  std::string text;
  for (std::string_view rest = primitive; !rest.empty();) {
    const std::string part(rest.substr(0, rest.find('/')));
    rest.remove_prefix(std::min(rest.size(), part.size() + 1));
    const bool digits = part.size() < 19 && std::all_of(part.begin(), part.end(), [](char letter) {
                          return std::isdigit(static_cast<unsigned char>(letter)) != 0;
                        });
    if (part == "real_time") continue;
    if (!text.empty()) text += ' ';
    if (part.rfind("threads:", 0) == 0) {
      text += "×" + part.substr(8);
    } else {
      text += digits && !part.empty() ? readable_number(part) : part;
    }
  }
  return text;
}

/// The widest of a row: half the range of an allocator's times over their median.
std::string spread_of(const BenchResult& result, std::size_t primitive,
                      const std::vector<std::size_t>& contenders) {
  double widest = -1;
  for (const std::size_t contender : contenders) {
    const auto times = times_of(result, primitive, contender);
    if (times.size() < 2) continue;
    const auto [least, most] = std::minmax_element(times.begin(), times.end());
    const double middle = median(times);
    if (middle > 0) widest = std::max(widest, 50 * (*most - *least) / middle);
  }
  return widest < 0 ? "" : fmt::format("{:.0f}%", widest);
}

/// What a cell says of an allocator that has no time.
std::string failure_of(const BenchResult& result, std::size_t primitive, std::size_t contender) {
  for (const PrimitiveRun& run : result.runs) {
    if (run.primitive != primitive || run.contender != contender) continue;
    return run.status == RunStatus::unsupported ? "unsupp." : "failed";
  }
  return kNothing;
}

/// "glibc:arena-max-2" in two parts, for a line each.
struct Heading {
  std::string allocator, tuning;
};

Heading heading_of(const std::string& contender) {
  const std::size_t colon = contender.find(':');
  if (colon == std::string::npos) return {"", printable(contender)};
  return {printable(contender.substr(0, colon)), printable(contender.substr(colon))};
}

/// Two lines where there are tunings, one where not.
std::string headings(const BenchResult& result, const std::vector<std::size_t>& contenders,
                     std::size_t name_columns, std::size_t width) {
  std::string above = pad_right("", name_columns), text = pad_right("ns, median", name_columns);
  bool tuned = false;
  for (const std::size_t contender : contenders) {
    const Heading heading = heading_of(result.contenders[contender]);
    tuned = tuned || !heading.allocator.empty();
    above += ' ' + pad_left(heading.allocator, width - 1);
    text += ' ' + pad_left(heading.tuning, width - 1);
  }
  above.erase(above.find_last_not_of(' ') + 1);
  return (tuned ? above + "\n" : "") + text + pad_left("±", kSpreadColumns) + "\n";
}

std::string one_table(const BenchResult& result, const std::vector<std::size_t>& contenders,
                      std::size_t name_columns, std::size_t width) {
  std::string text = headings(result, contenders, name_columns, width);
  for (std::size_t primitive = 0; primitive < result.primitives.size(); ++primitive) {
    text += pad_right(readable(result.primitives[primitive]), name_columns);
    for (const std::size_t contender : contenders) {
      const auto times = times_of(result, primitive, contender);
      text += pad_left(
          times.empty() ? failure_of(result, primitive, contender) : format_number(median(times)),
          width);
    }
    text += pad_left(spread_of(result, primitive, contenders), kSpreadColumns) + "\n";
  }
  return text;
}

std::string failures(const BenchResult& result) {
  struct Failure {
    std::size_t count = 0;
    std::string first;
  };
  std::map<std::string, Failure> failures;
  for (const PrimitiveRun& run : result.runs) {
    if (run.status == RunStatus::ok) continue;
    Failure& failure = failures[result.contenders[run.contender] + ": " + to_string(run.status) +
                                ": " + run.detail];
    if (failure.count++ == 0) failure.first = result.primitives[run.primitive];
  }
  std::string text;
  for (const auto& [what, failure] : failures) {
    const std::string where = failure.count == 1
                                  ? failure.first
                                  : fmt::format("{} runs, first {}", failure.count, failure.first);
    text += wrap(printable(fmt::format("{} ({})", what, where)), kTerminalColumns, "! ", "  ");
  }
  return text;
}

}  // namespace

std::string bench_table(const BenchResult& result) {
  std::size_t name_columns = display_width("ns, median");
  for (const std::string& name : result.primitives) {
    name_columns = std::max(name_columns, display_width(readable(name)));
  }
  std::size_t width = kLeastColumns;
  for (const std::string& name : result.contenders) {
    const Heading heading = heading_of(name);
    width = std::max({width, display_width(heading.allocator) + 1,
                      std::min(display_width(heading.tuning), kMostColumns) + 1});
  }
  name_columns = std::min(name_columns, kTerminalColumns / 2);
  const std::size_t room = kTerminalColumns - name_columns - kSpreadColumns;
  width = std::min(width, room);
  const std::size_t at_once = std::max<std::size_t>(1, room / width);
  std::string text;
  for (std::size_t at = 0; at < result.contenders.size(); at += at_once) {
    std::vector<std::size_t> some;
    for (std::size_t i = at; i < std::min(at + at_once, result.contenders.size()); ++i) {
      some.push_back(i);
    }
    text += (at == 0 ? "" : "\n") + one_table(result, some, name_columns, width);
  }
  const std::string failed = failures(result);
  return text + (failed.empty() ? "" : "\n") + failed;
}

}  // namespace heapwise::cli
