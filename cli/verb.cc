// SPDX-License-Identifier: MIT
#include "cli/verb.h"

#include <fmt/format.h>

#include <cstdio>
#include <filesystem>

namespace heapwise::cli {

int report_error(const Error& error) {
  fmt::print(stderr, "heapwise: {}\n", error.what);
  if (!error.hint.empty()) fmt::print(stderr, "  hint: {}\n", error.hint);
  return error.code == ErrorCode::check_failed ? kFailed : kUsage;
}

std::string library_directory() {
  std::error_code failed;
  const auto program = std::filesystem::read_symlink("/proc/self/exe", failed);
  if (failed) return "lib/heapwise";
  return (program.parent_path().parent_path() / "lib" / "heapwise").string();
}

}  // namespace heapwise::cli
