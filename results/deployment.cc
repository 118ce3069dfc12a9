// SPDX-License-Identifier: MIT
#include <fmt/format.h>

#include <algorithm>
#include <sstream>

#include "results/flags.h"
#include "results/recommend.h"
#include "results/units.h"

namespace heapwise {
namespace {

/// Longer commands are cut: the line is there to be read and adapted, and 80 columns hold it.
constexpr std::size_t kCommandLength = 56;
constexpr std::size_t kLineLength = 76;

constexpr const char* kIgnoredVariables =
    "the tuning's variables are ignored too for whoever gains rights by running the program: "
    "build them into it";

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

std::string preload_word(const std::string& library) {
  return "LD_PRELOAD=" + shell_quoted(library);
}

std::string run_lines(std::vector<std::string> words, const std::vector<std::string>& command) {
  words.push_back(command_text(command));
  return joined(words);
}

std::vector<std::string> variables_of(const Deployment& deployment) {
  std::vector<std::string> words;
  for (const auto& [name, value] : deployment.environment) {
    words.push_back(name + "=" + shell_quoted(value));
  }
  return words;
}

std::string why_not(const PreloadVerdict& preload, const WorkloadInfo& workload) {
  if (preload.code == "gains-privileges") {
    return "the system ignores LD_PRELOAD for whoever gains rights by running it";
  }
  if (preload.code == "deepbind") {
    return "libraries loaded with RTLD_DEEPBIND pass it by; where blocks are exchanged with them "
           "the program crashes";
  }
  if (preload.code == "private-interface") {
    return "the program uses functions that only " + workload.linked_allocator + " has";
  }
  return "blocks pass between the program's malloc and another, which would crash it";
}

std::string comment(const std::string& text) {
  std::string lines, line = "#";
  std::istringstream words(text);
  for (std::string word; words >> word;) {
    if (line.size() + 1 + word.size() > kLineLength) {
      lines += line + "\n";
      line = "#";
    }
    line += " " + word;
  }
  return lines + line;
}

/// For a program that does not take a preloaded allocator.
std::string lines_without_preload(const Deployment& deployment, const PreloadVerdict& preload,
                                  const WorkloadInfo& workload) {
  std::string text = comment("do not preload it: " + why_not(preload, workload)) + "\n";
  if (deployment.link_flag.empty()) {
    return text + comment("nor is there a way to link it: keep what the program has");
  }
  text += comment("instead, link the program with " + deployment.link_flag +
                  " and see that it still works: heapwise verify -- PROGRAM");
  if (deployment.environment.empty()) return text;
  if (preload.code == "gains-privileges") {
    return text + "\n" + comment(kIgnoredVariables);
  }
  return text + "\n" + run_lines(variables_of(deployment), workload.command);
}

/// For glibc under a program that is linked to something else.
std::string lines_for_glibc(const Deployment& deployment, const WorkloadInfo& workload) {
  std::vector<std::string> words = variables_of(deployment);
  words.push_back(preload_word("libc.so.6"));
  return run_lines(std::move(words), workload.command) + "\n" +
         comment("it is linked to " + workload.linked_allocator +
                 ", before which libc must come; better: build it without");
}

}  // namespace

std::string deployment_lines_for(const AllocatorName& choice, const WorkloadInfo& workload,
                                 const std::vector<Deployment>& deployments) {
  const Deployment* deployment = find(choice, deployments);
  if (deployment == nullptr) {
    return fmt::format("# how {} is put under a program is not known here", choice.allocator);
  }
  const std::string linked = allocator_of_library(workload.linked_allocator);
  std::vector<std::string> words = variables_of(*deployment);
  if (!linked.empty() && linked == choice.allocator) {
    if (words.empty()) return "# nothing to do: the program is linked to it";
    return run_lines(std::move(words), workload.command) + "\n# the program is linked to it";
  }
  const PreloadVerdict preload = preload_verdict(workload);
  if (deployment->preload_path.empty() && linked.empty()) {
    if (words.empty()) return "# nothing to do: it is what programs run on already";
    if (preload.code == "gains-privileges") return comment(kIgnoredVariables);
    return run_lines(std::move(words), workload.command);
  }
  if (preload.preload != Preload::works) {
    return lines_without_preload(*deployment, preload, workload);
  }
  if (deployment->preload_path.empty()) return lines_for_glibc(*deployment, workload);
  words.push_back(preload_word(deployment->preload_path));
  return run_lines(std::move(words), workload.command) + notes(*deployment);
}

std::string deployment_lines(const AllocatorName& choice, const std::vector<std::string>& command,
                             const std::vector<Deployment>& deployments) {
  WorkloadInfo workload;
  workload.command = command;
  return deployment_lines_for(choice, workload, deployments);
}

}  // namespace heapwise
