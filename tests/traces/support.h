// SPDX-License-Identifier: MIT
// Traces for tests: made whole, taken apart, forged.
#pragma once

#include <string>
#include <vector>

#include "base/temporary_directory.h"
#include "traces/reader.h"
#include "traces/writer.h"

namespace heapwise {

bool operator==(const Op& a, const Op& b);
void PrintTo(const Op& op, std::ostream* out);

namespace test {

/// A folder of the test's own, gone when the test is.
class Folder {
 public:
  Folder();
  std::string operator/(const std::string& name) const { return directory_.path() + "/" + name; }
  std::vector<std::string> files() const;

 private:
  TemporaryDirectory directory_;
};

/// All that a reader says of a file.
struct Reading {
  TraceInfo info;
  std::vector<Op> ops;
  std::optional<TraceDamage> damage;
  TraceTotals totals;
  std::vector<ResidencySample> residency;
  std::vector<AllocatorTimeSample> allocator_times;
  Capabilities capabilities = 0;
};
Expected<Reading> read_trace(const std::string& path);

std::string slurp(const std::string& path);
void spill(const std::string& path, const std::string& bytes);

/// A body for forge(): type, sequence number, payload.
std::string body(int type, unsigned sequence, const std::string& payload);
/// One chunk: a length and the frame of a body.
std::string chunk(const std::string& body);
/// Magic and version.
std::string header(unsigned major = 1, unsigned minor = 0);
/// Decompressed chunks of a file, whatever is in them.
std::vector<std::string> bodies_of(const std::string& file);
/// Where each chunk of a file begins, and its end.
std::vector<std::size_t> boundaries_of(const std::string& file);

/// Payloads that a test can bend.
std::string head_payload();
std::string ops_payload(const std::vector<Op>& ops);
std::string end_payload(const TraceTotals& totals);
Op make(OpKind kind, std::uint64_t time_ns, std::uint32_t object = 0, std::uint64_t size = 0,
        std::uint32_t thread = 0);

/// A head, one ops chunk for each group, and no end.
std::string unfinished(const std::vector<std::vector<Op>>& groups);
/// The same with the end that fits.
std::string finished(const std::vector<std::vector<Op>>& groups, unsigned sequence_of_end = 0);

/// A few chunks of a few ops of every kind, and the ops.
std::vector<std::vector<Op>> small_groups();

}  // namespace test
}  // namespace heapwise
