// SPDX-License-Identifier: MIT
// Text for terminals: widths in columns, not bytes.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace heapwise {

/// Terminals are taken to be so wide.
constexpr std::size_t kTerminalColumns = 80;

/// Stands where there is no figure.
constexpr const char* kNothing = "–";

/// `text` without what a terminal would act on: control characters and broken UTF-8 become '?'.
std::string printable(std::string_view text);

/// Columns that `text` takes; East Asian wide characters take two, combining marks none.
std::size_t display_width(std::string_view text);

/// Cut to `columns` with an ellipsis, then filled with spaces on the right (or left) to as many.
std::string pad_right(std::string_view text, std::size_t columns);
std::string pad_left(std::string_view text, std::size_t columns);

/// Cut to `columns`, with an ellipsis where something is missing.
std::string shorten(std::string_view text, std::size_t columns);

/// The same, but the middle is what is missing.
std::string shorten_middle(std::string_view text, std::size_t columns);

/// The names, each at most `columns` wide, and still told apart: where cutting their ends would
/// make two the same, their middles are cut, or all but the place where they part. Where that does
/// not help they stay whole.
std::vector<std::string> distinct_names(const std::vector<std::string>& names, std::size_t columns);

/// Empties a name that is wider than `columns`, as one is that must stay whole to be told from
/// another, and yields lines for it before its row; of others nothing.
std::string take_wide_name(std::string& name, std::size_t columns);

/// The text with a no-break space between each number and its unit.
std::string glue_units(std::string_view text);

/// Breaks at spaces so that no line is wider than `columns`; the first line begins with `first`,
/// the others with `rest`. A number stays with its unit. A word wider than a line is cut up.
/// Ends with a newline.
std::string wrap(std::string_view text, std::size_t columns, std::string_view first,
                 std::string_view rest);

}  // namespace heapwise
