// SPDX-License-Identifier: MIT
#include "bench/session/verify.h"

#include <dlfcn.h>
#include <gnu/libc-version.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <set>

#include "bench/session/confirm.h"
#include "bench/session/heap_figures.h"
#include "bench/session/rounds.h"
#include "bench/session/zeroed_data.h"
#include "results/series.h"

namespace heapwise {
namespace {

/// What is not heap is known at fewer moments than the whole. Beyond this share of the heap, what
/// it does in between would show as the heap's.
constexpr double kLargeNonHeap = 0.25;
/// … unless the looks before and behind agree but for this share of the heap.
constexpr double kSteadyNonHeap = 0.02;
/// An allocator that makes a program so much slower is worth knowing about, not waiting for.
constexpr double kTimeoutFactor = 10, kTimeoutBase_s = 30;

bool has_port(const std::string& text) { return text.find("{port}") != std::string::npos; }

/// Where the C library is, which would otherwise be found behind a linked allocator: where this
/// program has its own from.
std::string libc_path() {
  Dl_info info{};
  const bool found = dladdr(reinterpret_cast<const void*>(&gnu_get_libc_version), &info) != 0;
  return found && info.dli_fname != nullptr ? info.dli_fname : "libc.so.6";
}

std::vector<std::string> preload_of(const Contender& contender, bool over_linked) {
  if (!contender.library.empty()) return {contender.library};
  const Allocator* const allocator = find_allocator(contender.runner);
  const std::string path = allocator == nullptr ? "" : preload_path(*allocator);
  if (!path.empty()) return {path};
  return over_linked ? std::vector<std::string>{libc_path()} : std::vector<std::string>{};
}

std::string way_out(const Contender& contender) {
  const Allocator* const allocator = find_allocator(contender.runner);
  const bool linkable =
      contender.library.empty() && allocator != nullptr && !allocator->link_flag.empty();
  return linkable ? "link the program with " + allocator->link_flag +
                        " instead of preloading the library, and verify that; or not at all"
                  : "link the library instead of preloading it, and verify that; or not at all";
}

ShareCurve curve_of(const std::vector<ProcessMoment>& moments) {
  ShareCurve curve;
  for (const ProcessMoment& moment : moments) {
    curve.emplace_back(moment.time_s, static_cast<double>(moment.bytes));
  }
  return curve;
}

/// Over time: what changes is looked at more often, and would count for more.
double mean(const std::vector<ProcessMoment>& moments) {
  if (moments.empty()) return 0;
  std::vector<Sample> samples;
  samples.reserve(moments.size());
  for (const ProcessMoment& moment : moments) samples.push_back({moment.time_s, 0, moment.bytes});
  return figures_of(samples).mean;
}

class Verifier {
 public:
  explicit Verifier(const VerifyOptions& options) : options_(options) {}

  Expected<RealRuns> run(const RealRunEnd& plain) {
    take(plain);
    if (auto asked = confirm_all(); !asked) return tl::unexpected(asked.error());
    const auto rounds =
        balanced_rounds(options_.contenders.size(), options_.repetitions, options_.seed);
    for (unsigned repetition = 0; repetition < options_.repetitions; ++repetition) {
      for (const std::size_t number : rounds[repetition]) {
        const Contender& contender = options_.contenders[number];
        ++done_;
        if (given_up(contender)) continue;
        tell(contender.allocator, contender.tuning, repetition);
        auto run = refusals_[number].empty()
                       ? run_contender(contender, repetition)
                       : refused_run(contender, repetition, refusals_[number]);
        if (!run) return tl::unexpected(run.error());
        result_.runs.push_back(*std::move(run));
      }
    }
    for (std::size_t i = 0; i < refusals_.size(); ++i) {
      if (refusals_[i].empty()) warn_of_deaths(options_.contenders[i]);
    }
    return std::move(result_);
  }

  /// A run under glibc that must end well.
  Expected<RealRunEnd> run_under_glibc() {
    std::vector<std::string> preload;
    if (options_.over_linked) preload.push_back(libc_path());
    auto end = call(preload, {}, nullptr);
    if (end && end->status != RunStatus::ok) {
      return fail(ErrorCode::unsupported,
                  "the program could be recorded, but not run again under glibc: " + end->detail,
                  "give a command that can be run several times in this directory");
    }
    return end;
  }

 private:
  /// What hangs once is not waited for again: each time takes many times as long as the program.
  bool given_up(const Contender& contender) const {
    return std::any_of(result_.runs.begin(), result_.runs.end(), [&](const Run& run) {
      return run.status == RunStatus::timed_out && run.allocator == contender.allocator &&
             run.tuning == contender.tuning;
    });
  }

  void tell(const std::string& allocator, const std::string& tuning, unsigned repetition) const {
    if (!options_.progress) return;
    const auto runs = static_cast<unsigned>(options_.contenders.size()) * options_.repetitions;
    options_.progress({allocator, tuning, repetition, done_ - 1, runs});
  }

  Expected<RealRunEnd> call(const std::vector<std::string>& preload, const Settings& settings,
                            const std::set<std::string>* own_files) {
    auto ported = with_free_port(options_.command, options_.load, options_.wait_any_port);
    if (!ported) return tl::unexpected(ported.error());
    RealRunCall call;
    call.command = std::move(ported->command);
    call.load = std::move(ported->load);
    call.load.quiet = true;
    call.preload = preload;
    call.preload.insert(call.preload.begin(), options_.mark_library);
    call.image = options_.image;
    call.rules = {own_files, zeroed_data_bytes};
    call.settings = settings;
    call.input = options_.input;
    call.timeout_s = kTimeoutFactor * options_.recorded_wall_s + kTimeoutBase_s;
    call.expected_wait_status = options_.recorded_wait_status;
    if (!call.load.command.empty()) {
      call.timeout_s += call.load.ready_timeout_s;
      remove_readiness(call.load);
      if (auto free = check_not_ready(call.load); !free) return tl::unexpected(free.error());
    }
    auto end = run_for_real(call);
    remove_readiness(call.load);
    return end;
  }

  /// A server that was killed leaves its file behind. It was not there before the recorded run.
  static void remove_readiness(const LoadScript& load) {
    if (!load.wait_file.empty()) unlink(load.wait_file.c_str());
  }

  void take(const RealRunEnd& plain) {
    own_files_ = plain.files;
    result_.non_heap_bytes = mean(plain.non_heap);
  }

  /// Settings without effect would be verified as what they are not.
  Expected<void> confirm_all() {
    refusals_.assign(options_.contenders.size(), {});
    if (options_.library_directory.empty()) return {};
    for (std::size_t i = 0; i < refusals_.size(); ++i) {
      auto confirmed = confirm_settings(options_.library_directory, options_.contenders[i]);
      if (!confirmed) return tl::unexpected(confirmed.error());
      refusals_[i] = std::move(confirmed->refusal);
    }
    return {};
  }

  Expected<Run> refused_run(const Contender& contender, unsigned repetition,
                            const std::string& refusal) const {
    Run run;
    run.workload = options_.workload;
    run.allocator = contender.allocator;
    run.tuning = contender.tuning;
    run.purpose = "real";
    run.repetition = repetition;
    run.status = RunStatus::unsupported;
    run.status_detail = refusal;
    return run;
  }

  Expected<Run> run_contender(const Contender& contender, unsigned repetition) {
    const auto preload = preload_of(contender, options_.over_linked);
    // Where the plain run ended before it was read, all files are taken for the program's own.
    const auto end = call(preload, contender.settings, own_files_.empty() ? nullptr : &own_files_);
    if (!end) return tl::unexpected(end.error());
    Run run;
    run.workload = options_.workload;
    run.allocator = contender.allocator;
    run.tuning = contender.tuning;
    run.linkage = contender.allocator == "glibc" ? "shared" : "preloaded";
    run.purpose = "real";
    run.repetition = repetition;
    run.status = end->status;
    run.status_detail = end->detail;
    run.seconds = end->wall_s;
    run.cpu_seconds = end->cpu_s;
    const std::vector<Sample> samples = heap_samples(end->anonymous, end->non_heap);
    if (samples.empty() || !end->was_read) return without_figures(std::move(run), *end);
    run.samples = thinned(samples, kKeptSamples);
    if (run.status == RunStatus::ok && !all_mapped(preload, end->files)) {
      run.status = RunStatus::unsupported;
      run.status_detail = end->program + " ran without the preloaded library";
    }
    if (run.status != RunStatus::ok) return run;
    const SeriesFigures figures = figures_of(samples);
    run.peak_rss_bytes = static_cast<std::uint64_t>(std::llround(figures.peak));
    run.mean_rss_bytes = static_cast<std::uint64_t>(std::llround(figures.mean));
    run.end_rss_bytes = static_cast<std::uint64_t>(std::llround(figures.end));
    run.process_peak_rss_bytes = end->peak_resident_bytes;
    return run;
  }

  /// What clears its environment, or gains rights, starts programs without it.
  static bool all_mapped(const std::vector<std::string>& libraries,
                         const std::set<std::string>& files) {
    return std::all_of(libraries.begin(), libraries.end(), [&](const std::string& library) {
      std::error_code failed;
      const auto path = std::filesystem::canonical(library, failed);
      return failed || files.count(path.string()) != 0;
    });
  }

  /// Over before it could be looked at once: that tells nothing of its memory, nor of what it ran
  /// with.
  static Run without_figures(Run run, const RealRunEnd& end) {
    if (run.status != RunStatus::ok) return run;
    run.status = RunStatus::unsupported;
    run.status_detail = end.program.empty()
                            ? "the process that was recorded was not seen, or not for long enough"
                            : end.program + " ended too soon for its memory to be read";
    return run;
  }

  void warn_of_deaths(const Contender& contender) {
    for (const Run& run : result_.runs) {
      if (run.allocator != contender.allocator || run.tuning != contender.tuning ||
          run.status == RunStatus::ok || run.status == RunStatus::unsupported) {
        continue;
      }
      const bool preloads = !preload_of(contender, options_.over_linked).empty();
      result_.warnings.push_back({"fails-under-allocator",
                                  options_.workload + " does not run well on " +
                                      contender.allocator + (preloads ? ", preloaded: " : ": ") +
                                      run.status_detail,
                                  preloads ? way_out(contender) : "", "verifying"});
      return;
    }
  }

  const VerifyOptions& options_;
  RealRuns result_;
  std::set<std::string> own_files_;
  std::vector<std::string> refusals_;  ///< by contender; empty where there is none
  unsigned done_ = 0;
};

}  // namespace

Expected<PortedCommand> with_free_port(const std::vector<std::string>& command,
                                       const LoadScript& load, bool wait_any_port) {
  PortedCommand ported{command, load};
  const bool wanted = wait_any_port || has_port(load.command) || has_port(load.wait_file) ||
                      std::any_of(command.begin(), command.end(), has_port);
  if (!wanted) return ported;
  const auto port = free_port();
  if (!port) return tl::unexpected(port.error());
  for (std::string& word : ported.command) word = with_port(std::move(word), *port);
  ported.load.command = with_port(load.command, *port);
  ported.load.wait_file = with_port(load.wait_file, *port);
  if (wait_any_port) ported.load.wait_port = *port;
  return ported;
}

Expected<RealRunEnd> run_plainly(const VerifyOptions& options) {
  return Verifier(options).run_under_glibc();
}

Expected<RealRuns> run_all_for_real(const VerifyOptions& options, const RealRunEnd& plain) {
  return Verifier(options).run(plain);
}

std::vector<Sample> heap_samples(const std::vector<ProcessMoment>& anonymous,
                                 const std::vector<ProcessMoment>& non_heap) {
  const ShareCurve other = curve_of(non_heap);
  const ShareCurve whole = curve_of(anonymous);
  std::vector<Sample> samples;
  const auto add = [&](double time_s, double bytes) {
    const double heap = std::max(0.0, bytes - value_at(other, time_s));
    samples.push_back({time_s, 0, static_cast<std::uint64_t>(std::llround(heap))});
  };
  // A height takes no time: around it is what the moment had.
  const auto add_moment = [&](const ProcessMoment& moment) {
    const auto bytes = static_cast<double>(moment.bytes);
    add(moment.time_s, bytes);
    if (moment.high <= moment.bytes) return;
    add(moment.time_s, static_cast<double>(moment.high));
    add(moment.time_s, bytes);
  };
  const double non_heap_mean = mean(non_heap);
  const double heap = mean(anonymous) - non_heap_mean;
  if (non_heap.size() < 2 || non_heap_mean <= kLargeNonHeap * heap) {
    for (const ProcessMoment& moment : anonymous) add_moment(moment);
    return samples;
  }
  auto next = anonymous.begin();
  for (std::size_t i = 0; i < other.size(); ++i) {
    const auto& [time_s, bytes] = other[i];
    const bool steady = i > 0 && std::abs(bytes - other[i - 1].second) <= kSteadyNonHeap * heap;
    bool seen = false;  // at the very same time
    for (; next != anonymous.end() && next->time_s <= time_s; ++next) {
      if (next->time_s == time_s) seen = true;
      if (steady || next->time_s == time_s) add_moment(*next);
    }
    if (!seen) add(time_s, value_at(whole, time_s));
  }
  // Behind the last look it is taken to be as steady as before.
  const std::size_t last = other.size() - 1;
  const double change = std::abs(other[last].second - other[last - 1].second);
  for (; next != anonymous.end() && change <= kSteadyNonHeap * heap; ++next) add_moment(*next);
  return samples;
}

}  // namespace heapwise
