// SPDX-License-Identifier: MIT
// What a runner leaves behind: one mapped file, figures as taken, nothing derived. Data only; the
// only header of this folder that the CLI side includes. The layout is private to one build.
#pragma once

#include <cstdint>

namespace heapwise {

constexpr char kRawRunMagic[8] = {'H', 'W', 'R', 'U', 'N', '0', '0', '2'};

enum class Purpose : std::uint32_t { footprint = 1, throughput = 2 };

/// Which clock the allocator sees during a footprint replay.
enum class ReplayClock : std::uint32_t {
  trace = 1,     ///< recorded time plus the time really spent in the replay
  recorded = 2,  ///< real time, paced as recorded
  none = 3,      ///< real time, as fast as possible
};

/// How a runner ends when it was not killed.
enum RunnerExit : int {
  kRunnerFine = 0,
  kRunnerUsage = 64,    ///< it was called wrongly, or plan or raw run are not what they should be
  kRunnerRefused = 65,  ///< malloc is not the allocator it is named after; stderr says what it is
  kRunnerSystem = 66,   ///< the system refused memory for the tables, or a thread
};

struct RawSample {
  std::uint64_t word;            ///< number in the total order that was about to run
  std::uint64_t time_ns;         ///< trace time
  std::uint64_t clock_ns;        ///< what the allocator's clock had advanced by
  std::uint64_t live_bytes;      ///< requested
  std::uint64_t rss_anon_bytes;  ///< of the whole runner; the baseline is not subtracted
};

/// At the start of the file, RawSample[sample_capacity] behind it. The CLI makes the file and sets
/// magic and capacity; the runner fills the rest. `finished` is stored last: 0 means it died
/// before.
struct RawRun {
  char magic[8];
  std::uint32_t finished;
  Purpose purpose;
  std::uint64_t operations;
  std::uint64_t wall_ns;           ///< of the replay itself
  std::uint64_t cpu_ns;            ///< user and system, all threads, of the replay itself
  std::uint64_t failed_calls;      ///< allocations that returned null
  std::uint64_t before_rss_bytes;  ///< RssAnon just before the first word
  std::uint64_t exit_rss_bytes;    ///< where the program began to exit (footprint); 0 if it did not
  std::uint64_t last_rss_bytes;    ///< RssAnon after the last word
  std::uint64_t
      drain_1s_rss_bytes;  ///< and after 1 s of idling with ticks; footprint, clock `trace`
  std::uint64_t drain_10s_rss_bytes;  ///< and after 10 s
  std::uint64_t peak_rss_bytes;       ///< largest sample (footprint)
  std::uint32_t threads_started;      ///< beside the main thread
  std::uint32_t sampler;              ///< 1: /proc/self/status, 2: smaps_rollup (counters lag)
  std::uint64_t sample_capacity;
  std::uint64_t sample_count;
  char version[64];  ///< of the allocator, as it says itself
};

}  // namespace heapwise
