// SPDX-License-Identifier: MIT
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/files.h"
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

}  // namespace heapwise::test
