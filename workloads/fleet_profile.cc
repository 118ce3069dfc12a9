// SPDX-License-Identifier: MIT
#include "workloads/fleet_profile.h"

#include <array>
#include <charconv>
#include <cmath>
#include <optional>

namespace heapwise {
namespace {

constexpr char kHint[] =
    "every line is \"size, alloc_rate, num_live\": bytes, allocations per second, live objects; "
    "for example \"64, 1520.5, 30000\"";
constexpr double kLargestSize = 1ULL << 40;
constexpr double kLargestCount = 1e15;

std::string_view trim(std::string_view text) {
  const std::size_t from = text.find_first_not_of(" \t\r");
  if (from == std::string_view::npos) return {};
  return text.substr(from, text.find_last_not_of(" \t\r") - from + 1);
}

std::optional<double> number(std::string_view text) {
  double value = 0;
  const auto [rest, failed] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (failed != std::errc() || rest != text.data() + text.size() || !std::isfinite(value)) {
    return std::nullopt;
  }
  return value;
}

class Lines {
 public:
  explicit Lines(const std::string& name) : name_(name) {}

  tl::unexpected<Error> refuse(const std::string& why) const {
    return fail(ErrorCode::bad_input, name_ + ", line " + std::to_string(line_) + ": " + why,
                kHint);
  }

  // Nothing for a line that is passed over.
  Expected<std::optional<SizeRate>> next(std::string_view line) {
    ++line_;
    line = trim(line);
    if (line.empty() || line.front() == '#') return std::nullopt;
    std::array<std::string_view, 3> fields;
    std::size_t count = 0;
    for (std::string_view rest = line;; ++count) {
      const std::size_t comma = rest.find(',');
      if (count < fields.size()) fields[count] = trim(rest.substr(0, comma));
      if (comma == std::string_view::npos) break;
      rest.remove_prefix(comma + 1);
    }
    if (count + 1 != fields.size()) {
      return refuse("has " + std::to_string(count + 1) + (count == 0 ? " field" : " fields") +
                    " instead of 3");
    }
    if (!any_row_ && !header_ && !number(fields[0]) && !number(fields[1]) && !number(fields[2])) {
      header_ = true;
      return std::nullopt;
    }
    any_row_ = true;
    return row(fields);
  }

 private:
  Expected<std::optional<SizeRate>> row(const std::array<std::string_view, 3>& fields) const {
    constexpr std::array<const char*, 3> kNames = {"size", "alloc_rate", "num_live"};
    std::array<double, 3> values{};
    for (std::size_t i = 0; i < fields.size(); ++i) {
      const auto value = number(fields[i]);
      const std::string what = std::string(kNames[i]) + " \"" + std::string(fields[i]) + "\" ";
      if (!value) return refuse(what + "is not a number");
      if (*value < 0) return refuse(what + "is negative");
      if (*value > (i == 0 ? kLargestSize : kLargestCount)) return refuse(what + "is too large");
      values[i] = *value;
    }
    if (values[0] != std::floor(values[0])) return refuse("size is not a whole number of bytes");
    return SizeRate{static_cast<std::uint64_t>(values[0]), values[1], values[2]};
  }

  const std::string& name_;
  std::size_t line_ = 0;
  bool header_ = false, any_row_ = false;
};

}  // namespace

Expected<std::vector<SizeRate>> parse_fleet_profile(std::string_view text,
                                                    const std::string& name) {
  std::vector<SizeRate> rows;
  Lines lines(name);
  double rate = 0, live_bytes = 0;
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    const auto row = lines.next(line);
    if (!row) return tl::unexpected(row.error());
    if (!*row) continue;
    rows.push_back(**row);
    rate += rows.back().allocations_per_s;
    live_bytes += static_cast<double>(rows.back().size) * rows.back().live;
  }
  if (rate <= 0) return fail(ErrorCode::bad_input, name + " allocates nothing", kHint);
  if (live_bytes <= 0) return fail(ErrorCode::bad_input, name + " has nothing alive", kHint);
  return rows;
}

}  // namespace heapwise
