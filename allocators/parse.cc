// SPDX-License-Identifier: MIT
// How users name what is to be run: NAME, NAME:TUNING, NAME=/path/lib.so, …@VAR=VALUE;VAR=VALUE,
// and in lists NAME:*, * and *:*.
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cstdlib>

#include "allocators/allocator.h"
#include "allocators/elf_exports.h"
#include "base/edit_distance.h"

namespace heapwise {
namespace {

/// "Did you mean x? There are x, y, z."
std::string suggestion(std::string_view wrong, const std::vector<std::string>& known) {
  std::string hint;
  const auto nearest =
      std::min_element(known.begin(), known.end(), [&](const auto& a, const auto& b) {
        return edit_distance(wrong, a) < edit_distance(wrong, b);
      });
  if (nearest != known.end() && edit_distance(wrong, *nearest) <= 1 + nearest->size() / 3) {
    hint = "Did you mean " + *nearest + "? ";
  }
  hint += "There are";
  for (std::size_t i = 0; i < known.size(); ++i) hint += (i == 0 ? " " : ", ") + known[i];
  return hint + ".";
}

template <class Item>
std::vector<std::string> names_of(const std::vector<Item>& items) {
  std::vector<std::string> names;
  names.reserve(items.size() + 1);
  for (const Item& item : items) names.push_back(item.name);
  return names;
}

bool is_name(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](unsigned char letter) {
    return std::isalnum(letter) != 0 || letter == '-' || letter == '_' || letter == '.' ||
           letter == '+';
  });
}

bool is_variable(std::string_view text) {
  return !text.empty() && std::isdigit(static_cast<unsigned char>(text[0])) == 0 &&
         std::all_of(text.begin(), text.end(), [](unsigned char letter) {
           return std::isalnum(letter) != 0 || letter == '_';
         });
}

Expected<Settings> parse_settings(std::string_view text) {
  Settings settings;
  while (!text.empty()) {
    const std::string_view one = text.substr(0, text.find(';'));
    text.remove_prefix(std::min(text.size(), one.size() + 1));
    const std::size_t equals = one.find('=');
    if (equals == std::string_view::npos || !is_variable(one.substr(0, equals))) {
      return fail(ErrorCode::usage, "\"" + std::string(one) + "\" is not a setting",
                  "Write VARIABLE=VALUE, several with ; between them.");
    }
    settings.emplace_back(one.substr(0, equals), one.substr(equals + 1));
  }
  if (settings.empty()) {
    return fail(ErrorCode::usage, "no setting stands behind the @",
                "Write NAME@VARIABLE=VALUE, several with ; between them.");
  }
  return settings;
}

Expected<Contender> custom_library(std::string_view name, const std::string& path) {
  if (!is_name(name)) {
    return fail(ErrorCode::usage, "\"" + std::string(name) + "\" cannot name an allocator",
                "Use letters, digits and - _ . +");
  }
  if (name == "live") {  // which reports call what the program asked for
    return fail(ErrorCode::usage, "reports call something else \"live\"",
                "Give your library another name, such as my-live=" + path + ".");
  }
  if (find_allocator(name) != nullptr) {
    return fail(
        ErrorCode::usage, std::string(name) + " is the name of a built-in allocator",
        "Give your library another name, such as my-" + std::string(name) + "=" + path + ".");
  }
  char* const resolved = realpath(path.c_str(), nullptr);
  if (resolved == nullptr) return fail_errno("cannot find " + path);
  const std::string absolute = resolved;
  std::free(resolved);
  if (absolute.find_first_of(": ") != std::string::npos) {
    return fail(ErrorCode::usage, absolute + " cannot be preloaded",
                "LD_PRELOAD takes no path with a space or a colon in it; make a link.");
  }
  const auto exported = exports_symbol(absolute, "malloc");
  if (!exported) return tl::unexpected(exported.error());
  if (!*exported) {
    return fail(ErrorCode::bad_input, absolute + " exports no malloc",
                "Give a library that replaces malloc when it is preloaded.");
  }
  return Contender{std::string(name), "default", "glibc", absolute, {}};
}

Expected<Contender> built_in(std::string_view name, std::string_view tuning) {
  const Allocator* const allocator = find_allocator(name);
  if (allocator == nullptr) {
    return fail(
        ErrorCode::usage, "there is no allocator \"" + std::string(name) + "\"",
        suggestion(name, names_of(allocators())) + " Yours is written NAME=/path/to/library.so.");
  }
  if (!allocator->built) {
    return fail(ErrorCode::unsupported,
                std::string(name) + " was not there when heapwise was built",
                "Install " + allocator->development_package + ", then configure and build again.");
  }
  if (tuning == "default") return Contender{allocator->name, "default", allocator->name, {}, {}};
  for (const Tuning& known : allocator->tunings) {
    if (known.name == tuning) return contender_of(*allocator, known);
  }
  auto names = names_of(allocator->tunings);
  names.emplace_back("default");
  return fail(ErrorCode::usage,
              std::string(name) + " has no tuning \"" + std::string(tuning) + "\"",
              suggestion(tuning, names) + " Your own is written NAME@VARIABLE=VALUE.");
}

/// Sets a variable, whatever it was set to before.
void set(Settings& settings, std::string variable, std::string value) {
  std::erase_if(settings, [&](const auto& old) { return old.first == variable; });
  settings.emplace_back(std::move(variable), std::move(value));
}

/// The pieces that a piece with a star stands for; itself when it has none.
std::vector<std::string> without_stars(const std::string& piece) {
  const std::size_t at = piece.find('@');
  const std::string who = piece.substr(0, at);
  const std::string settings = at == std::string::npos ? "" : piece.substr(at);
  const std::size_t colon = who.find(':');
  const std::string name = who.substr(0, colon);
  const bool all_tunings = colon != std::string::npos && who.substr(colon) == ":*";
  if (!all_tunings && who != "*") return {piece};
  std::vector<std::string> names{name};
  if (name == "*") {
    names.clear();
    for (const Contender& one : default_contenders()) names.push_back(one.allocator);
  }
  std::vector<std::string> pieces;
  for (const std::string& one : names) {
    pieces.push_back(one + settings);
    const Allocator* const allocator = find_allocator(one);
    if (!all_tunings || allocator == nullptr) continue;
    for (const Tuning& tuning : allocator->tunings) {
      pieces.push_back(std::string(one).append(":").append(tuning.name).append(settings));
    }
  }
  return pieces;
}

/// Whether a piece between commas begins an allocator rather than going on with a setting's value.
bool begins_contender(std::string_view piece) {
  const std::size_t end = piece.find_first_of(":=@");
  const std::string_view name = piece.substr(0, end);
  if (find_allocator(name) != nullptr || name == "*") return true;
  return end != std::string_view::npos && piece[end] == '=' && is_name(name) &&
         piece.find('/', end) != std::string_view::npos;
}

/// The pieces of a list; a comma within a setting's value divides nothing.
std::vector<std::string> split(std::string_view text) {
  std::vector<std::string> pieces;
  while (true) {
    const std::size_t comma = text.find(',');
    const std::string_view piece = text.substr(0, comma);
    if (!pieces.empty() && pieces.back().find('@') != std::string::npos &&
        !begins_contender(piece)) {
      pieces.back().append(",").append(piece);
    } else {
      pieces.emplace_back(piece);
    }
    if (comma == std::string_view::npos) return pieces;
    text.remove_prefix(comma + 1);
  }
}

}  // namespace

Expected<Contender> parse_contender(std::string_view text) {
  const std::size_t at = text.find('@');
  const std::string_view who = text.substr(0, at);
  const std::size_t mark = who.find_first_of(":=");
  const std::string_view name = who.substr(0, mark);
  const std::string_view rest = mark == std::string_view::npos ? "default" : who.substr(mark + 1);
  auto contender = mark != std::string_view::npos && who[mark] == '='
                       ? custom_library(name, std::string(rest))
                       : built_in(name, rest);
  if (!contender || at == std::string_view::npos) return contender;

  const std::string_view given = text.substr(at + 1);
  auto settings = parse_settings(given);
  if (!settings) return tl::unexpected(settings.error());
  for (const auto& [variable, value] : *settings) set(contender->settings, variable, value);
  contender->ad_hoc = static_cast<std::size_t>(
      std::count_if(contender->settings.begin(), contender->settings.end(), [&](const auto& one) {
        return std::any_of(settings->begin(), settings->end(),
                           [&](const auto& own) { return own.first == one.first; });
      }));
  contender->tuning = (contender->tuning == "default" ? "" : contender->tuning + "@");
  contender->tuning += given;
  return contender;
}

Expected<std::vector<Contender>> parse_contenders(std::string_view text) {
  std::vector<Contender> list;
  for (const std::string& piece : split(text)) {
    for (const std::string& one : without_stars(piece)) {
      auto contender = parse_contender(one);
      if (!contender) return tl::unexpected(contender.error());
      const bool known = std::any_of(list.begin(), list.end(), [&](const Contender& other) {
        return other.allocator == contender->allocator && other.tuning == contender->tuning;
      });
      if (!known) list.push_back(std::move(*contender));
    }
  }
  return list;
}

}  // namespace heapwise
