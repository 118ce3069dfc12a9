// SPDX-License-Identifier: MIT
#include "tests/cli/cli.h"

#include <filesystem>

namespace heapwise::testing {

CliTest::CliTest() : folder_(*TemporaryDirectory::make()) {}

Finished CliTest::heapwise(std::vector<std::string> arguments, RunOptions options) const {
  arguments.insert(arguments.begin(), HEAPWISE_BINARY_DIR "/bin/heapwise");
  if (options.directory.empty()) options.directory = folder_.path();
  return run(arguments, options);
}

Finished CliTest::shell(const std::string& line, RunOptions options) const {
  if (options.directory.empty()) options.directory = folder_.path();
  options.environment.emplace_back("HEAPWISE", HEAPWISE_BINARY_DIR "/bin/heapwise");
  return run({"bash", "-c", line}, options);
}

bool CliTest::exists(const std::string& name) const { return std::filesystem::exists(path(name)); }

std::string CliTest::content(const std::string& name) const {
  return read_file(path(name)).value_or("");
}

nlohmann::json CliTest::json(const std::string& name) const {
  return nlohmann::json::parse(content(name), nullptr, false);
}

}  // namespace heapwise::testing
