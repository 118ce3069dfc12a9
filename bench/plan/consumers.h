// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>

#include "base/error.h"
#include "base/files.h"

namespace heapwise::plan {

/// Which thread consumes each production that another thread than its producer consumes. Written in
/// the order of consumption, read in the order of production. Four bytes a production in an unnamed
/// file, so that memory does not grow with the trace; nothing at all while no object crosses.
class Consumers {
 public:
  /// The file is made in `directory` when it is needed.
  explicit Consumers(std::string directory) : directory_(std::move(directory)) {}
  Consumers(const Consumers&) = delete;
  Consumers& operator=(const Consumers&) = delete;
  ~Consumers();

  /// A failure is kept and told by status(); later calls do nothing.
  void set(std::uint64_t production, std::uint32_t thread);
  /// Whether another thread consumes the production, and which.
  bool get(std::uint64_t production, std::uint32_t* thread) const;
  const Expected<void>& status() const { return status_; }

 private:
  bool reach(std::uint64_t production);

  std::string directory_;
  Fd file_;
  std::uint32_t* threads_ = nullptr;  ///< thread + 1, or 0
  std::uint64_t capacity_ = 0;
  Expected<void> status_;
};

}  // namespace heapwise::plan
