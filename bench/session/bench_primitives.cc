// SPDX-License-Identifier: MIT
#include "bench/session/bench_primitives.h"

#include <unistd.h>

#include <algorithm>
#include <numeric>
#include <sstream>
#include <utility>

#include "base/files.h"
#include "base/rng.h"
#include "base/temporary_directory.h"
#include "bench/session/bench_json.h"
#include "bench/session/confirm.h"
#include "bench/session/process.h"
#include "bench/session/rounds.h"
#include "bench/session/runner.h"
#include "results/summarize.h"

namespace heapwise {
namespace {

constexpr std::size_t kListRoom = std::size_t{1} << 20;
constexpr std::uint64_t kPage = 4096;

/// A filter that lets nothing else through.
std::string exactly(const std::string& name) {
  std::string filter = "--benchmark_filter=^";
  for (const char letter : name) {
    if (std::string_view("\\^$.|?*+()[]{}").find(letter) != std::string_view::npos) filter += '\\';
    filter += letter;
  }
  return filter + "$";
}

class Bench {
 public:
  Bench(const BenchOptions& options, const BenchProgress& progress, std::string output)
      : options_(options), progress_(progress), output_(std::move(output)), rng_(options.seed) {
    result_.seed = options.seed;
    result_.repetitions = options.repetitions;
    for (const Contender& one : options.contenders) {
      result_.contenders.push_back(display_name(one.allocator, one.tuning));
    }
    result_.versions.resize(options.contenders.size());
  }

  Expected<void> choose();
  Expected<void> run_round(unsigned repetition);
  BenchResult& result() { return result_; }

 private:
  void confirm(std::size_t contender, const Confirmation& confirmed);
  Expected<PrimitiveRun> run(std::size_t primitive, std::size_t contender, unsigned repetition);
  std::vector<std::string> command(std::size_t primitive, const Contender& contender) const;
  void read_output(PrimitiveRun& run);

  const BenchOptions& options_;
  const BenchProgress& progress_;
  std::string output_;
  Rng rng_;
  BenchResult result_;
  std::vector<std::size_t> runnable_;
  std::vector<std::vector<std::vector<std::size_t>>> orders_;  ///< by primitive, by round
  std::size_t done_ = 0;
};

void Bench::confirm(std::size_t contender, const Confirmation& confirmed) {
  const std::string& name = result_.contenders[contender];
  if (!confirmed.unconfirmed.empty()) {
    result_.warnings.push_back(
        {"unconfirmed-settings",
         name + ": whether " + to_string(confirmed.unconfirmed) + " has any effect is not known",
         "see heapwise allocators for settings that are checked", "tunings"});
  }
  if (confirmed.refusal.empty()) return runnable_.push_back(contender);
  for (std::size_t primitive = 0; primitive < result_.primitives.size(); ++primitive) {
    result_.runs.push_back(
        {primitive, contender, 0, RunStatus::unsupported, confirmed.refusal, {}, 0});
  }
}

/// What is to be run, and in which order.
Expected<void> Bench::choose() {
  auto primitives = list_primitives(options_.library_directory, options_.flags);
  if (!primitives) return tl::unexpected(primitives.error());
  result_.primitives = std::move(*primitives);
  for (std::size_t i = 0; i < options_.contenders.size(); ++i) {
    const Contender& contender = options_.contenders[i];
    const std::string path = micro_path(options_.library_directory, contender.runner);
    if (access(path.c_str(), X_OK) != 0) {
      return fail(ErrorCode::unsupported, "there is no " + path,
                  "Build heapwise again, with libbenchmark-dev installed.");
    }
    const auto confirmed = confirm_settings(options_.library_directory, contender);
    if (!confirmed) return tl::unexpected(confirmed.error());
    confirm(i, *confirmed);
  }
  for (std::size_t i = 0; i < result_.primitives.size(); ++i) {
    orders_.push_back(balanced_rounds(runnable_.size(), options_.repetitions, rng_.next()));
  }
  return {};
}

/// Every primitive once on every allocator; those of one primitive follow each other, so that what
/// is compared was measured at the same time.
Expected<void> Bench::run_round(unsigned repetition) {
  std::vector<std::size_t> primitives(result_.primitives.size());
  std::iota(primitives.begin(), primitives.end(), std::size_t{0});
  for (std::size_t i = primitives.size(); i > 1; --i) {
    std::swap(primitives[i - 1], primitives[rng_.below(i)]);
  }
  const std::size_t total = primitives.size() * runnable_.size() * options_.repetitions;
  for (const std::size_t primitive : primitives) {
    for (const std::size_t place : orders_[primitive][repetition]) {
      const std::size_t contender = runnable_[place];
      if (progress_) {
        progress_(result_.primitives[primitive], result_.contenders[contender], done_, total);
      }
      auto one = run(primitive, contender, repetition);
      if (!one) return tl::unexpected(one.error());
      result_.runs.push_back(std::move(*one));
      ++done_;
    }
  }
  return {};
}

std::vector<std::string> Bench::command(std::size_t primitive, const Contender& contender) const {
  std::vector<std::string> words{micro_path(options_.library_directory, contender.runner)};
  words.insert(words.end(), options_.flags.begin(), options_.flags.end());
  // The last of a flag counts.
  words.insert(words.end(), {exactly(result_.primitives[primitive]), "--benchmark_out=" + output_,
                             "--benchmark_out_format=json"});
  if (!contender.library.empty()) words.push_back("--heapwise_library=" + contender.library);
  return words;
}

Expected<PrimitiveRun> Bench::run(std::size_t primitive, std::size_t contender,
                                  unsigned repetition) {
  const Contender& of = options_.contenders[contender];
  unlink(output_.c_str());
  const ProcessCall call{command(primitive, of), runner_environment(of, rng_.below(kPage)),
                         options_.timeout_s};
  const auto end = run_process(call);
  if (!end) return tl::unexpected(end.error());
  PrimitiveRun run{primitive, contender, repetition, end->status, end->detail, {}, 0};
  if (run.status == RunStatus::ok && end->exit_code == kRunnerRefused) {
    run.status = RunStatus::unsupported;
  } else if (run.status == RunStatus::ok && end->exit_code != 0) {
    run.status = RunStatus::crashed;
  }
  if (run.status == RunStatus::ok) read_output(run);
  return run;
}

void Bench::read_output(PrimitiveRun& run) {
  const auto text = read_file(output_);
  auto output = text ? read_bench_output(*text) : tl::make_unexpected(text.error());
  if (!output) {
    run.status = RunStatus::crashed;
    run.detail = "it left no result: " + output.error().what;
    return;
  }
  if (result_.context.empty()) result_.context = output->context;
  if (result_.versions[run.contender].empty()) result_.versions[run.contender] = output->version;
  run.entry = std::move(output->entry);
  run.ns = output->ns;
  if (output->error.empty()) return;
  run.status = RunStatus::crashed;
  run.detail = output->error;
}

}  // namespace

std::string micro_path(const std::string& library_directory, const std::string& allocator) {
  return library_directory + "/heapwise-micro-" + allocator;
}

Expected<std::vector<std::string>> list_primitives(const std::string& library_directory,
                                                   const std::vector<std::string>& flags) {
  ProcessCall call;
  call.command = {micro_path(library_directory, "glibc")};
  if (access(call.command[0].c_str(), X_OK) != 0) {
    return fail(ErrorCode::unsupported, "there is no " + call.command[0],
                "Build heapwise again, with libbenchmark-dev installed.");
  }
  call.command.insert(call.command.end(), flags.begin(), flags.end());
  call.command.emplace_back("--benchmark_list_tests=true");
  call.environment = runner_environment({"glibc", "default", "glibc", {}, {}}, 0);
  call.kept_output = kListRoom;
  const auto end = run_process(call);
  if (!end) return tl::unexpected(end.error());
  if (end->status != RunStatus::ok || end->exit_code != 0) {
    return fail(ErrorCode::usage, "Google Benchmark does not take these flags: " + end->detail,
                "What stands behind -- is passed to it: --benchmark_filter=REGEX, "
                "--benchmark_min_time=SECONDS, ….");
  }
  std::vector<std::string> names;
  std::istringstream lines(end->output);
  for (std::string line; std::getline(lines, line);) {
    if (!line.empty() && line.find(' ') == std::string::npos) names.push_back(line);
  }
  if (names.empty()) {
    return fail(ErrorCode::usage, "no primitive matches",
                "heapwise bench --list names all of them.");
  }
  return names;
}

Expected<BenchResult> bench_primitives(
    const BenchOptions& options, const BenchProgress& progress,
    const std::function<Expected<void>(const BenchResult&)>& saved) {
  auto directory = TemporaryDirectory::make();
  if (!directory) return tl::unexpected(directory.error());
  Bench bench(options, progress, directory->path() + "/out.json");
  if (auto chosen = bench.choose(); !chosen) return tl::unexpected(chosen.error());
  for (unsigned repetition = 0; repetition < options.repetitions; ++repetition) {
    auto done = bench.run_round(repetition);
    if (done && saved) done = saved(bench.result());
    if (!done) return tl::unexpected(done.error());
  }
  return std::move(bench.result());
}

}  // namespace heapwise
