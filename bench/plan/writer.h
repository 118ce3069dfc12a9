// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/error.h"
#include "base/files.h"
#include "bench/plan/plan.h"

namespace heapwise::plan {

/// How much room a plan needs, counted in the first pass.
struct Extent {
  std::vector<PlanThread> threads;  ///< words and ends are known; the rest is not
  std::uint64_t runs = 0;
  std::uint64_t bigs = 0;  ///< at most
};

/// Counts the runs that words fall into: a run is of one thread, and its words begin within 32 bits
/// of nanoseconds.
class RunCutter {
 public:
  /// Whether a word of `thread` at `time_ns` begins a run.
  bool begins(std::uint32_t thread, std::uint64_t time_ns);
  std::uint64_t start_ns() const { return start_ns_; }

 private:
  std::uint64_t start_ns_ = 0;
  std::uint64_t words_ = 0;
  std::uint32_t thread_ = 0;
};

/// Lays a plan out in a mapped file: the words of each thread together, the runs in total order.
class PlanWriter {
 public:
  /// Takes the room on the disk. Fails when there is none.
  static Expected<PlanWriter> create(const std::string& path, const Extent& extent);
  PlanWriter(PlanWriter&& other) noexcept;
  PlanWriter& operator=(PlanWriter&&) = delete;
  ~PlanWriter();

  /// The next word in total order. Where there is no room, that is kept for finish() to tell, and
  /// nothing is written any more.
  void add(std::uint32_t thread, std::uint64_t time_ns, Word word);
  /// The number of an entry that says this; equal ones share a number.
  std::uint32_t big(const PlanBig& what);
  std::uint64_t word_count() const { return header_.word_count; }

  /// Completes the file. `slots` has the number of slots of each thread; of `head` operations,
  /// exit_word, mailbox_count and duration_ns are taken. Fails when what was added is not what the
  /// extent had counted.
  Expected<void> finish(const PlanHeader& head, const std::vector<std::uint64_t>& slots,
                        const std::vector<PlanSample>& samples);

 private:
  struct BigHash {
    std::size_t operator()(const PlanBig& big) const;
  };
  struct BigEqual {
    bool operator()(const PlanBig& a, const PlanBig& b) const;
  };

  PlanWriter() = default;
  bool has_room(std::uint32_t thread) const;
  bool is_full() const;
  template <class T>
  T* section(std::uint64_t offset) const {
    return reinterpret_cast<T*>(bytes_ + offset);
  }

  Fd file_;
  std::string path_;
  char* bytes_ = nullptr;
  std::uint64_t mapped_ = 0;
  PlanHeader header_{};
  std::vector<PlanThread> threads_;
  std::vector<std::uint64_t> next_word_;
  RunCutter cutter_;
  std::uint64_t bigs_room_ = 0, runs_room_ = 0;
  bool miscounted_ = false;  ///< something had no room
  std::unordered_map<PlanBig, std::uint32_t, BigHash, BigEqual> known_;
};

}  // namespace heapwise::plan
