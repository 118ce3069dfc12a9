// SPDX-License-Identifier: MIT
#include "results/report/text.h"

#include <algorithm>
#include <array>
#include <vector>

namespace heapwise {
namespace {

struct CodePoint {
  char32_t value;
  std::size_t bytes;  ///< 0: not UTF-8
};

std::size_t sequence_length(unsigned char lead) {
  if (lead < 0x80) return 1;
  if (lead >= 0xc2 && lead < 0xe0) return 2;
  if (lead >= 0xe0 && lead < 0xf0) return 3;
  if (lead >= 0xf0 && lead < 0xf5) return 4;
  return 0;
}

CodePoint decode(std::string_view text) {
  const auto lead = static_cast<unsigned char>(text[0]);
  const std::size_t length = sequence_length(lead);
  if (length == 0 || length > text.size()) return {0, 0};
  if (length == 1) return {lead, 1};
  char32_t value = lead & (0x7fU >> length);
  for (std::size_t at = 1; at < length; ++at) {
    const auto byte = static_cast<unsigned char>(text[at]);
    if ((byte & 0xc0U) != 0x80) return {0, 0};
    value = value << 6 | (byte & 0x3fU);
  }
  // Longer than need be, half of a pair, or beyond the last: other readers reject the whole text.
  constexpr std::array<char32_t, 5> kLeast = {0, 0, 0x80, 0x800, 0x10000};
  const bool surrogate = value >= 0xd800 && value <= 0xdfff;
  if (value < kLeast[length] || surrogate || value > 0x10ffff) return {0, 0};
  return {value, length};
}

struct Range {
  char32_t first, last;
};

template <std::size_t N>
bool within(char32_t value, const std::array<Range, N>& ranges) {
  return std::any_of(ranges.begin(), ranges.end(), [value](const Range& range) {
    return value >= range.first && value <= range.last;
  });
}

std::size_t columns_of(char32_t value) {
  static constexpr std::array<Range, 3> kNone = {
      {{0x300, 0x36f}, {0x200b, 0x200f}, {0xfe00, 0xfe0f}}};
  static constexpr std::array<Range, 8> kWide = {{{0x1100, 0x115f},
                                                  {0x2e80, 0xa4cf},
                                                  {0xac00, 0xd7a3},
                                                  {0xf900, 0xfaff},
                                                  {0xfe30, 0xfe6f},
                                                  {0xff00, 0xff60},
                                                  {0x1f300, 0x1faff},
                                                  {0x20000, 0x3fffd}}};
  if (within(value, kNone)) return 0;
  return within(value, kWide) ? 2 : 1;
}

bool is_control(char32_t value) {
  static constexpr std::array<Range, 5> kControl = {
      {{0, 0x1f}, {0x7f, 0x9f}, {0x202a, 0x202e}, {0x2066, 0x2069}, {0xd800, 0xdfff}}};
  return within(value, kControl);
}

/// The longest beginning of `text` that takes at most `columns`.
std::string_view beginning(std::string_view text, std::size_t columns) {
  std::size_t at = 0;
  while (at < text.size()) {
    const CodePoint point = decode(text.substr(at));
    const std::size_t wide = point.bytes == 0 ? 1 : columns_of(point.value);
    if (wide > columns) break;
    columns -= wide;
    at += std::max<std::size_t>(point.bytes, 1);
  }
  return text.substr(0, at);
}

bool is_unit(std::string_view word) {
  static constexpr std::array<std::string_view, 11> kUnits = {
      "%", "×", "B", "KiB", "MiB", "GiB", "TiB", "ns", "ms", "s", "min"};
  while (!word.empty() && std::string_view(".,;:)").find(word.back()) != std::string_view::npos) {
    word.remove_suffix(1);
  }
  return std::find(kUnits.begin(), kUnits.end(), word) != kUnits.end();
}

/// The words of a text; a number and its unit are one word.
std::vector<std::string> words_of(std::string_view text) {
  std::vector<std::string> words;
  std::size_t at = 0;
  while (at < text.size()) {
    const std::size_t end = std::min(text.find(' ', at), text.size());
    const std::string_view word = text.substr(at, end - at);
    at = end + 1;
    if (word.empty()) continue;
    const bool joins =
        !words.empty() && is_unit(word) && words.back().back() >= '0' && words.back().back() <= '9';
    if (joins) {
      words.back().append(" ").append(word);
    } else {
      words.emplace_back(word);
    }
  }
  return words;
}

}  // namespace

std::string printable(std::string_view text) {
  std::string clean;
  while (!text.empty()) {
    const CodePoint point = decode(text);
    const std::size_t bytes = std::max<std::size_t>(point.bytes, 1);
    if (point.bytes == 0 || is_control(point.value)) {
      clean += '?';
    } else {
      clean += text.substr(0, bytes);
    }
    text.remove_prefix(bytes);
  }
  return clean;
}

std::size_t display_width(std::string_view text) {
  std::size_t columns = 0;
  while (!text.empty()) {
    const CodePoint point = decode(text);
    columns += point.bytes == 0 ? 1 : columns_of(point.value);
    text.remove_prefix(std::max<std::size_t>(point.bytes, 1));
  }
  return columns;
}

std::string take_wide_name(std::string& name, std::size_t columns) {
  if (display_width(name) <= columns) return {};
  std::string line = wrap(name, kTerminalColumns, "  ", "    ");
  name.clear();
  return line;
}

std::string glue_units(std::string_view text) {
  std::string glued;
  for (std::string word : words_of(text)) {
    if (!glued.empty()) glued += ' ';
    if (const auto space = word.find(' '); space != std::string::npos) {
      word.replace(space, 1, "\u00a0");
    }
    glued += word;
  }
  return glued;
}

std::string shorten(std::string_view text, std::size_t columns) {
  if (display_width(text) <= columns) return std::string(text);
  if (columns == 0) return {};
  return std::string(beginning(text, columns - 1)) + "…";
}

std::string shorten_middle(std::string_view text, std::size_t columns) {
  if (display_width(text) <= columns) return std::string(text);
  if (columns < 3) return shorten(text, columns);
  const std::string_view head = beginning(text, (columns - 1) / 2);
  const std::size_t left = columns - 1 - display_width(head);
  std::string_view tail = text.substr(head.size());
  while (display_width(tail) > left) {
    tail.remove_prefix(std::max<std::size_t>(decode(tail).bytes, 1));
  }
  return std::string(head).append("…").append(tail);
}

namespace {

/// The beginning of `text` and what stands around the byte `at`.
std::string shorten_around(std::string_view text, std::size_t at, std::size_t columns) {
  const std::string_view head = beginning(text, columns / 3);
  const std::size_t room = columns - std::min(columns, display_width(head) + 2);
  std::size_t start = at - std::min(at, room / 2);
  while (start > 0 && (static_cast<unsigned char>(text[start]) & 0xc0U) == 0x80) --start;
  if (start <= head.size()) return shorten(text, columns);
  const std::string_view part = beginning(text.substr(start), room);
  const bool more = start + part.size() < text.size();
  return std::string(head).append("…").append(part).append(more ? "…" : "");
}

/// Where two texts part: the first byte that differs.
std::size_t parting(std::string_view one, std::string_view other) {
  const auto end = one.begin() + static_cast<std::ptrdiff_t>(std::min(one.size(), other.size()));
  return static_cast<std::size_t>(std::mismatch(one.begin(), end, other.begin()).first -
                                  one.begin());
}

}  // namespace

std::vector<std::string> distinct_names(const std::vector<std::string>& names,
                                        std::size_t columns) {
  std::vector<std::string> cut;
  cut.reserve(names.size());
  for (const std::string& name : names) cut.push_back(shorten(name, columns));
  const auto replace_twins = [&](const auto& make) {
    const std::vector<std::string> before = cut;
    for (std::size_t index = 0; index < names.size(); ++index) {
      for (std::size_t other = 0; other < names.size(); ++other) {
        if (other == index || before[other] != before[index]) continue;
        cut[index] = make(names[index], names[other]);
        break;
      }
    }
  };
  replace_twins([columns](const std::string& name, const std::string& /*twin*/) {
    return shorten_middle(name, columns);
  });
  replace_twins([columns](const std::string& name, const std::string& twin) {
    return shorten_around(name, parting(name, twin), columns);
  });
  replace_twins([](const std::string& name, const std::string& /*twin*/) { return name; });
  return cut;
}

std::string pad_right(std::string_view text, std::size_t columns) {
  std::string padded = shorten(text, columns);
  return padded.append(columns - display_width(padded), ' ');
}

std::string pad_left(std::string_view text, std::size_t columns) {
  const std::string cut = shorten(text, columns);
  return std::string(columns - display_width(cut), ' ') + cut;
}

std::string wrap(std::string_view text, std::size_t columns, std::string_view first,
                 std::string_view rest) {
  std::string out;
  std::string line(first);
  bool bare = true;  // nothing but the indent on the line yet
  const auto finish = [&] {
    out += line + "\n";
    line = rest;
    bare = true;
  };
  for (const std::string& word : words_of(text)) {
    std::string_view left = word;
    if (!bare && display_width(line) + 1 + display_width(left) > columns) finish();
    while (display_width(line) + display_width(left) + (bare ? 0 : 1) > columns) {
      const std::string_view part = beginning(
          left, std::max<std::size_t>(columns - std::min(columns, display_width(line)), 2));
      line += part;
      left.remove_prefix(part.size());
      finish();
    }
    if (!bare) line += ' ';
    line += left;
    bare = false;
  }
  return out + line + "\n";
}

}  // namespace heapwise
