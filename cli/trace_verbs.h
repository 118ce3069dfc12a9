// SPDX-License-Identifier: MIT
// The verbs below `heapwise trace`, and what they share.
#pragma once

#include <string>

#include "cli/verb.h"
#include "traces/profile.h"
#include "traces/reader.h"

namespace heapwise::cli {

void add_trace_check(const Command& trace, Outcome& outcome);
void add_trace_info(const Command& trace, Outcome& outcome);

/// A trace read to its end.
struct ReadTrace {
  TraceReader reader;
  TraceProfile profile;
};

/// Fails where TraceReader::open does, and where damage leaves no call.
Expected<ReadTrace> read_trace(const std::string& path);

/// The page that `trace info` prints: ends with a line feed, at most 80 columns wide.
std::string trace_page(const ReadTrace& trace);

/// What is wrong with a damaged trace and how much of it is missing: "FILE is damaged: …".
std::string damage_sentence(const TraceReader& reader);

/// Text from a file as it may go to a terminal: control characters become '?', and what is longer
/// than `columns` characters ends in "…".
std::string printable(const std::string& text, std::size_t columns);

}  // namespace heapwise::cli
