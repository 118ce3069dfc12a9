// SPDX-License-Identifier: MIT
#pragma once

#include <string>

namespace heapwise::cli {

/// What a long command is doing, on standard error: one line that rewrites itself on a terminal,
/// a plain line now and then otherwise, nothing when quiet. Not thread-safe.
class Progress {
 public:
  explicit Progress(bool quiet);
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  /// What is happening now. `fraction` in [0, 1], or negative where nobody can tell.
  void show(const std::string& what, double fraction = -1, double seconds_left = -1);
  /// A line that stays.
  void note(const std::string& line);
  /// Takes the rewritten line off the terminal.
  void clear();

 private:
  bool quiet_;
  bool terminal_;
  bool dirty_ = false;
  double last_line_s_ = -1e9;
};

}  // namespace heapwise::cli
