// SPDX-License-Identifier: MIT
#include "cli/trace_verbs.h"

namespace heapwise::cli {

void add_trace(const Command& root, Outcome& outcome) {
  const Command app = root.add_command("trace", "Look into traces (.hwt) and check them.");
  app.footer("Example: heapwise trace info redis.hwt");
  app.require_command();
  add_trace_info(app, outcome);
  add_trace_check(app, outcome);
}

Expected<ReadTrace> read_trace(const std::string& path) {
  auto reader = TraceReader::open(path);
  if (!reader) return tl::unexpected(reader.error());
  TraceProfile profile = profile_trace(*reader);
  if (reader->damage() && profile.operations == 0) {
    return tl::make_unexpected(nothing_left(path, *reader->damage()));
  }
  return ReadTrace{std::move(*reader), profile};
}

}  // namespace heapwise::cli
