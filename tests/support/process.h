// SPDX-License-Identifier: MIT
// Running programs from tests.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace heapwise::testing {

struct Finished {
  int exit_code = -1;  ///< as a shell gives it: 128 + the signal when killed by one
  std::string out, err;
};

struct RunOptions {
  std::string input;                                             ///< on standard input
  std::string directory;                                         ///< to run in; empty: this one
  std::vector<std::pair<std::string, std::string>> environment;  ///< set beside our own
  int timeout_s = 120;                                           ///< after which it is killed
};

/// Runs a program (looked for in PATH) to its end. A program that cannot be started yields 127.
Finished run(const std::vector<std::string>& command, const RunOptions& options = {});

}  // namespace heapwise::testing
