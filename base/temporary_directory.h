// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>

#include "base/error.h"

namespace heapwise {

/// $TMPDIR, or /tmp: an absolute path.
std::string temporary_folder();

/// A directory made under $TMPDIR (or /tmp) and removed with all in it at the end.
class TemporaryDirectory {
 public:
  static Expected<TemporaryDirectory> make(const std::string& parent = {});
  TemporaryDirectory(TemporaryDirectory&& other) noexcept;
  TemporaryDirectory& operator=(TemporaryDirectory&& other) noexcept;
  ~TemporaryDirectory();
  const std::string& path() const { return path_; }

  /// True for the last part of a path that make() may have given to a directory.
  static bool is_name(std::string_view name);

 private:
  TemporaryDirectory() = default;
  std::string path_;
};

/// A file that is on the way to its own name: until it is forgotten it goes with the directories
/// when a signal ends the process. Both tell the same path.
void note_temporary_file(const std::string& path);
void forget_temporary_file(const std::string& path);

/// From now on what ends a process from outside (SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGXCPU) or by
/// abort() first removes this process's temporary directories and files and then ends it as it
/// would have. Those that the process was told to ignore stay ignored. Children of fork end without
/// removing anything. For the main function of a program.
void remove_temporary_directories_on_signals();

}  // namespace heapwise
