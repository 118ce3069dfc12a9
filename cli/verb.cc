// SPDX-License-Identifier: MIT
#include "cli/verb.h"

#include <fmt/format.h>
#include <unistd.h>

#include <filesystem>

#include "base/files.h"
#include "cli/fold.h"

namespace heapwise::cli {
namespace {

constexpr std::size_t kHintIndent = 8;

}  // namespace

void say(std::string_view text) { write_all(STDERR_FILENO, text.data(), text.size()); }

int report_error(const Error& error) {
  say(fmt::format("heapwise: {}\n", error.what));
  if (!error.hint.empty()) {
    say(folded("  hint: " + error.hint, columns_of(STDERR_FILENO), kHintIndent) + "\n");
  }
  return error.code == ErrorCode::check_failed ? kFailed : kUsage;
}

int exit_code_of(const Expected<int>& code) { return code ? *code : report_error(code.error()); }

std::string library_directory() {
  std::error_code failed;
  const auto program = std::filesystem::read_symlink("/proc/self/exe", failed);
  if (failed) return "lib/heapwise";
  return (program.parent_path().parent_path() / "lib" / "heapwise").string();
}

}  // namespace heapwise::cli
