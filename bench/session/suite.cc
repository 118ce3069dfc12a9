// SPDX-License-Identifier: MIT
#include "bench/session/suite.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <optional>

#include "base/files.h"
#include "bench/session/replay_session.h"
#include "bench/session/rounds.h"
#include "bench/session/suite_trace.h"
#include "results/leading.h"

namespace heapwise {
namespace {

using Clock = std::chrono::steady_clock;

/// Of the samples of one run so many are kept, and of one run of each kind only: a suite has
/// thousands of runs, and repetitions differ less than a line is wide.
constexpr std::size_t kSuiteSamples = 300;
/// Rounds fewer than this settle nothing.
constexpr unsigned kJudgeFrom = 3;
/// Plans beyond this are removed between rounds and compiled again.
constexpr std::uintmax_t kPlanBytes = std::uintmax_t{4} << 30;

constexpr auto kLockPatience = std::chrono::seconds(3);

std::uint64_t mixed(std::uint64_t seed, const std::string& text) {
  for (const char letter : text) seed = (seed ^ static_cast<unsigned char>(letter)) * 0x100000001b3;
  return Rng(seed).next();
}

double suite_timeout(const SuiteInfo& info, double null_seconds) {
  return info.mode == "quick" ? 20 + 20 * null_seconds : 60 + 60 * null_seconds;
}

/// One workload of the suite and how far it is.
struct Place {
  std::string choice, name, directory;
  std::unique_ptr<Session> session;
  std::optional<plan::PlanFacts> facts;
  std::vector<std::vector<std::size_t>> order;
  unsigned rounds = 0;
  double round_s = -1;  ///< of the last whole round; negative: not known
  bool finished = false;
};

class Suite {
 public:
  Suite(const SuiteOptions& options, Result earlier)
      : options_(options), result_(std::move(earlier)), started_(Clock::now()) {
    before_s_ = result_.suite ? result_.suite->elapsed_s : 0;
    result_.seed = options.seed;
    SuiteInfo info = options.info;
    if (result_.suite) info.progress = result_.suite->progress;
    info.complete = false;
    result_.suite = std::move(info);
    replay_.contenders = options.contenders;
    replay_.purposes = options.purposes;
    replay_.seed = options.seed;
    replay_.library_directory = options.library_directory;
    replay_.stop = options.stop;
    for (const Contender& contender : options.contenders) {
      for (const Purpose purpose : options.purposes) items_.push_back({contender, purpose});
    }
  }

  Expected<Result> run();

 private:
  Expected<void> lock();
  void remove_work();
  Expected<void> run_locked();
  void lay_out();
  void count_rounds(Place& place);
  Expected<void> visit(Place& place, bool first_pass);
  Expected<void> prepare(Place& place);
  Expected<bool> measure_null(Place& place);
  Expected<bool> run_round(Place& place);
  Expected<bool> run_one(Place& place, const Item& item, unsigned repetition);
  void judge(Place& place);
  void finish(Place& place, const std::string& stopped, const std::string& reason);
  void put_away(Place& place);
  void tell(const Place& place, const std::string& allocator, const std::string& tuning,
            const std::string& purpose);
  Expected<void> save();

  bool has(const Place& place, const Item& item, unsigned repetition) const;
  bool given_up(const Place& place, const Item& item) const;
  bool keeps_samples(const Run& run) const;
  std::vector<Run> runs_of(const std::string& workload) const;
  SuiteWorkload& progress_of(const Place& place);
  void refresh_harness();

  bool stopped() const { return options_.stop != nullptr && options_.stop->load(); }
  double elapsed() const {
    return before_s_ + std::chrono::duration<double>(Clock::now() - started_).count();
  }
  bool time_is_up() const {
    return options_.info.budget_s > 0 && elapsed() >= options_.info.budget_s;
  }
  bool fits(const Place& place) const {
    if (options_.info.budget_s <= 0) return true;
    return elapsed() + std::max(0.0, place.round_s) < options_.info.budget_s;
  }
  double remaining() const;

  const SuiteOptions& options_;
  ReplayOptions replay_;
  Result result_;
  Clock::time_point started_;
  double before_s_ = 0;
  std::vector<Item> items_;
  std::vector<Place> places_;
  Fd lock_;
};

// ---- what is there already

bool Suite::has(const Place& place, const Item& item, unsigned repetition) const {
  const std::string purpose = to_string(item.purpose);
  return std::any_of(result_.runs.begin(), result_.runs.end(), [&](const Run& run) {
    return run.repetition == repetition && run.purpose == purpose && run.workload == place.name &&
           run.allocator == item.contender.allocator && run.tuning == item.contender.tuning;
  });
}

/// Whether another run would take its full time again to say what is known.
bool Suite::given_up(const Place& place, const Item& item) const {
  const std::string purpose = to_string(item.purpose);
  return std::any_of(result_.runs.begin(), result_.runs.end(), [&](const Run& run) {
    return (run.status == RunStatus::timed_out || run.status == RunStatus::unsupported) &&
           run.purpose == purpose && run.workload == place.name &&
           run.allocator == item.contender.allocator && run.tuning == item.contender.tuning;
  });
}

bool Suite::keeps_samples(const Run& run) const {
  return std::none_of(result_.runs.begin(), result_.runs.end(), [&run](const Run& other) {
    return !other.samples.empty() && other.workload == run.workload &&
           other.allocator == run.allocator && other.tuning == run.tuning;
  });
}

std::vector<Run> Suite::runs_of(const std::string& workload) const {
  std::vector<Run> runs;
  for (const Run& run : result_.runs) {
    if (run.workload == workload) runs.push_back(run);
  }
  return runs;
}

SuiteWorkload& Suite::progress_of(const Place& place) {
  auto& list = result_.suite->progress;
  auto found = std::find_if(list.begin(), list.end(), [&place](const SuiteWorkload& one) {
    return one.workload == place.name;
  });
  if (found == list.end()) {
    found = list.insert(list.end(), SuiteWorkload{place.name, place.choice, 0, "", ""});
  }
  return *found;
}

// ---- one workload

void Suite::lay_out() {
  const auto names = suite_names(options_.workloads);
  for (std::size_t i = 0; i < options_.workloads.size(); ++i) {
    Place& place = places_.emplace_back();
    place.choice = options_.workloads[i];
    place.name = names[i];
    place.directory = options_.work_directory + "/" + std::to_string(i);
    place.order =
        balanced_rounds(items_.size(), options_.info.most_rounds, mixed(options_.seed, place.name));
    SuiteWorkload& progress = progress_of(place);
    progress.stopped.clear();
    progress.reason.clear();
    count_rounds(place);
  }
}

/// Counts the rounds that an earlier sitting finished.
void Suite::count_rounds(Place& place) {
  const auto whole = [&](unsigned repetition) {
    return std::all_of(items_.begin(), items_.end(), [&](const Item& item) {
      return has(place, item, repetition) || given_up(place, item);
    });
  };
  const bool begun = !runs_of(place.name).empty();
  while (begun && place.rounds < options_.info.most_rounds && whole(place.rounds)) ++place.rounds;
  progress_of(place).rounds = place.rounds;
  if (place.rounds > 0) judge(place);
}

Expected<void> Suite::prepare(Place& place) {
  if (place.facts) return {};
  tell(place, "", "", "plan");
  mkdir(place.directory.c_str(), 0777);
  auto trace = trace_of(place.choice, options_.info.workload_seed, place.directory);
  if (!trace) return tl::unexpected(trace.error());
  place.session = std::make_unique<Session>(replay_, place.directory);
  auto facts = place.session->open(*trace);
  if (*trace != place.choice) unlink(trace->c_str());
  if (!facts) return tl::unexpected(facts.error());
  place.facts = std::move(*facts);
  place.session->workload().name = place.name;
  place.session->workload().trace = place.choice;
  return {};
}

/// One of them may have been read from a result, where bytes are whole.
bool is_same_trace(const WorkloadInfo& one, const WorkloadInfo& other) {
  return one.operations == other.operations && one.allocations == other.allocations &&
         one.threads == other.threads && one.peak_live_bytes == other.peak_live_bytes &&
         one.end_live_bytes == other.end_live_bytes &&
         std::abs(one.mean_live_bytes - other.mean_live_bytes) <= 1 &&
         one.duration_s == other.duration_s;
}

/// Yields false when the suite is to stop.
Expected<bool> Suite::measure_null(Place& place) {
  const auto known =
      std::find_if(result_.workloads.begin(), result_.workloads.end(),
                   [&place](const WorkloadInfo& one) { return one.name == place.name; });
  if (known != result_.workloads.end()) {
    if (!is_same_trace(*known, place.session->workload())) {
      return fail(ErrorCode::usage,
                  place.choice + " is not the trace that the suite was begun with",
                  "put that one back, or begin anew with --force");
    }
    place.session->restore_null(*known);
    return true;
  }
  tell(place, "null", "default", "null");
  replay_.timeout_s = options_.timeout_s;  // not what a run of another workload may take
  auto measured = place.session->run_null(*place.facts);
  if (stopped()) return false;
  if (!measured) return tl::unexpected(measured.error());
  result_.workloads.push_back(place.session->workload());
  const std::uint64_t growth = std::max(result_.harness.null_rss_growth_bytes,
                                        place.session->harness().null_rss_growth_bytes);
  result_.harness.null_rss_growth_bytes = growth;
  refresh_harness();
  return true;
}

void Suite::refresh_harness() {
  double ns = 0, operations = 0;
  for (const WorkloadInfo& one : result_.workloads) {
    result_.harness.null_rss_bytes =
        std::max(result_.harness.null_rss_bytes, one.null_rss_bytes.value_or(0));
    if (!one.null_ns_per_operation) continue;
    ns += *one.null_ns_per_operation * static_cast<double>(one.operations);
    operations += static_cast<double>(one.operations);
  }
  if (operations > 0) result_.harness.null_ns_per_operation = ns / operations;
}

/// Yields false when the suite is to stop.
Expected<bool> Suite::run_one(Place& place, const Item& item, unsigned repetition) {
  tell(place, item.contender.allocator, item.contender.tuning, to_string(item.purpose));
  place.session->reseed(mixed(
      options_.seed, place.name + "\n" + item.contender.allocator + "\n" + item.contender.tuning +
                         "\n" + to_string(item.purpose) + "\n" + std::to_string(repetition)));
  replay_.timeout_s =
      options_.timeout_s > 0
          ? options_.timeout_s
          : suite_timeout(options_.info, place.session->workload().null_seconds.value_or(0));
  auto run = place.session->run_item(item, repetition, *place.facts);
  if (stopped()) return false;  // whatever became of it, it was given up
  if (!run) return tl::unexpected(run.error());
  run->samples = keeps_samples(*run) ? thinned(run->samples, kSuiteSamples) : std::vector<Sample>{};
  for (WorkloadInfo& info : result_.workloads) {
    if (info.name == place.name) info.warnings = place.session->workload().warnings;
  }
  result_.runs.push_back(std::move(*run));
  if (auto saved = save(); !saved) return tl::unexpected(saved.error());
  return true;
}

/// Yields false when the suite is to stop or time ran out before the round was whole.
Expected<bool> Suite::run_round(Place& place) {
  const auto begin = Clock::now();
  bool all_new = true;
  for (const std::size_t number : place.order[place.rounds]) {
    const Item& item = items_[number];
    if (has(place, item, place.rounds)) {
      all_new = false;
      continue;
    }
    if (given_up(place, item)) continue;
    if (time_is_up()) return false;
    auto done = run_one(place, item, place.rounds);
    if (!done || !*done) return done;
  }
  if (all_new) place.round_s = std::chrono::duration<double>(Clock::now() - begin).count();
  progress_of(place).rounds = ++place.rounds;
  return true;
}

void Suite::finish(Place& place, const std::string& stopped, const std::string& reason) {
  SuiteWorkload& progress = progress_of(place);
  progress.stopped = stopped;
  progress.reason = reason;
  place.finished = true;
  put_away(place);
}

void Suite::put_away(Place& place) {
  place.facts.reset();
  place.session.reset();
  std::error_code ignored;
  std::filesystem::remove_all(place.directory, ignored);
}

/// Finishes a workload whose questions are answered, or that had its rounds.
void Suite::judge(Place& place) {
  const unsigned least = std::max(options_.info.least_rounds, kJudgeFrom);
  const auto leading = leading_comparisons(runs_of(place.name));
  std::string settled, open;
  for (const Leading& one : leading) {
    std::string& list = one.settled ? settled : open;
    list += (list.empty() ? "" : "; ") + describe(one);
  }
  if (place.rounds >= least && open.empty() && place.rounds < options_.info.most_rounds) {
    finish(place, "narrow", settled);
  } else if (place.rounds >= options_.info.most_rounds) {
    finish(place, "most-rounds", open.empty() ? settled : "still open: " + open);
  } else {
    progress_of(place).reason = open.empty() ? settled : "still open: " + open;
  }
}

/// Gives a workload the rounds of this pass.
Expected<void> Suite::visit(Place& place, bool first_pass) {
  const unsigned target = first_pass ? options_.info.least_rounds
                                     : std::min(place.rounds + 1, options_.info.most_rounds);
  while (place.rounds < target && !place.finished) {
    if (first_pass && place.rounds == 0 ? time_is_up() : !fits(place)) {
      finish(place, "budget", progress_of(place).reason);
      return {};
    }
    auto ready = prepare(place);
    Expected<bool> going = true;
    if (ready && place.session->workload().null_seconds.value_or(-1) < 0) {
      going = measure_null(place);
    }
    if (stopped()) return {};
    if (!ready || !going) {
      const Error& error = ready ? going.error() : ready.error();
      finish(place, "failed", error.what);
      return {};
    }
    auto whole = run_round(place);
    if (!whole) return tl::unexpected(whole.error());
    if (stopped()) return {};
    if (!*whole) {
      finish(place, "budget", progress_of(place).reason);
      return {};
    }
    judge(place);
  }
  return {};
}

// ---- all of them

/// Whether a suite made all that is in the folder: its lock, and numbered folders for plans.
bool is_work_folder(const std::string& directory) {
  std::error_code failed;
  const std::filesystem::directory_iterator entries(directory, failed);
  if (failed == std::errc::no_such_file_or_directory) return true;  // just removed by a suite
  return !failed && std::all_of(begin(entries), end(entries), [](const auto& entry) {
    const std::string name = entry.path().filename();
    return name == "lock" || name.find_first_not_of("0123456789") == std::string::npos;
  });
}

/// A lock on a folder that is made for it; none while another has it. The other removes the folder
/// in the end, and a lock on a file that is no longer there keeps nobody away.
Expected<Fd> try_lock(const std::string& directory) {
  if (mkdir(directory.c_str(), 0777) != 0) {
    if (errno != EEXIST)
      return fail_errno("cannot make " + directory, "Plans of traces are put there.");
    if (!is_work_folder(directory)) {
      return fail(ErrorCode::usage, directory + " is there, and is no folder of a suite's",
                  "Plans of traces would be put there and removed again: move it away, or give "
                  "another name with --json.");
    }
  }
  const std::string path = directory + "/lock";
  Fd file(open(path.c_str(), O_CREAT | O_RDWR | O_CLOEXEC, 0666));
  if (!file && errno == ENOENT) return Fd();
  if (!file) return fail_errno("cannot write in " + directory);
  if (flock(file.get(), LOCK_EX | LOCK_NB) != 0) return Fd();
  struct stat locked {
  }, there{};
  const bool same = fstat(file.get(), &locked) == 0 && stat(path.c_str(), &there) == 0 &&
                    locked.st_dev == there.st_dev && locked.st_ino == there.st_ino;
  return same ? std::move(file) : Fd();
}

Expected<void> Suite::lock() {
  const std::string& directory = options_.work_directory;
  // A suite that was killed a moment ago, or its runner, may not be quite gone.
  const auto patience = Clock::now() + kLockPatience;
  while (true) {
    auto locked = try_lock(directory);
    if (!locked) return tl::unexpected(locked.error());
    lock_ = std::move(*locked);
    if (lock_) return {};
    if (Clock::now() >= patience) break;
    usleep(50'000);
  }
  return fail(ErrorCode::usage, "another suite is at work in " + directory,
              "Wait for it, or give another name with --json.");
}

/// Moved away first, so that whoever waits for the lock never finds half a folder.
void Suite::remove_work() {
  const std::string gone = options_.work_directory + ".gone-" + std::to_string(getpid());
  const bool moved = rename(options_.work_directory.c_str(), gone.c_str()) == 0;
  std::error_code ignored;
  std::filesystem::remove_all(moved ? gone : options_.work_directory, ignored);
}

double Suite::remaining() const {
  double known = 0, sum = 0;
  unsigned measured = 0;
  for (const Place& place : places_) {
    if (place.round_s < 0) continue;
    known += place.round_s;
    ++measured;
  }
  if (measured == 0) return -1;
  for (const Place& place : places_) {
    if (place.finished) continue;
    const double each = place.round_s < 0 ? known / measured : place.round_s;
    const unsigned left = std::max(options_.info.least_rounds, place.rounds + 1) - place.rounds;
    sum += each * left;
  }
  const double budget = options_.info.budget_s;
  return budget > 0 ? std::min(sum, std::max(0.0, budget - elapsed())) : sum;
}

void Suite::tell(const Place& place, const std::string& allocator, const std::string& tuning,
                 const std::string& purpose) {
  if (!options_.progress) return;
  SuiteProgress progress{place.name, allocator, tuning, purpose, 0, 0, 0, 0, -1};
  progress.number = static_cast<unsigned>(&place - places_.data()) + 1;
  progress.workloads = static_cast<unsigned>(places_.size());
  progress.round = place.rounds + 1;
  progress.elapsed_s = elapsed();
  progress.remaining_s = remaining();
  options_.progress(progress);
}

Expected<void> Suite::save() {
  result_.suite->elapsed_s = elapsed();
  return options_.save ? options_.save(result_) : Expected<void>{};
}

Expected<Result> Suite::run() {
  if (auto locked = lock(); !locked) return tl::unexpected(locked.error());
  auto done = run_locked();
  remove_work();
  if (!done) return tl::unexpected(done.error());
  return std::move(result_);
}

Expected<void> Suite::run_locked() {
  if (options_.alone) {
    if (auto fine = options_.alone(); !fine) return fine;
  }
  lay_out();
  bool first_pass = true;
  const auto open = [this] {
    return std::any_of(places_.begin(), places_.end(),
                       [](const Place& place) { return !place.finished; });
  };
  while (open() && !stopped()) {
    for (Place& place : places_) {
      if (place.finished) continue;
      if (auto visited = visit(place, first_pass); !visited) return visited;
      if (stopped()) break;
      std::error_code ignored;
      const auto bytes = std::filesystem::file_size(place.directory + "/plan", ignored);
      if (!ignored && bytes > kPlanBytes / places_.size()) put_away(place);
    }
    first_pass = false;
  }
  result_.suite->complete = !stopped();
  return save();
}

}  // namespace

Expected<Result> run_suite(const SuiteOptions& options, Result earlier) {
  return Suite(options, std::move(earlier)).run();
}

}  // namespace heapwise
