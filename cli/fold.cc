// SPDX-License-Identifier: MIT
#include "cli/fold.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <sstream>
#include <string_view>

#include "results/report/text.h"

namespace heapwise::cli {
namespace {

/// Narrower, descriptions beside options would be columns of single words.
constexpr std::size_t kNarrowest = 50;
/// Where the parser puts descriptions.
constexpr std::size_t kDescriptions = 30;

std::size_t named_columns() {
  const char* const text = std::getenv("COLUMNS");
  std::size_t columns = 0;
  if (text != nullptr) std::from_chars(text, text + std::string_view(text).size(), columns);
  return columns;
}

bool has_description(const std::string& line) {
  return line.size() > kDescriptions && line.rfind("  ", 0) == 0 &&
         line[kDescriptions - 1] == ' ' && line[kDescriptions] != ' ';
}

}  // namespace

std::size_t columns_of(int file) {
  std::size_t columns = named_columns();
  winsize size{};
  if (columns == 0 && ioctl(file, TIOCGWINSZ, &size) == 0) columns = size.ws_col;
  return columns == 0 ? kTerminalColumns : std::max(columns, kNarrowest);
}

std::string folded(const std::string& line, std::size_t columns, std::size_t indent) {
  std::string text, part;
  std::size_t end = 0;
  for (std::size_t begin = 0; begin < line.size(); begin = end) {
    // The spaces in front belong to a word: columns stay where they are.
    const std::size_t word = std::min(line.find_first_not_of(' ', begin), line.size());
    end = std::min(line.find(' ', word), line.size());
    const std::string piece = line.substr(begin, end - begin);
    const bool empty = part.find_first_not_of(' ') == std::string::npos;
    if (empty || display_width(part) + display_width(piece) <= columns) {
      part += piece;
      continue;
    }
    text += part + "\n";
    part = std::string(indent, ' ') + line.substr(word, end - word);
  }
  return text + part;
}

std::string folded_help(const std::string& text, std::size_t columns) {
  std::string folds;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    const std::size_t begin = std::min(line.find_first_not_of(' '), line.size());
    folds += folded(line, columns, has_description(line) ? kDescriptions : begin) + "\n";
  }
  return folds;
}

}  // namespace heapwise::cli
