// SPDX-License-Identifier: MIT
#include <fmt/format.h>

#include <algorithm>

#include "results/recommend.h"
#include "results/units.h"

namespace heapwise {
namespace {

/// Longer commands are cut: the line is there to be read and adapted, and 80 columns hold it.
constexpr std::size_t kCommandLength = 56;
constexpr std::size_t kLineLength = 76;

bool fits_a_line(const std::string& word) {
  return std::none_of(word.begin(), word.end(),
                      [](unsigned char letter) { return letter < 0x20 || letter == 0x7f; });
}

std::string command_text(const std::vector<std::string>& command) {
  if (command.empty()) return "PROGRAM …";
  std::string text = fits_a_line(command[0]) ? shell_quoted(command[0]) : "PROGRAM";
  for (std::size_t index = 1; index < command.size(); ++index) {
    const std::string word = shell_quoted(command[index]);
    if (!fits_a_line(word) || text.size() + 1 + word.size() > kCommandLength) return text + " …";
    text += " " + word;
  }
  return text;
}

const Deployment* find(const AllocatorName& choice, const std::vector<Deployment>& deployments) {
  const Deployment* untuned = nullptr;
  for (const Deployment& one : deployments) {
    if (one.allocator != choice.allocator) continue;
    if (one.tuning == choice.tuning) return &one;
    if (one.tuning == "default") untuned = &one;
  }
  return untuned;
}

std::string notes(const Deployment& deployment) {
  std::string text;
  if (!deployment.package.empty()) {
    const bool found = deployment.preload_path.find('/') != std::string::npos;
    text += found ? fmt::format("\n# the library is in package {}", deployment.package)
                  : fmt::format("\n# after: apt-get install {}", deployment.package);
  }
  if (!deployment.link_flag.empty()) {
    text += fmt::format("\n# or link the program with {}", deployment.link_flag);
  }
  return text;
}

/// On one line where it fits, else continued as a shell understands it, between whole words.
std::string joined(const std::vector<std::string>& words) {
  std::size_t length = words.size() - 1;
  for (const std::string& word : words) length += word.size();
  const char* separator = length <= kLineLength ? " " : " \\\n  ";
  std::string line = words.front();
  for (std::size_t index = 1; index < words.size(); ++index) line += separator + words[index];
  return line;
}

}  // namespace

std::string deployment_lines(const AllocatorName& choice, const std::vector<std::string>& command,
                             const std::vector<Deployment>& deployments) {
  const Deployment* deployment = find(choice, deployments);
  if (deployment == nullptr) {
    return fmt::format("# how {} is put under a program is not known here", choice.allocator);
  }
  std::vector<std::string> words;
  for (const auto& [name, value] : deployment->environment) {
    words.push_back(name + "=" + shell_quoted(value));
  }
  if (!deployment->preload_path.empty()) {
    words.push_back("LD_PRELOAD=" + shell_quoted(deployment->preload_path));
  }
  if (words.empty()) return "# nothing to do: it is what programs run on already";
  words.push_back(command_text(command));
  return joined(words) + notes(*deployment);
}

}  // namespace heapwise
