// SPDX-License-Identifier: MIT
#include <array>
#include <charconv>
#include <string_view>

#include "workloads/workload.h"

namespace heapwise {
namespace {

struct Suffix {
  std::string_view text;
  std::uint64_t factor;
};

// The plain one first: it is what a bare number means, and what is written when nothing larger
// fits.
constexpr std::array<Suffix, 5> kBytes = {
    {{"B", 1}, {"KiB", 1ULL << 10}, {"MiB", 1ULL << 20}, {"GiB", 1ULL << 30}, {"TiB", 1ULL << 40}}};
constexpr std::array<Suffix, 4> kDurations = {
    {{"ns", 1}, {"us", 1000}, {"ms", 1000000}, {"s", 1000000000}}};
constexpr std::array<Suffix, 1> kPercent = {{{"%", 1}}};
constexpr std::array<Suffix, 1> kCount = {{{"", 1}}};

struct Suffixes {
  const Suffix* begin;
  const Suffix* end;
  bool bare;  // a number without a suffix is understood
  const char* example;
};

Suffixes suffixes_of(Unit unit) {
  switch (unit) {
    case Unit::bytes:
      return {kBytes.begin(), kBytes.end(), true, "a size such as 4096, 64KiB or 1MiB"};
    case Unit::duration:
      return {kDurations.begin(), kDurations.end(), false, "a time such as 500us, 10ms or 20s"};
    case Unit::percent:
      return {kPercent.begin(), kPercent.end(), true, "a share such as 25%"};
    case Unit::count:
    case Unit::path:  // no quantity; callers tell it apart before
      break;
  }
  return {kCount.begin(), kCount.end(), true, "a whole number such as 4"};
}

}  // namespace

Expected<std::uint64_t> parse_quantity(const std::string& text, Unit unit) {
  const Suffixes suffixes = suffixes_of(unit);
  const auto refuse = [&](const char* why) {
    return fail(ErrorCode::usage, "\"" + text + "\" " + why,
                std::string("give ") + suffixes.example);
  };
  std::uint64_t number = 0;
  const auto [rest, failed] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (failed == std::errc::result_out_of_range) return refuse("is too large");
  if (failed != std::errc()) return refuse("is not a number");
  const std::string_view suffix(rest, static_cast<std::size_t>(text.data() + text.size() - rest));
  if (suffix.empty() && suffixes.bare) return number;
  for (const Suffix* known = suffixes.begin; known != suffixes.end; ++known) {
    if (suffix != known->text) continue;
    std::uint64_t value = 0;
    if (__builtin_mul_overflow(number, known->factor, &value)) return refuse("is too large");
    return value;
  }
  return refuse(suffix.empty() ? "has no unit" : "has a unit that does not fit here");
}

std::string format_quantity(std::uint64_t value, Unit unit) {
  const Suffixes suffixes = suffixes_of(unit);
  const Suffix* best = suffixes.begin;
  for (const Suffix* known = suffixes.begin; known != suffixes.end; ++known) {
    if (value != 0 && value % known->factor == 0) best = known;
  }
  return std::to_string(value / best->factor) + std::string(best->text);
}

}  // namespace heapwise
