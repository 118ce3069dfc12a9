// SPDX-License-Identifier: MIT
#include "results/wording.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "results/units.h"

namespace heapwise {
namespace {

std::string signed_percent(double percent) {
  return format_percent(percent) + (percent < 0 ? " less" : " more");
}

/// "31 % to 44 %", or nothing where both ends read like the figure itself.
std::string range(const Difference& difference) {
  const bool less = difference.percent < 0;
  const double near = std::max(0.0, less ? -difference.high : difference.low);
  const double far = std::max(0.0, less ? -difference.low : difference.high);
  const std::string from = format_percent(near);
  const std::string to = format_percent(far);
  return from == to ? std::string() : from + " to " + to;
}

/// What stands in brackets behind an amount: its interval, and its share of the CPU time.
std::string details(const Difference& difference, bool with_range) {
  std::string text = with_range ? range(difference) : std::string();
  if (difference.cpu_percent) {
    if (!text.empty()) text += "; ";
    text += format_percent(*difference.cpu_percent) + " of the program's CPU time";
    if (difference.basis.starts_tell) text += ", process starts included";
  }
  return text.empty() ? text : " (" + text + ")";
}

std::string amount(const Difference& difference, const std::string& what, const std::string& base) {
  if (difference.percent > 100) {
    return fmt::format("{} times as much {}{}{}", format_number(difference.percent / 100 + 1), what,
                       base.empty() ? "" : " as " + base, details(difference, false));
  }
  return fmt::format("{} {}{}{}", signed_percent(difference.percent), what,
                     base.empty() ? "" : " than " + base, details(difference, !base.empty()));
}

std::string phrase(const Difference& difference, const std::string& what, const std::string& base) {
  switch (difference.relation) {
    case Relation::less:
    case Relation::more:
      return amount(difference, what, base);
    case Relation::same:
      return what + " the same";
    case Relation::unclear:
      return fmt::format("{} not clear ({}, {})", what, signed_percent(difference.percent),
                         difference.too_few               ? "of too few runs"
                         : difference.recordings_disagree ? "but recordings disagree"
                                                          : "within the noise");
    case Relation::unknown:
      break;
  }
  return what + " not measured";
}

}  // namespace

std::string memory_phrase(const Difference& difference, const std::string& base) {
  return phrase(difference, "memory", base);
}

std::string time_name(const Difference& difference) {
  return difference.basis.all_threads ? "allocator CPU time" : "allocator time";
}

std::string speed_phrase(const Difference& difference, const std::string& base) {
  const char* const nothing = "no detectable difference in speed";
  if (difference.relation == Relation::same) return nothing;
  const bool noise = !difference.too_few && !difference.recordings_disagree;
  if (difference.relation != Relation::unclear || !noise) {
    return phrase(difference, time_name(difference), base);
  }
  return fmt::format("{} ({} {}, within the noise)", nothing, signed_percent(difference.percent),
                     time_name(difference));
}

std::string latency_phrase(const Difference& difference, const std::string& base) {
  return phrase(difference, "tail latency", base);
}

std::string enumerate(const std::vector<std::string>& names, const char* last) {
  std::string text;
  for (std::size_t index = 0; index < names.size(); ++index) {
    if (index > 0) text += index + 1 == names.size() ? fmt::format(" {} ", last) : ", ";
    text += names[index];
  }
  return text;
}

}  // namespace heapwise
