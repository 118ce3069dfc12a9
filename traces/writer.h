// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/error.h"
#include "traces/op.h"
#include "traces/trace.h"

namespace heapwise {

/// Writes one .hwt file, chunk by chunk, in memory that grows with the live heap of the trace and
/// not with its length. Events are given in the total order of the trace (see Op); times may not
/// go back and are raised to the last one if they do. Not thread-safe.
///
/// What cannot be (an object number never given or freed already, a thread number that skips one,
/// sizes or times from 2^63) is the caller's mistake: such an op is left out and the first one is
/// kept and returned by finish(), as is the first I/O error; until then writing goes on into
/// nothing. Threads are numbered from 0 in the order in which they first appear here.
///
/// The file appears under its name only when finish() succeeds: a writer that is destroyed before
/// leaves nothing behind and never damages a file that was there. Until then it is called
/// NAME.part-PID-N; that stays when the process is killed, and reads as a trace cut short.
class TraceWriter {
 public:
  /// Starts a trace. Fails when `path` exists and `overwrite` is false, is no regular file, or
  /// cannot be written, and when `info` has more than 64 MiB, a million arguments or 4,096 facts.
  static Expected<TraceWriter> create(const std::string& path, const TraceInfo& info,
                                      bool overwrite = false);
  TraceWriter(TraceWriter&&) noexcept;
  TraceWriter& operator=(TraceWriter&&) noexcept;
  ~TraceWriter();

  /// How many bytes more may be alive: the largest size that allocate() does not refuse.
  std::uint64_t room_bytes() const;

  /// An allocation that succeeded; returns the number to free it by. `align_log2` is kept only for
  /// kind `aligned`.
  ObjectId allocate(ThreadId thread, std::uint64_t time_ns, OpKind kind, std::uint64_t size,
                    std::uint8_t align_log2 = 0);
  /// A reallocation that succeeded, of a live object, to a size that is not its end.
  void reallocate(ThreadId thread, std::uint64_t time_ns, ObjectId object, std::uint64_t size);
  void free(ThreadId thread, std::uint64_t time_ns, ObjectId object);
  /// `creator` makes `started`; pass the same thread twice when nobody knows who did.
  void thread_start(ThreadId creator, std::uint64_t time_ns, ThreadId started);
  void thread_end(ThreadId thread, std::uint64_t time_ns);
  void touch(ThreadId thread, std::uint64_t time_ns, ObjectId object, std::uint64_t pages);
  void trim(ThreadId thread, std::uint64_t time_ns, std::uint64_t pad);
  void mallopt(ThreadId thread, std::uint64_t time_ns, std::int32_t parameter, std::int32_t value);
  void exit_begin(ThreadId thread, std::uint64_t time_ns);
  /// Resident memory of the recorded process; samples come in order of time among themselves.
  void residency(const ResidencySample& sample);

  /// What the recorded program's allocator took; neither number goes back.
  void allocator_time(const AllocatorTimeSample& sample);

  /// Ends the trace and gives the file its name. `end` contributes dropped_events and facts; the
  /// counts are the writer's own and are returned. Call once.
  Expected<TraceTotals> finish(const TraceTotals& end = {});

 private:
  struct Impl;
  explicit TraceWriter(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace heapwise
