// SPDX-License-Identifier: MIT
#pragma once

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "base/files.h"
#include "base/temporary_directory.h"
#include "tests/support/process.h"

namespace heapwise::testing {

/// A test with a folder of its own, in which the CLI is run.
class CliTest : public ::testing::Test {
 protected:
  CliTest();

  /// Runs the built heapwise with these arguments.
  Finished heapwise(std::vector<std::string> arguments, RunOptions options = {}) const;
  /// Runs a line of the shell in the folder; $HEAPWISE is the built heapwise.
  Finished shell(const std::string& line, RunOptions options = {}) const;
  std::string path(const std::string& name) const { return folder_.path() + "/" + name; }
  bool exists(const std::string& name) const;
  std::string content(const std::string& name) const;
  nlohmann::json json(const std::string& name) const;

 private:
  TemporaryDirectory folder_;
};

}  // namespace heapwise::testing
