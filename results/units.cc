// SPDX-License-Identifier: MIT
#include "results/units.h"

#include <fmt/format.h>

#include <array>
#include <cmath>

namespace heapwise {
namespace {

/// From here on digits are not counted but read off an exponent.
constexpr double kScientific = 1e15;

}  // namespace

ByteUnit byte_unit(double largest) {
  static constexpr std::array<ByteUnit, 5> kUnits = {{
      {"TiB", 1024.0 * 1024 * 1024 * 1024},
      {"GiB", 1024.0 * 1024 * 1024},
      {"MiB", 1024.0 * 1024},
      {"KiB", 1024.0},
      {"B", 1.0},
  }};
  for (const ByteUnit& unit : kUnits) {
    if (std::abs(largest) >= unit.bytes) return unit;
  }
  return kUnits.back();
}

std::string format_number(double value) {
  if (!std::isfinite(value)) return "–";
  const double size = std::abs(value);
  if (size >= kScientific) return fmt::format("{:.2e}", value);
  if (size == 0 || size >= 99.95) return fmt::format("{:.0f}", value);
  return size >= 9.995 ? fmt::format("{:.1f}", value) : fmt::format("{:.2f}", value);
}

std::string format_bytes(double bytes) {
  const ByteUnit unit = byte_unit(bytes);
  return unit.bytes == 1 ? fmt::format("{:.0f} B", bytes)
                         : fmt::format("{} {}", format_number(bytes / unit.bytes), unit.name);
}

std::string format_percent(double percent) {
  const double size = std::abs(percent);
  if (size >= kScientific) return fmt::format("{:.2e} %", size);
  return size == 0 || size >= 9.95 ? fmt::format("{:.0f} %", size) : fmt::format("{:.1f} %", size);
}

std::string format_ns(double ns) { return format_number(ns) + " ns"; }

std::string format_count(unsigned long long count) {
  const std::string digits = fmt::format("{}", count);
  std::string grouped;
  for (std::size_t at = 0; at < digits.size(); ++at) {
    if (at > 0 && (digits.size() - at) % 3 == 0) grouped += ',';
    grouped += digits[at];
  }
  return grouped;
}

std::string format_ratio(double ratio) {
  if (ratio >= kScientific) return fmt::format("{:.2e} ×", ratio);
  return ratio >= 99.5 ? fmt::format("{:.0f} ×", ratio) : fmt::format("{:.2f} ×", ratio);
}

std::string shell_quoted(const std::string& word) {
  static constexpr const char* kPlain =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_@%+=:,./-";
  if (!word.empty() && word.find_first_not_of(kPlain) == std::string::npos) return word;
  std::string quoted = "'";
  for (const char letter : word) {
    if (letter == '\'') {
      quoted += "'\\''";
    } else {
      quoted += letter;
    }
  }
  return quoted + "'";
}

std::string format_seconds(double seconds) {
  if (seconds < 1) return fmt::format("{} ms", format_number(seconds * 1000));
  if (seconds < 120 || seconds >= kScientific || !std::isfinite(seconds))
    return format_number(seconds) + " s";
  const auto whole = static_cast<unsigned long long>(std::llround(seconds));
  return fmt::format("{} min {} s", whole / 60, whole % 60);
}

}  // namespace heapwise
