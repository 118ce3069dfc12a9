// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "base/error.h"
#include "workloads/fit/model.h"

namespace heapwise::fit {

/// Learns a model of the trace at `path`, up to where the program began to exit; reads it twice.
/// Memory grows with the live heap. Fails where TraceReader::open does, when the trace is damaged
/// or when it has no operation before that.
Expected<Model> learn(const std::string& path);

}  // namespace heapwise::fit
