// SPDX-License-Identifier: MIT
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/files.h"
#include "base/temporary_directory.h"
#include "traces/profile.h"
#include "traces/reader.h"
#include "workloads/workload.h"

namespace heapwise::test {

/// A workload's trace, made and read again.
struct Made {
  TraceInfo info;
  std::vector<Op> ops;
  TraceTotals totals;
  TraceProfile profile;
  std::string file;  ///< its bytes
};

inline Made make(const std::string& text, std::uint64_t seed = 1) {
  const auto folder = TemporaryDirectory::make();
  const std::string path = folder->path() + "/t.hwt";
  const auto choice = parse_workload(text);
  EXPECT_TRUE(choice) << text << ": " << choice.error().what;
  const auto totals = make_workload(*choice, seed, path, false);
  EXPECT_TRUE(totals) << text << ": " << totals.error().what;
  Made made;
  auto reader = TraceReader::open(path);
  made.info = reader->info();
  for (Op op; reader->next(op);) made.ops.push_back(op);
  EXPECT_FALSE(reader->damage()) << text;
  made.totals = reader->totals();
  made.profile = *profile_trace(path);
  made.file = *read_file(path);
  return made;
}

/// Live requested bytes after each op.
inline std::vector<std::uint64_t> live_bytes(const std::vector<Op>& ops) {
  std::vector<std::uint64_t> sizes(ops.size() + 1), live;
  std::uint64_t bytes = 0;
  for (const Op& op : ops) {
    if (is_allocation(op.kind) || op.kind == OpKind::realloc) {
      bytes += op.size - (op.kind == OpKind::realloc ? sizes[index(op.object)] : 0);
      sizes[index(op.object)] = op.size;
    }
    if (op.kind == OpKind::free) bytes -= sizes[index(op.object)];
    live.push_back(bytes);
  }
  return live;
}

/// Why the trace cannot be made, though each value is within its range; and that nothing is left.
inline Error refusal(const std::string& text) {
  const auto folder = TemporaryDirectory::make();
  const auto choice = parse_workload(text);
  if (!choice) return choice.error();
  const auto totals = make_workload(*choice, 1, folder->path() + "/t.hwt", false);
  EXPECT_FALSE(totals) << text;
  EXPECT_FALSE(read_file(folder->path() + "/t.hwt")) << text;
  return totals ? Error{} : totals.error();
}

inline double share(std::uint64_t part, std::uint64_t whole) {
  return static_cast<double>(part) / static_cast<double>(whole);
}

}  // namespace heapwise::test
