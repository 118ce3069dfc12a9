// SPDX-License-Identifier: MIT
// What a runner leaves behind: one mapped file, figures as taken, nothing derived. Data only; the
// only header of this folder that the CLI side includes. The layout is private to one build.
#pragma once

#include <cstdint>

namespace heapwise {

constexpr char kRawRunMagic[8] = {'H', 'W', 'R', 'U', 'N', '0', '0', '3'};

enum class Purpose : std::uint32_t { footprint = 1, throughput = 2, latency = 3 };

/// Which clock the allocator sees. Only footprint replays are paced; others treat `recorded` as
/// `trace`.
enum class ReplayClock : std::uint32_t {
  trace = 1,     ///< recorded time plus the time really spent in the replay; to a millisecond or
                 ///< a 4096th of the duration where unpaced
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
  std::uint64_t word;             ///< number in the total order that was about to run
  std::uint64_t time_ns;          ///< trace time
  std::uint64_t clock_ns;         ///< what the allocator's clock had advanced by
  std::uint64_t spent_ns;         ///< real time that the replay took so far, without sampling
  std::uint64_t live_bytes;       ///< requested
  std::uint64_t rss_anon_bytes;   ///< of the whole runner; the baseline is not subtracted
  std::uint64_t most_anon_bytes;  ///< at any moment since the sample before, within a call too
};

constexpr char kReferenceMagic[8] = {'H', 'W', 'R', 'E', 'F', '0', '0', '1'};

/// What allocation took up to one sample of a plan.
struct ReferencePoint {
  std::int64_t spent_ns;      ///< of a replay on a reference allocator; does not go back
  std::int64_t allocator_ns;  ///< of the recorded program on that allocator; does not go back
};

/// At the start of a file that tells a footprint run how fast the program's time passed; points of
/// that number behind it, one for each sample of the plan from the first on.
struct RawReference {
  char magic[8];
  std::uint64_t count;
  double at_once;  ///< calls that the program made at once, on average; 1 or more
};

/// The kinds of calls that a latency run tells apart.
enum class CallKind : std::uint32_t { malloc, calloc, realloc, aligned, free };
constexpr std::uint32_t kCallKinds = 5;

/// A histogram over clock ticks, linear within each power of two: values below 64 have a step of
/// their own, above that a step is a 32nd of its power of two, so a value is known to 3 %.
constexpr std::uint32_t kLatencyBits = 5;
constexpr std::uint32_t kLatencySteps = (40 - kLatencyBits) << kLatencyBits;

/// What a latency run leaves behind the samples.
struct RawLatency {
  std::uint64_t ticks;        ///< of the clock that stamped the calls, over the replay
  std::uint64_t ns;           ///< in the same time
  std::uint64_t stamp_ticks;  ///< what two readings with nothing in between show, the median
  std::uint64_t backwards;    ///< calls that ended before they began, by a clock that differs
                              ///< between processors; they are in no histogram
  std::uint64_t max_ticks[kCallKinds];
  std::uint64_t sum_ticks[kCallKinds];
  std::uint64_t counts[kCallKinds][kLatencySteps];
};

/// The step that a number of ticks falls into; the last one takes all that is larger.
constexpr std::uint32_t latency_step(std::uint64_t ticks) {
  if (ticks < (2U << kLatencyBits)) return static_cast<std::uint32_t>(ticks);
  const auto shift = static_cast<std::uint32_t>(63 - __builtin_clzll(ticks)) - kLatencyBits;
  const std::uint64_t step = (std::uint64_t{shift} << kLatencyBits) + (ticks >> shift);
  return step < kLatencySteps ? static_cast<std::uint32_t>(step) : kLatencySteps - 1;
}

/// The least number of ticks of a step.
constexpr std::uint64_t latency_floor(std::uint32_t step) {
  if (step < (2U << kLatencyBits)) return step;
  const std::uint32_t shift = (step >> kLatencyBits) - 1;
  return ((step & ((1U << kLatencyBits) - 1)) | std::uint64_t{1} << kLatencyBits) << shift;
}

/// At the start of the file, RawSample[sample_capacity] behind it, then RawLatency in a latency
/// run. The CLI makes the file and sets magic, capacity and latency_bytes; the runner fills the
/// rest. `finished` is stored last: 0 means it died before.
struct RawRun {
  char magic[8];
  std::uint32_t finished;
  Purpose purpose;
  std::uint64_t operations;
  std::uint64_t wall_ns;  ///< of the replay itself
  std::uint64_t cpu_ns;   ///< user and system, all threads, of the replay itself; unpaced: without
                          ///< what went into waiting for another thread's object
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
  std::uint64_t latency_bytes;  ///< sizeof(RawLatency), or 0 when there is none
  char version[64];             ///< of the allocator, as it says itself
};

}  // namespace heapwise
