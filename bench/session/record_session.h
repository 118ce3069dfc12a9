// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/files.h"
#include "base/temporary_directory.h"
#include "bench/session/record_spools.h"
#include "traces/recorder/convert.h"
#include "traces/recorder/spool.h"

namespace heapwise {

/// One process image, gone, with what it logged on disk.
struct EndedImage {
  std::string raw_path;           ///< empty when there was no room for anything
  int write_error = 0;            ///< why not all is there, as errno says it
  std::uint64_t lost_events = 0;  ///< how much is not; the raw file counts them as dropped
  std::int32_t pid = 0;
  std::int32_t parent_pid = 0;
  std::uint64_t start_ticks = 0;
  std::uint64_t parent_start_ticks = 0;
  std::uint64_t fork_ticks = 0;
  std::uint32_t flags = 0;
  bool interrupted = false;  ///< it was still running when recording was ended
  std::vector<recorder::MemorySample> samples;
  std::vector<recorder::TouchSample> touches;
};

/// The directory in memory where recorded processes leave their spools, and the emptying of these.
class RecordSession {
 public:
  /// Makes the directory; raw files go to a folder beside `output`. `library` is the recorder's,
  /// `measures_touch` whether the pages that are written of large blocks are counted.
  static Expected<std::unique_ptr<RecordSession>> begin(const std::string& library,
                                                        const std::string& output,
                                                        bool measures_touch);
  RecordSession(const RecordSession&) = delete;
  RecordSession& operator=(const RecordSession&) = delete;
  ~RecordSession();

  const std::string& directory() const { return directory_->path(); }
  /// On disk, where raw files are. Its files are removed with the session.
  const std::string& raw_directory() const { return raw_directory_->path(); }
  /// A path of the recorder library that can stand in LD_PRELOAD.
  const std::string& library() const { return library_; }

  /// Which process the command began as: it says so itself, as the first thing that it does. Shared
  /// with all recorded processes.
  std::atomic<std::int32_t>& command_pid() { return page_->command_pid; }
  /// `found` is told of each process that is taken in; not of those in another process namespace.
  void tell_of_processes(std::function<void(std::int32_t)> found) { found_ = std::move(found); }

  /// Readable when a process has made a spool.
  int watch_fd() const { return watch_.get(); }

  /// Takes in new spools, empties all, samples memory, ends those whose process is gone. True when
  /// there was so much to do that there soon will be more.
  bool step();

  /// Ends all that are still open. `all_gone` says that their processes have ended for sure, which
  /// cannot be seen of those in another process namespace.
  void end(bool all_gone);

  std::size_t live() const { return live_.size(); }
  /// Those that ended, in order of their start, once end() was called.
  const std::vector<EndedImage>& ended() const { return ended_; }
  std::uint64_t unrecorded(spool::Unrecorded why) const;
  /// Spools that could not be taken in, and why the first was not.
  std::uint64_t refused() const { return refused_; }
  const std::string& refusal() const { return refusal_; }
  const std::string& refusal_remedy() const { return refusal_remedy_; }
  recorder::TickScale scale() const;

 private:
  RecordSession() = default;
  Expected<void> make_session_page();
  Expected<void> choose_library(const std::string& library);
  void take_in(const std::string& name);
  void end_replaced(std::int32_t pid);
  void end_one(std::size_t index, bool interrupted);
  std::uint32_t most_segments(const LiveSpool& spool) const;

  /// The same moment by both clocks.
  struct Moment {
    std::uint64_t ticks = 0;
    std::uint64_t monotonic_ns = 0;
  };
  Moment now() const;
  std::uint64_t ticks() const;

  std::unique_ptr<TemporaryDirectory> directory_, raw_directory_;
  std::string library_;
  bool measures_touch_ = true;
  spool::SessionPage* page_ = nullptr;
  Fd page_file_, raw_lock_;  ///< kept open for their locks, which say that this session is alive
  Fd watch_;
  Moment begun_;
  std::uint64_t budget_segments_ = 0;
  std::vector<std::unique_ptr<LiveSpool>> live_;
  std::vector<EndedImage> ended_;
  std::uint64_t refused_ = 0;
  std::string refusal_, refusal_remedy_;
  std::function<void(std::int32_t)> found_;
};

}  // namespace heapwise
