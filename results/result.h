// SPDX-License-Identifier: MIT
// The result of one session: the C++ face of results/SCHEMA.md. Data only, units in the names.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace heapwise {

/// Something that disturbs or limits a measurement, with the way out.
struct Warning {
  std::string code;    ///< stable, kebab-case: "transparent-hugepage-always"
  std::string what;    ///< a sentence
  std::string remedy;  ///< a command or a sentence; may be empty
  std::string doc;     ///< anchor in docs/measuring.md; may be empty
};

/// The machine and its state when the session ran.
struct Environment {
  std::string host, kernel, cpu, distribution, libc, compiler, build_type;
  unsigned cores = 0;
  std::uint64_t memory_bytes = 0;
  std::uint64_t memory_limit_bytes = 0;  ///< of the control group, 0 for none
  std::uint64_t page_size_bytes = 4096;
  std::string transparent_hugepage;  ///< "always", "madvise", "never" or "" when unknown
  std::string frequency_governor;    ///< "" where the machine shows none
  double load_average = 0;           ///< 1 minute, before the session
  std::vector<Warning> warnings;
};

/// What the harness itself costs, measured with the null allocator in the same session.
struct Harness {
  std::optional<double> null_ns_per_operation;
  std::uint64_t null_rss_bytes = 0;         ///< RssAnon of the null runner before the first op
  std::uint64_t null_rss_growth_bytes = 0;  ///< and how much it grew over the replay
};

/// A workload that was run: a profile of its trace.
struct WorkloadInfo {
  std::string name;
  std::string source;  ///< "recorded", "synthetic" or "imported"
  std::string trace;   ///< path as given, for the reader; may be empty
  std::vector<std::string> command;
  std::uint64_t operations = 0, allocations = 0;
  unsigned threads = 0;
  std::uint64_t peak_live_bytes = 0;
  double mean_live_bytes = 0;
  std::uint64_t end_live_bytes = 0;
  double duration_s = 0;
  std::optional<double> cpu_s;  ///< of the recorded program, where it is known
  std::vector<std::string> capabilities;
  /// The recorded process's own RssAnon, where the trace has it.
  std::vector<std::pair<double, std::uint64_t>> recorded_rss;
  std::vector<Warning> warnings;
};

struct Sample {
  double time_s = 0;
  std::uint64_t live_bytes = 0;
  std::uint64_t rss_bytes = 0;  ///< the heap's: the runner's RssAnon less the null runner's
};

enum class RunStatus { ok, crashed, timed_out, out_of_memory, unsupported };

/// One process of one allocator on one workload.
struct Run {
  std::string workload, allocator, tuning = "default", version, linkage = "shared";
  std::string purpose;  ///< "footprint", "throughput" or "latency"
  unsigned repetition = 0;
  RunStatus status = RunStatus::ok;
  std::string status_detail;  ///< the signal or the reason, when status is not ok
  std::uint64_t operations = 0;
  double seconds = 0;      ///< wall time of the replay itself
  double cpu_seconds = 0;  ///< user and system of the replay itself, all threads
  std::uint64_t failed_calls = 0;
  std::optional<double> ns_per_operation;  ///< throughput runs only
  std::optional<std::uint64_t> peak_rss_bytes, mean_rss_bytes, end_rss_bytes;  ///< footprint only
  std::optional<std::uint64_t> drained_1s_rss_bytes, drained_10s_rss_bytes;
  std::optional<double> fragmentation_peak, fragmentation_mean, fragmentation_end;
  /// Real runs only: the most that the whole process had resident, files included.
  std::optional<std::uint64_t> process_peak_rss_bytes;
  std::vector<Sample> samples;
};

/// A median over repetitions with its 95 % interval; statistics.h says what that is for few runs.
struct Interval {
  double median = 0, low = 0, high = 0;
  std::optional<double> mad;  ///< median absolute deviation, in the unit of the median
};

/// All repetitions of one allocator and tuning on one workload.
struct Summary {
  std::string workload, allocator, tuning = "default", version;
  unsigned repetitions = 0;  ///< runs that ended ok, of the purpose with fewer
  unsigned failures = 0;     ///< runs that did not
  std::string failure;       ///< the first failure's status and detail; empty if none
  /// What the memory verdict compares: the mean of peak, mean and end RSS, taken run by run.
  std::optional<Interval> memory_cost_bytes;
  std::optional<Interval> ns_per_operation, peak_rss_bytes, mean_rss_bytes, end_rss_bytes,
      drained_1s_rss_bytes, drained_10s_rss_bytes, fragmentation_peak, fragmentation_mean,
      fragmentation_end;
};

enum class Objective { balanced, memory, speed, latency };
enum class VerdictKind { better, same, inconclusive };

struct AllocatorName {
  std::string allocator, tuning = "default";
};

/// The answer for one workload and one objective.
struct Recommendation {
  std::string workload;
  Objective objective = Objective::balanced;
  AllocatorName choice;
  VerdictKind verdict = VerdictKind::same;
  AllocatorName over{"glibc", "default"};
  std::string headline;              ///< one sentence
  std::vector<std::string> reasons;  ///< in the figures' own terms
  std::string how_to;                ///< the exact line that deploys it
};

/// Predicted and real memory of one allocator, medians over the runs on either side. Errors are
/// (predicted - real) / real, noise is half the range of the real runs / their median, in per cent.
struct Verification {
  std::string workload, allocator, tuning = "default";
  unsigned real_runs = 0;  ///< that ended well
  unsigned failures = 0;   ///< that did not
  std::string failure;     ///< the first failure's status and detail; empty if none
  std::optional<std::uint64_t> real_peak_rss_bytes, predicted_peak_rss_bytes, real_mean_rss_bytes,
      predicted_mean_rss_bytes, real_end_rss_bytes, predicted_end_rss_bytes;
  std::optional<double> noise_percent, mean_noise_percent, end_noise_percent;  ///< first: of peak
  std::optional<double> error_percent, mean_error_percent, end_error_percent;  ///< first: of peak
  /// The error of the peak in per cent of all that the process had resident.
  std::optional<double> error_percent_of_process;
  std::optional<std::uint64_t> process_peak_rss_bytes;
  std::optional<double> real_cpu_s, real_cpu_noise_percent, real_wall_s;
  double measured_share = 1;  ///< of the recorded run: until the load script ended
  std::string check = "not-checked";  ///< "passed": |error| <= noise + 5, "failed", "not-checked"
};

/// Whether the recommendation drawn from the prediction is the one that real runs give.
struct Agreement {
  /// "same-choice", "within-noise" or "different"; nothing where either side cannot tell.
  std::optional<std::string> memory, speed;
  std::optional<AllocatorName> predicted_memory_choice, real_memory_choice, predicted_speed_choice,
      real_speed_choice;
  std::vector<std::string> sentences;  ///< the same in words
};

struct Result {
  std::string heapwise_version, created;  ///< created: RFC 3339, UTC
  Environment environment;
  Harness harness;
  std::uint64_t seed = 0;  ///< of the order of runs
  std::vector<WorkloadInfo> workloads;
  std::vector<Run> runs;
  std::vector<Summary> summary;
  std::vector<Recommendation> recommendations;
  /// Of a verification only: the program itself under each allocator. Their purpose is "real", RSS
  /// is that of the process's heap, live bytes are not known.
  std::vector<Run> real_runs;
  std::vector<Verification> verification;
  std::optional<Agreement> agreement;
};

std::string to_string(RunStatus status);
std::string to_string(Objective objective);
std::string to_string(VerdictKind verdict);

}  // namespace heapwise
