// SPDX-License-Identifier: MIT
// Lines no longer than the terminal. Unlike results/report/text.h this cuts no word up, so that
// paths and commands can still be copied.
#pragma once

#include <cstddef>
#include <string>

namespace heapwise::cli {

/// How wide what is written to this file may be: $COLUMNS, or the terminal's width, or 80.
std::size_t columns_of(int file);

/// One line, broken at spaces where it is wider; the lines that follow begin with `indent` spaces.
std::string folded(const std::string& line, std::size_t columns, std::size_t indent);

/// The text of --help, its paragraphs and the descriptions of options broken.
std::string folded_help(const std::string& text, std::size_t columns);

}  // namespace heapwise::cli
