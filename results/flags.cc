// SPDX-License-Identifier: MIT
#include "results/flags.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <csignal>
#include <cstdlib>

#include "results/summarize.h"
#include "results/thresholds.h"
#include "results/units.h"

namespace heapwise {
namespace {

Warning flag(const char* code, std::string what, std::string remedy) {
  return {code, std::move(what), std::move(remedy), code};
}

std::uint64_t count_of(const std::optional<std::string>& fact) {
  return fact ? std::strtoull(fact->c_str(), nullptr, 10) : 0;
}

std::string plural(std::uint64_t count, const std::string& one) {
  return format_count(count) + " " + one + (count == 1 ? "" : "s");
}

/// Writes flags of one trace.
class TraceFlags {
 public:
  explicit TraceFlags(const TraceEvidence& evidence)
      : evidence_(evidence), recorded_(evidence.info.source == TraceSource::recorded) {}

  std::vector<Warning> all() {
    say_what_is_missing();
    say_that_it_failed();
    say_what_is_assumed_written();
    say_what_asks_the_allocator();
    say_what_stands_in_the_way();
    say_what_is_different_here();
    return std::move(flags_);
  }

 private:
  void add(const char* code, std::string what, std::string remedy) {
    flags_.push_back(flag(code, std::move(what), std::move(remedy)));
  }
  std::uint64_t end_count(const char* key) const { return count_of(evidence_.totals.fact(key)); }
  std::uint64_t begin_count(const char* key) const { return count_of(evidence_.info.fact(key)); }
  std::string name() const { return evidence_.info.name; }

  /// A server that is told to end may say so in its status.
  void say_that_it_failed() {
    const std::uint64_t status = end_count("exit_status");
    const std::uint64_t signal = end_count("exit_signal");
    const auto asks_to_end = [](std::uint64_t number) {
      return number == SIGHUP || number == SIGINT || number == SIGTERM || number == SIGKILL;
    };
    const bool crashed = signal != 0 && !asks_to_end(signal);
    if (!crashed && (status == 0 || (status > 128 && asks_to_end(status - 128)))) return;
    add("program-failed",
        fmt::format("{} ended with {} {} when it was recorded: if it failed, figures are those of "
                    "what it did until then",
                    name(), crashed ? "signal" : "exit status", crashed ? signal : status),
        "see what it said, and record it again where that was no success");
  }

  void say_what_is_missing() {
    if (!evidence_.damage.empty()) {
      add("trace-unfinished",
          name() + ": " + evidence_.damage + "; figures are those of the part that is there",
          "record it again, and let it end or stop it with a signal that it heeds");
    }
    if (evidence_.totals.dropped_events > 0) {
      add("trace-incomplete",
          fmt::format("{}: {} lost in the recording; blocks whose free is missing count as live to "
                      "the end, so memory may be predicted too high",
                      name(),
                      plural(evidence_.totals.dropped_events, "event") +
                          (evidence_.totals.dropped_events == 1 ? " was" : " were")),
          "record it again with more room in /dev/shm and on the disk, and less else going on");
    }
    if (!has(evidence_.capabilities, Capability::time)) {
      add("trace-untimed",
          name() +
              ": the trace has no times, so time is counted in operations: means over time, "
              "and memory that allocators return after a while, may be wrong",
          "use a trace with times");
    }
    const std::uint64_t inherited = end_count("recorder.inherited_objects");
    const std::uint64_t unseen = end_count("recorder.inherited_frees");
    if (inherited + unseen > 0) {
      add("forked-process",
          fmt::format("{} was forked and began with {} of its parent's: they are replayed as if it "
                      "had allocated them first of all, in one go, and the pages that it shared "
                      "with its parent count as its own",
                      name(), plural(inherited + unseen, "block")),
          "advise on the parent, which the child's heap is a copy of");
    }
  }

  void say_what_is_assumed_written() {
    if (!recorded_ || !evidence_.census || evidence_.census->peak_live_bytes == 0) return;
    const TraceCensus& census = *evidence_.census;
    const auto peak = static_cast<double>(census.peak_live_bytes);
    const double large = static_cast<double>(census.large_bytes) / peak * 100;
    const double middling = static_cast<double>(census.middling_bytes) / peak * 100;
    const std::string least = format_bytes(static_cast<double>(touch_threshold(evidence_.info)));
    if (!has(evidence_.capabilities, Capability::touch) &&
        large > thresholds::kUnseenLargePercent) {
      add("touch-not-measured",
          fmt::format("{} of {}'s live bytes at the peak were in blocks of {} and more, of which "
                      "was not measured what the program wrote: they are replayed as written in "
                      "full, so memory is predicted too high if it left parts of them empty",
                      format_percent(large), name(), least),
          "record it without --touch off, with this version of heapwise");
    }
    if (middling > thresholds::kUnseenMiddlingPercent) {
      add("small-blocks-unseen",
          fmt::format("{} of {}'s live bytes at the peak were in blocks of {} to {}, of which "
                      "nobody can see what was written: they are taken as written, so memory is "
                      "predicted too high, most for allocators that keep their notes elsewhere "
                      "(jemalloc), if the program leaves such blocks empty",
                      format_percent(middling), name(),
                      format_bytes(static_cast<double>(kMiddlingBytes)), least),
          "heapwise verify shows whether it does");
    }
  }

  void say_what_asks_the_allocator() {
    if (const auto names = evidence_.info.fact("recorder.allocator_calls")) {
      add("asks-allocator",
          fmt::format("{} can ask or steer its allocator ({}): where it acts on the answers it "
                      "behaves differently under each, and then predictions for all but glibc may "
                      "be wrong",
                      name(), *names),
          "heapwise verify runs it under each");
    }
    const std::uint64_t usable = end_count("recorder.usable_size_calls");
    if (usable > 0 &&
        static_cast<double>(usable) >
            thresholds::kUsableSizeShare * static_cast<double>(evidence_.totals.allocations)) {
      add("asks-usable-size",
          fmt::format("{} asked {} how large its blocks really are, which differs between "
                      "allocators: what it decides by that (when to collect garbage, how far to "
                      "fill a buffer) the replay cannot know, so its live bytes may be others",
                      name(), plural(usable, "time")),
          "heapwise verify, or several recordings (advise --recordings 3), show how much that is");
    }
    if (evidence_.census && evidence_.census->trims + evidence_.census->mallopts > 0) {
      add("steers-glibc",
          fmt::format("{} called mallopt {} and malloc_trim {}: the replay makes these calls where "
                      "the allocator has them; elsewhere they do nothing, as in the program",
                      name(), plural(evidence_.census->mallopts, "time"),
                      plural(evidence_.census->trims, "time")),
          "tune another allocator by its own variables before comparing; heapwise advise "
          "--allocators NAME:TUNING");
    }
  }

  void say_what_stands_in_the_way() {
    say_what_is_linked();
    if (const std::uint64_t loads = end_count("recorder.deepbind_loads"); loads > 0) {
      add("deepbind",
          fmt::format("{} loaded libraries with RTLD_DEEPBIND ({}): what these allocate reaches "
                      "libc past any preloaded allocator, and is missing here; a block that one "
                      "side allocates and the other frees crashes the program",
                      name(), plural(loads, "time")),
          "link the allocator into the program instead of preloading it, only if these libraries "
          "exchange no blocks with it, and verify that; or not at all");
    }
    if (const std::uint64_t loads = end_count("recorder.namespace_loads"); loads > 0) {
      add("namespaces",
          fmt::format("{} loaded libraries with dlmopen {}: they have a libc of their own, whose "
                      "calls are missing here and reach no other allocator",
                      name(), plural(loads, "time")),
          "count them as memory that stays as it is");
    }
    const std::uint64_t strangers =
        evidence_.totals.dropped_events > 0
            ? 0
            : end_count("recorder.unknown_frees") + end_count("recorder.implied_frees");
    if (strangers > 0) {
      add("blocks-cross-allocators",
          fmt::format("{} of {}'s blocks were freed or allocated past the malloc that programs "
                      "share: under a preloaded allocator such a block meets the wrong free, which "
                      "crashes most programs",
                      format_count(strangers), name()),
          "find who allocates or frees them (plug-ins, a library with a malloc of its own); until "
          "then put no other allocator under it");
    }
    if (const auto privileges = evidence_.info.fact("executable.privileges")) {
      add("gains-privileges",
          fmt::format("{} is {}: the system ignores LD_PRELOAD and the variables of most "
                      "allocators for whoever gains rights by running it",
                      evidence_.info.fact("executable").value_or(name()), *privileges),
          "link the allocator into the program, or name it in /etc/ld.so.preload for all programs");
    }
  }

  void say_what_is_linked() {
    const auto linked = evidence_.info.fact("recorder.linked_allocator");
    if (!linked) return;
    if (evidence_.info.fact("recorder.recorded_over").value_or("glibc") != "glibc") {
      add("private-interface",
          fmt::format("{} uses functions that only {} has, and was recorded over that: what goes "
                      "past malloc is missing, and no other allocator can take its place",
                      name(), *linked),
          "compare that allocator's tunings; to compare others, build the program without it");
    } else {
      add("linked-allocator",
          fmt::format("{} is linked to {} and runs on that unless another is preloaded; it was "
                      "recorded over glibc",
                      name(), *linked),
          "a preloaded allocator comes before the linked one");
    }
  }

  void say_what_is_different_here() {
    const std::uint64_t cpus = begin_count("cpus");
    if (cpus > 0 && evidence_.cpus_here > 0 && evidence_.threads > 1 &&
        cpus != evidence_.cpus_here) {
      add("different-cpu-count",
          fmt::format("{} was recorded with {} and replayed with {}: allocators size their arenas "
                      "by that, so memory may differ from what the recorded machine would show",
                      name(), plural(cpus, "CPU"), format_count(evidence_.cpus_here)),
          "replay on a machine with as many CPUs as production has");
    }
    const auto pages = evidence_.info.fact("transparent_hugepage");
    if (pages && !pages->empty() && !evidence_.huge_pages_here.empty() &&
        *pages != evidence_.huge_pages_here) {
      add("different-huge-pages",
          fmt::format("{} was recorded with transparent huge pages {} and replayed with {}: with "
                      "'always' RSS grows by 2 MiB where a program wrote one byte",
                      name(), *pages, evidence_.huge_pages_here),
          fmt::format("echo {} | sudo tee /sys/kernel/mm/transparent_hugepage/enabled, then replay "
                      "again",
                      *pages));
    }
  }

  const TraceEvidence& evidence_;
  bool recorded_;
  std::vector<Warning> flags_;
};

// ---- what figures say

std::uint64_t most_recorded(const WorkloadInfo& workload) {
  std::uint64_t most = 0;
  for (const auto& [time, bytes] : workload.recorded_rss) most = std::max(most, bytes);
  return most;
}

/// The recorded process had all its anonymous memory in these samples, so a glibc heap that is
/// predicted larger than that holds pages which the program never wrote.
void flag_unwritten(const Result& result, WorkloadInfo& workload) {
  const Summary* glibc = find_summary(result, workload.name, {"glibc", "default"});
  if (glibc == nullptr || !glibc->peak_rss_bytes ||
      workload.recorded_rss.size() < thresholds::kRecordedSamples || !workload.recordings.empty()) {
    return;
  }
  const auto recorded = static_cast<double>(most_recorded(workload));
  const double predicted = glibc->peak_rss_bytes->median;
  const double excess = predicted - recorded;
  if (excess < thresholds::kUnwrittenBytes ||
      excess < recorded * thresholds::kUnwrittenPercent / 100) {
    return;
  }
  add_flag(
      workload.warnings,
      flag("blocks-never-written",
           fmt::format("on glibc {} is predicted to hold {} at the peak, but the recorded "
                       "process never had more than {} in all: it leaves blocks unwritten that "
                       "are replayed as written, so memory is predicted too high for every "
                       "allocator",
                       workload.name, format_bytes(predicted), format_bytes(recorded)),
           has_flag(workload.warnings, "touch-not-measured")
               ? "record it without --touch off, with this version of heapwise"
               : "trust the order of allocators more than the amounts; heapwise verify shows "
                 "the real ones"));
}

void flag_small_heap(const Result& result, WorkloadInfo& workload) {
  const Summary* glibc = find_summary(result, workload.name, {"glibc", "default"});
  const auto recorded = static_cast<double>(most_recorded(workload));
  if (glibc == nullptr || !glibc->peak_rss_bytes || recorded <= 0 || !workload.recordings.empty() ||
      workload.recorded_rss.size() < thresholds::kRecordedSamples) {
    return;
  }
  const double share = glibc->peak_rss_bytes->median / recorded * 100;
  if (share >= thresholds::kSmallHeapPercent) return;
  add_flag(workload.warnings,
           flag("heap-small-share",
                fmt::format("malloc's memory is {} of the {} that {} had at most: a difference of "
                            "10 % between allocators is one of {} of the process",
                            format_percent(share), format_bytes(recorded), workload.name,
                            format_percent(share / 10)),
                "weigh figures in per cent of the process; a program's own allocator may be "
                "switched off, as python's is by PYTHONMALLOC=malloc"));
}

template <class Figure>
double spread_percent(const std::vector<RecordingInfo>& recordings, Figure figure) {
  double least = figure(recordings.front()), most = least, sum = 0;
  for (const RecordingInfo& one : recordings) {
    least = std::min(least, figure(one));
    most = std::max(most, figure(one));
    sum += figure(one);
  }
  const double mean = sum / static_cast<double>(recordings.size());
  return mean > 0 ? (most - least) / mean * 100 : 0;
}

void flag_differing_recordings(WorkloadInfo& workload) {
  if (workload.recordings.size() < 2) return;
  const double peak = spread_percent(workload.recordings, [](const RecordingInfo& one) {
    return static_cast<double>(one.peak_live_bytes);
  });
  const double mean = spread_percent(workload.recordings,
                                     [](const RecordingInfo& one) { return one.mean_live_bytes; });
  if (std::max(peak, mean) <= thresholds::kMemoryPercent) return;
  std::string list;
  for (const RecordingInfo& one : workload.recordings) {
    list += (list.empty() ? "" : ", ") + format_bytes(static_cast<double>(one.peak_live_bytes));
  }
  const auto same = [&](auto figure) { return spread_percent(workload.recordings, figure) == 0; };
  const bool only_in_time =
      same([](const RecordingInfo& one) { return static_cast<double>(one.operations); }) &&
      same([](const RecordingInfo& one) { return static_cast<double>(one.peak_live_bytes); }) &&
      same([](const RecordingInfo& one) { return static_cast<double>(one.end_live_bytes); });
  add_flag(workload.warnings,
           flag("live-bytes-differ",
                fmt::format("{} does not ask for the same memory {}: live bytes peak at {} "
                            "(their means over time differ by {}); intervals reach over all of it, "
                            "and allocators are compared within each recording",
                            workload.name,
                            only_in_time ? "at the same times in each recording" : "each time",
                            list, format_percent(mean)),
                "more recordings narrow that; if these are different workloads, give --separate"));
}

void flag_row(Summary& row, const char* code) {
  if (std::find(row.flags.begin(), row.flags.end(), code) == row.flags.end()) {
    row.flags.emplace_back(code);
  }
}

void flag_few(Result& result, WorkloadInfo& workload) {
  unsigned fewest = thresholds::kRepetitions;
  for (Summary& row : result.summary) {
    if (row.workload != workload.name || row.repetitions == 0) continue;
    if (row.repetitions < thresholds::kRepetitions) flag_row(row, "few-repetitions");
    fewest = std::min(fewest, row.repetitions);
  }
  if (fewest >= thresholds::kRepetitions) return;
  add_flag(workload.warnings,
           flag("few-repetitions",
                fmt::format("{} was replayed {} on an allocator: that gives no interval, and no "
                            "verdict that something is better",
                            workload.name, fewest == 1 ? "once" : "twice"),
                fmt::format("--repetitions {} or more", thresholds::kRepetitions)));
}

}  // namespace

const std::vector<FlagKind>& flag_kinds() {
  static const std::vector<FlagKind> kinds = {
      {"trace-unfinished", Preload::works},
      {"trace-incomplete", Preload::works},
      {"trace-untimed", Preload::works},
      {"forked-process", Preload::works},
      {"program-failed", Preload::works},
      {"touch-not-measured", Preload::works},
      {"small-blocks-unseen", Preload::works},
      {"blocks-never-written", Preload::works},
      {"asks-allocator", Preload::works},
      {"asks-usable-size", Preload::works},
      {"steers-glibc", Preload::works},
      {"linked-allocator", Preload::works},
      {"private-interface", Preload::never},
      {"deepbind", Preload::unsafe},
      {"namespaces", Preload::works},
      {"blocks-cross-allocators", Preload::unsafe},
      {"gains-privileges", Preload::useless},
      {"different-cpu-count", Preload::works},
      {"different-huge-pages", Preload::works},
      {"live-bytes-differ", Preload::works},
      {"heap-small-share", Preload::works},
      {"few-repetitions", Preload::works},
      {"fails-under-allocator", Preload::works},
  };
  return kinds;
}

PreloadVerdict preload_verdict(const WorkloadInfo& workload) {
  PreloadVerdict worst;
  for (const Warning& warning : workload.warnings) {
    for (const FlagKind& kind : flag_kinds()) {
      if (warning.code == kind.code && kind.preload > worst.preload) {
        worst = {kind.preload, kind.code};
      }
    }
  }
  return worst;
}

std::vector<Warning> trace_flags(const TraceEvidence& evidence) {
  return TraceFlags(evidence).all();
}

void flag_predictions(Result& result) {
  for (WorkloadInfo& workload : result.workloads) {
    flag_differing_recordings(workload);
    flag_unwritten(result, workload);
    flag_small_heap(result, workload);
    flag_few(result, workload);
  }
}

void add_flag(std::vector<Warning>& warnings, Warning warning) {
  const bool known = std::any_of(warnings.begin(), warnings.end(), [&](const Warning& one) {
    return one.code == warning.code && one.what == warning.what;
  });
  if (!known) warnings.push_back(std::move(warning));
}

bool has_flag(const std::vector<Warning>& warnings, std::string_view code) {
  return std::any_of(warnings.begin(), warnings.end(),
                     [code](const Warning& one) { return one.code == code; });
}

std::string allocator_of_library(std::string_view file_name) {
  if (file_name.substr(0, 3) == "lib") file_name.remove_prefix(3);
  return std::string(file_name.substr(0, file_name.find_first_of("._-")));
}

}  // namespace heapwise
