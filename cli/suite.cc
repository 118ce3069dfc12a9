// SPDX-License-Identifier: MIT
#include "bench/session/suite.h"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <fnmatch.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cctype>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <ctime>
#include <memory>
#include <string>
#include <vector>

#include "allocators/allocator.h"
#include "base/files.h"
#include "base/temporary_directory.h"
#include "bench/session/environment.h"
#include "cli/complete.h"
#include "cli/deployments.h"
#include "cli/measure.h"
#include "cli/places.h"
#include "cli/progress.h"
#include "cli/purposes.h"
#include "cli/verb.h"
#include "cli/version.h"
#include "results/merge.h"
#include "results/report/html.h"
#include "results/report/suite_text.h"
#include "results/store.h"
#include "results/summarize.h"
#include "results/units.h"
#include "workloads/workload.h"

namespace heapwise::cli {
namespace {

/// A quick suite ends within three minutes; what is left is for making the report.
constexpr double kQuickBudget_s = 165;
constexpr unsigned kQuickRounds = 5;
constexpr unsigned kFullLeast = 5;
constexpr unsigned kFullMost = 20;

struct SuiteVerb {
  bool quick = false, full = false, resume = false, force = false, quiet = false;
  std::string budget, workloads, allocators, shard, purposes;
  std::string json = "suite.json", output;
  unsigned rounds = 0;
  std::uint64_t seed = 0, workload_seed = 1;
  double timeout_s = 0;
  Command app;

  bool given(const char* option) const { return app.given(option); }
};

std::atomic<bool> the_stop{false};
std::atomic<int> the_signal{SIGINT};

using Handler = void (*)(int number);
std::atomic<Handler> the_usual{SIG_DFL};

/// The first signal ends the suite in order; the second ends it as it ends any verb.
void on_signal(int number) {
  the_signal.store(number);
  the_stop.store(true);
  std::signal(number, the_usual.load());
}

void heed_signals() {
  for (const int number : {SIGINT, SIGTERM, SIGHUP}) {
    const Handler before = std::signal(number, on_signal);
    if (before == SIG_IGN) {
      std::signal(number, SIG_IGN);
    } else {
      the_usual.store(before);
    }
  }
}

// ---- what was asked for

/// "2h", "90min", "30s", "1h30min": seconds.
Expected<double> parse_budget(const std::string& text) {
  double sum = 0;
  std::size_t at = 0;
  while (at < text.size()) {
    std::size_t used = 0;
    double number = 0;
    try {
      number = std::stod(text.substr(at), &used);
    } catch (const std::exception&) {
      used = 0;
    }
    std::string unit;
    for (at += used; used > 0 && at < text.size() && std::isalpha(text[at]) != 0; ++at) {
      unit += text[at];
    }
    const double factor = unit == "h"                    ? 3600
                          : unit == "min" || unit == "m" ? 60
                          : unit == "s"                  ? 1
                                                         : 0;
    if (used == 0 || factor == 0 || !(number >= 0) || number > 1e6) {
      return fail(ErrorCode::usage, "\"" + text + "\" is no time", "Write 2h, 90min or 30s.");
    }
    sum += number * factor;
  }
  if (sum <= 0) {
    return fail(ErrorCode::usage, "a budget of no time measures nothing",
                "Write 2h, 90min or 30s.");
  }
  return sum;
}

std::vector<std::string> split(const std::string& text) {
  std::vector<std::string> pieces;
  std::size_t at = 0;
  while (at <= text.size()) {
    const std::size_t comma = std::min(text.find(',', at), text.size());
    // A comma within the parameters of a workload: what follows is KEY=VALUE, not a name.
    const std::string piece = text.substr(at, comma - at);
    const bool parameter = piece.find('=') != std::string::npos &&
                           piece.find('=') < std::min(piece.find(':'), piece.size());
    if (parameter && !pieces.empty() && pieces.back().find(':') != std::string::npos) {
      pieces.back() += "," + piece;
    } else if (!piece.empty()) {
      pieces.push_back(piece);
    }
    at = comma + 1;
  }
  return pieces;
}

bool names_trace(const std::string& piece) { return piece.size() > 4 && piece.ends_with(".hwt"); }

/// Names, globs, choices with parameters, and traces, in the order given.
Expected<std::vector<std::string>> choose_workloads(const std::string& text) {
  std::vector<std::string> choices;
  const auto add = [&choices](const std::string& choice) {
    if (std::find(choices.begin(), choices.end(), choice) == choices.end()) {
      choices.push_back(choice);
    }
  };
  for (const std::string& piece : split(text)) {
    if (names_trace(piece)) {
      if (access(piece.c_str(), R_OK) != 0) {
        return fail_errno("cannot read " + piece, "check the path; heapwise record makes traces");
      }
      add(piece);
      continue;
    }
    bool matched = false;
    for (const Workload& workload : workloads()) {
      if (fnmatch(piece.c_str(), workload.name.c_str(), 0) != 0 || needs_file(workload)) continue;
      matched = true;
      add(workload.name);
    }
    if (matched) continue;
    if (piece.find_first_of("*?[") != std::string::npos && piece.find(':') == std::string::npos) {
      return fail(ErrorCode::usage, "no workload is called like " + piece,
                  "heapwise workload list shows them.");
    }
    const auto choice = parse_workload(piece);
    if (!choice) return tl::make_unexpected(choice.error());
    add(choice->text());
  }
  if (choices.empty()) return fail(ErrorCode::usage, "no workload is left to run");
  return choices;
}

/// What was typed for a contender, so that a later sitting can be told the same.
std::string text_of(const Contender& contender) {
  std::string text = contender.allocator;
  const Allocator* const known = find_allocator(contender.allocator);
  if (known == nullptr) {
    text += "=" + contender.library;
    if (contender.tuning != "default") text += "@" + contender.tuning;
    return text;
  }
  if (contender.tuning == "default") return text;
  const std::size_t at = contender.tuning.find('@');
  const bool ad_hoc = at == std::string::npos && contender.tuning.find('=') != std::string::npos;
  return text + (ad_hoc ? "@" : ":") + contender.tuning;
}

Expected<std::vector<Contender>> choose_contenders(const SuiteVerb& verb, const SuiteInfo& info,
                                                   bool earlier) {
  if (earlier && !verb.given("--allocators")) {
    std::vector<Contender> list;
    for (const std::string& text : info.allocators) {
      auto one = parse_contender(text);
      if (!one) return tl::make_unexpected(one.error());
      list.push_back(std::move(*one));
    }
    return list;
  }
  if (!verb.allocators.empty()) return parse_contenders(verb.allocators);
  if (info.mode == "quick") return default_contenders();
  return parse_contenders("*:*");
}

Expected<void> choose_shard(const SuiteVerb& verb, SuiteInfo& info) {
  if (!verb.given("--shard")) return {};
  unsigned shard = 0, shards = 0;
  char rest = 0;
  const int read = std::sscanf(verb.shard.c_str(), "%u/%u%c", &shard, &shards, &rest);
  if (read != 2 || shard < 1 || shard > shards || shards > 10'000) {
    return fail(ErrorCode::usage, "\"" + verb.shard + "\" is no shard",
                "Write --shard 2/4 for the second of four.");
  }
  info.shard = shard;
  info.shards = shards;
  return {};
}

void choose_mode(const SuiteVerb& verb, SuiteInfo& info, bool earlier) {
  if (!earlier || verb.quick || verb.full) {
    info.mode = verb.full ? "full" : "quick";
    info.least_rounds = verb.full ? kFullLeast : 1;
    info.most_rounds = verb.full ? kFullMost : kQuickRounds;
    if (!earlier || info.budget_s == 0) info.budget_s = verb.full ? 0 : kQuickBudget_s;
  }
  if (verb.rounds > 0) info.least_rounds = info.most_rounds = verb.rounds;
}

/// All that decides which runs are made. Fields that the user did not give are those of `earlier`.
Expected<SuiteOptions> options_of(const SuiteVerb& verb, const Result* earlier) {
  SuiteOptions options;
  SuiteInfo& info = options.info;
  if (earlier != nullptr) info = *earlier->suite;
  info.progress.clear();
  info.limits.clear();
  const bool again = earlier != nullptr;
  choose_mode(verb, info, again);
  // Rounds that are told are made, however long they take.
  if (verb.rounds > 0 && !verb.given("--budget")) info.budget_s = 0;
  if (verb.given("--budget")) {
    const auto budget = parse_budget(verb.budget);
    if (!budget) return tl::make_unexpected(budget.error());
    info.budget_s = *budget;
  }
  if (!again || verb.given("--workloads")) {
    auto chosen = choose_workloads(verb.workloads);
    if (!chosen) return tl::make_unexpected(chosen.error());
    info.workloads = std::move(*chosen);
  }
  if (!again || verb.given("--workload-seed")) info.workload_seed = verb.workload_seed;
  if (!again || verb.given("--purposes")) info.purposes = split(verb.purposes);
  if (auto shard = choose_shard(verb, info); !shard) return tl::make_unexpected(shard.error());
  auto contenders = choose_contenders(verb, info, again);
  if (!contenders) return tl::make_unexpected(contenders.error());
  options.contenders = std::move(*contenders);
  info.allocators.clear();
  for (const Contender& one : options.contenders) info.allocators.push_back(text_of(one));
  auto purposes = purposes_of(info.purposes);
  if (!purposes) return tl::make_unexpected(purposes.error());
  options.purposes = std::move(*purposes);
  // Shards cannot ask each other which seed they drew.
  const std::uint64_t fresh = info.shards > 1 ? 1 : seed_from_clock();
  options.seed = verb.seed != 0 ? verb.seed : again ? earlier->seed : fresh;
  options.library_directory = library_directory();
  options.work_directory = (verb.json == "-" ? "suite" : verb.json) + ".work";
  options.timeout_s = verb.timeout_s;
  options.stop = &the_stop;
  return options;
}

/// Which of all workloads this shard is to run.
Expected<void> take_shard(SuiteOptions& options) {
  options.workloads = options.info.workloads;
  if (options.info.shards == 1) return {};
  auto directory = TemporaryDirectory::make();
  if (!directory) return tl::make_unexpected(directory.error());
  const auto costs =
      expected_costs(options.info.workloads, options.info.workload_seed, directory->path());
  if (!costs) return tl::make_unexpected(costs.error());
  options.workloads.clear();
  for (const std::size_t i : shard_of(*costs, options.info.shard, options.info.shards)) {
    options.workloads.push_back(options.info.workloads[i]);
  }
  return {};
}

// ---- going on

/// The result to go on with; none for a new suite.
Expected<std::unique_ptr<Result>> load_earlier(const SuiteVerb& verb) {
  if (!verb.resume) return nullptr;
  if (verb.json == "-") {
    return fail(ErrorCode::usage, "a result on standard output cannot be gone on with",
                "Give the file of the suite that was cut short: --json FILE.");
  }
  if (access(verb.json.c_str(), F_OK) != 0) return nullptr;  // killed before its first run
  auto earlier = load_result(verb.json);
  if (!earlier) return tl::make_unexpected(earlier.error());
  if (!earlier->suite || !earlier->suite->merged.empty()) {
    return fail(ErrorCode::bad_input,
                verb.json + (earlier->suite ? " was merged from shards" : " is no suite's result"),
                "Only what heapwise suite wrote can be gone on with.");
  }
  return std::make_unique<Result>(std::move(*earlier));
}

/// Runs made under other circumstances do not belong into one result.
Expected<void> check_same(const std::string& file, const Result& earlier,
                          const SuiteOptions& options, const Environment& here) {
  Result now;
  now.heapwise_version = HEAPWISE_VERSION;
  now.seed = options.seed;
  now.suite = options.info;
  auto differences = suite_differences(earlier, now);
  if (now.suite->shard != earlier.suite->shard) {
    differences.push_back(
        fmt::format("shard: {} against {}", earlier.suite->shard, now.suite->shard));
  }
  for (std::string& one : machine_differences(earlier.environment, here)) {
    differences.push_back(std::move(one));
  }
  // Two of a kind compare from night to night; the runs of one workload come from one of them.
  if (here.host != earlier.environment.host) {
    differences.push_back(
        fmt::format("machine: {} against {}", earlier.environment.host, here.host));
  }
  if (differences.empty()) return {};
  std::string list;
  for (const std::string& one : differences) list += (list.empty() ? "" : "; ") + one;
  return fail(ErrorCode::usage, file + " was begun otherwise: " + list,
              "Go on as it was begun (leave out flags, and they are taken from the file), or begin "
              "anew with --force.");
}

// ---- the whole

void show(Progress& progress, const SuiteProgress& step) {
  const double all = step.elapsed_s + step.remaining_s;
  const double fraction = step.remaining_s < 0 || all <= 0 ? -1 : step.elapsed_s / all;
  const std::string where =
      fmt::format("{} ({} of {})", step.workload, step.number, step.workloads);
  if (step.allocator.empty()) {
    progress.show("making " + where, fraction, step.remaining_s);
    return;
  }
  progress.show(fmt::format("{} · round {} · {} · {}", where, step.round,
                            display_name(step.allocator, step.tuning), step.purpose),
                fraction, step.remaining_s);
}

std::string now_text() {
  return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(std::time(nullptr)));
}

/// Neither when it begins nor when its turn comes is there anything of another's to be replaced.
Expected<void> check_new(const SuiteVerb& verb) {
  if (verb.resume || verb.force || verb.json == "-") return {};
  if (access(verb.json.c_str(), F_OK) != 0 || is_stream(verb.json)) return {};
  return fail(ErrorCode::usage, verb.json + " exists already",
              "--resume goes on with it, --force begins anew, --json gives another name.");
}

/// The files that workloads are read from.
std::vector<std::string> files_of(const std::vector<std::string>& workloads) {
  std::vector<std::string> files;
  for (const std::string& one : workloads) {
    if (names_trace(one)) files.push_back(one);
    const auto choice = parse_workload(one);
    if (choice && needs_file(*choice->workload)) files.push_back(choice->params.path("file"));
  }
  return files;
}

/// Going on replaces the result, as it holds what the old one held, but nothing else unasked.
Expected<void> check_outputs(const SuiteVerb& verb, const std::vector<std::string>& workloads) {
  if (auto fine = check_new(verb); !fine) return fine;
  auto fine = check_places({verb.json, verb.output}, true, files_of(workloads));
  if (!fine || verb.output.empty()) return fine;
  return check_replaceable(verb.output, verb.force);
}

/// What tells one saved state of a result from another; empty where there is none.
std::string state_of(const std::string& path) {
  struct stat now {};
  if (stat(path.c_str(), &now) != 0) return {};
  return fmt::format("{} {} {} {}", now.st_ino, now.st_size, now.st_mtim.tv_sec,
                     now.st_mtim.tv_nsec);
}

/// Asked when no other suite is at work on it any more.
Expected<void> check_unchanged(const SuiteVerb& verb, const std::string& state) {
  if (auto fine = check_new(verb); !fine) return fine;
  if (!verb.resume || state_of(verb.json) == state) return {};
  return fail(ErrorCode::usage, "another suite has just gone on with " + verb.json,
              "Run the same again to go on with what it left.");
}

Expected<void> conclude(const SuiteVerb& verb, Result& result,
                        const std::vector<Contender>& contenders) {
  complete(result, deployments_of(contenders));
  if (auto saved = save_result(verb.json, result, true); !saved) return saved;
  std::string report;
  if (!verb.output.empty()) {
    auto kept = keep(verb.output, html_report({result}), verb.force);
    if (!kept) return tl::make_unexpected(kept.error());
    report = *std::move(kept);
  }
  if (verb.json == "-" || verb.output == "-") return {};
  fmt::print("{}", suite_report(result));
  if (!report.empty()) {
    fmt::print("\nNext: open {} in a browser.\n", shell_quoted(report));
  } else {
    fmt::print("\nNext: {}\n", next_command({"report", verb.json, "-o", "report.html"}));
  }
  return {};
}

void tell_interrupted(const SuiteVerb& verb, const Result& result) {
  if (verb.json == "-") {
    say("heapwise: interrupted; nothing was kept\n");
    say("  One that goes to a file (--json FILE) can be gone on with.\n");
    return;
  }
  say(fmt::format("heapwise: interrupted; {} runs are in {}\n", result.runs.size(), verb.json));
  say(fmt::format("  Go on with: {}\n", next_command({"suite", "--resume", "--json", verb.json})));
}

/// Yields the exit code.
Expected<int> run(const SuiteVerb& verb) {
  const std::string state = state_of(verb.json);
  auto earlier = load_earlier(verb);
  if (!earlier) return tl::make_unexpected(earlier.error());
  auto options = options_of(verb, earlier->get());
  if (!options) return tl::make_unexpected(options.error());
  if (auto good = check_outputs(verb, options->info.workloads); !good) {
    return tl::make_unexpected(good.error());
  }
  const Environment here = look_at_machine();
  if (*earlier) {
    auto same = check_same(verb.json, **earlier, *options, here);
    if (!same) return tl::make_unexpected(same.error());
  }
  if (auto taken = take_shard(*options); !taken) return tl::make_unexpected(taken.error());

  Progress progress(verb.quiet);
  if (verb.resume && !*earlier) {
    progress.note("there is no " + verb.json + " to go on with: a new suite begins");
  }
  options->alone = [&] { return check_unchanged(verb, state); };
  options->progress = [&progress](const SuiteProgress& step) { show(progress, step); };
  Result begin;
  if (*earlier) {
    begin = std::move(**earlier);
  } else {
    begin.environment = here;
    begin.heapwise_version = HEAPWISE_VERSION;
    begin.created = now_text();
  }
  if (verb.json != "-") {
    options->save = [&verb](const Result& so_far) { return save_result(verb.json, so_far, true); };
  }
  heed_signals();
  auto result = run_suite(*options, std::move(begin));
  progress.clear();
  if (!result) return tl::make_unexpected(result.error());
  if (!result->suite->complete) {
    tell_interrupted(verb, *result);
    return 128 + the_signal.load();
  }
  if (auto done = conclude(verb, *result, options->contenders); !done) {
    return tl::make_unexpected(done.error());
  }
  // Of more shards than workloads some have nothing to do.
  return options->workloads.empty() ? kFine : exit_code_of_runs(*result);
}

void add_options(const Command& app, SuiteVerb& verb) {
  const Option quick =
      app.add_flag("--quick", verb.quick,
                   "Every workload once or more often, within 3 minutes; the default. Says "
                   "what it cannot tell");
  app.add_flag("--full", verb.full,
               "Every workload on every allocator under all its tunings, at least 5 rounds")
      .excludes(quick);
  app.add_option("--budget", verb.budget,
                 "Time for all, such as 2h or 90min; no round is begun that would not end in it");
  app.add_option("--workloads", verb.workloads,
                 "Which to run, separated by commas: names, globs such as 'two*', "
                 "NAME:KEY=VALUE, and traces (.hwt). Default: all that are built in");
  app.add_option("--allocators", verb.allocators,
                 "Which to compare, as in heapwise replay; 'jemalloc:*' is all its tunings, '*:*' "
                 "all of all");
  app.add_option("--purposes", verb.purposes,
                 "What to measure: footprint, throughput, latency, with commas");
  app.add_option("--rounds", verb.rounds,
                 "So many rounds of each workload, no more and no less, instead of as many as it "
                 "takes to tell")
      .range(1, 1000);
  app.add_option("--shard", verb.shard,
                 "I/N: only the Ith of N parts of about the same cost; see heapwise merge. The "
                 "seed is 1 then, unless it is given");
  app.add_flag("--resume", verb.resume,
               "Go on with a suite that was cut short; flags that are left out are taken from it");
  app.add_option("--seed", verb.seed, "Of the order of runs and their padding. Default: drawn anew")
      .positive();
  app.add_option("--workload-seed", verb.workload_seed, "Of the workloads' random choices")
      .show_default();
  app.add_option("--timeout", verb.timeout_s, "Seconds that one run may take. Default: as is usual")
      .not_negative();
  app.add_option("--json", verb.json, "The result, saved after every run; - for stdout at the end")
      .show_default();
  app.add_option("-o,--output", verb.output, "Write a report with charts to this HTML file, too");
  app.add_flag("--force", verb.force, "Replace existing files");
  app.add_flag("--quiet", verb.quiet, "No progress");
}

}  // namespace

void add_suite(const Command& root, Outcome& outcome) {
  auto verb = std::make_shared<SuiteVerb>();
  verb->workloads = "*";
  verb->purposes = "footprint,throughput,latency";
  const Command app = root.add_command(
      "suite",
      "Run the workloads on every allocator, say which to take for each, and by how much each is "
      "worse than the best, at most and on average, so that one can be chosen for all.");
  app.footer(
      "Examples:\n"
      "  heapwise suite --quick -o report.html\n"
      "  heapwise suite --full --budget 2h --json nightly.json\n"
      "  heapwise suite --resume --json nightly.json");
  verb->app = app;
  add_options(app, *verb);
  app.callback([verb, &outcome] { outcome.exit_code = exit_code_of(run(*verb)); });
}

}  // namespace heapwise::cli
