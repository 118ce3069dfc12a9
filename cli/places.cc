// SPDX-License-Identifier: MIT
#include "cli/places.h"

#include <fmt/format.h>

#include "base/files.h"
#include "cli/verb.h"
#include "results/units.h"

namespace heapwise::cli {
namespace {

bool is_file(const std::string& path) { return !path.empty() && path != "-" && !is_stream(path); }

Expected<void> check_apart(const std::string& output, const std::string& other) {
  if (output == "-" && other == "-") {
    return fail(ErrorCode::usage, "only one output can go to standard output",
                "give the others files");
  }
  if (!is_file(output) || !is_file(other) || !same_place(output, other)) return {};
  return fail(ErrorCode::usage, "two outputs would go to " + output, "give each a file of its own");
}

Expected<void> check_not_read(const std::string& output, const std::vector<std::string>& inputs) {
  for (const std::string& input : inputs) {
    if (!is_file(output) || !is_file(input) || !same_place(output, input)) continue;
    return fail(ErrorCode::usage, output + " is read: it cannot be written, too",
                "give the output another name");
  }
  return {};
}

}  // namespace

Expected<void> check_places(const std::vector<std::string>& outputs, bool force,
                            const std::vector<std::string>& inputs) {
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    if (outputs[i].empty()) continue;
    if (auto fine = check_not_read(outputs[i], inputs); !fine) return fine;
    if (auto fine = check_replaceable(outputs[i], force); !fine) return fine;
    for (std::size_t j = 0; j < i; ++j) {
      if (auto fine = check_apart(outputs[i], outputs[j]); !fine) return fine;
    }
  }
  return {};
}

Expected<std::string> keep(const std::string& path, std::string_view content, bool force) {
  auto kept = keep_file(path, content, force);
  if (kept && *kept != path) say_renamed(path, *kept);
  return kept;
}

void say_renamed(const std::string& asked, const std::string& got) {
  say(fmt::format("heapwise: {} is there by now and was not replaced: see {}\n", asked, got));
}

std::string next_command(const std::vector<std::string>& words) {
  std::string line = "heapwise";
  for (const std::string& word : words) line += " " + shell_quoted(word);
  return line;
}

}  // namespace heapwise::cli
