// SPDX-License-Identifier: MIT
// Follows all processes that a command starts, from outside, and the memory of each.
#pragma once

#include <sys/types.h>

#include <algorithm>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "base/files.h"
#include "bench/session/real_run_memory.h"

namespace heapwise {

/// Bytes of a process at a time, in seconds.
struct ProcessMoment {
  double time_s = 0;
  std::uint64_t bytes = 0;
  std::uint64_t high = 0;  ///< the most since the moment before, where that is known
};

/// Which of the images that a command runs is meant. An image is a process from its start or from
/// an exec until its end or the next exec; one that was only forked to execute another is none.
struct ImageChoice {
  /// Empty: the command's own process, what it became last.
  std::string program;
  unsigned nth = 0;       ///< of the images of that name, in order of their start
  unsigned named_so = 1;  ///< how many of them the recorded run had
  double begun_s = 0;     ///< after the command's own process, in the recorded run
  double lived_s = 0;     ///< there; 0 when that is not known
};

/// Samples every 2 ms at first, and keeps half as many each time that there are a few thousand; it
/// is to be asked for more often than it keeps, so that the end is seen. Between two samples the
/// kernel's own high-water mark says whether there was more: it counts where it rose, less what
/// files took at either side.
class MomentKeeper {
 public:
  static constexpr double kLongestPause_s = 0.02;

  struct Sight {
    double time_s = 0;
    std::uint64_t anonymous = 0, file_and_shared = 0, resident = 0, high_water = 0;
  };
  void add(const Sight& sight);
  /// How long to wait until the next sight.
  double pause_s() const { return std::min(period_s_, kLongestPause_s); }
  /// In order of time, the last sight among them. Their heights hold what was between them.
  std::vector<ProcessMoment> moments() const;
  std::uint64_t highest() const { return highest_; }
  double last_s() const { return last_.time_s; }

 private:
  void thin();

  std::vector<ProcessMoment> kept_;
  std::uint64_t high_ = 0;  ///< since the last that was kept
  std::uint64_t highest_ = 0;
  Sight last_;
  double period_s_ = 0.002;
};

/// One image, as far as it was seen.
class ProcessImage {
 public:
  ProcessImage(pid_t pid, bool forked, std::uint64_t identity, double now);

  /// Looks at its memory, closely if it is one that may be the one that is meant. False when the
  /// process is gone.
  bool look(double now, bool closely, const NonHeapRules& rules);
  /// It will not be looked at again: no file is held open.
  void close() { status_.close(); }

  pid_t pid() const { return pid_; }
  bool forked() const { return forked_; }               ///< and has executed nothing since
  std::uint64_t identity() const { return identity_; }  ///< differs from one exec to the next
  const std::string& program() const { return program_; }
  double begun_s() const { return begun_s_; }
  double lived_s() const;  ///< until it was seen last
  std::vector<ProcessMoment> anonymous() const { return keeper_.moments(); }
  const std::vector<ProcessMoment>& non_heap() const { return non_heap_; }
  std::uint64_t peak_anonymous() const { return keeper_.highest(); }
  std::uint64_t peak_resident() const { return peak_resident_; }
  /// Files that were mapped when smaps was looked at.
  const std::set<std::string>& files() const { return files_; }
  double next_look_s() const { return next_look_s_; }

 private:
  void find_name();
  bool is_visible_change(std::uint64_t before, std::uint64_t after) const;
  bool still_runs() const;
  void look_at_smaps(double now, const NonHeapRules& rules);

  pid_t pid_;
  bool forked_;
  std::uint64_t identity_;
  double begun_s_;
  std::string program_;
  Fd status_;
  MomentKeeper keeper_;
  std::vector<ProcessMoment> non_heap_;
  std::set<std::string> files_;
  std::uint64_t peak_resident_ = 0;
  std::uint64_t anonymous_at_smaps_ = 0;
  double next_look_s_ = 0, next_smaps_s_ = 0, earliest_smaps_s_ = 0;
};

/// The images of a command, found as they come. A process that lives for less than two looks may
/// be missed.
class ProcessImages {
 public:
  /// `root` is the command's process, already itself, and leads a process group of its own.
  /// `rules` outlives this. `found` is told of each process; may be empty.
  ProcessImages(pid_t root, ImageChoice choice, const NonHeapRules& rules,
                std::function<void(pid_t)> found = {});

  /// Finds new images and looks at those that are due; returns the time of the next look.
  double look(double now);

  /// The one that was meant; null when there was none. Of images that are not as many as in the
  /// recorded run, the one that is most like the recorded in when it began and how long it lived,
  /// and has much memory, as the recorded had the largest heap.
  const ProcessImage* chosen() const;

  /// Ends whatever lives still.
  void kill_all() const;

 private:
  struct Member {
    ProcessImage* image = nullptr;
  };
  void find_new(double now);
  void consider(pid_t pid, double now);
  void begin_image(pid_t pid, bool forked, std::uint64_t identity, double now);
  void check_exec(Member& member, double now);
  bool may_be_chosen(const ProcessImage& image) const;
  double unlikeness(const ProcessImage& image) const;
  std::vector<const ProcessImage*> named() const;

  pid_t root_;
  ImageChoice choice_;
  const NonHeapRules& rules_;
  bool meant_lives_ = false;  ///< one that may be chosen was there at the last look
  std::function<void(pid_t)> found_;
  Fd load_average_;
  pid_t newest_;
  std::vector<std::unique_ptr<ProcessImage>> images_;  ///< in order of their start
  std::map<pid_t, Member> live_;
};

}  // namespace heapwise
