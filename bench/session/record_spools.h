// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/files.h"
#include "bench/session/record_touch.h"
#include "traces/recorder/convert.h"
#include "traces/recorder/spool.h"

namespace heapwise {

/// The number of the process namespace that this process is in; 0 where the system does not tell.
std::uint64_t own_pid_namespace();

/// A spool that is being emptied: the one end of the recorder's ring. Lives until the process image
/// that fills it is gone; what was in it is then in a raw file.
class LiveSpool {
 public:
  /// Takes over the spool file at `path`; the raw file is made in `raw_directory`. Where it cannot
  /// be, the spool is emptied all the same, as its process would wait for that.
  static Expected<std::unique_ptr<LiveSpool>> open(const std::string& path,
                                                   const std::string& raw_directory);
  LiveSpool(const LiveSpool&) = delete;
  LiveSpool& operator=(const LiveSpool&) = delete;
  ~LiveSpool();

  const spool::Header& header() const;

  /// Copies full segments to the raw file and frees them; gives the process more of them, up to
  /// `most` in all, if it is running short. Returns how many were copied. `beat` is advanced with
  /// each, so that the process sees that somebody is at work.
  std::size_t drain(std::uint32_t most, std::atomic<std::uint64_t>& beat);

  /// The process image is gone: copies what is left and closes.
  void finish(std::atomic<std::uint64_t>& beat);

  /// Adds a sample of the process's resident memory, if one is due; keeps a few thousand at most by
  /// sampling half as often from then on. False when the process is gone. What it is by exec is not
  /// this image's memory.
  bool sample(std::uint64_t now_ns);

  /// Counts the pages that are written of the process's large blocks, if that is due. True when
  /// there are more of them than before.
  bool count_touched(const TickClock& clock);

  /// True when the process has ended. False while that is not known.
  bool is_gone() const;

  /// True when the process's number means the same process here.
  bool in_same_namespace() const { return same_namespace_; }

  /// Empty when there is no raw file.
  const std::string& raw_path() const { return raw_path_; }
  /// Why the raw file ends before the process did, as errno says it; 0 when it does not. What was
  /// written before is there.
  int write_error() const { return write_error_; }
  /// The calls that it lacks.
  std::uint64_t lost_events() const { return lost_events_; }
  const std::vector<recorder::MemorySample>& samples() const { return samples_; }
  std::vector<recorder::TouchSample> take_touches();
  std::uint32_t limit() const;

 private:
  LiveSpool() = default;
  void begin_raw_file(const std::string& path);
  void copy_segment(std::uint32_t index, std::size_t bytes);
  void grow(std::uint32_t busy, std::uint32_t most);
  void grow_large();
  std::atomic<spool::SegmentState>& state(std::uint32_t index) const;
  unsigned char* segment(std::uint32_t index) const;
  spool::Header& mutable_header() const;
  void identify_process();

  std::string path_, raw_path_;
  Fd file_, raw_, process_, status_;
  unsigned char* base_ = nullptr;
  std::size_t mapped_ = 0;
  std::uint32_t capacity_ = 0;  ///< as found: the program may write over its header
  std::size_t whole_ = 0;       ///< bytes of the raw file: of its header and whole segments
  int write_error_ = 0;
  std::uint64_t lost_events_ = 0;
  bool same_namespace_ = false;
  bool was_gone_ = false;  ///< when its process was looked for
  std::vector<recorder::MemorySample> samples_;
  std::unique_ptr<TouchScan> touch_;
  std::uint64_t sample_every_ns_ = 10'000'000;
  std::uint64_t next_sample_ns_ = 0;
};

}  // namespace heapwise
