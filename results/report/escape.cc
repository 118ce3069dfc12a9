// SPDX-License-Identifier: MIT
#include "results/report/escape.h"

#include <nlohmann/json.hpp>

#include "results/report/text.h"

namespace heapwise {
namespace {

/// The text with each of the letters in `from` replaced.
template <class Replacement>
std::string replaced(std::string_view text, Replacement replacement) {
  std::string safe;
  safe.reserve(text.size());
  for (const char letter : text) {
    const std::string_view other = replacement(letter);
    if (other.empty()) {
      safe += letter;
    } else {
      safe += other;
    }
  }
  return safe;
}

std::string_view entity(char letter) {
  switch (letter) {
    case '<':
      return "&lt;";
    case '>':
      return "&gt;";
    case '&':
      return "&amp;";
    case '"':
      return "&quot;";
    case '\'':
      return "&#39;";
    default:
      return {};
  }
}

/// None of these letters stands in JSON outside of a string, where an escape means the same.
std::string_view json_escape(char letter) {
  switch (letter) {
    case '<':
      return "\\u003c";
    case '>':
      return "\\u003e";
    case '&':
      return "\\u0026";
    default:
      return {};
  }
}

/// printable(), but keeping line ends, which separate the lines of a how_to.
std::string printable_lines(std::string_view text) {
  std::string clean;
  for (;;) {
    const std::size_t end = text.find('\n');
    clean += printable(text.substr(0, end));
    if (end == std::string_view::npos) return clean;
    clean += '\n';
    text.remove_prefix(end + 1);
  }
}

}  // namespace

std::string escape_html(std::string_view text) { return replaced(printable_lines(text), entity); }

std::string escape_script(const nlohmann::json& value) {
  return replaced(value.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace),
                  json_escape);
}

std::string escape_markdown(std::string_view text) {
  std::string safe;
  for (const char letter : printable(text)) {
    switch (letter) {
      case '<':
        safe += "&lt;";
        break;
      case '>':
        safe += "&gt;";
        break;
      case '&':
        safe += "&amp;";
        break;
      case '|':
      case '*':
      case '_':
      case '`':
      case '[':
      case ']':
      case '\\':
      case '~':
      case '#':
        safe += '\\';
        [[fallthrough]];
      default:
        safe += letter;
    }
  }
  return safe;
}

}  // namespace heapwise
