// SPDX-License-Identifier: MIT
#include "bench/session/confirm.h"

#include <unistd.h>

#include <map>
#include <sstream>
#include <utility>
#include <vector>

#include "bench/session/process.h"
#include "bench/session/runner.h"

namespace heapwise {
namespace {

constexpr double kTimeout = 60;

using Answers = std::map<std::string, std::string>;

/// Lines of key=value.
Answers read_answers(const std::string& output) {
  Answers answers;
  std::istringstream lines(output);
  for (std::string line; std::getline(lines, line);) {
    const std::size_t equals = line.find('=');
    if (equals != std::string::npos) answers[line.substr(0, equals)] = line.substr(equals + 1);
  }
  return answers;
}

/// What the runner says about itself and one setting; none of the latter when it is empty.
Expected<Answers> ask(const std::string& library_directory, const Contender& contender,
                      const std::string& variable) {
  std::vector<std::string> command = identify_command(library_directory, contender);
  if (!variable.empty()) command.insert(command.end(), {"--check", variable});
  const auto end = run_process({std::move(command), runner_environment(contender, 0), kTimeout});
  if (!end) return tl::unexpected(end.error());
  if (!end->detail.empty()) return fail(ErrorCode::unsupported, end->detail);
  return read_answers(end->output);
}

}  // namespace

Expected<AllocatorIdentity> identify_runner(const std::string& library_directory,
                                            const std::string& allocator) {
  auto answers = ask(library_directory, {allocator, "default", allocator, {}, {}}, {});
  if (!answers) return tl::unexpected(answers.error());
  return AllocatorIdentity{(*answers)["version"], (*answers)["library"], (*answers)["linkage"]};
}

Expected<Confirmation> confirm_settings(const std::string& library_directory,
                                        const Contender& contender) {
  Confirmation confirmation;
  if (!contender.library.empty() && access(contender.library.c_str(), R_OK) != 0) {
    confirmation.refusal = "there is no " + contender.library + " on this machine";
    return confirmation;
  }
  const std::string runner = runner_path(library_directory, contender.runner);
  if (access(runner.c_str(), X_OK) != 0) {
    return fail(ErrorCode::unsupported, "there is no runner " + runner,
                "Build or install heapwise again.");
  }
  const std::size_t of_tuning = contender.settings.size() - contender.ad_hoc;
  for (std::size_t i = 0; i < contender.settings.size(); ++i) {
    const auto& setting = contender.settings[i];
    auto answers = ask(library_directory, contender, setting.first);
    if (!answers) {
      confirmation.refusal = answers.error().what;
      return confirmation;
    }
    if ((*answers)["in_real_time"] == "yes") confirmation.in_real_time = true;
    const std::string& effect = (*answers)["effect"];
    if (effect == "confirmed") continue;
    if (effect == "unknown" && i >= of_tuning) {
      confirmation.unconfirmed.push_back(setting);
      continue;
    }
    confirmation.refusal = to_string({setting}) + " has no effect here: " + (*answers)["reason"];
    return confirmation;
  }
  return confirmation;
}

}  // namespace heapwise
