// SPDX-License-Identifier: MIT
// Figures as a person reads them: three significant places at most, unit behind a space.
#pragma once

#include <string>

namespace heapwise {

/// A unit that suits a column of byte counts whose largest is `largest`.
struct ByteUnit {
  const char* name;
  double bytes;
};
ByteUnit byte_unit(double largest);

/// "165 MiB", "16.5 MiB", "812 KiB"; 0 is "0 B".
std::string format_bytes(double bytes);

/// A bare number with three significant places: "165", "16.5", "1.65"; "1.00e+15" from there on.
std::string format_number(double value);

/// "42 %", "4.1 %". The sign is dropped: the words around it say the direction.
std::string format_percent(double percent);

/// "21.3 ns"
std::string format_ns(double ns);

/// "12,345,678"
std::string format_count(unsigned long long count);

/// "1.38 ×" of a ratio; more than two places are noise.
std::string format_ratio(double ratio);

/// A word as a shell reads it back: in single quotes where it must be.
std::string shell_quoted(const std::string& word);

/// "12.3 s", "4 min 10 s"
std::string format_seconds(double seconds);

}  // namespace heapwise
