// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "traces/op.h"
#include "traces/trace.h"

namespace heapwise {

/// A file that ends early or is damaged: everything before the damage has been read.
struct TraceDamage {
  std::uint64_t offset = 0;         ///< where the last whole chunk ended
  std::uint64_t missing_bytes = 0;  ///< bytes of the file from there on; 0 if it was cut clean
  std::string what;                 ///< a sentence that says what is missing
};

/// The error of whoever needs calls, where the damage stands before the first one.
Error nothing_left(const std::string& path, const TraceDamage& damage);

/// Reads one .hwt file front to back, holding one chunk and a number per live object in memory.
/// Not thread-safe; open the file twice to read it twice at once.
class TraceReader {
 public:
  /// Opens a file and reads what stands before the first op. Fails with a hint when it is no trace,
  /// or one of a version this build does not know (both versions named), or its head is damaged.
  static Expected<TraceReader> open(const std::string& path);
  TraceReader(TraceReader&&) noexcept;
  TraceReader& operator=(TraceReader&&) noexcept;
  ~TraceReader();

  const std::string& path() const;
  const TraceInfo& info() const;

  /// The next op, checked: object numbers name live objects, times do not go back. Returns false
  /// at the end; then damage(), totals() and residency() are complete.
  bool next(Op& op);

  /// Set when the file did not end as a finished trace does.
  const std::optional<TraceDamage>& damage() const;
  /// The totals as the writer counted them, or as counted here when the trace is unfinished.
  const TraceTotals& totals() const;
  /// The samples met so far, at most a few thousand in any trace.
  const std::vector<ResidencySample>& residency() const;
  /// Those met so far, in order; few enough to keep. Empty where nobody measured it.
  const std::vector<AllocatorTimeSample>& allocator_times() const;
  /// What the trace really has: info().capabilities less what damage or drops took away.
  Capabilities capabilities() const;

 private:
  struct Impl;
  explicit TraceReader(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace heapwise
