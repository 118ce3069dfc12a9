// SPDX-License-Identifier: MIT
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>

#include "base/files.h"

namespace heapwise {

/// Where processes that run with the marking library (bench/session/mark) say when they began.
class ProgramStarts {
 public:
  ProgramStarts();

  /// For the environment of the program; empty where there can be no such file.
  std::string variable() const;

  /// CLOCK_MONOTONIC when this image (ProcessImage::identity) began; nothing when it did not say.
  std::optional<std::int64_t> started_ns(pid_t pid, std::uint64_t identity) const;

 private:
  Fd file_;
};

}  // namespace heapwise
