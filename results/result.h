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
  double cpu_limit = 0;                  ///< of the control group, in cores; 0 for none
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

/// One of several recordings of one workload.
struct RecordingInfo {
  std::string trace;  ///< path as given; may be empty
  std::uint64_t operations = 0;
  unsigned threads = 0;
  std::uint64_t peak_live_bytes = 0;
  double mean_live_bytes = 0;
  std::uint64_t end_live_bytes = 0;
  double duration_s = 0;
  std::optional<double> cpu_s;
  std::optional<double>
      measured_share;  ///< of its time: until the load script ended, if it had one
};

/// CPU time that a process takes to start under an allocator and to do nothing.
struct StartCost {
  std::string allocator, tuning = "default";
  double cpu_s = 0;
};

/// A workload that was run: a profile of its trace, or of the middle one (by peak) of several
/// recordings of it.
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
  /// Of the recorded program, where it is known; of several recordings the fastest third's mean.
  std::optional<double> cpu_s;
  std::optional<double> children_cpu_s;  ///< of that, what children took that it waited for
  /// How many processes the recorded command started by exec, itself among them, where that is
  /// known; what only forked links nothing anew.
  std::optional<unsigned> process_starts;
  std::vector<StartCost> start_costs;  ///< where process_starts counts
  /// On how many processors at once a program of several threads called malloc, on average: as
  /// many, rounded, replay it for speed.
  std::optional<double> busy_processors;
  /// Wall time of the recorded run, up to the end of its load where it had one; median of several.
  std::optional<double> recorded_wall_s;
  /// Wall time while recorded ÷ without recorder, run next; of several the fastest thirds' means.
  std::optional<double> recording_slowdown;
  std::vector<std::string> capabilities;
  /// The recorded process's own RssAnon, where the trace has it.
  std::vector<std::pair<double, std::uint64_t>> recorded_rss;
  std::string linked_allocator;  ///< the known allocator that the program is linked to; or empty
  std::vector<RecordingInfo> recordings;  ///< empty where there was but one
  std::vector<Warning> warnings;          ///< the flags of results/flags.h among them
  /// The harness's own cost on this workload; Harness has that of all together.
  std::optional<double> null_ns_per_operation, null_seconds;
  std::optional<std::uint64_t> null_rss_bytes;
  std::string host;  ///< after a merge: the machine that ran it
};

struct Sample {
  double time_s = 0;
  std::uint64_t live_bytes = 0;
  std::uint64_t rss_bytes = 0;  ///< the heap's: the runner's RssAnon less the null runner's
};

enum class RunStatus { ok, crashed, timed_out, out_of_memory, unsupported };

/// What the calls of one kind took in a latency run. Times are less the cost of reading the clock.
struct CallLatency {
  std::string kind;  ///< "malloc", "calloc", "realloc", "aligned" or "free"
  std::uint64_t calls = 0;
  double mean_ns = 0, p50_ns = 0, p99_ns = 0, p999_ns = 0, max_ns = 0;
};

/// One process of one allocator on one workload.
struct Run {
  std::string workload, allocator, tuning = "default", version, linkage = "shared";
  std::string purpose;  ///< "footprint", "throughput" or "latency"
  unsigned repetition = 0;
  unsigned recording = 0;             ///< which of WorkloadInfo::recordings was replayed
  std::string library;                ///< a library of the user's own; empty: heapwise's
  std::vector<std::string> settings;  ///< "VARIABLE=VALUE" of the tuning, and those given ad hoc
  RunStatus status = RunStatus::ok;
  std::string status_detail;  ///< the signal or the reason, when status is not ok
  /// Settings that may or may not have been at work: the allocator does not tell. Empty: none.
  std::string unconfirmed_settings;
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
  /// Latency runs only: over calls of all kinds, then kind by kind.
  std::optional<double> latency_p50_ns, latency_p99_ns, latency_p999_ns, latency_max_ns;
  std::optional<double> stamp_ns;  ///< latency only: of reading the clock twice; is subtracted
  std::vector<CallLatency> latency;
  /// Length of a variable that only moves the stack, so that no layout of memory is met each time.
  std::optional<std::uint64_t> padding_bytes;
  std::vector<Sample> samples;
};

/// Of the faster half of repetitions. What disturbs a run only makes it slower, so its median is
/// not moved until three of four are disturbed (J. Chen and J. Revels, "Robust benchmarking in
/// noisy environments", 2016, go as far as the fastest run).
struct FasterHalf {
  unsigned runs = 0;                     ///< all of which it is the half
  double median = 0, low = 0, high = 0;  ///< low and high: the least and the most
  double mad = 0;                        ///< median absolute deviation
};

/// A median over repetitions with its 95 % interval; statistics.h says what that is for few runs.
struct Interval {
  double median = 0, low = 0, high = 0;
  std::optional<double> mad;  ///< median absolute deviation, in the unit of the median
  std::optional<FasterHalf> faster_half = {};  ///< of times that were measured often enough
};

/// What was measured on one of several recordings. Allocators are compared within each.
struct RecordingFigures {
  unsigned recording = 0;
  std::optional<Interval> memory_cost_bytes, ns_per_operation, cpu_ns_per_operation;
};

/// All repetitions of one allocator and tuning on one workload. With several recordings, medians
/// are over the runs of all, and intervals reach over the intervals of each.
struct Summary {
  std::string workload, allocator, tuning = "default", version;
  unsigned repetitions = 0;  ///< runs that ended ok, of the purpose and recording with fewest
  unsigned failures = 0;     ///< runs that did not
  std::string failure;       ///< the first failure's status and detail; empty if none
  std::string library;       ///< as in Run
  std::vector<std::string> settings;
  std::vector<RecordingFigures> recordings;  ///< empty where there was but one
  std::vector<std::string> flags;  ///< codes of what this row may be wrong about (results/flags.h)
  /// What the memory verdict compares: the mean of peak, mean and end RSS, taken run by run.
  std::optional<Interval> memory_cost_bytes;
  /// User and system time of all threads in the throughput runs, per operation: what speed is
  /// ranked by where the program's CPU time is known.
  std::optional<Interval> cpu_ns_per_operation;
  std::optional<Interval> ns_per_operation, peak_rss_bytes, mean_rss_bytes, end_rss_bytes,
      drained_1s_rss_bytes, drained_10s_rss_bytes, fragmentation_peak, fragmentation_mean,
      fragmentation_end, latency_p50_ns, latency_p99_ns, latency_p999_ns, latency_max_ns;
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

/// How far one figure is from the best on its workload.
struct RegretCell {
  double percent = 0;    ///< by which what is compared is above the least; 0 for the best itself
  std::string standing;  ///< "best"; "same": not worth a change; "unclear": the noise hides it;
                         ///< "worse"
};

/// One allocator and tuning beside the best on one workload. Nothing where it was not measured.
struct Regret {
  std::string workload, allocator, tuning = "default";
  std::optional<RegretCell> memory, speed, latency;
  /// Points of the balanced score behind the best: memory in per cent, and what the time is worth.
  std::optional<double> balanced_points;
  /// No other one is better in some figure and worse in none (of memory, speed and latency).
  bool on_front = false;
  std::string failure;  ///< why it has no figures: "crashed: …"; empty when it has
};

/// Regrets of one figure over all workloads.
struct RegretFigure {
  double mean = 0;
  double clear_mean = 0;  ///< the same, of nothing but what is beyond the noise
  double worst = 0;
  std::string worst_workload;
};

/// One allocator and tuning over all workloads.
struct FleetRow {
  std::string allocator, tuning = "default";
  unsigned workloads = 0;  ///< that count towards the figures
  unsigned failures = 0;   ///< workloads on which a run did not end well
  unsigned missing = 0;    ///< workloads that others ran and it did not
  std::optional<RegretFigure> memory, speed, latency;  ///< per cent
  std::optional<RegretFigure> balanced;                ///< points
};

/// How far a suite came with one workload, and why it stopped there.
struct SuiteWorkload {
  std::string workload;  ///< name in Result::workloads
  std::string choice;    ///< what made its trace: "two-wave:wave=16MiB"
  unsigned rounds = 0;   ///< whole ones
  std::string stopped;   ///< "narrow", "most-rounds", "budget" or "" while it goes on
  std::string reason;    ///< the same in words
};

/// What a suite was told to do and how far it came. A result that lacks it is of another command.
struct SuiteInfo {
  std::string mode;                                          ///< "quick" or "full"
  std::vector<std::string> workloads, allocators, purposes;  ///< as they would be typed
  std::uint64_t workload_seed = 1;
  unsigned least_rounds = 1, most_rounds = 1;
  double budget_s = 0;   ///< 0: none
  double elapsed_s = 0;  ///< over all sittings
  unsigned shard = 1, shards = 1;
  std::vector<unsigned> merged;  ///< the shards in it, after a merge
  bool complete = false;
  std::vector<SuiteWorkload> progress;
  std::vector<std::string> limits;  ///< sentences: what it cannot tell, being so short
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
  /// What the real program's CPU time is more than under glibc's default, and the interval of that.
  std::optional<double> cpu_change_percent, cpu_change_low_percent, cpu_change_high_percent;
  std::optional<double> predicted_cpu_change_percent;  ///< what allocator time alone makes of it
  std::string real_speed, predicted_speed;  ///< "faster", "slower", "same"; empty: not known
  double measured_share = 1;                ///< of the recorded run: until the load script ended
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
  /// Where there are several workloads: each allocator against the best of each (regret.h).
  std::vector<Regret> regrets;
  std::vector<FleetRow> fleet;
  std::vector<Recommendation> fleet_recommendations;  ///< their workload is empty: for all
  std::optional<SuiteInfo> suite;
  /// After a merge: the machines of the parts; WorkloadInfo::host says which is whose.
  std::vector<Environment> machines;
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
