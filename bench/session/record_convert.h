// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/error.h"
#include "bench/session/record.h"
#include "bench/session/record_session.h"

namespace heapwise {

/// What is known of the command itself once it has ended.
struct CommandEnd {
  std::int32_t pid = 0;
  int wait_status = 0;
  double wall_seconds = 0;
  double cpu_seconds = 0;
};

/// Turns the ended images of a session into traces, the command's own first, and adds them with
/// their warnings to `recording`. Fails when the main trace cannot be written.
Expected<void> convert_images(const RecordSession& session, const RecordOptions& options,
                              const CommandEnd& end, Recording& recording);

}  // namespace heapwise
