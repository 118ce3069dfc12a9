// SPDX-License-Identifier: MIT
// Traces made by hand or at random, with what a replay of them has to do.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "traces/writer.h"

namespace heapwise::testing {

/// A call that ends or changes an object, told by the object's size: sizes are unique here.
struct Consumption {
  std::uint64_t old_size = 0;
  std::uint64_t new_size = 0;  ///< 0: freed
  bool operator==(const Consumption&) const = default;
};

struct Expectation {
  std::map<std::uint32_t, std::vector<Consumption>> consumed;  ///< by thread, in order
  std::vector<std::uint64_t> left;                             ///< sizes alive at the end, sorted
  std::uint32_t threads = 0;
  std::uint64_t operations = 0;
};

struct RandomTraceOptions {
  std::uint64_t seed = 1;
  unsigned threads = 4;  ///< alive at a time; some end and others take over
  unsigned operations = 400;
  unsigned remote_percent = 30;  ///< of the calls on objects of another thread
  bool measured_touch = false;   ///< with touch ops, for blocks of 2000 bytes and more
  bool thread_ends = true;
};

/// Writes a random trace to `path`; every size in it is given to one production only.
Expectation write_random_trace(const std::string& path, const RandomTraceOptions& options);

/// A writer for a trace of threads, times, alignments and zeroing, and what else is asked for.
TraceWriter new_trace(const std::string& path, Capabilities more = 0,
                      std::vector<std::pair<std::string, std::string>> facts = {});

/// Ends it; a failure fails the test.
void finish(TraceWriter& writer);

}  // namespace heapwise::testing
